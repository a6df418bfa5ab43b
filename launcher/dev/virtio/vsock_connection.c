/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/vsock_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const char ready_line[] = "READY=1";

void vsock_count(struct virtio_vsock *s, enum vsock_count what, uint64_t n)
{
	atomic_fetch_add(&s->counts[what], n);
}

/* --- lists of connections */

static struct vsock_connection **bucket_of(struct virtio_vsock *s,
					   const struct vsock_ports *p)
{
	return &s->buckets[(p->host ^ p->guest * 31) % VSOCK_BUCKETS];
}

struct vsock_connection *vsock_find(struct virtio_vsock *s,
				    const struct vsock_ports *p)
{
	struct vsock_connection *c = *bucket_of(s, p);

	while (c && (c->ports.host != p->host || c->ports.guest != p->guest))
		c = c->next;
	return c;
}

void vsock_enlist(struct vsock_connection *c, bool is_listed)
{
	struct vsock_connection **head = is_listed ? bucket_of(c->s, &c->ports)
						   : &c->s->others;

	c->is_listed = is_listed;
	c->next = *head;
	*head = c;
}

void vsock_delist(struct vsock_connection *c)
{
	struct vsock_connection **at = c->is_listed ? bucket_of(c->s, &c->ports)
						    : &c->s->others;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

static void make_ready(struct vsock_connection *c)
{
	struct virtio_vsock *s = c->s;

	if (c->is_ready)
		return;
	c->is_ready = true;
	c->next_ready = NULL;
	*s->waiting_end = c;
	s->waiting_end = &c->next_ready;
}

struct vsock_connection *vsock_take_ready(struct virtio_vsock *s)
{
	struct vsock_connection *c = s->waiting;

	if (!c)
		return NULL;
	s->waiting = c->next_ready;
	if (!s->waiting)
		s->waiting_end = &s->waiting;
	c->is_ready = false;
	return c;
}

static void unready(struct vsock_connection *c)
{
	struct vsock_connection **at = &c->s->waiting;

	if (!c->is_ready)
		return;
	while (*at != c)
		at = &(*at)->next_ready;
	*at = c->next_ready;
	if (!*at)
		c->s->waiting_end = at;
	c->is_ready = false;
}

void vsock_wake_rx(struct virtio_vsock *s)
{
	if (!s->rx_waits || (!s->waiting && !s->resets_count))
		return;
	s->rx_waits = false;
	virtio_resume(&s->core, VIRTIO_VSOCK_RX);
}

/* --- their beginning and end */

static void on_socket(void *ctx, unsigned events);

struct vsock_connection *vsock_begin(struct virtio_vsock *s, int fd,
				     enum vsock_state state)
{
	struct vsock_connection *c;
	struct err e;

	if (s->connections == VSOCK_CONNECTIONS_MAX)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->s = s;
	c->fd = fd;
	c->state = state;
	c->watch = (struct loop_watch){ .fn = on_socket, .ctx = c };
	if (fd >= 0 && loop_add(vsock_loop(s), &c->watch, fd, 0, &e)) {
		virtio_host_error(&s->core, VIRTIO_NO_QUEUE, &e);
		free(c);
		return NULL;
	}
	s->connections++;
	return c;
}

static void drop_buffer(struct vsock_connection *c)
{
	free(c->buffer);
	c->buffer = NULL;
	c->buffer_first = c->buffer_len = 0;
}

static void close_socket(struct vsock_connection *c)
{
	drop_buffer(c);
	if (c->fd < 0)
		return;
	loop_remove(&c->watch);
	close(c->fd);
	c->fd = -1;
}

void vsock_destroy(struct vsock_connection *c)
{
	unready(c);
	vsock_delist(c);
	close_socket(c);
	c->s->connections--;
	free(c);
}

void vsock_forget(struct vsock_connection *c)
{
	if (!c->buffer_len || !(c->guest_ended & VIRTIO_VSOCK_NO_SEND)) {
		vsock_destroy(c);
		return;
	}
	unready(c);
	vsock_delist(c);
	vsock_enlist(c, false);
	c->due = 0;
	c->state = OVER;
}

/* Nothing more is read or written; the guest gets a reset. */
static void end(struct vsock_connection *c)
{
	close_socket(c);
	c->state = OVER;
	c->due = DUE_RESET;
}

void vsock_reset(struct vsock_connection *c)
{
	vsock_count(c->s, c->state == OPEN ? VSOCK_RESETS : VSOCK_REFUSED, 1);
	end(c);
}

/* --- what a connection waits for */

static uint32_t credit(const struct vsock_connection *c)
{
	uint32_t used = c->sent - c->peer_forwarded;

	return used < c->peer_room ? c->peer_room - used : 0;
}

/* Whether bytes of the socket may go to the guest now. */
static bool may_send(const struct vsock_connection *c)
{
	return c->state == OPEN && c->fd >= 0 &&
	       !(c->host_ended & VIRTIO_VSOCK_NO_SEND) &&
	       !(c->guest_ended & VIRTIO_VSOCK_NO_RECEIVE) && credit(c);
}

bool vsock_has_data(const struct vsock_connection *c)
{
	return may_send(c) && c->is_readable;
}

static unsigned events_of(const struct vsock_connection *c)
{
	unsigned events = LOOP_GONE;

	if (c->is_gone)
		return 0;
	if (c->buffer_len)
		events |= LOOP_OUT;
	if (c->state == GREETED || (may_send(c) && !c->is_readable))
		events |= LOOP_IN;
	return events;
}

void vsock_arrange(struct vsock_connection *c)
{
	if (c->fd >= 0 && c->watch.events != events_of(c))
		loop_change(&c->watch, events_of(c));
	if (c->is_listed && (c->due || vsock_has_data(c)))
		make_ready(c);
	vsock_wake_rx(c->s);
}

/* --- from the guest to a socket */

/* The program here reads no more. */
static void stop_writing(struct vsock_connection *c)
{
	c->forwarded += c->buffer_len;
	drop_buffer(c);
	c->host_ended |= VIRTIO_VSOCK_NO_RECEIVE;
	c->due |= DUE_SHUTDOWN;
}

/* Write @n pieces. Returns how many bytes were written. */
static size_t write_pieces(struct vsock_connection *c, struct iovec *iov,
			   unsigned n)
{
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t done;

	do
		done = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (done < 0 && errno == EINTR);
	if (done < 0 && errno != EAGAIN)
		stop_writing(c);
	return done < 0 ? 0 : (size_t)done;
}

void vsock_say(struct vsock_connection *c, const char *text, size_t len)
{
	struct iovec iov = { (char *)text, len };

	if (write_pieces(c, &iov, 1) != len)
		vsock_reset(c);
}

/* The end of what the guest sends, once the socket has all of it. */
static void pass_end(struct vsock_connection *c)
{
	if (c->buffer_len || !(c->guest_ended & VIRTIO_VSOCK_NO_SEND))
		return;
	if (c->guest_ended == VSOCK_BOTH && c->is_listed)
		end(c);
	else if (c->fd >= 0)
		shutdown(c->fd, SHUT_WR);
}

/* The driver should not have to wait for credit. */
static void announce(struct vsock_connection *c)
{
	if (c->forwarded - c->announced >= VSOCK_BUFFER / 2)
		c->due |= DUE_CREDIT;
}

void vsock_flush(struct vsock_connection *c)
{
	while (c->buffer_len) {
		uint32_t one = VSOCK_BUFFER - c->buffer_first;
		struct iovec iov[2] = { { c->buffer + c->buffer_first, one },
					{ c->buffer, c->buffer_len - one } };
		size_t done;

		if (c->buffer_len <= one)
			iov[0].iov_len = c->buffer_len;
		done = write_pieces(c, iov, c->buffer_len > one ? 2 : 1);
		if (!done)
			break;
		c->forwarded += (uint32_t)done;
		c->buffer_len -= (uint32_t)done;
		c->buffer_first = (c->buffer_first + (uint32_t)done) %
				  VSOCK_BUFFER;
	}
	if (!c->buffer_len)
		drop_buffer(c);
	announce(c);
	pass_end(c);
}

/* Keep the rest of @in; there is room. */
static bool keep(struct vsock_connection *c, struct virtq_cursor *in)
{
	if (!c->buffer)
		c->buffer = malloc(VSOCK_BUFFER);
	while (c->buffer && in->left) {
		uint32_t at = (c->buffer_first + c->buffer_len) % VSOCK_BUFFER;

		c->buffer_len += (uint32_t)virtq_read(in, c->buffer + at,
						      VSOCK_BUFFER - at);
	}
	return c->buffer;
}

static void write_now(struct vsock_connection *c, struct virtq_cursor *in)
{
	struct iovec iov[VIRTQ_SIZE_MAX];
	struct virtq_cursor all = *in;
	size_t done = write_pieces(
		c, iov, virtq_iov(&all, all.left, iov, VIRTQ_SIZE_MAX));

	c->forwarded += (uint32_t)done;
	virtq_split(in, done);
}

static void end_line(struct vsock_connection *c)
{
	if (c->matched == (int)strlen(ready_line))
		c->s->ready->fn(c->s->ready->ctx);
	c->matched = 0;
}

static void take_notice(struct vsock_connection *c, struct virtq_cursor *in)
{
	char byte;

	while (virtq_read(in, &byte, 1)) {
		if (byte == '\n')
			end_line(c);
		else if (c->matched >= 0)
			c->matched = byte == ready_line[c->matched]
					     ? c->matched + 1
					     : -1;
	}
	c->forwarded = c->received;
}

/* The guest waits for the end of the stream, to know that it was heard. */
static void end_notice(struct vsock_connection *c)
{
	end_line(c);
	c->host_ended = VSOCK_BOTH;
	c->due |= DUE_SHUTDOWN;
}

void vsock_take_data(struct vsock_connection *c, struct virtq_cursor *in)
{
	uint32_t len = (uint32_t)in->left;

	/* 5.10.6.3: the sender "MUST only send data packets when the peer has
	 * sufficient free buffer space". */
	if (c->state != OPEN || c->guest_ended & VIRTIO_VSOCK_NO_SEND ||
	    in->left > VSOCK_BUFFER - (c->received - c->forwarded)) {
		vsock_reset(c);
		return;
	}
	c->received += len;
	vsock_count(c->s, VSOCK_FROM_GUEST, len);
	if (c->is_notice)
		take_notice(c, in);
	else if (!(c->host_ended & VIRTIO_VSOCK_NO_RECEIVE) && !c->buffer_len)
		write_now(c, in);
	if (c->host_ended & VIRTIO_VSOCK_NO_RECEIVE)
		c->forwarded = c->received;
	else if (in->left && !keep(c, in))
		vsock_reset(c);
	announce(c);
}

void vsock_guest_ends(struct vsock_connection *c, uint32_t flags)
{
	if (c->state != OPEN) {
		vsock_reset(c);
		return;
	}
	c->guest_ended |= flags & VSOCK_BOTH;
	if (c->guest_ended & VIRTIO_VSOCK_NO_RECEIVE && c->fd >= 0)
		shutdown(c->fd, SHUT_RD);
	if (c->is_notice && flags & VIRTIO_VSOCK_NO_SEND)
		end_notice(c);
	pass_end(c);
}

/* --- from a socket to the guest */

static bool is_hung_up(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

static void socket_ended(struct vsock_connection *c)
{
	c->is_readable = false;
	c->host_ended |= VIRTIO_VSOCK_NO_SEND;
	if (is_hung_up(c->fd))
		c->host_ended |= VIRTIO_VSOCK_NO_RECEIVE;
	c->due |= DUE_SHUTDOWN;
}

uint32_t vsock_read(struct vsock_connection *c, struct virtq_cursor *out)
{
	uint64_t len = out->left < credit(c) ? out->left : credit(c);
	struct iovec iov[VIRTQ_SIZE_MAX];
	unsigned pieces = virtq_iov(out, len, iov, VIRTQ_SIZE_MAX);
	ssize_t n;

	do
		n = readv(c->fd, iov, (int)pieces);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN && !c->is_gone) {
		c->is_readable = false;
		return 0;
	}
	if (n < 0 && errno != EAGAIN)
		vsock_reset(c);
	else if (n <= 0)
		socket_ended(c);
	if (n <= 0)
		return 0;
	/* A short read has emptied the socket, for now. */
	c->is_readable = c->is_gone || (uint64_t)n == len;
	c->sent += (uint32_t)n;
	vsock_count(c->s, VSOCK_TO_GUEST, (uint64_t)n);
	return (uint32_t)n;
}

/* --- what the socket says */

/* The other end of the socket was closed. What it sent is still to be read. */
static void hang_up(struct vsock_connection *c)
{
	c->is_gone = true;
	c->is_readable = true;
	if (c->state == ASKED && c->due & DUE_REQUEST) {
		vsock_count(c->s, VSOCK_REFUSED, 1);
		vsock_destroy(c);
		return;
	}
	if (c->state == ASKED) {
		vsock_reset(c);
	} else if (c->host_ended & VIRTIO_VSOCK_NO_SEND ||
		   c->guest_ended & VIRTIO_VSOCK_NO_RECEIVE) {
		c->host_ended = VSOCK_BOTH;
		c->due |= DUE_SHUTDOWN;
	}
	if (c->buffer_len)
		vsock_flush(c);
	vsock_arrange(c);
}

static void on_socket(void *ctx, unsigned events)
{
	struct vsock_connection *c = ctx;

	if (c->state == GREETED) {
		vsock_client_hear(c);
		return;
	}
	if (!c->is_listed) {
		vsock_flush(c);
		if (!c->buffer_len)
			vsock_destroy(c);
		return;
	}
	if (events & LOOP_GONE) {
		hang_up(c);
		return;
	}
	if (events & LOOP_IN)
		c->is_readable = true;
	if (events & LOOP_OUT)
		vsock_flush(c);
	vsock_arrange(c);
}
