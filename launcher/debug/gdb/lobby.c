/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/lobby.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define READ_SIZE 1024

#define TAKEN "a debugger is already connected"

/* The limit of clients in one call, so that a program that connects in a loop
 * does not block the session. */
#define ACCEPT_MAX 8

static void clear(struct gdb_lobby *l, struct gdb_visitor *v)
{
	if (v->fd < 0)
		return;
	loop_remove(&l->watches[v - l->visitors]);
	close(v->fd);
	*v = (struct gdb_visitor){ .fd = -1 };
}

static void refuse(struct gdb_lobby *l, struct gdb_visitor *v, const char *why,
		   bool noticed)
{
	l->refused(l->ctx, v->peer.name, why, noticed);
	clear(l, v);
}

static bool is_time_over(const struct gdb_visitor *v)
{
	return clock_ns() - v->since_ns >= GDB_HELLO_MS * UINT64_C(1000000);
}

/* Set the timer to the end of the first client's time. */
static void set_timer(struct gdb_lobby *l)
{
	uint64_t first_ns = UINT64_MAX;

	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		if (l->visitors[i].fd >= 0 &&
		    l->visitors[i].since_ns < first_ns)
			first_ns = l->visitors[i].since_ns;
	if (first_ns == UINT64_MAX)
		loop_timer_stop(&l->time_over);
	else
		loop_timer_set(l->loop, &l->time_over,
			       first_ns + GDB_HELLO_MS * UINT64_C(1000000));
}

/* A free place, or that of the oldest client. */
static struct gdb_visitor *find_place(struct gdb_lobby *l)
{
	struct gdb_visitor *oldest = &l->visitors[0];

	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++) {
		struct gdb_visitor *v = &l->visitors[i];

		if (v->fd < 0)
			return v;
		if (v->since_ns < oldest->since_ns)
			oldest = v;
	}
	refuse(l, oldest,
	       "newer connections took its place before its handshake", false);
	return oldest;
}

/* The connection @fd with @peer is a client. */
static void seat(struct gdb_lobby *l, int fd, const struct gdb_peer *peer)
{
	struct gdb_visitor *place = find_place(l);
	struct err e;

	*place = (struct gdb_visitor){ .fd = fd,
				       .since_ns = clock_ns(),
				       .peer = *peer };
	if (loop_add(l->loop, &l->watches[place - l->visitors], fd, LOOP_IN,
		     &e))
		refuse(l, place, e.msg, true);
}

static void let_in(struct gdb_lobby *l, int fd)
{
	struct gdb_peer peer;
	struct err e;
	int rc = gdb_peer_check(fd, &l->line->lists, &peer, &e);

	if (!rc && l->line->fd < 0) {
		seat(l, fd, &peer);
		return;
	}
	l->refused(l->ctx, peer.name, rc ? e.msg : TAKEN, rc != -ENOTCONN);
	close(fd);
}

static void refuse_gone(struct gdb_lobby *l, struct gdb_visitor *v)
{
	refuse(l, v, "it disconnected before the handshake", false);
}

/* Send the answers at once: they are short and the connection's buffers are
 * empty. */
static void answer(struct gdb_lobby *l, struct gdb_visitor *v,
		   const struct buf *out)
{
	ssize_t n;

	if (!out->len)
		return;
	n = gdb_line_write(v->fd, out->data, out->len);
	if (n < 0)
		refuse_gone(l, v);
	else if (n < (ssize_t)out->len)
		refuse(l, v, "it does not read its answers", true);
}

static void hear(struct gdb_lobby *l, struct gdb_visitor *v)
{
	uint8_t bytes[READ_SIZE];
	struct buf out = { 0 };
	ssize_t n = gdb_line_read(v->fd, bytes, sizeof(bytes));

	if (n < 0) {
		refuse_gone(l, v);
		return;
	}
	gdb_hello_input(&v->hello, bytes, (size_t)n, &out);
	if (v->hello.state == GDB_HELLO_STRANGER || out.failed)
		refuse(l, v, "it does not speak gdb's protocol", true);
	else
		answer(l, v, &out);
	buf_release(&out);
}

static void accept_clients(struct gdb_lobby *l)
{
	int fd;

	for (int n = 0; n < ACCEPT_MAX; n++) {
		fd = gdb_line_accept(l->line);
		if (fd < 0)
			break;
		let_in(l, fd);
	}
}

static void let_through(struct gdb_lobby *l, struct gdb_visitor *v)
{
	struct gdb_visitor debugger = *v;

	loop_remove(&l->watches[v - l->visitors]);
	*v = (struct gdb_visitor){ .fd = -1 };
	l->arrived(l->ctx, &debugger);
}

static void serve(struct gdb_lobby *l, struct gdb_visitor *v)
{
	hear(l, v);
	if (v->fd < 0)
		return;
	if (v->hello.state == GDB_HELLO_DEBUGGER) {
		if (l->line->fd >= 0)
			refuse(l, v, TAKEN, true);
		else
			let_through(l, v);
	} else if (is_time_over(v)) {
		refuse(l, v, "it did not finish the handshake in time", true);
	}
}

static void serve_all(void *ctx)
{
	struct gdb_lobby *l = ctx;

	accept_clients(l);
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		if (l->visitors[i].fd >= 0)
			serve(l, &l->visitors[i]);
	set_timer(l);
}

static void on_ready(void *ctx, unsigned events)
{
	struct gdb_lobby *l = ctx;

	(void)events;
	loop_post(l->loop, &l->call);
}

int gdb_lobby_open(struct gdb_lobby *l, const struct gdb_line *line,
		   struct loop *loop, struct err *e)
{
	int rc;

	l->newcomers = (struct loop_watch){ .fn = on_ready, .ctx = l };
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		l->watches[i] = l->newcomers;
	l->call = (struct loop_call){ .fn = serve_all, .ctx = l };
	l->time_over = (struct loop_timer){ .fn = serve_all, .ctx = l };
	rc = loop_add(loop, &l->newcomers, line->listen_fd, LOOP_IN, e);
	if (rc)
		return rc;
	l->line = line;
	l->loop = loop;
	return 0;
}

void gdb_lobby_close(struct gdb_lobby *l)
{
	if (!l->loop)
		return;
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		clear(l, &l->visitors[i]);
	loop_remove(&l->newcomers);
	loop_cancel(l->loop, &l->call);
	loop_timer_stop(&l->time_over);
	l->loop = NULL;
}
