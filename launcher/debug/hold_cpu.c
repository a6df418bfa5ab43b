/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hold, on the threads of vCPUs.
 */
#include <time.h>

#include "debug/hold_parts.h"
#include "debug/pushed_flags.h"
#include "debug/string_insn.h"

/* A kick may come at a bad moment and be lost: how soon there is another. */
#define URGE_NS 20000000

/* So many instructions a vCPU goes on alone in a page that has breakpoints,
 * before the others have their turn. */
#define ALONE_MAX 64

static bool must_wait(const struct hold *h, unsigned cpu)
{
	return !h->ended && (h->stopped || h->cpus[cpu].action == GDB_STAY ||
			     (h->alone >= 0 && h->alone != (int)cpu));
}

static void wait_turn(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];

	c->waits = true;
	pthread_cond_broadcast(&h->changed);
	if (h->stopped && hold_all_rest(h, -1))
		hold_wake(h);
	while (must_wait(h, cpu))
		pthread_cond_wait(&h->changed, &h->lock);
	c->waits = false;
	atomic_store(&c->v->pause, false);
}

static void end_alone(struct hold *h, unsigned cpu)
{
	if (h->alone != (int)cpu)
		return;
	h->alone = -1;
	h->cpus[cpu].over = false;
	if (!h->stopped)
		hold_plant(h);
	hold_set_traps(h, cpu, false, false);
	pthread_cond_broadcast(&h->changed);
}

static void await_change(struct hold *h)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += URGE_NS;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&h->changed, &h->lock, &t);
}

/* Let the others wait; false if the vCPU has to wait itself now. */
static bool begin_alone(struct hold *h, unsigned cpu)
{
	h->alone = (int)cpu;
	while (!h->stopped && !h->ended && !hold_all_rest(h, (int)cpu)) {
		hold_pause_all(h, (int)cpu);
		await_change(h);
	}
	if (h->stopped || h->ended) {
		h->alone = -1;
		pthread_cond_broadcast(&h->changed);
		return false;
	}
	hold_lift(h);
	h->turns++;
	h->give_up = false;
	h->cpus[cpu].steps = 0;
	h->cpus[cpu].from = hold_find_place(h, cpu);
	hold_set_traps(h, cpu, true, false);
	return true;
}

/* Wait until it is the vCPU's turn, and get it over a breakpoint. */
static void rest(struct hold *h, unsigned cpu)
{
	do
		wait_turn(h, cpu);
	while (!h->ended && h->cpus[cpu].over && !begin_alone(h, cpu));
}

static void stop_all(struct hold *h, unsigned cpu, struct gdb_stop stop)
{
	stop.cpu = cpu;
	end_alone(h, cpu);
	h->cpus[cpu].stop = stop;
	h->cpus[cpu].has_stop = true;
	h->stopped = true;
	hold_pause_all(h, (int)cpu);
	hold_wake(h);
	rest(h, cpu);
}

static void go_over(struct hold *h, unsigned cpu)
{
	h->cpus[cpu].over = true;
	/* Another one may be on its way already. */
	rest(h, cpu);
}

static bool is_taken(const struct hold *h, const struct place *p)
{
	return h->breaks.by_page && p->known &&
	       breaks_on_page(&h->breaks, p->gpa);
}

static const struct gdb_stop stepped = { .signal = GDB_SIGTRAP };
static const struct gdb_stop soft_break = { .signal = GDB_SIGTRAP,
					    .reason = GDB_STOP_SOFT };

/* The flags that a step has pushed are not those of the guest. */
static void mend(struct hold *h, unsigned cpu)
{
	const struct hold_cpu *c = &h->cpus[cpu];
	struct cpu_regs r;
	struct err e;
	unsigned len = 0;

	if (c->from.known)
		len = pushed_flags_here(h->gm, c->from.gpa);
	/* An exception, or other instructions by these bytes, end elsewhere. */
	if (len && !vcpu_get_regs(c->v, &r, &e) &&
	    cpu_linear_rip(&r) == c->from.addr + len)
		pushed_flags_mend(h->gm, &r);
}

/* A long instruction of which the step was a small part. */
static void rush(struct hold *h, unsigned cpu)
{
	struct vcpu *v = h->cpus[cpu].v;
	struct cpu_regs r;
	struct err e;

	if (!vcpu_get_regs(v, &r, &e) && string_insn_rush(h->gm, &r))
		(void)vcpu_set_regs(v, &r, &e);
}

static void on_step(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

	mend(h, cpu);
	if (c->action == GDB_STEP) {
		stop_all(h, cpu, stepped);
		return;
	}
	if (h->alone != (int)cpu)
		return;
	p = hold_find_place(h, cpu);
	if (!is_taken(h, &p) || hold_is_soft(h, &p) ||
	    ++c->steps == ALONE_MAX) {
		end_alone(h, cpu);
		return;
	}
	if (p.addr == c->from.addr)
		rush(h, cpu);
	c->from = p;
	/* The guest may have set its flags anew. */
	h->turns++;
	hold_set_traps(h, cpu, true, false);
}

/* Its own int3 is the guest's affair. */
static void on_int3(struct hold *h, unsigned cpu)
{
	struct place p = hold_find_place(h, cpu);

	if (hold_is_soft(h, &p))
		stop_all(h, cpu, soft_break);
	else
		hold_set_traps(h, cpu, h->alone == (int)cpu, true);
}

/* The first of the debug registers that hit and are in use: the processor also
 * tells of those that are not. NULL: there is none. */
static const struct hw_break *find_hit(const struct hold *h, unsigned hits)
{
	for (unsigned i = 0; i < HW_BREAKS; i++)
		if ((hits >> i & 1) && h->breaks.hw[i].len)
			return &h->breaks.hw[i];
	return NULL;
}

static void on_hw(struct hold *h, unsigned cpu, unsigned hits)
{
	struct gdb_stop stop = { .signal = GDB_SIGTRAP };
	const struct hw_break *hw = find_hit(h, hits);

	if (!hw) {
		on_step(h, cpu);
		return;
	}
	switch (hw->kind) {
	case HW_BREAK_EXEC:
		stop.reason = GDB_STOP_HARD;
		break;
	case HW_BREAK_WRITE:
		stop.reason = GDB_STOP_WATCH;
		break;
	case HW_BREAK_ACCESS:
		stop.reason = GDB_STOP_AWATCH;
		break;
	}
	stop.addr = hw->addr;
	stop_all(h, cpu, stop);
}

/* No access to a page of ours, or an instruction that KVM does not know,
 * which an int3 of ours may be. Returns false for what is not of our making. */
static bool on_failure(struct hold *h, unsigned cpu, bool access)
{
	struct place p = hold_find_place(h, cpu);

	if (hold_is_soft(h, &p) && h->breaks.planted) {
		stop_all(h, cpu, soft_break);
		return true;
	}
	if (h->breaks.by_page && h->breaks.planted &&
	    (access || is_taken(h, &p))) {
		go_over(h, cpu);
		return true;
	}
	return false;
}

/* The debugger may put the vCPU elsewhere, and then it goes on. */
static bool show_failure(struct hold *h, unsigned cpu)
{
	uint64_t addr = hold_find_place(h, cpu).addr;

	stop_all(h, cpu, (struct gdb_stop){ .signal = GDB_SIGILL });
	return hold_find_place(h, cpu).addr != addr;
}

bool hold_trapped(struct hold *h, unsigned cpu, const struct vcpu_trap *trap)
{
	bool go_on = true;

	pthread_mutex_lock(&h->lock);
	switch (trap->kind) {
	case VCPU_TRAP_STEP:
		on_step(h, cpu);
		break;
	case VCPU_TRAP_INT3:
		on_int3(h, cpu);
		break;
	case VCPU_TRAP_HW:
		on_hw(h, cpu, trap->hw);
		break;
	case VCPU_TRAP_NO_ACCESS:
		go_on = on_failure(h, cpu, true);
		break;
	case VCPU_TRAP_FAILED:
		go_on = on_failure(h, cpu, false) || show_failure(h, cpu);
		break;
	case VCPU_TRAP_SHUTDOWN:
		go_on = false;
		stop_all(h, cpu, (struct gdb_stop){ .signal = GDB_SIGSEGV });
		break;
	}
	pthread_mutex_unlock(&h->lock);
	return go_on;
}

/* vcpu_pause() was for all to stop, or for this one to give up, or came late
 * for one that goes alone. */
void hold_paused(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	bool alone;

	pthread_mutex_lock(&h->lock);
	alone = h->alone == (int)cpu;
	if (alone && !h->stopped && !h->give_up) {
		atomic_store(&c->v->pause, false);
	} else {
		end_alone(h, cpu);
		c->over = alone && !h->give_up;
		h->give_up = false;
		rest(h, cpu);
	}
	pthread_mutex_unlock(&h->lock);
}

void hold_gone(struct hold *h, unsigned cpu)
{
	pthread_mutex_lock(&h->lock);
	end_alone(h, cpu);
	h->cpus[cpu].gone = true;
	pthread_cond_broadcast(&h->changed);
	hold_wake(h);
	pthread_mutex_unlock(&h->lock);
}
