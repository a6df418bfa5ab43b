/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper process of the user-mode network: libslirp between the guest's
 * frames and the host's sockets.
 *
 * One thread and one loop. Frames for the guest that the launcher does not take
 * at once are queued, as many as OUT_MAX bytes; more are dropped, as on any
 * network, so the helper never waits for the guest.
 */
#include "dev/net/user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "dev/net/stream.h"

#define OUT_MAX	   (4u << 20)
#define TIMERS_MAX 8

/* Reads of the launcher's socket before the host's sockets have a turn. */
#define READS_MAX 16

#define NS_PER_MS 1000000

struct timer {
	SlirpTimerCb fn; /* NULL: free */
	void *ctx;
	int64_t due_ms; /* -1: not set */
};

static struct {
	int fd;
	Slirp *slirp;
	struct timer timers[TIMERS_MAX];
	struct pollfd *polls; /* the first is fd */
	size_t polls_count, polls_max;
	struct net_stream_in in;
	uint64_t drops[NET_DROPS];
	uint8_t out[OUT_MAX];
	size_t out_from, out_to;
} h;

/* --- frames to the launcher */

static void flush_out(void)
{
	while (h.out_from < h.out_to) {
		ssize_t n = send(h.fd, h.out + h.out_from,
				 h.out_to - h.out_from,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			_exit(0); /* the launcher has ended */
		if (n < 0)
			return;
		h.out_from += (size_t)n;
	}
	h.out_from = h.out_to = 0;
}

static bool has_room(size_t len)
{
	if (len <= sizeof(h.out) - h.out_to)
		return true;
	memmove(h.out, h.out + h.out_from, h.out_to - h.out_from);
	h.out_to -= h.out_from;
	h.out_from = 0;
	return len <= sizeof(h.out) - h.out_to;
}

static ssize_t send_packet(const void *frame, size_t len, void *opaque)
{
	const uint8_t length[] = { 0, (uint8_t)(len >> 16), (uint8_t)(len >> 8),
				   (uint8_t)len };

	(void)opaque;
	if (len > NET_FRAME_MAX || !has_room(sizeof(length) + len))
		return (ssize_t)len;
	memcpy(h.out + h.out_to, length, sizeof(length));
	memcpy(h.out + h.out_to + sizeof(length), frame, len);
	h.out_to += sizeof(length) + len;
	return (ssize_t)len;
}

/* --- frames from the launcher */

static void take_input(void)
{
	struct net_frame f;

	for (unsigned i = 0; i < READS_MAX; i++) {
		size_t room;
		uint8_t *to = net_stream_room(&h.in, &room);
		ssize_t n = recv(h.fd, to, room, MSG_DONTWAIT);

		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			_exit(0); /* the launcher has ended */
		if (n < 0)
			return;
		h.in.to += (size_t)n;
		while (net_stream_next(&h.in, &f, h.drops))
			slirp_input(h.slirp, f.data, (int)f.len);
		/* All that had arrived. */
		if ((size_t)n < room)
			return;
	}
}

/* --- what libslirp asks for */

static int64_t now_ms(void)
{
	return (int64_t)(clock_ns() / NS_PER_MS);
}

static int64_t on_clock(void *opaque)
{
	(void)opaque;
	return (int64_t)clock_ns();
}

static void *on_timer_new(SlirpTimerCb fn, void *ctx, void *opaque)
{
	(void)opaque;
	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = &h.timers[i];

		if (t->fn)
			continue;
		*t = (struct timer){ fn, ctx, -1 };
		return t;
	}
	_exit(1);
}

static void on_timer_free(void *timer, void *opaque)
{
	(void)opaque;
	((struct timer *)timer)->fn = NULL;
}

static void on_timer_mod(void *timer, int64_t due_ms, void *opaque)
{
	(void)opaque;
	((struct timer *)timer)->due_ms = due_ms;
}

static void on_message(const char *msg, void *opaque)
{
	(void)msg;
	(void)opaque;
}

static void on_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void on_notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = send_packet,
	.guest_error = on_message,
	.clock_get_ns = on_clock,
	.timer_new = on_timer_new,
	.timer_free = on_timer_free,
	.timer_mod = on_timer_mod,
	.register_poll_fd = on_fd,
	.unregister_poll_fd = on_fd,
	.notify = on_notify,
};

/* --- the loop */

static const struct {
	int slirp;
	short poll;
} events[] = {
	{ SLIRP_POLL_IN, POLLIN },   { SLIRP_POLL_OUT, POLLOUT },
	{ SLIRP_POLL_PRI, POLLPRI }, { SLIRP_POLL_ERR, POLLERR },
	{ SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int wanted, void *opaque)
{
	short mask = 0;

	(void)opaque;
	if (h.polls_count == h.polls_max) {
		size_t max = h.polls_max ? 2 * h.polls_max : 64;
		struct pollfd *more = realloc(h.polls, max * sizeof(*more));

		if (!more)
			_exit(1);
		h.polls = more;
		h.polls_max = max;
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (wanted & events[i].slirp)
			mask |= events[i].poll;
	h.polls[h.polls_count] = (struct pollfd){ .fd = fd, .events = mask };
	return (int)h.polls_count++;
}

static int get_events(int i, void *opaque)
{
	int got = 0;

	(void)opaque;
	for (size_t n = 0; n < sizeof(events) / sizeof(*events); n++)
		if (h.polls[i].revents & events[n].poll)
			got |= events[n].slirp;
	return got;
}

static void run_timers(void)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = &h.timers[i];

		if (!t->fn || t->due_ms < 0 || t->due_ms > now)
			continue;
		t->due_ms = -1;
		t->fn(t->ctx);
	}
}

/* In ms; -1: no limit. */
static int patience(uint32_t slirp_ms)
{
	int64_t least = slirp_ms == UINT32_MAX ? INT32_MAX : (int64_t)slirp_ms;
	int64_t now = now_ms();

	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		const struct timer *t = &h.timers[i];

		if (t->fn && t->due_ms >= 0 && t->due_ms - now < least)
			least = t->due_ms > now ? t->due_ms - now : 0;
	}
	return least >= INT32_MAX ? -1 : (int)least;
}

static void turn(void)
{
	uint32_t ms = UINT32_MAX;
	int rc;

	h.polls_count = 0;
	add_poll(h.fd, SLIRP_POLL_IN | (h.out_to ? SLIRP_POLL_OUT : 0), NULL);
	slirp_pollfds_fill(h.slirp, &ms, add_poll, NULL);
	rc = poll(h.polls, h.polls_count, patience(ms));
	slirp_pollfds_poll(h.slirp, rc < 0, get_events, NULL);
	run_timers();
	if (rc > 0 && h.polls[0].revents & (POLLIN | POLLHUP | POLLERR))
		take_input();
	flush_out();
}

/* --- making it */

/*
 * libslirp does not say which port the system chose. Its socket has the lowest
 * free number.
 */
static int chosen_port(int fd, const struct net_forward *f, uint16_t *port,
		       struct err *e)
{
	struct net_forward bound = *f;
	socklen_t len = sizeof(bound.host);

	if (getsockname(fd, &bound.host.any, &len))
		return err_sys(e, "getsockname");
	*port = net_forward_port(&bound);
	return 0;
}

static int next_fd(void)
{
	int fd = dup(h.fd);

	if (fd >= 0)
		close(fd);
	return fd;
}

static struct in_addr v4(const struct net_user_config *c, unsigned node)
{
	return (struct in_addr){ htonl(NET_USER_V4(c->network, node)) };
}

static struct in6_addr v6(const struct net_user_config *c, uint8_t node)
{
	struct in6_addr a = {
		.s6_addr = { 0xfe,
			     0xc0, [7] = (uint8_t)c->network, [15] = node }
	};

	return a;
}

/* The guest's address: the first of DHCP, or the one that it makes of its MAC
 * address (RFC 4291, appendix A). */
static void guest_address(struct net_forward *g, const struct net_forward *f,
			  const struct net_user_config *c)
{
	const uint8_t *mac = c->mac;
	const uint8_t own[8] = { mac[0] ^ 2, mac[1], mac[2], 0xff,
				 0xfe,	     mac[3], mac[4], mac[5] };

	memset(g, 0, sizeof(*g));
	g->host.any.sa_family = f->host.any.sa_family;
	if (f->host.any.sa_family == AF_INET)
		g->host.v4.sin_addr = v4(c, NET_USER_GUEST);
	else
		g->host.v6.sin6_addr = v6(c, 0);
	if (f->host.any.sa_family == AF_INET6)
		memcpy(&g->host.v6.sin6_addr.s6_addr[8], own, sizeof(own));
	net_forward_set_port(g, f->guest_port);
}

static int add_forward(const struct net_forward *f,
		       const struct net_user_config *c, uint16_t *port,
		       struct err *e)
{
	bool is_v6 = f->host.any.sa_family == AF_INET6;
	int flags = (f->is_udp ? SLIRP_HOSTFWD_UDP : 0) |
		    (is_v6 ? SLIRP_HOSTFWD_V6ONLY : 0);
	struct net_forward guest;
	char text[NET_FORWARD_TEXT];
	int fd = next_fd();

	guest_address(&guest, f, c);
	errno = 0;
	if (slirp_add_hostxfwd(h.slirp, &f->host.any, net_forward_len(f),
			       &guest.host.any, net_forward_len(&guest),
			       flags)) {
		net_forward_text(f, text);
		return err_set(e, errno ?: EIO, "%s: %s", text,
			       strerror(errno ?: EIO));
	}
	return chosen_port(fd, f, port, e);
}

static Slirp *make(const struct net_user_config *c)
{
	unsigned mtu = c->mtu ?: NET_USER_MTU;
	SlirpConfig config = {
		.version = 1,
		.restricted = c->restrict_,
		.in_enabled = true,
		.in6_enabled = true,
		.vnetwork = v4(c, 0),
		.vnetmask = { htonl(~0u << (32 - NET_USER_PREFIX)) },
		.vhost = v4(c, NET_USER_HOST),
		.vdhcp_start = v4(c, NET_USER_GUEST),
		.vnameserver = v4(c, NET_USER_DNS),
		.vprefix_addr6 = v6(c, 0),
		.vprefix_len = 64,
		.vhost6 = v6(c, NET_USER_HOST),
		.vnameserver6 = v6(c, NET_USER_DNS),
		.if_mtu = mtu,
		.if_mru = mtu,
	};

	return slirp_new(&config, &callbacks, NULL);
}

/* Everything is bound. libslirp looks for the name server's address again and
 * again. */
static void confine(const struct net_user_config *c)
{
	struct confine_file servers = { .path = "/etc/resolv.conf" };

	servers.fd = open(servers.path, O_RDONLY | O_CLOEXEC);
	confine_process(c->restrict_ ? PROCESS_NET_RESTRICTED : PROCESS_NET,
			"network", &servers);
}

static void say_hello(const struct net_user_config *c)
{
	struct net_user_hello hello = { .rc = 0 };

	h.slirp = make(c);
	if (!h.slirp)
		hello.rc = err_set(&hello.e, EIO, "libslirp failed");
	for (unsigned i = 0; !hello.rc && i < c->forwards_count; i++)
		hello.rc = add_forward(&c->forwards[i], c, &hello.ports[i],
				       &hello.e);
	if (!hello.rc)
		confine(c);
	if (send(h.fd, &hello, sizeof(hello), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(hello) ||
	    hello.rc)
		_exit(1);
}

void net_slirp_run(int fd, const struct net_user_config *c)
{
	h.fd = fd;
	say_hello(c);
	for (;;)
		turn();
}
