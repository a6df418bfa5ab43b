/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/log.h"
#include "outcome/kernel_words.h"
#include "sandbox/sandbox.h"

/* A panicked kernel prints its stack after its panic line. */
#define PANIC_GRACE_NS UINT64_C(1000000000) /* of silence, and in all: */
#define PANIC_LIMIT_NS UINT64_C(10000000000)

/* ---- the time limits */

static void on_timeout(void *ctx)
{
	struct session *s = ctx;

	outcome_set(s->c.latch, OUTCOME_TIMEOUT, 0, "time limit");
}

static void on_panic_over(void *ctx)
{
	struct session *s = ctx;

	outcome_set(s->c.latch, OUTCOME_PANIC, 0, "%s", s->c.watch->panic);
}

/* Set @t to @ns, or to fire later if time is stopped. */
static void set_timer(struct session *s, struct loop_timer *t, uint64_t *due_ns,
		      uint64_t ns)
{
	*due_ns = ns;
	if (!s->time_stands)
		loop_timer_set(&s->loop, t, ns);
}

static void set_panic_timer(struct session *s, uint64_t ns)
{
	set_timer(s, &s->panic, &s->panic_due_ns, ns);
}

static void set_timeout(struct session *s, uint64_t ns)
{
	set_timer(s, &s->timeout, &s->timeout_ns, ns);
}

/* A kernel that has panicked may print more, but not for ever. */
static void wait_for_panic(struct session *s)
{
	if (!s->panic_ns)
		s->panic_ns = clock_ns();
	if (clock_ns() - s->panic_ns > PANIC_LIMIT_NS)
		on_panic_over(s);
	else
		set_panic_timer(s, clock_ns() + PANIC_GRACE_NS);
}

static void stop_time(struct session *s)
{
	s->time_stands = true;
	s->stands_ns = clock_ns();
	loop_timer_stop(&s->timeout);
	loop_timer_stop(&s->panic);
}

/* Time continues; a timer that has expired is set again. */
static void resume_time(struct session *s)
{
	uint64_t held_ns = clock_ns() - s->stands_ns;

	s->time_stands = false;
	if (s->timeout_ns)
		set_timeout(s, s->timeout_ns + held_ns);
	if (s->panic_ns) {
		s->panic_ns += held_ns;
		set_panic_timer(s, s->panic_due_ns + held_ns);
	}
}

/*
 * The debugger connected, disconnected, or changed the guest. While it has the
 * guest stopped, the time limit does not count, nor does that of a kernel that
 * has panicked.
 */
static void on_debugger(void *ctx)
{
	struct session *s = ctx;
	bool stands = debugger_holds(s->c.debugger);

	if (stands && !s->time_stands)
		stop_time(s);
	else if (!stands && s->time_stands)
		resume_time(s);
	stuck_debugged(s->c.stuck, debugger_has_guest(s->c.debugger));
}

/* ---- what ends the run */

/* Tell the guest the size of the terminal. */
static void tell_size(struct session *s)
{
	uint16_t cols, rows;

	s->c.signals->resized = false;
	if (terminal_size(s->c.terminal, &cols, &rows))
		line_resize(s->c.line, cols, rows);
}

static void on_signal(void *ctx, unsigned events)
{
	struct session *s = ctx;
	int number = signals_take(s->c.signals);

	(void)events;
	if (s->c.signals->resized)
		tell_size(s);
	if (number && s->c.pass.fn && s->c.pass.fn(s->c.pass.ctx, number))
		return;
	if (number)
		outcome_set(s->c.latch, OUTCOME_SIGNAL, (uint32_t)number,
			    "SIG%s", sigabbrev_np(number));
}

static void on_dump(void *ctx, unsigned events)
{
	struct session *s = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->c.dump.fd, &info, sizeof(info)) == sizeof(info))
		s->c.dump.fn(s->c.dump.ctx);
}

static void on_end(void *ctx, unsigned events)
{
	struct session *s = ctx;

	(void)events;
	loop_stop(&s->loop);
}

static void on_violation(void *ctx, unsigned events)
{
	(void)ctx, (void)events;
	sandbox_end();
}

/* The effect of the watch's lines on the run. */
static void judge(void *ctx)
{
	struct session *s = ctx;
	const struct watch *w = s->c.watch;

	if (w->init_started && milestone_reach(s->c.times, MILESTONE_INIT))
		log_step("init");
	if (watch_satisfied(w) &&
	    milestone_reach(s->c.times, MILESTONE_EXPECTED))
		log_step("every expectation was met");
	if (w->failed_by)
		outcome_set(s->c.latch, OUTCOME_FAILED_ON, 0, "--fail-on");
	else if (watch_satisfied(w) &&
		 !sender_outlasts(s->c.sender, w->expect_count))
		outcome_set(s->c.latch, OUTCOME_EXPECTED, 0,
			    w->expect_count ? "--expect" : "READY=1");
	else if (w->panic_over)
		on_panic_over(s);
	else if (w->panic[0])
		wait_for_panic(s);
	console_input_met(&s->input, w->expect_met);
}

static void on_ready(void *ctx)
{
	struct session *s = ctx;

	if (!s->c.watch->is_ready)
		log_step("the guest says that it has booted");
	s->c.watch->is_ready = true;
	judge(s);
}

/*
 * A triple fault is a crash, unless the console says that the kernel restarts:
 * a triple fault is the last way that a kernel tries.
 */
static void explain_shutdown(struct session *s)
{
	const char *words = kernel_obeys(watch_last_line(s->c.watch),
					 KERNEL_RESTART);
	struct outcome o;

	if (!words || !outcome_get(s->c.latch, &o) || o.kind != OUTCOME_CRASH ||
	    !s->c.ops->has_shut_down(s->c.machine, o.value))
		return;
	outcome_amend(s->c.latch, OUTCOME_RESET, "%s after \"%s\"", o.evidence,
		      words);
}

/* ---- the steps of a session */

static void join_parts(struct session *s)
{
	const struct session_config *c = &s->c;

	s->signal = (struct loop_watch){ .fn = on_signal, .ctx = s };
	s->end = (struct loop_watch){ .fn = on_end, .ctx = s };
	s->dump = (struct loop_watch){ .fn = on_dump, .ctx = s };
	s->ready = (struct loop_call){ .fn = on_ready, .ctx = s };
	s->violation = (struct loop_watch){ .fn = on_violation };
	s->timeout = (struct loop_timer){ .fn = on_timeout, .ctx = s };
	s->panic = (struct loop_timer){ .fn = on_panic_over, .ctx = s };
	s->input = (struct console_input){
		.line = c->line,
		.terminal = c->terminal,
		.latch = c->latch,
		.sender = c->sender,
		.fd = fcntl(STDIN_FILENO, F_GETFL) < 0 ? -1 : STDIN_FILENO,
	};
	s->output = (struct console_output){
		.console = c->console,
		.watch = c->watch,
		.terminal = c->terminal,
		.latch = c->latch,
		.times = c->times,
		.seen = judge,
		.ctx = s,
		.fd = STDOUT_FILENO,
	};
	if (!c->log)
		return;
	s->log = s->output;
	s->log.console = c->log;
	s->log.terminal = &s->no_terminal;
	s->log.fd = c->log_fd;
	s->output.watch = NULL;
}

int session_init(struct session *s, const struct session_config *c,
		 struct err *e)
{
	int rc;

	*s = (struct session)SESSION_EMPTY;
	s->c = *c;
	s->no_terminal = (struct terminal)TERMINAL_EMPTY;
	s->patience = (struct patience)PATIENCE_AT_END;
	rc = signals_open(c->signals, e);
	if (!rc)
		rc = loop_init(&s->loop, e);
	if (rc)
		return rc;
	join_parts(s);
	if (c->deadline_ns)
		set_timeout(s, c->deadline_ns);
	return 0;
}

void session_begin(struct session *s)
{
	signals_block(s->c.signals);
}

static void take_terminal(struct session *s)
{
	if (s->input.fd >= 0 &&
	    !terminal_take_input(s->c.terminal, s->input.fd))
		s->input.fd = -1;
	if (s->output.fd >= 0)
		s->output.fd = terminal_output(s->c.terminal, s->output.fd);
}

static int watch_all(struct session *s, struct err *e)
{
	int rc;

	rc = loop_add(&s->loop, &s->signal, s->c.signals->fd,
		      LOOP_IN | LOOP_FIRST, e);
	if (!rc)
		rc = loop_add(&s->loop, &s->end, s->c.latch->wake_fd,
			      LOOP_IN | LOOP_FIRST, e);
	if (!rc && s->c.dump.fn)
		rc = loop_add(&s->loop, &s->dump, s->c.dump.fd, LOOP_IN, e);
	if (!rc && sandbox_fd() >= 0)
		rc = loop_add(&s->loop, &s->violation, sandbox_fd(),
			      LOOP_IN | LOOP_FIRST, e);
	if (!rc)
		rc = console_output_begin(&s->output, &s->loop, e);
	if (!rc && s->c.log)
		rc = console_output_begin(&s->log, &s->loop, e);
	if (!rc)
		rc = console_input_begin(&s->input, &s->loop, e);
	if (!rc)
		rc = debugger_serve(s->c.debugger, &s->loop, on_debugger, s, e);
	if (rc)
		return rc;
	stuck_watch(s->c.stuck, &s->loop);
	on_debugger(s);
	tell_size(s);
	return 0;
}

static void unwatch_all(struct session *s)
{
	loop_timer_stop(&s->timeout);
	loop_timer_stop(&s->panic);
	loop_cancel(&s->loop, &s->ready);
	loop_remove(&s->signal);
	loop_remove(&s->end);
	if (s->c.dump.fn)
		loop_remove(&s->dump);
	loop_remove(&s->violation);
	console_output_end(&s->output);
	if (s->c.log)
		console_output_end(&s->log);
	console_input_end(&s->input);
	debugger_stop_serving(s->c.debugger);
	stuck_unwatch(s->c.stuck);
}

void session_run(struct session *s)
{
	struct err e;

	take_terminal(s);
	/* The vCPUs' threads, which may do other things, have been started. */
	confine_thread(THREAD_MAIN, "main");
	if (watch_all(s, &e))
		outcome_set(s->c.latch, OUTCOME_HOST, 0, "%s", e.msg);
	else
		loop_run(&s->loop);
	/* The run may have been ended by a prompt in the middle of a line: what
	 * the guest prints until it stops is written, too. */
	console_finish(s->c.console);
	if (s->c.log)
		console_finish(s->c.log);
	s->c.ops->stop(s->c.machine);
	/* A console without a guest needs nothing more. */
	unwatch_all(s);
	console_output_drain(&s->output, &s->patience);
	if (s->c.log)
		console_output_drain(&s->log, &s->patience);
	watch_end(s->c.watch);
	explain_shutdown(s);
	milestone_reach(s->c.times, MILESTONE_END);
	terminal_give_back(s->c.terminal);
	/* The rest of the output may have to wait for a terminal, and signals
	 * are not read any more. */
	signals_give_back(s->c.signals);
}

void session_release(struct session *s)
{
	loop_release(&s->loop);
}
