/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call trace of a stopped vCPU: who called the function that it is in, and
 * so on.
 *
 * By ORC where the kernel has it, like the kernel itself: from a function's
 * frame to its caller's, from an interrupt's stack to the one that it has
 * interrupted, until a program's registers or the end of a kernel thread. By
 * frame pointers otherwise. Where neither leads on, every word of the rest of
 * the stack that looks like a return address is a guess.
 *
 * Must never trust: registers and stack, which are the guest's. A trace has at
 * most STACK_FRAMES_MAX frames, and a guess is one only if it is behind a call
 * instruction.
 *
 * Spec: Linux, arch/x86/kernel/unwind_orc.c and unwind_frame.c.
 */
#ifndef AUTOPSY_UNWIND_H
#define AUTOPSY_UNWIND_H

#include "autopsy/memory.h"
#include "autopsy/orc.h"

#define STACK_FRAMES_MAX 64

struct frame {
	uint64_t ip;
	bool is_return; /* the call is before it */
	bool is_guess;
};

struct stack {
	unsigned count; /* the first is where the vCPU is */
	bool is_cut;	/* there are more frames */
	struct frame frames[STACK_FRAMES_MAX];
};

struct unwind_regs {
	uint64_t ip, sp, bp;
	uint64_t r10, r13, di, dx;
};

struct unwind {
	const struct memory *m;
	/* The tables that have the code at @addr, the kernel's or a module's;
	 * NULL if none have. Without the function: frame pointers. */
	const struct orc *(*orc_of)(void *ctx, uint64_t addr);
	/* Whether @addr can be in the kernel's code. */
	bool (*is_text)(void *ctx, uint64_t addr);
	void *ctx;
};

/* The trace from @regs on, which are those of kernel code. */
void unwind_stack(const struct unwind *u, const struct unwind_regs *regs,
		  struct stack *s);

#endif
