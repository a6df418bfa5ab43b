/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breakpoints: which there are, and how they are in the guest's memory.
 *
 * They are there only while vCPUs run: breaks_plant() puts them in before,
 * breaks_lift() takes them out when all stand still, so that whoever looks at
 * memory then sees what the guest put there. A software breakpoint belongs to
 * a byte of guest-physical memory, found when it was inserted.
 *
 * There are two ways to plant one. An int3 in the place of the instruction's
 * first byte is the usual one. On a KVM that lets an int3 go to the guest,
 * the whole page is taken from KVM: then every access to it ends KVM_RUN, and
 * those that are no breakpoint have to be stepped over.
 *
 * Must never trust: addresses, which come from the debugger, and the bytes,
 * which the guest may change: its own int3 is not ours.
 */
#ifndef DEBUG_BREAKS_H
#define DEBUG_BREAKS_H

#include "vm/debug.h"
#include "vm/guest_mem.h"

#define SOFT_BREAKS_MAX 256

struct soft_break {
	uint64_t addr; /* what the debugger calls it */
	uint64_t gpa;
	bool planted; /* an int3 is in place of: */
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

/* Both leave things as they are for what is there already, or is not. */
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
