/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/session_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "outcome/kernel_words.h"

/* A panicked kernel prints its stack after the line that says so. */
#define PANIC_GRACE_NS 1000000000 /* of silence, that is, and in all: */
#define PANIC_LIMIT_NS 10000000000

static int open_timer(struct err *e)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? err_sys(e, "timerfd_create") : fd;
}

/* @ns: clock_ns() then, which may be past */
static void set_timer(int fd, uint64_t ns)
{
	struct itimerspec t = {
		.it_value.tv_sec = (time_t)(ns / 1000000000),
		.it_value.tv_nsec = (long)(ns % 1000000000),
	};

	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL);
}

int session_init(struct session *s, struct machine *m, struct console *console,
		 struct watch *watch, struct outcome_latch *latch,
		 struct signals *signals, uint64_t deadline_ns, struct err *e)
{
	int rc;

	*s = (struct session){
		.m = m,
		.console = console,
		.watch = watch,
		.latch = latch,
		.signals = signals,
		.timeout_fd = -1,
		.panic_fd = -1,
		.terminal_fd = -1,
		.in_fd = fcntl(STDIN_FILENO, F_GETFL) < 0 ? -1 : STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
		.patience = PATIENCE_AT_END,
	};
	rc = signals_open(signals, e);
	if (rc)
		return rc;
	s->timeout_fd = open_timer(e);
	if (s->timeout_fd < 0)
		return s->timeout_fd;
	s->panic_fd = open_timer(e);
	if (s->panic_fd < 0)
		return s->panic_fd;
	s->timeout_ns = deadline_ns;
	if (deadline_ns)
		set_timer(s->timeout_fd, deadline_ns);
	return 0;
}

void session_begin(struct session *s)
{
	signals_block(s->signals);
}

void session_release(struct session *s)
{
	const int fds[] = { s->timeout_fd, s->panic_fd, s->terminal_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void on_signal(struct session *s)
{
	int number = signals_take(s->signals);

	if (number)
		outcome_set(s->latch, OUTCOME_SIGNAL, (uint32_t)number, "%s",
			    strsignal(number));
}

static void on_timeout(struct session *s)
{
	outcome_set(s->latch, OUTCOME_TIMEOUT, 0, "time limit");
}

static void on_panic_over(struct session *s)
{
	outcome_set(s->latch, OUTCOME_PANIC, 0, "%s", s->watch->panic);
}

static void set_panic_timer(struct session *s, uint64_t ns)
{
	s->panic_due_ns = ns;
	set_timer(s->panic_fd, ns);
}

/* A kernel that has panicked may go on talking, but not for ever. */
static void wait_for_panic(struct session *s)
{
	if (!s->panic_ns)
		s->panic_ns = clock_ns();
	if (clock_ns() - s->panic_ns > PANIC_LIMIT_NS)
		on_panic_over(s);
	else
		set_panic_timer(s, clock_ns() + PANIC_GRACE_NS);
}

/* What the console's lines mean for the run. */
void session_judge(struct session *s)
{
	const struct watch *w = s->watch;

	if (w->init_started && milestone_reach(s->times, MILESTONE_INIT))
		log_step("init");
	if (watch_satisfied(w) && milestone_reach(s->times, MILESTONE_EXPECTED))
		log_step("every --expect matched");
	if (w->failed_by)
		outcome_set(s->latch, OUTCOME_FAILED_ON, 0, "--fail-on");
	else if (watch_satisfied(w) &&
		 !(s->sender && sender_outlasts(s->sender, w->expect_count)))
		outcome_set(s->latch, OUTCOME_EXPECTED, 0, "--expect");
	else if (s->watch->panic_over)
		on_panic_over(s);
	else if (s->watch->panic[0])
		wait_for_panic(s);
}

enum {
	POLL_SIGNAL,
	POLL_TIMEOUT,
	POLL_PANIC,
	POLL_ENDED,
	POLL_WAKE,
	POLL_OUTPUT,
	POLL_INPUT,
	POLL_DEBUGGER,
	POLL_COUNT = POLL_DEBUGGER + DEBUGGER_POLLS
};

/* Time goes on where it stood; a timer that has expired is set anew. */
static void make_up_for(struct session *s, uint64_t held_ns)
{
	if (s->timeout_ns) {
		s->timeout_ns += held_ns;
		set_timer(s->timeout_fd, s->timeout_ns);
	}
	if (s->panic_ns) {
		s->panic_ns += held_ns;
		set_panic_timer(s, s->panic_due_ns + held_ns);
	}
}

/* The time limit stands still while a debugger holds the guest, and so does
 * that of a kernel that has panicked: nobody looks at its timers. */
static void keep_time(struct session *s)
{
	bool stands = debugger_holds(s->debugger);

	if (stands == s->time_stands)
		return;
	if (stands)
		s->stands_ns = clock_ns();
	else
		make_up_for(s, clock_ns() - s->stands_ns);
	s->time_stands = stands;
}

/* The shorter of two waits; -1 is for ever. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Wait for something to do. */
static void wait_and_serve(struct session *s)
{
	bool gather = stdout_gathers(s);
	bool pending = !gather && stdout_pending(s);
	bool stands = s->time_stands;
	bool room = s->in_fd >= 0 && line_room(&s->m->console);
	struct pollfd p[POLL_COUNT] = {
		[POLL_SIGNAL] = { s->signals->fd, POLLIN, 0 },
		[POLL_TIMEOUT] = { stands ? -1 : s->timeout_fd, POLLIN, 0 },
		[POLL_PANIC] = { stands ? -1 : s->panic_fd, POLLIN, 0 },
		[POLL_ENDED] = { s->latch->wake_fd, POLLIN, 0 },
		[POLL_WAKE] = { gather ? -1 : s->console->wake_fd, POLLIN, 0 },
		[POLL_OUTPUT] = { s->out_fd, pending ? POLLOUT : 0, 0 },
		[POLL_INPUT] = { room ? s->in_fd : -1, POLLIN, 0 },
	};
	int wait_ms = debugger_poll(s->debugger, p + POLL_DEBUGGER);
	eventfd_t ignored;

	wait_ms = sooner(wait_ms, gather ? OUTPUT_GATHER_MS : -1);
	wait_ms = sooner(wait_ms, stuck_wait_ms(&s->m->stuck));
	if (poll(p, POLL_COUNT, wait_ms) < 0)
		return;
	/* First: what a signal has caused is not the reason. */
	if (p[POLL_SIGNAL].revents)
		on_signal(s);
	if (p[POLL_WAKE].revents)
		(void)eventfd_read(s->console->wake_fd, &ignored);
	if (pending && p[POLL_OUTPUT].revents)
		stdout_write(s);
	else if (p[POLL_OUTPUT].revents)
		stdout_gone(s);
	while (s->out_fd < 0 && stdout_write(s) > 0)
		;
	if (p[POLL_TIMEOUT].revents)
		on_timeout(s);
	if (p[POLL_PANIC].revents)
		on_panic_over(s);
	if (p[POLL_INPUT].revents)
		input_read(s);
	debugger_serve(s->debugger, p + POLL_DEBUGGER);
	keep_time(s);
	stuck_look(&s->m->stuck, debugger_has_guest(s->debugger));
	input_type_texts(s);
}

/*
 * A triple fault is a crash, unless the console says that the kernel was told
 * to restart: it is one of the ways in which a kernel does that, and the last
 * of those that it tries.
 */
static void explain_shutdown(struct session *s)
{
	const char *words = kernel_obeys(watch_last_line(s->watch),
					 KERNEL_RESTART);
	struct outcome o;

	if (!words || !outcome_get(s->latch, &o) || o.kind != OUTCOME_CRASH ||
	    s->m->results[o.value].end != VCPU_SHUTDOWN)
		return;
	outcome_amend(s->latch, OUTCOME_RESET, "%s after \"%s\"", o.evidence,
		      words);
}

void session_run(struct session *s)
{
	input_take_terminal(s);
	stdout_open_terminal(s);
	input_type_texts(s);
	while (!outcome_get(s->latch, NULL))
		wait_and_serve(s);
	/* What ended the run may have been a prompt in the middle of a line:
	 * what the guest says until it stands still goes out, too. */
	console_finish(s->console);
	trace_hurry(s->m->trace);
	machine_join(s->m);
	stdout_drain(s);
	watch_end(s->watch);
	explain_shutdown(s);
	milestone_reach(s->times, MILESTONE_END);
	input_give_back_terminal(s);
	debugger_stop_listening(s->debugger);
	/* What is still to be printed may have to wait for a terminal, and
	 * nobody looks at the signals any more. */
	signals_give_back(s->signals);
}
