/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/vsock.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

#define VSOCK_QUEUE_SIZE 256
#define HEADER		 VIRTIO_VSOCK_HEADER_SIZE
#define BOTH		 (VIRTIO_VSOCK_NO_RECEIVE | VIRTIO_VSOCK_NO_SEND)

/* "CONNECT 4294967295\n" has 19 bytes. */
#define LINE_MAX_LEN 31
#define GREETING     "CONNECT "

/* Ports that connections from here have; programs choose smaller ones. */
#define FIRST_PORT UINT32_C(0x40000000)

#define ACCEPT_MAX 8 /* in one call of the loop */

/* How long to wait if the host has no descriptor for a client. */
#define RETRY_NS 100000000

enum state {
	GREETED, /* the client has not said which port it wants */
	ASKED,	 /* the guest has been asked, or will be */
	OPEN,
	OVER, /* only a reset is still to be sent */
};

/* Packets that are to be sent. */
enum {
	DUE_REQUEST = 1,
	DUE_RESPONSE = 2,
	DUE_SHUTDOWN = 4,
	DUE_RESET = 8,
	DUE_CREDIT = 16,
};

struct vsock_connection {
	struct virtio_vsock *s;
	struct vsock_connection *next; /* in its bucket, or of the others */
	struct vsock_connection *next_ready;
	bool is_ready;	/* in that list */
	bool is_listed; /* in a bucket: the guest may name it */
	struct vsock_ports ports;
	enum state state;
	unsigned due;
	int fd; /* -1: closed */
	struct loop_watch watch;
	bool is_readable; /* for all that we know */
	bool is_gone;	  /* the other end of the socket has been closed */
	/* What each side does not do any more: flags of SHUTDOWN. */
	unsigned guest_ended, host_ended;
	/* From the guest: bytes in all; of these written; of these announced.
	 * What is between the first two is in the buffer, a ring. */
	uint32_t received, forwarded, announced;
	uint8_t *buffer;
	uint32_t buffer_first, buffer_len;
	/* To the guest: bytes in all; of these read there; its room. */
	uint32_t sent, peer_forwarded, peer_room;
	char line[LINE_MAX_LEN + 1];
	unsigned line_len;
	/* There is no socket: the guest says whether it is ready. How many
	 * bytes of the line are those of ready_line so far, or -1. */
	bool is_notice;
	int matched;
};

static const char ready_line[] = "READY=1";

static void count(struct virtio_vsock *s, enum vsock_count what, uint64_t n)
{
	atomic_fetch_add(&s->counts[what], n);
}

static struct loop *loop_of(const struct virtio_vsock *s)
{
	return &s->core.is.worker->loop;
}

/* --- lists of connections */

static struct vsock_connection **bucket_of(struct virtio_vsock *s,
					   const struct vsock_ports *p)
{
	return &s->buckets[(p->host ^ p->guest * 31) % VSOCK_BUCKETS];
}

static struct vsock_connection *find(struct virtio_vsock *s,
				     const struct vsock_ports *p)
{
	struct vsock_connection *c = *bucket_of(s, p);

	while (c && (c->ports.host != p->host || c->ports.guest != p->guest))
		c = c->next;
	return c;
}

static void enlist(struct vsock_connection *c, bool is_listed)
{
	struct vsock_connection **head = is_listed ? bucket_of(c->s, &c->ports)
						   : &c->s->others;

	c->is_listed = is_listed;
	c->next = *head;
	*head = c;
}

static void delist(struct vsock_connection *c)
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

static struct vsock_connection *take_ready(struct virtio_vsock *s)
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

/* There is something for the guest. */
static void wake_rx(struct virtio_vsock *s)
{
	if (!s->rx_waits || (!s->waiting && !s->resets_count))
		return;
	s->rx_waits = false;
	virtio_resume(&s->core, VIRTIO_VSOCK_RX);
}

/* --- their beginning and end */

static void on_socket(void *ctx, unsigned events);

/* A connection with @fd, or -1 without one. On failure the caller closes it. */
static struct vsock_connection *create(struct virtio_vsock *s, int fd,
				       enum state state)
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
	if (fd >= 0 && loop_add(loop_of(s), &c->watch, fd, 0, &e)) {
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

static void destroy(struct vsock_connection *c)
{
	unready(c);
	delist(c);
	close_socket(c);
	c->s->connections--;
	free(c);
}

/* The guest has forgotten the connection. What it sent before it said that this
 * is all is still written. */
static void forget(struct vsock_connection *c)
{
	if (!c->buffer_len || !(c->guest_ended & VIRTIO_VSOCK_NO_SEND)) {
		destroy(c);
		return;
	}
	unready(c);
	delist(c);
	enlist(c, false);
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

/* The same because of an error. */
static void reset(struct vsock_connection *c)
{
	count(c->s, c->state == OPEN ? VSOCK_RESETS : VSOCK_REFUSED, 1);
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

/* After each change of @c. */
static void arrange(struct vsock_connection *c)
{
	if (c->fd >= 0 && c->watch.events != events_of(c))
		loop_change(&c->watch, events_of(c));
	if (c->is_listed && (c->due || (may_send(c) && c->is_readable)))
		make_ready(c);
	wake_rx(c->s);
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

/* The end of what the guest sends, once the socket has all of it. */
static void pass_end(struct vsock_connection *c)
{
	if (c->buffer_len || !(c->guest_ended & VIRTIO_VSOCK_NO_SEND))
		return;
	if (c->guest_ended == BOTH && c->is_listed)
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

static void flush(struct vsock_connection *c)
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
	c->host_ended = BOTH;
	c->due |= DUE_SHUTDOWN;
}

static void take_data(struct vsock_connection *c, struct virtq_cursor *in)
{
	uint32_t len = (uint32_t)in->left;

	/* 5.10.6.3: the sender "MUST only send data packets when the peer has
	 * sufficient free buffer space". */
	if (c->state != OPEN || c->guest_ended & VIRTIO_VSOCK_NO_SEND ||
	    in->left > VSOCK_BUFFER - (c->received - c->forwarded)) {
		reset(c);
		return;
	}
	c->received += len;
	count(c->s, VSOCK_FROM_GUEST, len);
	if (c->is_notice)
		take_notice(c, in);
	else if (!(c->host_ended & VIRTIO_VSOCK_NO_RECEIVE) && !c->buffer_len)
		write_now(c, in);
	if (c->host_ended & VIRTIO_VSOCK_NO_RECEIVE)
		c->forwarded = c->received;
	else if (in->left && !keep(c, in))
		reset(c);
	announce(c);
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

/* Read into @out what the guest has room for. Returns how many bytes. */
static uint32_t read_data(struct vsock_connection *c, struct virtq_cursor *out)
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
		reset(c);
	else if (n <= 0)
		socket_ended(c);
	if (n <= 0)
		return 0;
	/* A short read has emptied the socket, for now. */
	c->is_readable = c->is_gone || (uint64_t)n == len;
	c->sent += (uint32_t)n;
	count(c->s, VSOCK_TO_GUEST, (uint64_t)n);
	return (uint32_t)n;
}

static void put_header(struct virtio_vsock *s, struct virtq_cursor *out,
		       const struct vsock_ports *ports, uint16_t type,
		       uint16_t op, uint32_t flags, uint32_t len,
		       const struct vsock_connection *c)
{
	const struct virtio_vsock_header h = {
		.src_cid = VSOCK_CID_HOST,
		.dst_cid = s->cid,
		.src_port = ports->host,
		.dst_port = ports->guest,
		.len = len,
		.type = type,
		.op = op,
		.flags = flags,
		.buf_alloc = c ? VSOCK_BUFFER : 0,
		.fwd_cnt = c ? c->forwarded : 0,
	};

	virtq_write(out, &h, sizeof(h));
}

/* Send a packet of @c. */
static uint32_t send_packet(struct vsock_connection *c,
			    struct virtq_cursor *head, unsigned due,
			    uint16_t op, uint32_t flags, uint32_t len)
{
	c->due &= ~(due | DUE_CREDIT);
	c->announced = c->forwarded;
	put_header(c->s, head, &c->ports, VIRTIO_VSOCK_TYPE_STREAM, op, flags,
		   len, c);
	return HEADER + len;
}

/* Send one packet of @c, which was ready. Returns how many bytes it has; 0 if
 * there was nothing to send after all. May destroy @c. */
static uint32_t fill(struct vsock_connection *c, struct virtq_cursor *head,
		     struct virtq_cursor *data)
{
	uint32_t done = 0;

	if (c->due & DUE_RESET) {
		done = send_packet(c, head, DUE_RESET, VIRTIO_VSOCK_OP_RST, 0,
				   0);
		destroy(c);
		return done;
	}
	if (c->due & DUE_REQUEST)
		done = send_packet(c, head, DUE_REQUEST,
				   VIRTIO_VSOCK_OP_REQUEST, 0, 0);
	else if (c->due & DUE_RESPONSE)
		done = send_packet(c, head, DUE_RESPONSE,
				   VIRTIO_VSOCK_OP_RESPONSE, 0, 0);
	else if (may_send(c) && c->is_readable)
		done = read_data(c, data);
	if (done && !head->left)
		return done;
	if (done)
		done = send_packet(c, head, 0, VIRTIO_VSOCK_OP_RW, 0, done);
	else if (c->due & DUE_SHUTDOWN)
		done = send_packet(c, head, DUE_SHUTDOWN,
				   VIRTIO_VSOCK_OP_SHUTDOWN, c->host_ended, 0);
	else if (c->due & DUE_CREDIT)
		done = send_packet(c, head, 0, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0,
				   0);
	return done;
}

static bool take_reset(struct virtio_vsock *s, struct virtq_cursor *head)
{
	const struct vsock_reset *r = &s->resets[s->resets_first];

	if (!s->resets_count)
		return false;
	put_header(s, head, &r->ports, r->type, VIRTIO_VSOCK_OP_RST, 0, 0,
		   NULL);
	s->resets_first = (s->resets_first + 1) % VSOCK_RESETS_MAX;
	s->resets_count--;
	if (s->tx_waits)
		virtio_resume(&s->core, VIRTIO_VSOCK_TX);
	s->tx_waits = false;
	return true;
}

static enum virtio_result serve_rx(struct virtio_vsock *s,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor all = virtq_writer(&r->chain), data;
	struct virtq_cursor head = virtq_split(&all, HEADER);
	struct vsock_connection *c;

	if (!all.left) {
		err_set(e, EPROTO,
			"chain %u: %" PRIu64 " bytes for a packet, whose "
			"header has %d (5.10.6)",
			r->chain.head, r->chain.writable_bytes, HEADER);
		return VIRTIO_DRIVER_FAULT;
	}
	if (take_reset(s, &head))
		r->written = HEADER;
	while (!r->written && (c = take_ready(s))) {
		unsigned before = s->connections;

		data = all;
		r->written = fill(c, &head, &data);
		if (s->connections == before)
			arrange(c);
	}
	if (r->written)
		return VIRTIO_DONE;
	s->rx_waits = true;
	return VIRTIO_NOT_NOW;
}

/* --- packets of the guest */

/* With the type of the packet: it must not end a stream that has the same
 * ports. */
static void answer_reset(struct virtio_vsock *s,
			 const struct vsock_ports *ports, uint16_t type)
{
	unsigned at = (s->resets_first + s->resets_count) % VSOCK_RESETS_MAX;

	assert(s->resets_count < VSOCK_RESETS_MAX);
	s->resets[at] = (struct vsock_reset){ *ports, type };
	s->resets_count++;
	wake_rx(s);
}

/* Only privileged programs may say that the guest is ready. */
static bool is_notice(const struct virtio_vsock *s, const struct vsock_ports *p)
{
	return s->ready && p->host == VSOCK_READY_PORT &&
	       p->guest < VSOCK_UNPRIVILEGED_PORT;
}

/* The guest wants to connect to a program here, or to us. */
static struct vsock_connection *connect_to(struct virtio_vsock *s,
					   const struct vsock_ports *ports)
{
	bool notice = is_notice(s, ports);
	int fd = notice ? -1 : vsock_socket_connect(s->socket, ports->host);
	struct vsock_connection *c = fd < 0 && !notice ? NULL
						       : create(s, fd, OPEN);

	if (!c) {
		if (fd >= 0)
			close(fd);
		count(s, VSOCK_REFUSED, 1);
		answer_reset(s, ports, VIRTIO_VSOCK_TYPE_STREAM);
		return NULL;
	}
	c->ports = *ports;
	c->is_notice = notice;
	enlist(c, true);
	c->due = DUE_RESPONSE;
	count(s, VSOCK_CONNECTIONS, 1);
	return c;
}

/* The guest has accepted a connection from here. */
static void accepted(struct vsock_connection *c)
{
	char line[32];
	struct iovec iov = { line, 0 };

	if (c->state != ASKED || c->due & DUE_REQUEST) {
		reset(c);
		return;
	}
	iov.iov_len = (size_t)snprintf(line, sizeof(line), "OK %" PRIu32 "\n",
				       c->ports.host);
	c->state = OPEN;
	count(c->s, VSOCK_CONNECTIONS, 1);
	if (write_pieces(c, &iov, 1) != iov.iov_len)
		reset(c);
}

static void guest_ends(struct vsock_connection *c, uint32_t flags)
{
	if (c->state != OPEN) {
		reset(c);
		return;
	}
	c->guest_ended |= flags & BOTH;
	if (c->guest_ended & VIRTIO_VSOCK_NO_RECEIVE && c->fd >= 0)
		shutdown(c->fd, SHUT_RD);
	if (c->is_notice && flags & VIRTIO_VSOCK_NO_SEND)
		end_notice(c);
	pass_end(c);
}

/* A packet for @c, with its data in @in. */
static void take_packet(struct vsock_connection *c,
			const struct virtio_vsock_header *h,
			struct virtq_cursor *in)
{
	c->peer_room = h->buf_alloc;
	c->peer_forwarded = h->fwd_cnt;
	if (h->op == VIRTIO_VSOCK_OP_RST) {
		if (c->state == ASKED)
			count(c->s, VSOCK_REFUSED, 1);
		forget(c);
		return;
	}
	/* It has been reset: the guest will know soon. */
	if (c->state == OVER)
		return;
	switch (h->op) {
	case VIRTIO_VSOCK_OP_RESPONSE:
		accepted(c);
		break;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		guest_ends(c, h->flags);
		break;
	case VIRTIO_VSOCK_OP_RW:
		take_data(c, in);
		break;
	case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
		break;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		c->due |= DUE_CREDIT;
		break;
	default:
		reset(c);
	}
	arrange(c);
}

static void dispatch(struct virtio_vsock *s,
		     const struct virtio_vsock_header *h,
		     struct virtq_cursor *in)
{
	const struct vsock_ports ports = { h->dst_port, h->src_port };
	struct vsock_connection *c;

	if (h->src_cid != s->cid || h->dst_cid != VSOCK_CID_HOST) {
		count(s, VSOCK_DROPPED, 1);
		return;
	}
	c = h->type == VIRTIO_VSOCK_TYPE_STREAM ? find(s, &ports) : NULL;
	if (c) {
		take_packet(c, h, in);
		return;
	}
	/* 5.10.6.4: a RST is the answer to a packet of an unknown type, and to
	 * one that belongs to no connection. */
	if (h->type == VIRTIO_VSOCK_TYPE_STREAM &&
	    h->op == VIRTIO_VSOCK_OP_REQUEST)
		c = connect_to(s, &ports);
	else if (h->op != VIRTIO_VSOCK_OP_RST)
		answer_reset(s, &ports, h->type);
	if (c) {
		c->peer_room = h->buf_alloc;
		c->peer_forwarded = h->fwd_cnt;
		arrange(c);
	}
}

static enum virtio_result serve_tx(struct virtio_vsock *s,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain), data;
	struct virtio_vsock_header h;

	/* 5.10.6.1.2: with no room for an answer, later packets wait. */
	if (s->resets_count == VSOCK_RESETS_MAX) {
		s->tx_waits = true;
		return VIRTIO_NOT_NOW;
	}
	if (virtq_read(&in, &h, sizeof(h)) != sizeof(h)) {
		err_set(e, EPROTO,
			"chain %u: fewer than %d bytes of header (5.10.6)",
			r->chain.head, HEADER);
		return VIRTIO_DRIVER_FAULT;
	}
	if (h.len > in.left) {
		err_set(e, EPROTO,
			"chain %u: a packet of %u bytes, of which %" PRIu64
			" are there (5.10.6)",
			r->chain.head, h.len, in.left);
		return VIRTIO_DRIVER_FAULT;
	}
	data = virtq_split(&in, h.len);
	dispatch(s, &h, &data);
	return VIRTIO_DONE;
}

/* --- programs here */

static uint32_t choose_port(struct virtio_vsock *s, uint32_t guest)
{
	struct vsock_ports p = { 0, guest };

	/* There are fewer connections than ports. */
	do {
		p.host = FIRST_PORT + s->next_port;
		s->next_port = (s->next_port + 1) % FIRST_PORT;
	} while (find(s, &p));
	return p.host;
}

/* "CONNECT 1234" */
static bool parse_line(const char *line, uint32_t *port)
{
	const char *digits = line + strlen(GREETING);
	uint64_t n;

	if (strncmp(line, GREETING, strlen(GREETING)) || !*digits ||
	    strlen(digits) > 10 || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	n = strtoull(digits, NULL, 10);
	*port = (uint32_t)n;
	return n <= UINT32_MAX;
}

/*
 * Read the rest of the client's line, and nothing behind it. Returns 1 once it
 * is complete, 0 if more of it must come, -1 if it is not valid.
 */
static int read_line(struct vsock_connection *c)
{
	char *at = c->line + c->line_len, *newline;
	size_t room = LINE_MAX_LEN - c->line_len;
	ssize_t n = recv(c->fd, at, room, MSG_PEEK);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	newline = memchr(at, '\n', (size_t)n);
	if (newline)
		n = newline + 1 - at;
	n = recv(c->fd, at, (size_t)n, 0);
	if (n <= 0)
		return -1;
	if (newline) {
		*newline = '\0';
		return 1;
	}
	c->line_len += (unsigned)n;
	return c->line_len < LINE_MAX_LEN ? 0 : -1;
}

static void hear(struct vsock_connection *c)
{
	int rc = read_line(c);
	uint32_t port;

	if (!rc)
		return;
	if (rc < 0 || !parse_line(c->line, &port)) {
		count(c->s, VSOCK_REFUSED, 1);
		destroy(c);
		return;
	}
	delist(c);
	c->ports = (struct vsock_ports){ choose_port(c->s, port), port };
	enlist(c, true);
	c->state = ASKED;
	c->due = DUE_REQUEST;
	arrange(c);
}

/* The other end of the socket was closed. What it sent is still to be read. */
static void hang_up(struct vsock_connection *c)
{
	c->is_gone = true;
	c->is_readable = true;
	if (c->state == ASKED && c->due & DUE_REQUEST) {
		count(c->s, VSOCK_REFUSED, 1);
		destroy(c);
		return;
	}
	if (c->state == ASKED) {
		reset(c);
	} else if (c->host_ended & VIRTIO_VSOCK_NO_SEND ||
		   c->guest_ended & VIRTIO_VSOCK_NO_RECEIVE) {
		c->host_ended = BOTH;
		c->due |= DUE_SHUTDOWN;
	}
	if (c->buffer_len)
		flush(c);
	arrange(c);
}

static void on_socket(void *ctx, unsigned events)
{
	struct vsock_connection *c = ctx;

	if (c->state == GREETED) {
		hear(c);
		return;
	}
	if (!c->is_listed) {
		flush(c);
		if (!c->buffer_len)
			destroy(c);
		return;
	}
	if (events & LOOP_GONE) {
		hang_up(c);
		return;
	}
	if (events & LOOP_IN)
		c->is_readable = true;
	if (events & LOOP_OUT)
		flush(c);
	arrange(c);
}

static void welcome(struct virtio_vsock *s, int fd)
{
	struct vsock_connection *c = s->is_live ? create(s, fd, GREETED) : NULL;

	if (!c) {
		count(s, VSOCK_REFUSED, 1);
		close(fd);
		return;
	}
	enlist(c, false);
	arrange(c);
}

static void on_clients(void *ctx, unsigned events)
{
	struct virtio_vsock *s = ctx;
	struct err e;

	(void)events;
	for (unsigned n = 0; n < ACCEPT_MAX; n++) {
		int fd = vsock_socket_accept(s->socket);

		if (fd >= 0) {
			welcome(s, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		err_sys(&e, "%s: accept", s->socket->path);
		virtio_host_error(&s->core, VIRTIO_NO_QUEUE, &e);
		loop_change(&s->clients, 0);
		loop_timer_set(loop_of(s), &s->retry, clock_ns() + RETRY_NS);
		return;
	}
}

static void on_retry(void *ctx)
{
	struct virtio_vsock *s = ctx;

	loop_change(&s->clients, LOOP_IN);
}

/* --- the device */

static enum virtio_result vsock_serve(void *dev, struct virtio_request *r,
				      struct err *e)
{
	switch (r->ticket.queue) {
	case VIRTIO_VSOCK_RX:
		return serve_rx(dev, r, e);
	case VIRTIO_VSOCK_TX:
		return serve_tx(dev, r, e);
	default:
		/* The guest is never moved, so it gets no event. */
		return VIRTIO_NOT_NOW;
	}
}

static int vsock_start(void *dev, struct err *e)
{
	struct virtio_vsock *s = dev;

	(void)e;
	s->is_live = true;
	s->rx_waits = s->tx_waits = false;
	return 0;
}

static void vsock_stop(void *dev)
{
	struct virtio_vsock *s = dev;
	struct vsock_connection *c, *next;

	s->is_live = false;
	s->resets_count = 0;
	s->rx_waits = s->tx_waits = false;
	for (unsigned i = 0; i < VSOCK_BUCKETS; i++)
		while ((c = s->buckets[i]))
			forget(c);
	for (c = s->others; c; c = next) {
		next = c->next;
		if (c->state == GREETED)
			destroy(c);
	}
}

static void vsock_report(void *dev, struct device_counters *c)
{
	static const char *const names[VSOCK_COUNTS] = {
		[VSOCK_CONNECTIONS] = "connections",
		[VSOCK_REFUSED] = "refused",
		[VSOCK_TO_GUEST] = "rx_bytes",
		[VSOCK_FROM_GUEST] = "tx_bytes",
		[VSOCK_RESETS] = "resets",
		[VSOCK_DROPPED] = "dropped",
	};
	struct virtio_vsock *s = dev;

	for (unsigned i = 0; i < VSOCK_COUNTS; i++)
		device_count(c, names[i], atomic_load(&s->counts[i]));
}

static void vsock_free(void *dev)
{
	virtio_vsock_release(dev);
	free(dev);
}

static const struct virtio_device_ops vsock_ops = {
	.start = vsock_start,
	.stop = vsock_stop,
	.serve = vsock_serve,
	.report = vsock_report,
	.release = vsock_free,
};

int virtio_vsock_init(struct virtio_vsock *s, uint32_t cid,
		      const struct vsock_socket *socket,
		      const struct device_ready *ready,
		      const struct guest_mem *gm, struct worker *worker,
		      struct err *e)
{
	const uint64_t config = cid;
	const struct virtio_setup setup = {
		.name = "virtio-vsock",
		.id = VIRTIO_ID_VSOCK,
		.features = UINT64_C(1) << VIRTIO_VSOCK_F_STREAM,
		.queues = VIRTIO_VSOCK_QUEUES,
		.queue_size = VSOCK_QUEUE_SIZE,
		.config = &config,
		.config_len = sizeof(config),
		.ops = &vsock_ops,
		.dev = s,
		.gm = gm,
		.worker = worker,
	};
	int rc;

	memset(s, 0, sizeof(*s));
	s->cid = cid;
	s->socket = socket;
	s->ready = ready && ready->fn ? ready : NULL;
	s->waiting_end = &s->waiting;
	s->clients = (struct loop_watch){ .fn = on_clients, .ctx = s };
	s->retry = (struct loop_timer){ .fn = on_retry, .ctx = s };
	rc = virtio_init(&s->core, &setup, e);
	if (rc || !socket->path)
		return rc;
	rc = loop_add(loop_of(s), &s->clients, socket->fd, LOOP_IN, e);
	if (rc)
		virtio_release(&s->core);
	return rc;
}

void virtio_vsock_release(struct virtio_vsock *s)
{
	while (s->others)
		destroy(s->others);
	loop_remove(&s->clients);
	loop_timer_stop(&s->retry);
	virtio_release(&s->core);
}

/* --- its option */

static int vsock_check(const void *config, struct err *e)
{
	const struct virtio_vsock_config *c = config;
	int rc = c->path ? vsock_socket_check(c->path, e) : 0;

	return rc ? err_prefix(e, rc, "socket") : 0;
}

static int vsock_open(void *config, struct err *e)
{
	struct virtio_vsock_config *c = config;

	return c->path ? vsock_socket_open(&c->socket, c->path, e) : 0;
}

static void vsock_close(void *config)
{
	struct virtio_vsock_config *c = config;

	vsock_socket_close(&c->socket);
}

static void vsock_abandon(const void *config)
{
	const struct virtio_vsock_config *c = config;

	vsock_socket_abandon(&c->socket);
}

static const char *vsock_removes(const void *config)
{
	const struct virtio_vsock_config *c = config;

	return c->socket.path;
}

static const struct keyword vsock_keys[] = {
	{ "cid", "N",
	  VALUE_NUMBER_AT(struct virtio_vsock_config, cid, VSOCK_CID_GUEST_MIN,
			  VSOCK_CID_GUEST_MAX),
	  0, true, "the guest's address, 3 or more" },
	{ "socket", "PATH", VALUE_PATH_AT(struct virtio_vsock_config, path), 0,
	  false, "programs here connect to this UNIX socket" },
	{ "expect-ready", NULL,
	  VALUE_FLAG_AT(struct virtio_vsock_config, expect_ready), 0, false,
	  "succeed once systemd in the guest says that it has booted" },
};

static const struct device_option vsock_option = {
	.keywords = { .keys = vsock_keys,
		      .count = sizeof(vsock_keys) / sizeof(*vsock_keys) },
	.config_size = sizeof(struct virtio_vsock_config),
	.check = vsock_check,
	.open = vsock_open,
	.close = vsock_close,
	.opens_files = true, /* the sockets of host programs */
	.abandon = vsock_abandon,
	.removes = vsock_removes,
};

static int vsock_create(struct virtio **v, const struct device_slot *slot,
			struct device_env *env, struct err *e)
{
	const struct virtio_vsock_config *c = slot->config;
	struct virtio_vsock *s = device_alloc(slot, sizeof(*s), e);
	int rc;

	if (!s)
		return -ENOMEM;
	rc = virtio_vsock_init(s, (uint32_t)c->cid, &c->socket, env->ready,
			       env->gm, env->worker, e);
	if (rc)
		free(s);
	else
		*v = &s->core;
	return rc;
}

const struct device_type virtio_vsock_type = {
	.name = "virtio-vsock",
	.virtio = vsock_create,
	.option = &vsock_option,
};
