/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `inspect` shows: everything image/ and boot/ know of a file, gathered
 * once and printed for a person or as JSON.
 *
 * Must never trust: strings out of the image. They are printed with control
 * bytes replaced.
 */
#ifndef REPORT_INSPECT_H
#define REPORT_INSPECT_H

#include "base/err.h"
#include "boot/plan.h"
#include "image/image.h"
#include "image/relocs.h"
#include "image/scratch.h"

struct inspection {
	const char *path;
	struct image img;
	struct scratch decoded; /* empty without a payload */
	bool has_elf;
	struct kernel_elf elf;
	struct err no_elf; /* why has_elf is false */
	struct relocs relocs;
	struct err no_relocs; /* bytes follow the ELF that are none; or "" */
	struct boot_facts facts;
	struct boot_plan plan;
	struct err no_plan; /* why nothing, or not the forced protocol, fits */
};

/*
 * Open @path, decode it and make the plan as `run` would with --boot @boot
 * (may be NULL). A damaged payload is an error, as it is for run; an image
 * without a usable payload is not.
 *
 * The facts point into the struct, so it must not be moved afterwards.
 */
int inspection_open(struct inspection *in, const char *path, const char *boot,
		    struct err *e);
void inspection_close(struct inspection *in);

/* To stdout. -EIO if it cannot be written, -ENOMEM. */
int inspection_print_text(const struct inspection *in, struct err *e);
int inspection_print_json(const struct inspection *in, struct err *e);

#endif
