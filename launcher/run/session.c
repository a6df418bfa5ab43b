/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/tty.h"

#define CTRL_A 0x01

/* A panicked kernel prints its stack after the line that says so. */
#define PANIC_GRACE_NS 1000000000 /* of silence, that is, and in all: */
#define PANIC_LIMIT_NS 10000000000

/* The guest is gone; how long a reader of our output may take a nap. */
#define DRAIN_PATIENCE_MS 2000

#define WRITE_PAUSE_US 1000

/* For how long output may gather before it is written. */
#define GATHER_MS 1

static const int taken_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static int open_signals(sigset_t *set, struct err *e)
{
	struct sigaction sa;
	int fd;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(taken_signals) / sizeof(int); i++)
		/* Ignored from the start: nohup, or a shell's background. */
		if (!sigaction(taken_signals[i], NULL, &sa) &&
		    sa.sa_handler != SIG_IGN)
			sigaddset(set, taken_signals[i]);
	/* A closed stdout is an error of write(), not a death. */
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "signalfd") : fd;
}

static int open_timer(struct err *e)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? err_sys(e, "timerfd_create") : fd;
}

static void set_timer(int fd, uint64_t ns)
{
	struct itimerspec t = {
		.it_value.tv_sec = (time_t)(ns / 1000000000),
		.it_value.tv_nsec = (long)(ns % 1000000000),
	};

	(void)timerfd_settime(fd, 0, &t, NULL);
}

int session_init(struct session *s, struct machine *m, struct console *console,
		 struct watch *watch, struct outcome_latch *latch,
		 uint64_t timeout_ns, struct err *e)
{
	*s = (struct session){
		.m = m,
		.console = console,
		.watch = watch,
		.latch = latch,
		.signal_fd = -1,
		.timeout_fd = -1,
		.panic_fd = -1,
		.terminal_fd = -1,
		.in_fd = fcntl(STDIN_FILENO, F_GETFL) < 0 ? -1 : STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
	};
	s->signal_fd = open_signals(&s->taken, e);
	if (s->signal_fd < 0)
		return s->signal_fd;
	s->timeout_fd = open_timer(e);
	if (s->timeout_fd < 0)
		return s->timeout_fd;
	s->panic_fd = open_timer(e);
	if (s->panic_fd < 0)
		return s->panic_fd;
	set_timer(s->timeout_fd, timeout_ns);
	return 0;
}

void session_begin(struct session *s)
{
	pthread_sigmask(SIG_BLOCK, &s->taken, &s->mask_before);
}

void session_release(struct session *s)
{
	const int fds[] = { s->signal_fd, s->timeout_fd, s->panic_fd,
			    s->terminal_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void session_output(void *console, uint8_t byte)
{
	console_put(console, byte);
}

void session_room(void *console)
{
	struct console *c = console;

	(void)eventfd_write(c->wake_fd, 1);
}

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) == sizeof(info))
		outcome_set(s->latch, OUTCOME_SIGNAL, info.ssi_signo, "%s",
			    strsignal((int)info.ssi_signo));
}

static void on_timeout(struct session *s)
{
	outcome_set(s->latch, OUTCOME_TIMEOUT, 0, "time limit");
}

static void on_panic_over(struct session *s)
{
	outcome_set(s->latch, OUTCOME_PANIC, 0, "%s", s->watch->panic);
}

/* A kernel that has panicked may go on talking, but not for ever. */
static void wait_for_panic(struct session *s)
{
	if (!s->panic_ns)
		s->panic_ns = clock_ns();
	if (clock_ns() - s->panic_ns > PANIC_LIMIT_NS)
		on_panic_over(s);
	else
		set_timer(s->panic_fd, PANIC_GRACE_NS);
}

/* What the console's lines mean for the run. */
static void judge_output(struct session *s)
{
	const struct watch *w = s->watch;

	if (w->init_started && !s->init_ns) {
		s->init_ns = clock_ns();
		log_step("init");
	}
	if (watch_satisfied(w) && !s->expected_ns) {
		s->expected_ns = clock_ns();
		log_step("every --expect matched");
	}
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

static void output_failed(struct session *s, int error)
{
	outcome_set(s->latch, OUTCOME_HOST, 0,
		    "cannot write the guest's console to stdout: %s",
		    strerror(error));
	console_close(s->console);
}

/*
 * Write a piece of queued output to stdout. Returns how many bytes went;
 * negative once there is no more, or no way to write it.
 *
 * A pipe that poll() calls writable takes PIPE_BUF bytes without blocking,
 * so the piece is no longer than that.
 */
static ssize_t write_piece(struct session *s)
{
	const uint8_t *data;
	size_t len = console_peek(s->console, &data);
	ssize_t n;

	if (!len)
		return -1;
	/* Told first: stdout and stderr may be one terminal. */
	if (!s->first_byte_ns) {
		s->first_byte_ns = clock_ns();
		log_step("first console byte");
	}
	n = len < PIPE_BUF ? (ssize_t)len : PIPE_BUF;
	if (s->out_fd >= 0)
		n = write(s->out_fd, data, (size_t)n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		/* A terminal with room for one byte, but not for a new line:
		 * poll() would call it writable again and again. */
		usleep(WRITE_PAUSE_US);
		return 0;
	}
	if (n < 0) {
		output_failed(s, errno);
		console_drop(s->console, len);
		return -1;
	}
	s->wrote_ns = clock_ns();
	watch_feed(s->watch, data, (size_t)n);
	console_drop(s->console, (size_t)n);
	judge_output(s);
	return n;
}

static void print_keys(void)
{
	static const char keys[] = "\n"
				   "Ctrl-A x       end the run\n"
				   "Ctrl-A Ctrl-A  send Ctrl-A to the guest\n"
				   "Ctrl-A h       this list\n";

	(void)!write(STDERR_FILENO, keys, sizeof(keys) - 1);
}

/* A key after Ctrl-A. Returns whether it goes to the guest. */
static bool escaped_key(struct session *s, uint8_t key)
{
	switch (key) {
	case 'x':
	case 'X':
		outcome_set(s->latch, OUTCOME_SIGNAL, SIGINT,
			    "Ctrl-A x was typed");
		return false;
	case 'h':
	case 'H':
		print_keys();
		return false;
	default:
		return true;
	}
}

static bool for_guest(struct session *s, uint8_t key)
{
	if (!s->input_is_tty)
		return true;
	if (s->escape) {
		s->escape = false;
		return escaped_key(s, key);
	}
	s->escape = key == CTRL_A;
	return !s->escape;
}

static void on_input(struct session *s)
{
	uint8_t buf[1024];
	size_t room = serial_room(&s->m->serial);
	size_t keep = 0;
	ssize_t n;

	if (!room)
		return;
	n = read(s->in_fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->in_fd = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (for_guest(s, buf[i]))
			buf[keep++] = buf[i];
	serial_receive(&s->m->serial, buf, keep);
}

/* Type what --send has ready, as far as the serial port has room. When that
 * is full, session_room() will wake the loop. */
static void type_texts(struct session *s)
{
	const uint8_t *data;
	size_t room, len;

	while (s->sender &&
	       (data = sender_next(s->sender, s->watch->expect_met, &len)) &&
	       (room = serial_room(&s->m->serial)))
		sender_took(s->sender, serial_receive(&s->m->serial, data,
						      len < room ? len : room));
}

static bool output_pending(struct session *s)
{
	const uint8_t *data;

	return console_peek(s->console, &data) > 0;
}

enum {
	POLL_SIGNAL,
	POLL_TIMEOUT,
	POLL_PANIC,
	POLL_ENDED,
	POLL_WAKE,
	POLL_OUTPUT,
	POLL_INPUT,
	POLL_COUNT
};

/*
 * Whether output may wait: it comes byte by byte, and waking for each would
 * cost more than the guest's exit for it. After a write it gathers for a
 * moment that nobody at a terminal notices, unless there is much already.
 */
static bool is_gathering(struct session *s)
{
	const uint8_t *data;

	return clock_ns() - s->wrote_ns < GATHER_MS * 1000000ull &&
	       console_peek(s->console, &data) < CONSOLE_QUEUE / 4;
}

/* Nobody will read what the guest says, perhaps long before it does. */
static void on_output_gone(struct session *s)
{
	if (s->terminal_fd >= 0)
		outcome_set(s->latch, OUTCOME_SIGNAL, SIGHUP,
			    "the terminal was closed");
	else
		output_failed(s, EPIPE);
}

/* Wait for something to do. */
static void wait_and_serve(struct session *s)
{
	bool gather = is_gathering(s);
	bool pending = !gather && output_pending(s);
	bool room = s->in_fd >= 0 && serial_room(&s->m->serial);
	struct pollfd p[POLL_COUNT] = {
		[POLL_SIGNAL] = { s->signal_fd, POLLIN, 0 },
		[POLL_TIMEOUT] = { s->timeout_fd, POLLIN, 0 },
		[POLL_PANIC] = { s->panic_fd, POLLIN, 0 },
		[POLL_ENDED] = { s->latch->wake_fd, POLLIN, 0 },
		[POLL_WAKE] = { gather ? -1 : s->console->wake_fd, POLLIN, 0 },
		[POLL_OUTPUT] = { s->out_fd, pending ? POLLOUT : 0, 0 },
		[POLL_INPUT] = { room ? s->in_fd : -1, POLLIN, 0 },
	};
	eventfd_t ignored;

	if (poll(p, POLL_COUNT, gather ? GATHER_MS : -1) <= 0)
		return;
	/* First: what a signal has caused is not the reason. */
	if (p[POLL_SIGNAL].revents)
		on_signal(s);
	if (p[POLL_WAKE].revents)
		(void)eventfd_read(s->console->wake_fd, &ignored);
	if (pending && p[POLL_OUTPUT].revents)
		write_piece(s);
	else if (p[POLL_OUTPUT].revents)
		on_output_gone(s);
	while (s->out_fd < 0 && write_piece(s) > 0)
		;
	if (p[POLL_TIMEOUT].revents)
		on_timeout(s);
	if (p[POLL_PANIC].revents)
		on_panic_over(s);
	if (p[POLL_INPUT].revents)
		on_input(s);
	type_texts(s);
}

/* The vCPUs have stopped: write what is still queued, but wait no longer for
 * a reader than a reader that is alive needs. */
static void drain_output(struct session *s)
{
	struct pollfd out = { s->out_fd, POLLOUT, 0 };
	uint64_t last = clock_ns();

	while (output_pending(s)) {
		ssize_t n = 0;

		if (s->out_fd < 0 || poll(&out, 1, DRAIN_PATIENCE_MS) > 0)
			n = write_piece(s);
		if (n > 0)
			last = clock_ns();
		else if (n < 0 ||
			 clock_ns() - last >= DRAIN_PATIENCE_MS * 1000000ull)
			break;
	}
}

/*
 * What is still to be printed may have to wait for a terminal, and nobody
 * looks at the signals any more: give them back to the system. Those that
 * came meanwhile have had their effect.
 */
static void give_back_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) > 0)
		;
	pthread_sigmask(SIG_SETMASK, &s->mask_before, NULL);
}

static void take_terminal(struct session *s)
{
	struct err e;
	bool raw;

	if (s->in_fd < 0 || !isatty(s->in_fd))
		return;
	if (tty_make_raw(s->in_fd, &raw, &e)) {
		log_step("%s", e.msg);
		raw = false;
	}
	/* In the background the terminal is not ours to read. */
	s->input_is_tty = raw;
	if (!raw)
		s->in_fd = -1;
}

/*
 * A terminal that poll() calls writable may have room for one byte, and a
 * write of more waits. So it must not block; but O_NONBLOCK belongs to the
 * open file, which we share with the shell: open another one.
 */
static void open_terminal(struct session *s)
{
	char path[32];

	if (s->out_fd < 0 || !isatty(s->out_fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->out_fd);
	s->terminal_fd = open(path,
			      O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (s->terminal_fd >= 0)
		s->out_fd = s->terminal_fd;
}

void session_run(struct session *s)
{
	take_terminal(s);
	open_terminal(s);
	type_texts(s);
	while (!outcome_get(s->latch, NULL))
		wait_and_serve(s);
	console_close(s->console);
	machine_join(s->m);
	drain_output(s);
	watch_end(s->watch);
	s->end_ns = clock_ns();
	tty_restore();
	give_back_signals(s);
}
