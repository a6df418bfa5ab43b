/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hold that a debugger has on the vCPUs: who runs, who waits, and what
 * stopped them.
 *
 * A vCPU that does not run waits in its own thread, between two instructions
 * and outside KVM_RUN, where its registers can be read and set. All stop when
 * one does:
 *
 *   running --trap, or hold_stop()--> stopping --all wait--> stopped
 *      ^                                                        |
 *      +------------------- hold_resume() ----------------------+
 *
 * Breakpoints are planted while vCPUs run. One that stands on a breakpoint
 * and is to go on goes alone for an instruction: the others wait, and the
 * breakpoints are lifted meanwhile.
 *
 * Must never trust: the guest, which may loop, halt, or end in the middle of
 * anything. No wait here is for the guest to do something but to be kicked.
 */
#ifndef DEBUG_HOLD_H
#define DEBUG_HOLD_H

#include <pthread.h>
#include <stdbool.h>

#include "debug/breaks.h"
#include "debug/gdb/stub.h"

/* Where a vCPU stands: the linear address, and where that is in memory. */
struct place {
	uint64_t addr;
	uint64_t gpa;
	bool known;
};

struct hold_cpu {
	struct vcpu *v;
	bool waits;	   /* its thread does, in here */
	bool gone;	   /* vcpu_run() is over */
	bool over;	   /* stands on a breakpoint, and goes on alone */
	unsigned steps;	   /* made alone */
	struct place from; /* where the step began that it makes */
	enum gdb_action action;
	bool has_stop; /* that nobody has been told of */
	bool told;     /* the debugger has been told of the last one */
	struct gdb_stop stop;
};

struct hold {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct guest_mem *gm;
	struct debug_means means;
	struct breaks breaks;
	struct hold_cpu *cpus;
	unsigned count;
	int alone;		   /* the vCPU that goes on alone; -1: none */
	unsigned long turns;	   /* how often one began to, or made a step */
	unsigned long turns_urged; /* at the last hold_urge() */
	bool give_up; /* it makes no steps, and is to go on as all others */
	bool stopped; /* all are to wait */
	bool ended;   /* none is, any more */
	int wake_fd;  /* readable when something has changed; -1: empty */
};

#define HOLD_EMPTY                         \
	{                                  \
		.alone = -1, .wake_fd = -1 \
	}

/* All vCPUs are stopped, from their first instruction on. */
int hold_init(struct hold *h, struct vcpu *vcpus, unsigned count,
	      const struct guest_mem *gm, const struct debug_means *means,
	      struct err *e);
void hold_release(struct hold *h);

/* For the thread of vCPU @cpu: see struct vcpu_handlers. */
void hold_paused(struct hold *h, unsigned cpu);
bool hold_trapped(struct hold *h, unsigned cpu, const struct vcpu_trap *trap);
void hold_gone(struct hold *h, unsigned cpu);

/* ---- for the thread of the debugger */

/* Let all vCPUs stop soon. */
void hold_stop(struct hold *h);

/*
 * Every now and then: kick those again that are to wait and do not yet. One
 * that goes alone may have met an exception instead of a step, and the others
 * must not wait for whatever the guest does about it.
 */
void hold_urge(struct hold *h);

/*
 * Whether all wait. Then the breakpoints are lifted, and @stop is why: what a
 * vCPU ran into, or else (@stop unchanged) hold_stop().
 */
bool hold_is_stopped(struct hold *h, struct gdb_stop *stop);

/*
 * Let them go on, when all are stopped; NULL: all of them, and without a
 * debugger. If there is a stop nobody has been told of, they stay.
 */
int hold_resume(struct hold *h, const enum gdb_action *actions, struct err *e);

/* Forget all breakpoints; while all are stopped. */
void hold_clear_breaks(struct hold *h);

/* From now on nobody waits. */
void hold_end(struct hold *h);

#endif
