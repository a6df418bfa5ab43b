/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's own page tables, walked like by its processor.
 *
 *   paging off         32 bits, as they are
 *   32-bit             2 levels of 1024 entries of 4 bytes; 4 MiB pages
 *   PAE                4 pointers, then 2 levels of 512 entries; 2 MiB pages
 *   4 and 5 levels     of 512 entries; 2 MiB and 1 GiB pages
 *
 * KVM_TRANSLATE answers the same question for a vCPU as it is; this answers
 * it from memory alone, and can be tested on tables built by hand.
 *
 * Must never trust: the tables. They may be outside RAM, contain themselves and
 * change meanwhile; a walk reads at most five entries.
 *
 * Spec: Intel SDM volume 3, chapter "Paging".
 */
#ifndef VM_WALK_H
#define VM_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/guest_mem.h"

/* What decides how linear addresses are translated. */
struct paging {
	uint64_t cr0, cr3, cr4, efer;
};

/*
 * Translate the linear address @addr. False if it is not mapped; access rights
 * are ignored. *@run: how many bytes from there on are in the same page.
 */
bool walk_linear(const struct guest_mem *gm, const struct paging *p,
		 uint64_t addr, uint64_t *gpa, uint64_t *run);

#endif
