/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/hold.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

/* A kick may come at a bad moment and be lost: how soon there is another. */
#define URGE_NS 20000000

/* So many instructions a vCPU goes on alone in a page that has breakpoints,
 * before the others have their turn. */
#define ALONE_MAX 64

int hold_init(struct hold *h, struct vcpu *vcpus, unsigned count,
	      const struct guest_mem *gm, const struct debug_means *means,
	      struct err *e)
{
	*h = (struct hold)HOLD_EMPTY;
	h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->wake_fd < 0)
		return err_sys(e, "eventfd");
	h->cpus = calloc(count, sizeof(*h->cpus));
	if (!h->cpus)
		return err_set(e, ENOMEM, "no memory for %u vCPUs", count);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	h->gm = gm;
	h->means = *means;
	h->breaks.gm = gm;
	h->breaks.by_page = !means->int3;
	h->count = count;
	h->stopped = true;
	for (unsigned i = 0; i < count; i++) {
		h->cpus[i].v = &vcpus[i];
		/* Its first entry ends before the first instruction. */
		atomic_store(&vcpus[i].pause, true);
	}
	return 0;
}

void hold_release(struct hold *h)
{
	if (h->wake_fd >= 0)
		close(h->wake_fd);
	free(h->cpus);
	*h = (struct hold)HOLD_EMPTY;
}

/* ---- with the lock held */

static void wake_debugger(struct hold *h)
{
	(void)eventfd_write(h->wake_fd, 1);
}

static bool rests(const struct hold_cpu *c)
{
	return c->waits || c->gone;
}

static bool all_rest(const struct hold *h, int but)
{
	for (unsigned i = 0; i < h->count; i++)
		if ((int)i != but && !rests(&h->cpus[i]))
			return false;
	return true;
}

static void pause_all(struct hold *h, int but)
{
	for (unsigned i = 0; i < h->count; i++)
		if ((int)i != but && !rests(&h->cpus[i]))
			vcpu_pause(h->cpus[i].v);
}

static void complain(const char *what, const struct err *e)
{
	log_step("debugger: %s: %s", what, e->msg);
}

/* What traps a vCPU has, by what it is to do. */
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
	if (vcpu_set_traps(h->cpus[cpu].v, &t, &e))
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

/* ---- on a vCPU's thread, with the lock held */

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
	if (h->stopped && all_rest(h, -1))
		wake_debugger(h);
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
		plant(h);
	set_traps(h, cpu, false, false);
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
	while (!h->stopped && !h->ended && !all_rest(h, (int)cpu)) {
		pause_all(h, (int)cpu);
		await_change(h);
	}
	if (h->stopped || h->ended) {
		h->alone = -1;
		pthread_cond_broadcast(&h->changed);
		return false;
	}
	lift(h);
	h->turns++;
	h->give_up = false;
	h->cpus[cpu].steps = 0;
	set_traps(h, cpu, true, false);
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
	pause_all(h, (int)cpu);
	wake_debugger(h);
	rest(h, cpu);
}

static void go_over(struct hold *h, unsigned cpu)
{
	h->cpus[cpu].over = true;
	/* Another one may be on its way already. */
	rest(h, cpu);
}

/* Where a vCPU stands, in guest-physical memory. */
struct place {
	uint64_t addr;
	uint64_t gpa;
	bool known;
};

static struct place find_place(struct hold *h, unsigned cpu)
{
	struct place p = { 0 };
	struct cpu_regs r;
	struct paging paging;
	uint64_t run;
	struct err e;

	if (vcpu_get_regs(h->cpus[cpu].v, &r, &e)) {
		complain("registers", &e);
		return p;
	}
	paging = cpu_paging(&r);
	p.addr = cpu_linear_rip(&r);
	p.known = walk_linear(h->gm, &paging, p.addr, &p.gpa, &run);
	return p;
}

static bool is_soft(const struct hold *h, const struct place *p)
{
	return p->known && breaks_at(&h->breaks, p->gpa);
}

static bool is_taken(const struct hold *h, const struct place *p)
{
	return h->breaks.by_page && p->known &&
	       breaks_on_page(&h->breaks, p->gpa);
}

static const struct gdb_stop stepped = { .signal = GDB_SIGTRAP };
static const struct gdb_stop soft_break = { .signal = GDB_SIGTRAP,
					    .reason = GDB_STOP_SOFT };

static void on_step(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

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
	/* The guest may have set its flags anew. */
	h->turns++;
	set_traps(h, cpu, true, false);
}

/* Its own int3 is the guest's affair. */
static void on_int3(struct hold *h, unsigned cpu)
{
	struct place p = find_place(h, cpu);

	if (is_soft(h, &p))
		stop_all(h, cpu, soft_break);
	else
		set_traps(h, cpu, h->alone == (int)cpu, true);
}

static void on_hw(struct hold *h, unsigned cpu, unsigned hits)
{
	struct gdb_stop stop = { .signal = GDB_SIGTRAP };
	unsigned n = (unsigned)__builtin_ctz(hits);
	const struct hw_break *hw = &h->breaks.hw[n];

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

/* The debugger may put the vCPU elsewhere, and then it goes on. */
static bool show_failure(struct hold *h, unsigned cpu)
{
	uint64_t addr = find_place(h, cpu).addr;

	stop_all(h, cpu, (struct gdb_stop){ .signal = GDB_SIGILL });
	return find_place(h, cpu).addr != addr;
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
	wake_debugger(h);
	pthread_mutex_unlock(&h->lock);
}

/* ---- on the debugger's thread */

void hold_stop(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	h->stopped = true;
	pause_all(h, -1);
	pthread_cond_broadcast(&h->changed);
	if (all_rest(h, -1))
		wake_debugger(h);
	pthread_mutex_unlock(&h->lock);
}

void hold_urge(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	if (h->stopped) {
		pause_all(h, -1);
	} else if (h->alone >= 0 && h->turns == h->turns_urged) {
		h->give_up = true;
		vcpu_pause(h->cpus[h->alone].v);
	}
	h->turns_urged = h->turns;
	pthread_mutex_unlock(&h->lock);
}

/* Take the stop that nobody has been told of; false if there is none. */
static bool take_stop(struct hold *h, struct gdb_stop *stop)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (!h->cpus[i].has_stop)
			continue;
		*stop = h->cpus[i].stop;
		h->cpus[i].has_stop = false;
		return true;
	}
	return false;
}

/* A breakpoint that more than one has run into does not go away, and will be
 * met again; what can only be told once is kept. */
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

	pthread_mutex_lock(&h->lock);
	is = h->stopped && all_rest(h, -1);
	if (is) {
		lift(h);
		take_stop(h, stop);
		forget_stops(h);
	}
	pthread_mutex_unlock(&h->lock);
	return is;
}

/* A vCPU that stands on a breakpoint has seen it. */
static void prepare(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

	if (c->gone)
		return;
	p = find_place(h, cpu);
	c->over = is_soft(h, &p) || breaks_hw_at(&h->breaks, p.addr);
	set_traps(h, cpu, false, false);
	vcpu_excuse_stop(c->v);
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
	pthread_mutex_lock(&h->lock);
	assert(h->stopped && all_rest(h, -1));
	for (unsigned i = 0; actions && i < h->count; i++)
		if (actions[i] == GDB_STEP && !h->cpus[i].gone &&
		    vcpu_is_unstarted(h->cpus[i].v)) {
			pthread_mutex_unlock(&h->lock);
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
		wake_debugger(h);
	} else {
		for (unsigned i = 0; i < h->count; i++)
			prepare(h, i);
		plant(h);
		h->stopped = false;
		pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	return 0;
}

void hold_end(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	h->ended = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}
