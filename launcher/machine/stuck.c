/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/stuck.h"

#include "base/clock.h"
#include "vm/halted.h"

#define LOOK_NS 1000000000

void stuck_init(struct stuck *s, const struct kvm *kvm, struct vcpu *vcpus,
		unsigned count, struct outcome_latch *latch)
{
	*s = (struct stuck){ .kvm = kvm,
			     .vcpus = vcpus,
			     .count = count,
			     .latch = latch,
			     .due_ns = clock_ns() + LOOK_NS };
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
}

void stuck_release(struct stuck *s)
{
	if (s->vcpus) {
		pthread_mutex_destroy(&s->lock);
		pthread_cond_destroy(&s->changed);
	}
	*s = (struct stuck)STUCK_EMPTY;
}

/* ---- on the session's thread */

int stuck_wait_ms(const struct stuck *s)
{
	uint64_t now = clock_ns();

	if (!s->vcpus)
		return -1;
	return s->due_ns > now ? (int)((s->due_ns - now) / 1000000) + 1 : 0;
}

/* With the lock held. */
static void give_up(struct stuck *s)
{
	s->asking = false;
	pthread_cond_broadcast(&s->changed);
}

void stuck_cancel(struct stuck *s)
{
	if (!s->vcpus)
		return;
	pthread_mutex_lock(&s->lock);
	give_up(s);
	pthread_mutex_unlock(&s->lock);
}

/* Whether the guest has done anything that ended KVM_RUN. */
static bool was_active(struct stuck *s)
{
	unsigned long sum = 0, before = s->activity;

	for (unsigned i = 0; i < s->count; i++)
		sum += vcpu_exits_caused(&s->vcpus[i]);
	s->activity = sum;
	return sum != before;
}

void stuck_look(struct stuck *s, bool debugged)
{
	if (!s->vcpus)
		return;
	if (debugged)
		stuck_cancel(s);
	if (clock_ns() < s->due_ns)
		return;
	s->due_ns = clock_ns() + LOOK_NS;
	if (was_active(s) || debugged)
		return;
	pthread_mutex_lock(&s->lock);
	/* A vCPU that has not answered yet is busy, and not stuck. */
	if (!s->asking) {
		s->asking = true;
		s->asked = 0;
		vcpu_pause(&s->vcpus[0]);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- on the threads of vCPUs, with the lock held */

static bool are_all_stuck(struct stuck *s)
{
	unsigned stuck = 0;

	for (unsigned i = 0; i < s->count; i++)
		switch (vcpu_rest(&s->vcpus[i])) {
		case VCPU_AWAKE:
			return false;
		case VCPU_UNSTARTED:
			break;
		case VCPU_STUCK:
			stuck++;
			break;
		}
	return stuck && !kvm_may_wake_stuck(s->kvm);
}

static void answer(struct stuck *s, unsigned cpu)
{
	if (vcpu_rest(&s->vcpus[cpu]) == VCPU_AWAKE) {
		give_up(s);
		return;
	}
	if (++s->asked < s->count) {
		vcpu_pause(&s->vcpus[s->asked]);
		while (s->asking)
			pthread_cond_wait(&s->changed, &s->lock);
		return;
	}
	if (are_all_stuck(s))
		outcome_set(s->latch, OUTCOME_HALTED, 0,
			    "HLT with interrupts off on every started vCPU");
	give_up(s);
}

void stuck_paused(struct stuck *s, unsigned cpu)
{
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->vcpus[cpu].pause, false);
	if (s->asking && s->asked == cpu)
		answer(s, cpu);
	pthread_mutex_unlock(&s->lock);
}
