/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session's output: what the guest says on its serial line, on its way to
 * stdout byte for byte, with the watch reading along.
 *
 * Never trusted: whoever reads stdout. They may be slow, stop, or leave, and
 * hold neither the event loop nor the end of the run.
 */
#include "run/session_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define WRITE_PAUSE_US 1000

void session_output(void *console, uint8_t byte)
{
	console_put(console, byte);
}

void session_room(void *console)
{
	struct console *c = console;

	(void)eventfd_write(c->wake_fd, 1);
}

int stdout_reopen(const struct session *s, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->out_fd);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/*
 * A terminal that poll() calls writable may have room for one byte, and a
 * write of more waits. So it must not block; but O_NONBLOCK belongs to the
 * open file, which we share with the shell: open another one.
 */
void stdout_open_terminal(struct session *s)
{
	if (s->out_fd < 0 || !isatty(s->out_fd))
		return;
	s->output_is_tty = true;
	s->terminal_fd = stdout_reopen(s, O_WRONLY);
	if (s->terminal_fd >= 0)
		s->out_fd = s->terminal_fd;
}

bool stdout_pending(struct session *s)
{
	const uint8_t *data;

	return console_peek(s->console, &data) > 0;
}

/*
 * Whether output may wait: it comes byte by byte, and waking for each would
 * cost more than the guest's exit for it. After a write it gathers for a
 * moment that nobody at a terminal notices, unless there is much already.
 */
bool stdout_gathers(struct session *s)
{
	const uint8_t *data;

	return clock_ns() - s->wrote_ns < OUTPUT_GATHER_MS * 1000000ull &&
	       console_peek(s->console, &data) < CONSOLE_QUEUE / 4;
}

static void stdout_failed(struct session *s, int error)
{
	outcome_set(s->latch, OUTCOME_HOST, 0,
		    "cannot write the guest's console to stdout: %s",
		    strerror(error));
	console_close(s->console);
}

void stdout_gone(struct session *s)
{
	if (s->terminal_fd >= 0)
		outcome_set(s->latch, OUTCOME_SIGNAL, SIGHUP,
			    "the terminal was closed");
	else
		stdout_failed(s, EPIPE);
}

/*
 * A pipe that poll() calls writable takes PIPE_BUF bytes without blocking,
 * so the piece is no longer than that.
 */
ssize_t stdout_write(struct session *s)
{
	const uint8_t *data;
	size_t len = console_peek(s->console, &data);
	ssize_t n;

	if (!len)
		return -1;
	/* Told first: stdout and stderr may be one terminal. */
	if (milestone_reach(s->times, MILESTONE_FIRST_CONSOLE_BYTE))
		log_step("first console byte");
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
		s->write_error = errno;
		stdout_failed(s, errno);
		return -1;
	}
	s->wrote_ns = clock_ns();
	watch_feed(s->watch, data, (size_t)n);
	if (s->output_is_tty)
		tty_answers_output(&s->answers, data, (size_t)n);
	console_drop(s->console, (size_t)n);
	session_judge(s);
	return n;
}

/* What stdout does not take is still judged. */
static void forsake(struct session *s)
{
	const uint8_t *data;
	size_t len;

	while ((len = console_peek(s->console, &data))) {
		s->unwritten += len;
		watch_feed(s->watch, data, len);
		console_drop(s->console, len);
	}
	session_judge(s);
}

void stdout_drain(struct session *s)
{
	uint64_t last = clock_ns();

	while (stdout_pending(s)) {
		ssize_t n;

		if (s->out_fd >= 0 && patience_wait(&s->patience, s->out_fd))
			break;
		n = stdout_write(s);
		if (n > 0)
			last = clock_ns();
		/* A terminal may be ready and yet take nothing. */
		else if (n < 0 ||
			 clock_ns() - last >= END_PATIENCE_MS * 1000000ull)
			break;
	}
	forsake(s);
}
