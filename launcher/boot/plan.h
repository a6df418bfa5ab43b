/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot plan: which way into the kernel, and why.
 *
 * Every protocol says whether it fits, with a reason in either case; `inspect`
 * and -v show all of them. A protocol fits if the image has its entry and the
 * kernel has a place in the guest's memory; the fit includes that place. `auto`
 * takes the first that fits, in the table's order, but elf64 first for a kernel
 * that is to be randomised: only that entry can tell the kernel about it. The
 * plan depends only on the image, the sizes of the memory and the place that
 * KASLR has chosen, so run does what inspect prints.
 *
 * Must never trust: entry addresses and notes; they are checked against the
 * segments here. load.h and code.h check the places.
 */
#ifndef BOOT_PLAN_H
#define BOOT_PLAN_H

#include <stdbool.h>

#include "base/err.h"
#include "boot/load.h"
#include "boot/place.h"
#include "image/image.h"
#include "image/notes.h"

struct placement; /* boot/kaslr.h */

/* What is known about an image when the plan is made. */
struct boot_facts {
	const struct image *img;
	const struct kernel_elf *elf; /* NULL: no usable ELF, because: */
	struct err no_elf;
	struct xen_notes notes;
	struct err bad_notes;	    /* "" if the notes are usable */
	struct err not_kernel;	    /* why e_entry is not a kernel's, or "" */
	const struct guest_mem *gm; /* only its sizes are used */
	uint64_t code_gpa; /* where linux*'s code goes; 0: as boot.rst says */
	/* Where KASLR wants the kernel of @elf, confirmed; or NULL. */
	const struct placement *kaslr;
};

/*
 * Collect the facts. @elf may be NULL with the reason in @no_elf. The pointers
 * must stay valid as long as the facts are used. code_gpa becomes 0, and kaslr
 * NULL.
 */
void boot_facts_read(struct boot_facts *f, const struct image *img,
		     const struct kernel_elf *elf, const struct err *no_elf,
		     const struct guest_mem *gm);

enum boot_id {
	BOOT_PVH,
	BOOT_ELF64,
	BOOT_ELF32,
	BOOT_LINUX64,
	BOOT_LINUX32,
	BOOT_LINUX16,
	BOOT_PROTOCOLS, /* how many */
};

#define BOOT_REASON_SIZE 256

struct boot_fit {
	bool offered; /* the image has this entry; if it does not fit, the
			* reason is a detail of it, or the memory */
	bool fits;
	char reason[BOOT_REASON_SIZE];
	struct boot_spot spot; /* valid if it fits */
};

struct boot_protocol {
	const char *name; /* as --boot takes it */
	bool loads_elf;	  /* enters the ELF itself, not the bzImage */
	/* Fill in @fit; must not change anything else. */
	void (*probe)(const struct boot_facts *f, struct boot_fit *fit);
};

/* The protocols, by enum boot_id, in the order of `auto`. */
extern const struct boot_protocol boot_protocols[BOOT_PROTOCOLS];

struct boot_plan {
	struct boot_fit fits[BOOT_PROTOCOLS];
	bool possible;	     /* some protocol was chosen */
	enum boot_id chosen; /* valid if possible */
};

/*
 * Check every protocol and choose one. @forced: a protocol's name, or NULL or
 * "auto". -EINVAL: @forced is unknown, or does not fit (the message is its
 * reason), or no protocol fits (the message has the reasons of the protocols
 * that the image offers, or all reasons). The fits are filled in even then,
 * except for an unknown name.
 */
int boot_plan_make(struct boot_plan *plan, const struct boot_facts *f,
		   const char *forced, struct err *e);

/* Whether @forced, as above, is a protocol that does not use the payload. */
bool boot_skips_payload(const char *forced);

/* What PHYS32_RELOC's alignment is if the note does not give it: the largest
 * of the PT_LOADs' if that is at least 4 KiB, else 2 MiB. */
uint64_t boot_default_align(const struct kernel_elf *elf);

/* How far protocol @id may move the kernel of @f from its linked address. */
struct load_reloc boot_plan_reloc(const struct boot_facts *f, enum boot_id id);

#endif
