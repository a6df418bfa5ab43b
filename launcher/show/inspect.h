/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `inspect` shows: all that image/ and boot/ know about a file, collected
 * once and written as text or JSON.
 *
 * Must never trust: strings out of the image; see clean.h.
 */
#ifndef SHOW_INSPECT_H
#define SHOW_INSPECT_H

#include "base/err.h"
#include "boot/kaslr.h"
#include "boot/plan.h"
#include "image/image.h"
#include "image/relocs.h"
#include "image/scratch.h"

/* The run that an inspection describes. */
struct inspect_want {
	const char *boot;    /* the protocol, or NULL for "auto" */
	const char *cmdline; /* NULL: the image's own, or the default */
	uint64_t mem;	     /* of the guest, in bytes */
	struct kaslr_wish kaslr;
};

struct inspection {
	const char *path;
	char *cmdline;		 /* of the run */
	char *embedded_cmdline;	 /* of a UKI, or NULL */
	const char *boot;	 /* the protocol asked for, or "auto" */
	struct guest_mem memory; /* its sizes alone */
	struct image img;
	struct scratch decoded; /* empty without a payload */
	bool has_elf;
	struct kernel_elf elf;
	struct err no_elf; /* why has_elf is false */
	struct relocs relocs;
	struct err no_relocs; /* why there are none after the ELF, or "" */
	struct boot_facts facts;
	struct kaslr_wish wish;
	struct placement kaslr; /* with KASLR_AUTO, one of a run's many */
	struct boot_plan plan;
	struct err no_plan; /* what run would say: why nothing, or not the
			     * forced protocol, fits, or what is in the way of
			     * the one that was chosen; "": it would boot it */
};

/*
 * Read the image @file, decode it and make the plan as `run` would with the
 * options of @want. A damaged payload is an error, as it is for run; an image
 * without a usable payload is not, nor is a protocol that does not fit.
 *
 * The facts point into the struct, so it must not be moved afterwards, and
 * it keeps @path and the strings of @want.
 */
int inspection_open(struct inspection *in, const char *path, struct input *file,
		    const struct inspect_want *want, struct err *e);

/* The same for bytes that the caller keeps alive, with @path for a name. */
int inspection_from_bytes(struct inspection *in, const char *path,
			  struct bytes b, const struct inspect_want *want,
			  struct err *e);

void inspection_close(struct inspection *in);

/*
 * Write the report into *@out, a string to be freed. -ENOMEM; *@out is then
 * untouched.
 */
int inspection_text(const struct inspection *in, char **out, struct err *e);
/* One JSON object. Its keys are documented in launcher-json.5. */
int inspection_json(const struct inspection *in, char **out, struct err *e);

#endif
