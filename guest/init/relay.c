/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes between the command and its ports. The command has pipes, because a
 * port is a device that only one process may open, and /dev/stderr must work.
 *
 * No descriptor blocks, so that one stream that waits keeps no other one from
 * moving. A host that reads no more looks to the command as any reader that has
 * gone: its pipe is closed.
 */
#include "init/init.h"

#include <asm/signal.h>

#include "init/sys.h"

/* How long children that are being killed may take. */
#define KILL_MS 5000

static void stream_close(struct stream *s)
{
	/* A port stays open: the host takes its end for the stream's. */
	sys_close(s->is_input ? s->to : s->from);
	s->from = s->to = -1;
}

/* Read what there is. Returns false if nothing can be read now. */
static bool stream_fill(struct stream *s)
{
	long n = sys_read(s->from, s->bytes, sizeof(s->bytes));

	if (n == -EAGAIN || n == -EINTR)
		return false;
	s->at = 0;
	s->len = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		stream_close(s);
	return n > 0;
}

static void stream_empty(struct stream *s)
{
	long n = sys_write(s->to, s->bytes + s->at, s->len - s->at);

	if (n >= 0)
		s->at += (size_t)n;
	else if (n != -EAGAIN && n != -EINTR)
		stream_close(s);
}

static bool is_full(const struct stream *s)
{
	return s->at < s->len;
}

/* What to wait for: the next bytes, or room for those that are here. */
static void stream_wants(const struct stream *s, struct sys_poll *p)
{
	p->revents = 0;
	p->fd = is_full(s) ? s->to : s->from;
	p->events = is_full(s) ? POLLOUT : POLLIN;
}

static void stream_serve(struct stream *s, short revents)
{
	if (s->from < 0 || !revents)
		return;
	if (!is_full(s))
		(void)stream_fill(s);
	else if (revents & (POLLHUP | POLLERR))
		stream_close(s); /* nothing reads it any more */
	else
		stream_empty(s);
}

struct relay {
	struct stream *streams;
	unsigned count;
	int pid, status;
	int signals; /* readable when a child has ended */
	bool ended, alone;
	long deadline;
};

/* The children that have ended; orphans end here, too. */
static void reap(struct relay *r)
{
	long pid;
	int status;

	while ((pid = sys_4(__NR_wait4, -1, &status, 1 /* WNOHANG */, NULL)) >
	       0) {
		if (pid != r->pid)
			continue;
		r->ended = true;
		r->status = status;
		r->deadline = sys_now_ms() + KILL_MS;
		/* Others may hold the pipes open. */
		(void)sys_2(__NR_kill, -1, SIGKILL);
	}
	r->alone = pid == -ECHILD;
}

/* The end of the command is also that of its input. */
static void close_inputs(struct relay *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->streams[i].is_input && r->streams[i].from >= 0)
			stream_close(&r->streams[i]);
}

/* Once no process is left, an empty pipe stays so. */
static bool is_over(const struct relay *r)
{
	bool over = r->ended && (r->alone || sys_now_ms() > r->deadline);

	for (unsigned i = 0; i < r->count; i++)
		if (r->streams[i].from >= 0)
			over = false;
	return over;
}

static void drain(struct relay *r)
{
	bool left = r->alone || sys_now_ms() > r->deadline;

	for (unsigned i = 0; i < r->count; i++) {
		struct stream *s = &r->streams[i];

		if (s->from >= 0 && !is_full(s) && !stream_fill(s) && left &&
		    s->from >= 0)
			stream_close(s);
	}
}

#define STREAMS_MAX 3

int relay_run(struct stream *streams, unsigned count, int control, int pid)
{
	uint64_t mask = 1ull << (SIGCHLD - 1);
	struct relay r = { .streams = streams, .count = count, .pid = pid };
	struct sys_poll polls[STREAMS_MAX + 2];
	char info[128];

	/* SIGCHLD was blocked before the command was started. */
	r.signals = (int)sys_4(__NR_signalfd4, -1, &mask, sizeof(mask),
			       O_CLOEXEC | O_NONBLOCK);
	for (;;) {
		reap(&r);
		if (r.ended) {
			close_inputs(&r);
			drain(&r);
			if (is_over(&r))
				break;
		}
		for (unsigned i = 0; i < count; i++)
			stream_wants(&streams[i], &polls[i]);
		polls[count] = (struct sys_poll){ r.signals, POLLIN, 0 };
		polls[count + 1] = (struct sys_poll){ control, POLLIN, 0 };
		/* Not for ever while children are being killed. */
		if (sys_poll(polls, count + 2, r.ended ? 100 : -1) < 0)
			continue;
		for (unsigned i = 0; i < count; i++)
			stream_serve(&streams[i], polls[i].revents);
		if (polls[count + 1].revents)
			control_serve(control, pid);
		while (polls[count].revents &&
		       sys_read(r.signals, info, sizeof(info)) > 0)
			;
	}
	return r.status;
}
