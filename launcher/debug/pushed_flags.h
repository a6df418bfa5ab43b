/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step over `pushf`.
 *
 * KVM steps a guest by the trap flag in its RFLAGS, and hides it where it can.
 * But flags that the guest pushes have the trap flag, and a later `popf` would
 * set it after the step.
 *
 * Must never trust: code, stack and page tables, which are the guest's.
 *
 * Spec: Intel SDM volume 2, PUSHF.
 */
#ifndef DEBUG_PUSHED_FLAGS_H
#define DEBUG_PUSHED_FLAGS_H

#include "vm/debug.h"

/* The length of the instruction at guest-physical @gpa if it pushes the flags;
 * else 0. */
unsigned pushed_flags_here(const struct guest_mem *gm, uint64_t gpa);

/* Such an instruction was stepped: clear the trap flag at the top of the
 * stack. */
void pushed_flags_clear_tf(const struct guest_mem *gm,
			   const struct cpu_regs *r);

#endif
