/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which drivers a kernel has built in, before it runs: a kernel that has a disk
 * and no driver for it waits for its root until it panics.
 *
 * A driver that is built in has its functions in kallsyms. Each row of the
 * table names one that has had its name through many versions, and that its
 * driver cannot be without. If the kernel carries its configuration, that says
 * more: what is a module, and what is absent.
 *
 * Must never trust: the names and the configuration.
 *
 * Spec: the sources of these drivers in Linux, 4.19 to 7.2.
 */
#ifndef IMAGE_DRIVERS_H
#define IMAGE_DRIVERS_H

#include "base/bytes.h"
#include "image/kallsyms.h"

enum driver_state {
	DRIVER_BUILT_IN,
	DRIVER_MODULE,
	DRIVER_ABSENT,
	DRIVER_MODULE_OR_ABSENT, /* without a configuration, that is all */
};

struct driver {
	const char *name;	/* as its module is called */
	const char *option;	/* "CONFIG_VIRTIO_BLK" */
	const char *of;		/* what it drives */
	const char *symbols[2]; /* any of them; NULL: no more */
};

#define DRIVERS_MAX 32

extern const struct driver drivers[];
extern const size_t drivers_count;

/*
 * What @k, or @config where that is not empty, says of each of them; either may
 * be empty, not both.
 */
void drivers_find(enum driver_state states[DRIVERS_MAX],
		  const struct kallsyms *k, struct bytes config);

/* "built in", ... */
const char *driver_state_name(enum driver_state state);

#endif
