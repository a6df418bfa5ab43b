/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step over `pushf`.
 *
 * KVM steps a guest by the trap flag in its RFLAGS, and hides that wherever it
 * can. What the guest pushes itself has the flag, and a `popf` much later
 * would set it for good, with nobody there to step.
 *
 * Must never trust: code, stack and page tables, which are the guest's.
 *
 * Spec: Intel SDM volume 2, PUSHF.
 */
#ifndef DEBUG_PUSHED_FLAGS_H
#define DEBUG_PUSHED_FLAGS_H

#include "vm/debug.h"

/* The length of the instruction at guest-physical @gpa if it pushes the flags;
 * otherwise 0. */
unsigned pushed_flags_here(const struct guest_mem *gm, uint64_t gpa);

/* Such an instruction was stepped: take the trap flag out of what is at the
 * top of the stack. */
void pushed_flags_mend(const struct guest_mem *gm, const struct cpu_regs *r);

#endif
