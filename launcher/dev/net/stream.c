/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/net/stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unix_socket.h"

struct net_stream {
	struct net_backend b;
	const char *name;
	struct net_stream_in in;
	struct net_stream_out out;
};

/* --- frames in a stream */

static uint32_t length_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Skip what has arrived of an oversized frame. */
static void skip(struct net_stream_in *in)
{
	size_t there = in->to - in->from;
	size_t n = in->skip < there ? in->skip : there;

	in->skip -= (uint32_t)n;
	in->from += n;
}

int net_stream_next(struct net_stream_in *in, struct net_frame *f,
		    uint64_t drops[NET_DROPS])
{
	for (;;) {
		uint32_t len;

		skip(in);
		if (in->to - in->from < NET_LENGTH_SIZE)
			return 0;
		len = length_at(in->data + in->from);
		if (len > NET_FRAME_MAX) {
			drops[NET_OVERSIZED]++;
			in->from += NET_LENGTH_SIZE;
			in->skip = len;
			continue;
		}
		if (in->to - in->from - NET_LENGTH_SIZE < len)
			return 0;
		*f = (struct net_frame){
			.data = in->data + in->from + NET_LENGTH_SIZE,
			.len = len,
		};
		in->from += NET_LENGTH_SIZE + len;
		if (len >= NET_ETHERNET_SIZE)
			return 1;
		drops[NET_RUNTS]++;
	}
}

uint8_t *net_stream_room(struct net_stream_in *in, size_t *room)
{
	_Static_assert(NET_STREAM_IN >= 2 * (NET_LENGTH_SIZE + NET_FRAME_MAX),
		       "what is left of a frame, and the next one");
	/* What is left is less than one frame. */
	memmove(in->data, in->data + in->from, in->to - in->from);
	in->to -= in->from;
	in->from = 0;
	*room = sizeof(in->data) - in->to;
	return in->data + in->to;
}

/* --- the socket */

static int ended(struct net_stream *s, struct err *e)
{
	if (s->in.to > s->in.from || s->in.skip)
		s->b.drops[NET_TRUNCATED]++;
	s->in.from = s->in.to = s->in.skip = 0;
	return err_set(e, EPIPE, "%s: the other end closed the connection",
		       s->name);
}

/* 1: there is more; 0: nothing now. */
static int fill(struct net_stream *s, struct err *e)
{
	size_t room;
	uint8_t *to = net_stream_room(&s->in, &room);
	ssize_t n;

	do {
		n = recv(s->b.fd, to, room, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		s->in.to += (size_t)n;
		return 1;
	}
	if (!n || errno == ECONNRESET)
		return ended(s, e);
	if (errno == EAGAIN)
		return 0;
	return err_sys(e, "%s: receiving", s->name);
}

static int stream_receive(struct net_backend *b, struct net_frame *f,
			  struct err *e)
{
	struct net_stream *s = (struct net_stream *)b;
	int rc;

	if (net_stream_next(&s->in, f, b->drops))
		return 1;
	rc = fill(s, e);
	if (rc <= 0)
		return rc;
	/* If that was only part of a frame, the socket is ready again. */
	return net_stream_next(&s->in, f, b->drops);
}

/* Whether receiving has not yet come to the end of the connection. */
static bool has_an_end(const struct net_stream *s)
{
	char byte;

	return recv(s->b.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
	       errno == ECONNRESET;
}

/* A peer that has closed the connection may have sent frames before that:
 * receiving tells of the end, after the last one. */
static enum net_sent failed(struct net_stream *s, struct err *e)
{
	int code = errno;

	if (code == EAGAIN)
		return NET_BUSY;
	if ((code == EPIPE || code == ECONNRESET) && has_an_end(s))
		return NET_REFUSED;
	errno = code;
	err_sys(e, "%s: sending", s->name);
	return NET_GONE;
}

/* What follows the first @done bytes is sent later, by flush(). */
static enum net_sent keep(struct net_stream *s, const struct iovec *iov,
			  unsigned n, size_t done)
{
	struct net_stream_out *o = &s->out;

	o->from = o->to = 0;
	for (unsigned i = 0; i < n; i++) {
		size_t off = done < iov[i].iov_len ? done : iov[i].iov_len;
		size_t len = iov[i].iov_len - off;

		done -= off;
		memcpy(o->data + o->to, (const uint8_t *)iov[i].iov_base + off,
		       len);
		o->to += len;
	}
	return o->to ? NET_UNSENT : NET_SENT;
}

static enum net_sent stream_send(struct net_backend *b,
				 const struct virtio_net_header *h,
				 const struct iovec *iov, unsigned n,
				 size_t len, struct err *e)
{
	struct net_stream *s = (struct net_stream *)b;
	uint8_t length[] = { 0, (uint8_t)(len >> 16), (uint8_t)(len >> 8),
			     (uint8_t)len };
	struct iovec all[1 + NET_PIECES_MAX] = { { length, sizeof(length) } };
	struct msghdr msg = { .msg_iov = all, .msg_iovlen = 1 + n };
	ssize_t done;

	(void)h;
	assert(n <= NET_PIECES_MAX && len <= NET_FRAME_MAX);
	if (s->out.from < s->out.to)
		return NET_BUSY;
	memcpy(all + 1, iov, n * sizeof(*iov));
	do {
		done = sendmsg(b->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (done < 0 && errno == EINTR);
	return done < 0 ? failed(s, e) : keep(s, all, 1 + n, (size_t)done);
}

static enum net_sent stream_flush(struct net_backend *b, struct err *e)
{
	struct net_stream *s = (struct net_stream *)b;
	struct net_stream_out *o = &s->out;
	enum net_sent r;
	ssize_t done;

	while (o->from < o->to) {
		done = send(b->fd, o->data + o->from, o->to - o->from,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			r = failed(s, e);
			if (r == NET_REFUSED)
				break;
			return r == NET_BUSY ? NET_UNSENT : r;
		}
		o->from += (size_t)done;
	}
	o->from = o->to = 0;
	return NET_SENT;
}

static void stream_close(struct net_backend *b)
{
	close(b->fd);
	free(b);
}

static const struct net_backend_ops stream_ops = {
	.receive = stream_receive,
	.send = stream_send,
	.flush = stream_flush,
	.close = stream_close,
};

int net_stream_new(struct net_backend **b, int fd, const char *name,
		   struct err *e)
{
	struct net_stream *s = calloc(1, sizeof(*s));

	if (!s) {
		close(fd);
		return err_set(e, ENOMEM, "%s: no memory", name);
	}
	s->b.ops = &stream_ops;
	s->b.fd = fd;
	s->name = name;
	*b = &s->b;
	return 0;
}

int net_stream_connect(struct net_backend **b, const char *path, struct err *e)
{
	int fd = unix_connect(path, e);

	return fd < 0 ? err_prefix(e, fd, "%s", path)
		      : net_stream_new(b, fd, path, e);
}
