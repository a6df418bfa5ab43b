/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pausing vCPUs: who runs and who waits.
 *
 * A paused vCPU waits in its own thread, between two instructions and outside
 * KVM_RUN, where its registers can be read and set. Which ones have to wait
 * is decided one by one, so that a single one can run while the others stand
 * still:
 *
 *   runs --pause_want(), pause_urge()--> on its way --pause_wait()--> waits
 *     ^                                                                |
 *     +------------- pause_want(false), pause_changed() ---------------+
 *
 * Must never trust: the guest, which may loop, halt or end in the middle of
 * anything. Nothing here waits for it to do more than to be kicked.
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

/* From now on no vCPU waits. */
void pause_end(struct pause *p);

/* ---- for the thread of vCPU @cpu */

/* The handler of vcpu_pause(): wait as long as that is wanted. */
void pause_here(struct pause *p, unsigned cpu);

/* The vCPU has ended. */
void pause_gone(struct pause *p, unsigned cpu);

/* ---- with the lock held */

/* Whether vCPU @cpu has to wait; a change is for pause_urge() to hurry and for
 * pause_changed() to announce. */
void pause_want(struct pause *p, unsigned cpu, bool wanted);

/* Kick those, except @but, that have to wait and do not yet; -1: all. A kick
 * may come at a bad moment and be lost, so this is to be repeated. */
void pause_urge(struct pause *p, int but);

/* Whether all vCPUs except @but wait or are gone; -1: all. */
bool pause_all_rest(const struct pause *p, int but);

/* Let the threads that wait look again. */
void pause_changed(struct pause *p);

/* Make wake_fd readable. */
void pause_wake(struct pause *p);

/* On the thread of vCPU @cpu: wait as long as that is wanted. The lock is
 * released meanwhile. */
void pause_wait(struct pause *p, unsigned cpu);

/* On a vCPU's thread: wait for a change, but only so long that it is time to
 * urge again. */
void pause_await_change(struct pause *p);

#endif
