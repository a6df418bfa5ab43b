/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub: letting vCPUs run.
 */
#include "debug/gdb/stub_parts.h"

static void resume(struct gdb_stub *s, const enum gdb_action *actions)
{
	struct err e;

	s->running = true;
	if (s->ops->resume(s->ctx, actions, &e)) {
		s->running = false;
		stub_refuse(s, &e);
	}
}

/* c, s and their like: with an address to go on from, perhaps. */
static void run_from(struct gdb_stub *s, struct args *a, enum gdb_action what)
{
	enum gdb_action actions[GDB_CPUS_MAX];
	unsigned cpu = s->run_cpu < 0 ? s->stop.cpu : (unsigned)s->run_cpu;
	struct cpu_regs r;
	struct err e;
	uint64_t addr;

	if (!args_done(a)) {
		if (!args_number(a, &addr) || !args_done(a) ||
		    s->ops->get_regs(s->ctx, cpu, &r, &e)) {
			stub_say(s, STUB_E_FORM);
			return;
		}
		r.rip = addr;
		if (s->ops->set_regs(s->ctx, cpu, &r, &e)) {
			stub_refuse(s, &e);
			return;
		}
	}
	for (unsigned i = 0; i < s->cpus; i++)
		actions[i] = s->run_cpu < 0 ? GDB_CONTINUE : GDB_STAY;
	actions[cpu] = what;
	resume(s, actions);
}

void stub_continue(struct gdb_stub *s, struct args *a)
{
	run_from(s, a, GDB_CONTINUE);
}

void stub_step(struct gdb_stub *s, struct args *a)
{
	run_from(s, a, GDB_STEP);
}

/* "SIGNAL", or "SIGNAL;ADDR": a guest takes no signals. */
static bool skip_signal(struct args *a)
{
	uint64_t signal;

	return args_number(a, &signal) && (args_done(a) || args_char(a, ';'));
}

void stub_continue_signal(struct gdb_stub *s, struct args *a)
{
	if (skip_signal(a))
		run_from(s, a, GDB_CONTINUE);
	else
		stub_say(s, STUB_E_FORM);
}

void stub_step_signal(struct gdb_stub *s, struct args *a)
{
	if (skip_signal(a))
		run_from(s, a, GDB_STEP);
	else
		stub_say(s, STUB_E_FORM);
}

void stub_vcont_query(struct gdb_stub *s, struct args *a)
{
	(void)a;
	stub_say(s, "vCont;c;C;s;S");
}

/* One of vCont's actions, up to its thread. */
static bool take_action(struct args *a, enum gdb_action *what)
{
	uint64_t signal;

	if (args_char(a, 'c'))
		*what = GDB_CONTINUE;
	else if (args_char(a, 's'))
		*what = GDB_STEP;
	else if (args_char(a, 'C') && args_number(a, &signal))
		*what = GDB_CONTINUE;
	else if (args_char(a, 'S') && args_number(a, &signal))
		*what = GDB_STEP;
	else
		return false;
	return true;
}

/* The first action that names a thread, or all of them, is the thread's. */
static void give(struct gdb_stub *s, enum gdb_action *actions, bool *given,
		 int thread, enum gdb_action what)
{
	for (unsigned i = 0; i < s->cpus; i++) {
		if (given[i] || (thread >= 0 && (unsigned)thread != i + 1))
			continue;
		actions[i] = what;
		given[i] = true;
	}
}

void stub_vcont(struct gdb_stub *s, struct args *a)
{
	enum gdb_action actions[GDB_CPUS_MAX] = { GDB_STAY };
	bool given[GDB_CPUS_MAX] = { false };
	enum gdb_action what;
	bool sound = false;
	int thread;

	while (args_char(a, ';')) {
		thread = -1;
		sound = false;
		if (!take_action(a, &what) ||
		    (args_char(a, ':') && !args_thread(s, a, &thread)))
			break;
		/* 0 is any thread: that which has stopped. */
		if (!thread)
			thread = (int)s->stop.cpu + 1;
		give(s, actions, given, thread, what);
		sound = true;
	}
	if (!sound || !args_done(a))
		stub_say(s, STUB_E_FORM);
	else
		resume(s, actions);
}
