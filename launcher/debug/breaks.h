/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of breakpoints, and how they are put into the guest's memory.
 *
 * They are in memory only while vCPUs run: breaks_plant() writes them before,
 * and breaks_lift() removes them when all vCPUs are stopped, so that a reader
 * of memory sees the guest's bytes. A software breakpoint belongs to a byte of
 * guest-physical memory, which is found when it is inserted.
 *
 * There are two ways to plant one. Usually an int3 replaces the first byte of
 * the instruction. On a KVM that passes an int3 to the guest, the whole page is
 * removed from KVM: then every access to it ends KVM_RUN, and accesses that do
 * not hit a breakpoint must be stepped over.
 *
 * Must never trust: addresses, which come from the debugger, and the bytes,
 * which the guest may change. The guest may also have its own int3.
 */
#ifndef DEBUG_BREAKS_H
#define DEBUG_BREAKS_H

#include "vm/debug.h"
#include "vm/guest_mem.h"

#define SOFT_BREAKS_MAX 256

struct soft_break {
	uint64_t addr; /* its address for the debugger */
	uint64_t gpa;
	bool planted; /* the byte that an int3 replaces: */
	uint8_t old;
};

struct breaks {
	const struct guest_mem *gm;
	bool by_page;
	bool planted;
	unsigned count;
	struct soft_break soft[SOFT_BREAKS_MAX];
	struct hw_break hw[HW_BREAKS];
};

/* To insert an existing breakpoint, or remove a missing one, does nothing. */
int breaks_insert(struct breaks *b, uint64_t addr, uint64_t gpa, struct err *e);
void breaks_remove(struct breaks *b, uint64_t addr);

int breaks_insert_hw(struct breaks *b, const struct hw_break *hw,
		     struct err *e);
void breaks_remove_hw(struct breaks *b, const struct hw_break *hw);

/* Whether there is a software breakpoint at @gpa, or one in its page. */
bool breaks_at(const struct breaks *b, uint64_t gpa);
bool breaks_on_page(const struct breaks *b, uint64_t gpa);

/* Whether a hardware breakpoint is for the instruction at @addr. */
bool breaks_hw_at(const struct breaks *b, uint64_t addr);

int breaks_plant(struct breaks *b, struct err *e);
int breaks_lift(struct breaks *b, struct err *e);

#endif
