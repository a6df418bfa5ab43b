/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/stuck.h"

#include "base/clock.h"
#include "vm/halted.h"

#define LOOK_NS 1000000000

void stuck_init(struct stuck *s, const struct kvm *kvm, struct vcpu *vcpus,
		unsigned count, struct outcome_latch *latch)
{
	*s = (struct stuck){
		.kvm = kvm, .vcpus = vcpus, .count = count, .latch = latch
	};
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

static void look(void *ctx)
{
	struct stuck *s = ctx;

	loop_timer_set(s->loop, &s->look, clock_ns() + LOOK_NS);
	if (was_active(s) || s->is_debugged)
		return;
	pthread_mutex_lock(&s->lock);
	/* A vCPU that has not answered yet is busy, not stuck. */
	if (!s->asking) {
		s->asking = true;
		s->asked = 0;
		vcpu_pause(&s->vcpus[0]);
	}
	pthread_mutex_unlock(&s->lock);
}

void stuck_watch(struct stuck *s, struct loop *loop)
{
	if (!s->vcpus)
		return;
	s->loop = loop;
	s->look = (struct loop_timer){ .fn = look, .ctx = s };
	loop_timer_set(loop, &s->look, clock_ns() + LOOK_NS);
}

void stuck_unwatch(struct stuck *s)
{
	loop_timer_stop(&s->look);
}

void stuck_debugged(struct stuck *s, bool is_debugged)
{
	s->is_debugged = is_debugged;
	if (is_debugged)
		stuck_cancel(s);
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
