/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `inspect --drivers`: which of the drivers that a guest may need are built
 * into its kernel, for a person or as JSON.
 */
#ifndef SHOW_DRIVERS_LIST_H
#define SHOW_DRIVERS_LIST_H

#include "base/err.h"
#include "image/drivers.h"
#include "image/kernel_elf.h"

struct drivers_list {
	const char *path;
	enum driver_state states[DRIVERS_MAX];
	uint64_t config_size; /* of the configuration it carries; 0: none */
	uint64_t btf_size;    /* of its type information; 0: none */
};

/*
 * Find out about the kernel @elf, which is called @path. -ENOENT if it carries
 * neither names nor a configuration, with both reasons; -ENOMEM.
 */
int drivers_list_make(struct drivers_list *l, const char *path,
		      const struct kernel_elf *elf, struct err *e);

/* Write it into *@out, a string to be freed. -ENOMEM. */
int drivers_list_text(const struct drivers_list *l, char **out, struct err *e);
/* One JSON object, without a newline at its end; its keys are documented in
 * launcher-json.5. */
int drivers_list_json(const struct drivers_list *l, char **out, struct err *e);

#endif
