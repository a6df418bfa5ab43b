/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding a guest that has halted for good: every vCPU that was started halts
 * with interrupts off, so that nothing can wake any of them.
 *
 * KVM does not tell. So every second in which the guest has caused no exit,
 * one vCPU is asked: it leaves KVM_RUN and looks at itself (vm/halted.h). If it
 * is stuck it waits, and the next one is asked; the first that is not ends the
 * look, and all go on. When all of them wait, none can do anything any more;
 * each is looked at once more, for what the others may have sent it before
 * they stopped, and the run ends.
 *
 *   vCPU 0   KVM_RUN | stuck: waits . . . . . . . . . . . | all looked at
 *   vCPU 1   KVM_RUN . . . . . . . . | stuck: waits . . . . |   again
 *   vCPU 2   KVM_RUN . . . . . . . . . . . . . | stuck: the last
 *
 * A guest that sleeps costs a kick of one vCPU each second; only vCPUs that
 * are stuck ever wait.
 */
#ifndef MACHINE_STUCK_H
#define MACHINE_STUCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "vm/kvm.h"
#include "vm/vcpu.h"

struct stuck {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct kvm *kvm;
	struct vcpu *vcpus; /* NULL: empty */
	unsigned count;
	struct outcome_latch *latch;
	bool asking;	/* a look is under way */
	unsigned asked; /* this vCPU is; those before it wait */
	struct loop *loop;
	struct loop_timer look;
	bool is_debugged;
	unsigned long activity; /* of all vCPUs, at the last one */
};

#define STUCK_EMPTY        \
	{                  \
		.count = 0 \
	}

/* Before the vCPUs' threads are started; all of this must outlive them. */
void stuck_init(struct stuck *s, const struct kvm *kvm, struct vcpu *vcpus,
		unsigned count, struct outcome_latch *latch);
void stuck_release(struct stuck *s);

/* ---- for the session; the empty struct is fine */

/* Look every second, on @loop. */
void stuck_watch(struct stuck *s, struct loop *loop);
void stuck_unwatch(struct stuck *s);

/* Whether a debugger has the guest: there is no look then, and one that is
 * under way is given up. */
void stuck_debugged(struct stuck *s, bool is_debugged);

/* Let all that wait go on, as they are about to be stopped. */
void stuck_cancel(struct stuck *s);

/* ---- for the thread of vCPU @cpu: see struct vcpu_handlers */

/* Answer if this one is asked. Clears v->pause. */
void stuck_paused(struct stuck *s, unsigned cpu);

#endif
