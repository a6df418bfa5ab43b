/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stops and steps the vCPUs for a debugger, and reports why they stopped.
 *
 * All vCPUs stop when one does:
 *
 *   running --trap, or hold_stop()--> stopping --all wait--> stopped
 *      ^                                                        |
 *      +------------------- hold_resume() ----------------------+
 *
 * They wait by vm/pause.h, whose lock also covers this.
 *
 * Breakpoints are planted while vCPUs run. A vCPU at a breakpoint that must
 * continue executes one instruction alone: the others wait, and the breakpoints
 * are lifted meanwhile.
 *
 * Must never trust: the guest, which may loop, halt or end at any time. Nothing
 * here waits for more than the kick of a vCPU.
 */
#ifndef DEBUG_HOLD_H
#define DEBUG_HOLD_H

#include <stdbool.h>

#include "debug/breaks.h"
#include "debug/gdb/stub.h"
#include "vm/pause.h"

/* Where a vCPU is: the linear address, and its place in memory. */
struct place {
	uint64_t addr;
	uint64_t gpa;
	bool known;
};

struct hold_cpu {
	bool over;	   /* is at a breakpoint, and steps alone */
	unsigned steps;	   /* made alone */
	struct place from; /* where its step began */
	enum gdb_action action;
	bool has_stop; /* not reported to the debugger yet */
	bool told;     /* the last one was reported */
	struct gdb_stop stop;
};

struct hold {
	struct pause *pause;
	const struct guest_mem *gm;
	struct debug_means means;
	struct breaks breaks;
	struct hold_cpu *cpus;
	unsigned count;
	int alone;		   /* the vCPU that steps alone; -1: none */
	unsigned long turns;	   /* how often one began to, or made a step */
	unsigned long turns_urged; /* at the last hold_urge() */
	bool give_up; /* it cannot step, and continues with all others */
	bool stopped; /* all must wait */
};

#define HOLD_EMPTY          \
	{                   \
		.alone = -1 \
	}

/* All vCPUs are stopped, from their first instruction on. */
int hold_init(struct hold *h, struct pause *pause, const struct guest_mem *gm,
	      const struct debug_means *means, struct err *e);
void hold_release(struct hold *h);

/* The functions that a machine calls for traps, pauses and ends of vCPUs. */
struct vcpu_debugger hold_callbacks(struct hold *h);

struct vcpu *hold_vcpu(const struct hold *h, unsigned cpu);

/* ---- for the thread of the debugger */

/* Make all vCPUs stop soon. */
void hold_stop(struct hold *h);

/*
 * Call this from time to time: kicks vCPUs again that must wait and do not yet.
 * A vCPU that steps alone may have had an exception instead, and the others
 * must not wait for the guest's handler.
 */
void hold_urge(struct hold *h);

/*
 * Whether all wait. Then the breakpoints are lifted, and @stop has the reason:
 * a vCPU's stop, or (@stop unchanged) hold_stop().
 */
bool hold_is_stopped(struct hold *h, struct gdb_stop *stop);

/*
 * Continue, when all are stopped; NULL: all of them, and without a debugger. If
 * there is an unreported stop, they stay stopped.
 */
int hold_resume(struct hold *h, const enum gdb_action *actions, struct err *e);

/* Forget all breakpoints; while all are stopped. */
void hold_clear_breaks(struct hold *h);

#endif
