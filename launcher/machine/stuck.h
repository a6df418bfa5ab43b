/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding a guest that has halted for good: all started vCPUs have halted with
 * interrupts off, so that no event can wake any of them.
 *
 * KVM does not report this. So after each second without an exit, one vCPU is
 * asked: it leaves KVM_RUN and checks its own state (vm/halted.h). If it is
 * stuck, it waits and the next one is asked. The first vCPU that is not stuck
 * ends the check, and all continue. When all of them wait, they can no longer
 * act. Each is then checked once more, because another one may have sent it an
 * interrupt before it stopped, and the run ends.
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
	bool asking;	/* a check is under way */
	unsigned asked; /* this vCPU is asked; those before it wait */
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

/* Check every second, on @loop. */
void stuck_watch(struct stuck *s, struct loop *loop);
void stuck_unwatch(struct stuck *s);

/* Whether a debugger controls the guest. While it does, checks are off, and one
 * that is under way is cancelled. */
void stuck_debugged(struct stuck *s, bool is_debugged);

/* Let all waiting vCPUs continue, because they are about to be stopped. */
void stuck_cancel(struct stuck *s);

/* ---- for the thread of vCPU @cpu: see struct vcpu_handlers */

/* Answer if this vCPU is asked. Clears v->pause. */
void stuck_paused(struct stuck *s, unsigned cpu);

#endif
