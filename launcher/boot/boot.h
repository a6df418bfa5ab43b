/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an opened image to a guest that can be run: the order of the steps.
 *
 *   choose a random place -> decode -> read ELF and notes -> plan -> load
 *       -> place -> hand over
 *
 * All of this happens before the first vCPU runs, and does not need KVM: the
 * result is guest memory and the first vCPU's registers.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "base/milestones.h"
#include "base/step.h"
#include "boot/entry.h"
#include "boot/kaslr.h"
#include "boot/load.h"
#include "vm/memory_map.h"
#include "boot/place.h"
#include "boot/plan.h"
#include "image/symtab.h"

/* What the user and the machine require. */
struct boot_request {
	const struct image *img;
	const struct guest_mem *gm;
	const struct e820 *map;
	const char *protocol; /* NULL or "auto": the plan chooses */
	const char *cmdline;
	struct input *initrds; /* open, and joined in this order; without
				     * any, what is embedded in the image */
	size_t initrds_count;
	struct kaslr_wish kaslr;
	uint64_t rsdp;		  /* GPA of the ACPI RSDP; 0: none */
	uint64_t code_gpa;	  /* of linux*'s image; 0: as boot.rst says */
	struct step *step;	  /* updated at each step, or NULL */
	struct milestones *times; /* likewise */
	/* Everything that is put into memory is noted here, or NULL. */
	struct memory_map *places;
	/* The ELF's symbol table is copied here, if it exists and was decoded,
	 * or NULL. */
	struct symtab *symbols;
};

struct boot_result {
	struct boot_plan plan;
	struct cpu_entry cpu;	  /* the first vCPU's state */
	struct boot_range kernel; /* with the room it needs to start */
	struct boot_range cmdline;
	struct boot_range initrd;
	struct placement kaslr;
	uint64_t delta; /* of an ELF's segments from where they were linked */
	size_t decoded; /* bytes of the payload, 0 if none was used */
	struct err warning; /* why this may be the wrong way to boot, or "" */
};

/*
 * The choices of boot_prepare(), which `inspect` makes, too. The first comes
 * before the payload is decoded: a random place, or none, with its reason in
 * *@p; see kaslr_choose(). The second, with the decoded ELF in @facts, confirms
 * that place and chooses the entry; @plan is filled in even if the place is
 * refused. @lists, which are empty before, are to be released.
 */
int boot_choose_place(const struct boot_request *req, struct placement *p,
		      struct err *e);
int boot_choose_entry(const struct boot_request *req, struct boot_facts *facts,
		      struct boot_plan *plan, struct placement *p,
		      struct reloc_lists *lists, struct err *e);

/*
 * Load the kernel and prepare its first instruction. The plan in *@r is
 * filled in as soon as it is known, also when a later step fails.
 */
int boot_prepare(const struct boot_request *req, struct boot_result *r,
		 struct err *e);

#endif
