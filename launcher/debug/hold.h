/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger does to the vCPUs: stops and steps them, and tells what
 * stopped them.
 *
 * All vCPUs stop when one does:
 *
 *   running --trap, or hold_stop()--> stopping --all wait--> stopped
 *      ^                                                        |
 *      +------------------- hold_resume() ----------------------+
 *
 * vm/pause.h is how they wait; its lock is also the one for all of this.
 *
 * Breakpoints are planted while vCPUs run. A vCPU that stands on a breakpoint
 * and is to go on does so alone for one instruction: the others wait, and the
 * breakpoints are lifted meanwhile.
 *
 * Must never trust: the guest, which may loop, halt, or end in the middle of
 * anything. Nothing here waits for it to do more than to be kicked.
 */
#ifndef DEBUG_HOLD_H
#define DEBUG_HOLD_H

#include <stdbool.h>

#include "debug/breaks.h"
#include "debug/gdb/stub.h"
#include "vm/pause.h"

/* Where a vCPU stands: the linear address, and where that is in memory. */
struct place {
	uint64_t addr;
	uint64_t gpa;
	bool known;
};

struct hold_cpu {
	bool over;	   /* stands on a breakpoint, and goes on alone */
	unsigned steps;	   /* made alone */
	struct place from; /* where the step began that it makes */
	enum gdb_action action;
	bool has_stop; /* that the debugger does not know of yet */
	bool told;     /* the debugger knows of the last one */
	struct gdb_stop stop;
};

struct hold {
	struct pause *pause;
	const struct guest_mem *gm;
	struct debug_means means;
	struct breaks breaks;
	struct hold_cpu *cpus;
	unsigned count;
	int alone;		   /* the vCPU that goes on alone; -1: none */
	unsigned long turns;	   /* how often one began to, or made a step */
	unsigned long turns_urged; /* at the last hold_urge() */
	bool give_up; /* it makes no steps, and is to go on as all others */
	bool stopped; /* all have to wait */
};

#define HOLD_EMPTY          \
	{                   \
		.alone = -1 \
	}

/* All vCPUs are stopped, from their first instruction on. */
int hold_init(struct hold *h, struct pause *pause, const struct guest_mem *gm,
	      const struct debug_means *means, struct err *e);
void hold_release(struct hold *h);

/* What a machine calls for its traps, pauses and ends of vCPUs. */
struct vcpu_debugger hold_callbacks(struct hold *h);

struct vcpu *hold_vcpu(const struct hold *h, unsigned cpu);

/* ---- for the thread of the debugger */

/* Make all vCPUs stop soon. */
void hold_stop(struct hold *h);

/*
 * From time to time: kick those again that have to wait and do not yet. A vCPU
 * that goes alone may have met an exception instead of a step, and the others
 * must not wait for what the guest does about it.
 */
void hold_urge(struct hold *h);

/*
 * Whether all wait. Then the breakpoints are lifted, and @stop is why: what a
 * vCPU ran into, or else (@stop unchanged) hold_stop().
 */
bool hold_is_stopped(struct hold *h, struct gdb_stop *stop);

/*
 * Let them go on, when all are stopped; NULL: all of them, and without a
 * debugger. If there is a stop that the debugger does not know of, they stay.
 */
int hold_resume(struct hold *h, const enum gdb_action *actions, struct err *e);

/* Forget all breakpoints; while all are stopped. */
void hold_clear_breaks(struct hold *h);

#endif
