/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pausing vCPUs: which of them run, and which wait.
 *
 * A paused vCPU waits in its own thread, between two instructions and outside
 * KVM_RUN, where its registers can be read and set. Each vCPU is paused on its
 * own, so that a single one can run while the others wait:
 *
 *   runs --pause_want(), pause_urge()--> on its way --pause_wait()--> waits
 *     ^                                                                |
 *     +------------- pause_want(false), pause_changed() ---------------+
 *
 * Must never trust: the guest, which may loop, halt or end at any time. Nothing
 * here waits for more than the kick of a vCPU.
 */
#ifndef VM_PAUSE_H
#define VM_PAUSE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "vm/vcpu.h"

struct pause_cpu {
	struct vcpu *v;
	bool wanted; /* it has to wait */
	bool waits;  /* its thread does, in pause_wait() */
	bool gone;   /* its vcpu_run() is over */
};

struct pause {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* any of: */
	struct pause_cpu *cpus;
	unsigned count;
	bool ended;  /* nothing waits any more */
	int wake_fd; /* readable when all rest; see pause_wake(); -1: empty */
};

#define PAUSE_EMPTY           \
	{                     \
		.wake_fd = -1 \
	}

int pause_init(struct pause *p, struct vcpu *vcpus, unsigned count,
	       struct err *e);
void pause_release(struct pause *p);

/* From now on, no vCPU waits any more. */
void pause_end(struct pause *p);

/* ---- for the thread of vCPU @cpu */

/* The handler of vcpu_pause(): wait while the vCPU must. */
void pause_here(struct pause *p, unsigned cpu);

/* The vCPU has ended. */
void pause_gone(struct pause *p, unsigned cpu);

/* ---- with the lock held */

/* Set whether vCPU @cpu must wait. After a change, call pause_urge() or
 * pause_changed(). */
void pause_want(struct pause *p, unsigned cpu, bool wanted);

/* Kick the vCPUs that must wait and do not yet, except @but; -1: all. A kick
 * may be lost, so this must be repeated. */
void pause_urge(struct pause *p, int but);

/* Whether all vCPUs except @but wait or are gone; -1: all. */
bool pause_all_rest(const struct pause *p, int but);

/* Wake the waiting threads, which check again. */
void pause_changed(struct pause *p);

/* Make wake_fd readable. */
void pause_wake(struct pause *p);

/* On the thread of vCPU @cpu: wait while it must. The lock is released
 * meanwhile. */
void pause_wait(struct pause *p, unsigned cpu);

/* On a vCPU's thread: wait for a change, but not longer than until the next
 * pause_urge(). */
void pause_await_change(struct pause *p);

#endif
