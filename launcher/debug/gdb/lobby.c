/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/lobby.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define READ_SIZE 1024

#define TAKEN "a debugger is already connected"

/* One call takes no more clients than this, so that whoever connects in a
 * loop does not keep the session from its other work. */
#define ACCEPT_MAX 8

static int watch_fd(struct gdb_lobby *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int gdb_lobby_open(struct gdb_lobby *l, const struct gdb_line *line,
		   struct err *e)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return err_sys(e, "epoll_create1");
	if (watch_fd(l, line->listen_fd))
		return err_sys(e, "epoll_ctl");
	return 0;
}

static void clear(struct gdb_visitor *v)
{
	if (v->fd >= 0)
		close(v->fd);
	*v = (struct gdb_visitor){ .fd = -1 };
}

void gdb_lobby_close(struct gdb_lobby *l)
{
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		clear(&l->visitors[i]);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	l->epoll_fd = -1;
}

static void refuse(struct gdb_lobby *l, struct gdb_visitor *v, const char *why,
		   bool noticed)
{
	if (l->refused)
		l->refused(l->ctx, v->peer.name, why, noticed);
	clear(v);
}

static int time_left_ms(const struct gdb_visitor *v, uint64_t now)
{
	uint64_t spent_ms = (now - v->since_ns) / 1000000;

	if (v->hello.state != GDB_HELLO_WAITING || spent_ms >= GDB_HELLO_MS)
		return 0;
	return (int)(GDB_HELLO_MS - spent_ms);
}

int gdb_lobby_wait_ms(const struct gdb_lobby *l)
{
	uint64_t now = clock_ns();
	int ms = -1, left;

	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++) {
		if (l->visitors[i].fd < 0)
			continue;
		left = time_left_ms(&l->visitors[i], now);
		if (ms < 0 || left < ms)
			ms = left;
	}
	return ms;
}

/* A free place, or that of the client who came first. */
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

static void let_in(struct gdb_lobby *l, int fd, bool taken)
{
	struct gdb_visitor new = { .fd = fd, .since_ns = clock_ns() }, *place;
	struct err e;
	int rc = gdb_peer_check(fd, &new.peer, &e);

	if (rc) {
		refuse(l, &new, e.msg, rc != -ENOTCONN);
		return;
	}
	if (taken) {
		refuse(l, &new, TAKEN, true);
		return;
	}
	place = find_place(l);
	*place = new;
	if (watch_fd(l, fd))
		refuse(l, place, "the host cannot watch it", true);
}

static void refuse_gone(struct gdb_lobby *l, struct gdb_visitor *v)
{
	refuse(l, v, "it disconnected before the handshake", false);
}

/* The answers go out at once: their bytes are few and the connection's
 * buffers are empty. */
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

static void accept_clients(struct gdb_lobby *l, const struct gdb_line *line,
			   bool taken)
{
	int fd;

	for (int n = 0; n < ACCEPT_MAX; n++) {
		fd = gdb_line_accept(line);
		if (fd < 0)
			break;
		let_in(l, fd, taken);
	}
}

/* Whether the client has become a debugger and may be one. */
static bool serve(struct gdb_lobby *l, struct gdb_visitor *v, bool taken)
{
	hear(l, v);
	if (v->fd < 0)
		return false;
	if (v->hello.state == GDB_HELLO_DEBUGGER) {
		if (!taken)
			return true;
		refuse(l, v, TAKEN, true);
	} else if (!time_left_ms(v, clock_ns())) {
		refuse(l, v, "it did not finish the handshake in time", true);
	}
	return false;
}

bool gdb_lobby_serve(struct gdb_lobby *l, const struct gdb_line *line,
		     bool taken, struct gdb_visitor *v)
{
	accept_clients(l, line, taken);
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++) {
		struct gdb_visitor *one = &l->visitors[i];

		if (one->fd < 0 || !serve(l, one, taken))
			continue;
		(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, one->fd, NULL);
		*v = *one;
		*one = (struct gdb_visitor){ .fd = -1 };
		return true;
	}
	return false;
}
