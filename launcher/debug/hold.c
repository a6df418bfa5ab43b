/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/hold.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "debug/pushed_flags.h"
#include "debug/string_insn.h"

/* How many instructions a vCPU executes alone in a page with breakpoints,
 * before the others may continue. */
#define ALONE_MAX 64

/* Update which vCPUs must wait, after a change of the state. */
static void decide(struct hold *h)
{
	for (unsigned i = 0; i < h->count; i++)
		pause_want(h->pause, i,
			   h->stopped || h->cpus[i].action == GDB_STAY ||
				   (h->alone >= 0 && h->alone != (int)i));
	pause_changed(h->pause);
}

int hold_init(struct hold *h, struct pause *pause, const struct guest_mem *gm,
	      const struct debug_means *means, struct err *e)
{
	*h = (struct hold)HOLD_EMPTY;
	h->cpus = calloc(pause->count, sizeof(*h->cpus));
	if (!h->cpus)
		return err_set(e, ENOMEM, "no memory for %u vCPUs",
			       pause->count);
	h->pause = pause;
	h->gm = gm;
	h->means = *means;
	h->breaks.gm = gm;
	h->breaks.by_page = !means->int3;
	h->count = pause->count;
	h->stopped = true;
	decide(h);
	/* Each vCPU's first entry ends before its first instruction. */
	for (unsigned i = 0; i < h->count; i++)
		atomic_store(&hold_vcpu(h, i)->pause, true);
	return 0;
}

void hold_release(struct hold *h)
{
	free(h->cpus);
	*h = (struct hold)HOLD_EMPTY;
}

struct vcpu *hold_vcpu(const struct hold *h, unsigned cpu)
{
	return h->pause->cpus[cpu].v;
}

/* ---- with the lock held */

static void complain(const char *what, const struct err *e)
{
	log_step("debugger: %s: %s", what, e->msg);
}

static void set_traps(struct hold *h, unsigned cpu, bool alone, bool inject)
{
	struct vcpu_traps t = {
		.int3 = h->breaks.count && !h->breaks.by_page,
		.step = alone || h->cpus[cpu].action == GDB_STEP,
		.inject_int3 = inject,
	};
	struct err e;

	t.hold_irqs = t.step && h->means.hold_irqs;
	for (unsigned i = 0; !alone && i < HW_BREAKS; i++)
		t.hw[i] = h->breaks.hw[i];
	if (vcpu_set_traps(hold_vcpu(h, cpu), &t, &e))
		complain("traps", &e);
}

static void plant(struct hold *h)
{
	struct err e;

	if (breaks_plant(&h->breaks, &e))
		complain("breakpoints", &e);
}

static void lift(struct hold *h)
{
	struct err e;

	if (breaks_lift(&h->breaks, &e))
		complain("breakpoints", &e);
}

static struct place find_place(struct hold *h, unsigned cpu)
{
	struct place p = { 0 };
	struct paging paging;
	uint64_t run;
	struct err e;

	if (vcpu_get_rip(hold_vcpu(h, cpu), &p.addr, &paging, &e))
		complain("registers", &e);
	else
		p.known = walk_linear(h->gm, &paging, p.addr, &p.gpa, &run);
	return p;
}

static bool is_soft(const struct hold *h, const struct place *p)
{
	return p->known && breaks_at(&h->breaks, p->gpa);
}

/* ---- on the threads of vCPUs */

static void end_alone(struct hold *h, unsigned cpu)
{
	if (h->alone != (int)cpu)
		return;
	h->alone = -1;
	h->cpus[cpu].over = false;
	if (!h->stopped)
		plant(h);
	set_traps(h, cpu, false, false);
	decide(h);
}

/* Make the others wait; false if this vCPU must now wait itself. */
static bool begin_alone(struct hold *h, unsigned cpu)
{
	h->alone = (int)cpu;
	decide(h);
	while (!h->stopped && !h->pause->ended &&
	       !pause_all_rest(h->pause, (int)cpu)) {
		pause_urge(h->pause, (int)cpu);
		pause_await_change(h->pause);
	}
	if (h->stopped || h->pause->ended) {
		h->alone = -1;
		decide(h);
		return false;
	}
	lift(h);
	h->turns++;
	h->give_up = false;
	h->cpus[cpu].steps = 0;
	h->cpus[cpu].from = find_place(h, cpu);
	set_traps(h, cpu, true, false);
	return true;
}

/* Wait for the vCPU's turn, and step it over a breakpoint. */
static void rest(struct hold *h, unsigned cpu)
{
	do
		pause_wait(h->pause, cpu);
	while (!h->pause->ended && h->cpus[cpu].over && !begin_alone(h, cpu));
}

static void stop_all(struct hold *h, unsigned cpu, struct gdb_stop stop)
{
	stop.cpu = cpu;
	end_alone(h, cpu);
	h->cpus[cpu].stop = stop;
	h->cpus[cpu].has_stop = true;
	h->stopped = true;
	decide(h);
	pause_urge(h->pause, (int)cpu);
	pause_wake(h->pause);
	rest(h, cpu);
}

static void go_over(struct hold *h, unsigned cpu)
{
	h->cpus[cpu].over = true;
	/* Another one may already be stepping. */
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

/* The flags that a step has pushed include the trap flag. */
static void correct(struct hold *h, unsigned cpu)
{
	const struct hold_cpu *c = &h->cpus[cpu];
	struct cpu_regs r;
	struct err e;
	unsigned len = 0;

	if (c->from.known)
		len = pushed_flags_here(h->gm, c->from.gpa);
	/* After an exception, or another instruction with these bytes, rip is
	 * elsewhere. */
	if (len && !vcpu_get_regs(hold_vcpu(h, cpu), &r, &e) &&
	    cpu_linear_rip(&r) == c->from.addr + len)
		pushed_flags_clear_tf(h->gm, &r);
}

/* The step was a small part of a long instruction. */
static void rush(struct hold *h, unsigned cpu)
{
	struct vcpu *v = hold_vcpu(h, cpu);
	struct cpu_regs r;
	struct err e;

	if (!vcpu_get_regs(v, &r, &e) && string_insn_rush(h->gm, &r))
		(void)vcpu_set_regs(v, &r, &e);
}

static void on_step(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

	correct(h, cpu);
	if (c->action == GDB_STEP) {
		stop_all(h, cpu, stepped);
		return;
	}
	if (h->alone != (int)cpu)
		return;
	p = find_place(h, cpu);
	if (!is_taken(h, &p) || is_soft(h, &p) || ++c->steps == ALONE_MAX) {
		end_alone(h, cpu);
		return;
	}
	if (p.addr == c->from.addr)
		rush(h, cpu);
	c->from = p;
	/* The guest may have set its flags again. */
	h->turns++;
	set_traps(h, cpu, true, false);
}

/* The guest's own int3 is for the guest. */
static void on_int3(struct hold *h, unsigned cpu)
{
	struct place p = find_place(h, cpu);

	if (is_soft(h, &p))
		stop_all(h, cpu, soft_break);
	else
		set_traps(h, cpu, h->alone == (int)cpu, true);
}

/* The first debug register that hit and is in use, or NULL. The processor also
 * reports unused ones. */
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

/* An access to a page that we removed, or an instruction that KVM does not
 * know, which may be our int3. Returns false if it is not because of us. */
static bool on_failure(struct hold *h, unsigned cpu, bool access)
{
	struct place p = find_place(h, cpu);

	if (is_soft(h, &p) && h->breaks.planted) {
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

/* The debugger may set rip elsewhere; then the vCPU continues. */
static bool show_failure(struct hold *h, unsigned cpu)
{
	uint64_t addr = find_place(h, cpu).addr;

	stop_all(h, cpu, (struct gdb_stop){ .signal = GDB_SIGILL });
	return find_place(h, cpu).addr != addr;
}

static bool on_trapped(void *ctx, unsigned cpu, const struct vcpu_trap *trap)
{
	struct hold *h = ctx;
	bool go_on = true;

	pthread_mutex_lock(&h->pause->lock);
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
	pthread_mutex_unlock(&h->pause->lock);
	return go_on;
}

/* vcpu_pause() was for all to stop, for this one to give up, or came late for a
 * vCPU that steps alone. */
static void on_paused(void *ctx, unsigned cpu)
{
	struct hold *h = ctx;
	struct hold_cpu *c = &h->cpus[cpu];
	bool alone;

	pthread_mutex_lock(&h->pause->lock);
	alone = h->alone == (int)cpu;
	if (alone && !h->stopped && !h->give_up) {
		atomic_store(&hold_vcpu(h, cpu)->pause, false);
	} else {
		end_alone(h, cpu);
		c->over = alone && !h->give_up;
		h->give_up = false;
		rest(h, cpu);
	}
	pthread_mutex_unlock(&h->pause->lock);
}

static void on_gone(void *ctx, unsigned cpu)
{
	struct hold *h = ctx;

	pthread_mutex_lock(&h->pause->lock);
	end_alone(h, cpu);
	pthread_mutex_unlock(&h->pause->lock);
}

struct vcpu_debugger hold_callbacks(struct hold *h)
{
	return (struct vcpu_debugger){ h, on_trapped, on_paused, on_gone };
}

/* ---- on the debugger's thread */

void hold_stop(struct hold *h)
{
	pthread_mutex_lock(&h->pause->lock);
	h->stopped = true;
	decide(h);
	pause_urge(h->pause, -1);
	if (pause_all_rest(h->pause, -1))
		pause_wake(h->pause);
	pthread_mutex_unlock(&h->pause->lock);
}

void hold_urge(struct hold *h)
{
	pthread_mutex_lock(&h->pause->lock);
	if (h->stopped) {
		pause_urge(h->pause, -1);
	} else if (h->alone >= 0 && h->turns == h->turns_urged) {
		h->give_up = true;
		vcpu_pause(hold_vcpu(h, (unsigned)h->alone));
	}
	h->turns_urged = h->turns;
	pthread_mutex_unlock(&h->pause->lock);
}

/* Take the unreported stop; false if there is none. */
static bool take_stop(struct hold *h, struct gdb_stop *stop)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (!h->cpus[i].has_stop)
			continue;
		*stop = h->cpus[i].stop;
		h->cpus[i].has_stop = false;
		h->cpus[i].told = true;
		return true;
	}
	return false;
}

/* A breakpoint that several vCPUs have hit will be hit again; stops that cannot
 * repeat are kept. */
static void forget_stops(struct hold *h)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->cpus[i].stop.reason == GDB_STOP_SOFT ||
		    h->cpus[i].stop.reason == GDB_STOP_HARD)
			h->cpus[i].has_stop = false;
}

bool hold_is_stopped(struct hold *h, struct gdb_stop *stop)
{
	bool is;

	pthread_mutex_lock(&h->pause->lock);
	is = h->stopped && pause_all_rest(h->pause, -1);
	if (is) {
		lift(h);
		take_stop(h, stop);
		forget_stops(h);
	}
	pthread_mutex_unlock(&h->pause->lock);
	return is;
}

/* A vCPU at a reported breakpoint continues after it. If another one was
 * reported first, it hits the breakpoint again. */
static void prepare(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

	/* The reported stop of a vCPU that stays stopped is valid until it
	 * continues. */
	if (h->pause->cpus[cpu].gone || c->action == GDB_STAY)
		return;
	p = find_place(h, cpu);
	c->over = c->told &&
		  (is_soft(h, &p) || breaks_hw_at(&h->breaks, p.addr));
	c->told = false;
	c->from = p;
	set_traps(h, cpu, false, false);
	vcpu_excuse_stop(hold_vcpu(h, cpu));
}

static bool is_any_kept(const struct hold *h)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->cpus[i].has_stop)
			return true;
	return false;
}

void hold_clear_breaks(struct hold *h)
{
	h->breaks.count = 0;
	for (unsigned i = 0; i < HW_BREAKS; i++)
		h->breaks.hw[i].len = 0;
}

int hold_resume(struct hold *h, const enum gdb_action *actions, struct err *e)
{
	pthread_mutex_lock(&h->pause->lock);
	assert(h->stopped && pause_all_rest(h->pause, -1));
	for (unsigned i = 0; actions && i < h->count; i++)
		if (actions[i] == GDB_STEP && !h->pause->cpus[i].gone &&
		    vcpu_is_unstarted(hold_vcpu(h, i))) {
			pthread_mutex_unlock(&h->pause->lock);
			return err_set(e, EBUSY,
				       "vCPU %u waits for another one to start "
				       "it",
				       i);
		}
	for (unsigned i = 0; i < h->count; i++)
		h->cpus[i].action = actions ? actions[i] : GDB_CONTINUE;
	if (!actions) {
		hold_clear_breaks(h);
		for (unsigned i = 0; i < h->count; i++)
			h->cpus[i].has_stop = false;
	}
	if (is_any_kept(h)) {
		pause_wake(h->pause);
	} else {
		for (unsigned i = 0; i < h->count; i++)
			prepare(h, i);
		plant(h);
		h->stopped = false;
		decide(h);
	}
	pthread_mutex_unlock(&h->pause->lock);
	return 0;
}
