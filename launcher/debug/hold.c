/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/hold_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

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

void hold_wake(struct hold *h)
{
	(void)eventfd_write(h->wake_fd, 1);
}

static bool rests(const struct hold_cpu *c)
{
	return c->waits || c->gone;
}

bool hold_all_rest(const struct hold *h, int but)
{
	for (unsigned i = 0; i < h->count; i++)
		if ((int)i != but && !rests(&h->cpus[i]))
			return false;
	return true;
}

void hold_pause_all(struct hold *h, int but)
{
	for (unsigned i = 0; i < h->count; i++)
		if ((int)i != but && !rests(&h->cpus[i]))
			vcpu_pause(h->cpus[i].v);
}

static void complain(const char *what, const struct err *e)
{
	log_step("debugger: %s: %s", what, e->msg);
}

void hold_set_traps(struct hold *h, unsigned cpu, bool alone, bool inject)
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

void hold_plant(struct hold *h)
{
	struct err e;

	if (breaks_plant(&h->breaks, &e))
		complain("breakpoints", &e);
}

void hold_lift(struct hold *h)
{
	struct err e;

	if (breaks_lift(&h->breaks, &e))
		complain("breakpoints", &e);
}

struct place hold_find_place(struct hold *h, unsigned cpu)
{
	struct place p = { 0 };
	struct paging paging;
	uint64_t run;
	struct err e;

	if (vcpu_get_rip(h->cpus[cpu].v, &p.addr, &paging, &e))
		complain("registers", &e);
	else
		p.known = walk_linear(h->gm, &paging, p.addr, &p.gpa, &run);
	return p;
}

bool hold_is_soft(const struct hold *h, const struct place *p)
{
	return p->known && breaks_at(&h->breaks, p->gpa);
}

/* ---- on the debugger's thread */

void hold_stop(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	h->stopped = true;
	hold_pause_all(h, -1);
	pthread_cond_broadcast(&h->changed);
	if (hold_all_rest(h, -1))
		hold_wake(h);
	pthread_mutex_unlock(&h->lock);
}

void hold_urge(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	if (h->stopped) {
		hold_pause_all(h, -1);
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
		h->cpus[i].told = true;
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
	is = h->stopped && hold_all_rest(h, -1);
	if (is) {
		hold_lift(h);
		take_stop(h, stop);
		forget_stops(h);
	}
	pthread_mutex_unlock(&h->lock);
	return is;
}

/* A vCPU that stands on a breakpoint goes on behind it, if that was told. If
 * another one was faster, it meets it again. */
static void prepare(struct hold *h, unsigned cpu)
{
	struct hold_cpu *c = &h->cpus[cpu];
	struct place p;

	/* What has been told of one that stays is told for when it goes on. */
	if (c->gone || c->action == GDB_STAY)
		return;
	p = hold_find_place(h, cpu);
	c->over = c->told &&
		  (hold_is_soft(h, &p) || breaks_hw_at(&h->breaks, p.addr));
	c->told = false;
	c->from = p;
	hold_set_traps(h, cpu, false, false);
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
	assert(h->stopped && hold_all_rest(h, -1));
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
		hold_wake(h);
	} else {
		for (unsigned i = 0; i < h->count; i++)
			prepare(h, i);
		hold_plant(h);
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
