/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/net.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/inherited.h"
#include "base/log.h"
#include "base/wire.h"
#include "dev/net/mac.h"
#include "dev/net/pcap.h"
#include "dev/net/stream.h"
#include "dev/net/tap.h"
#include "dev/net/user.h"

/* Frames that are delivered before other devices run. */
#define NET_BATCH 64

static void count(struct virtio_net *n, enum net_count what, uint64_t by)
{
	atomic_fetch_add(&n->counts[what], by);
}

/* --- the backend's descriptor, and its end */

static void update_watch(struct virtio_net *n)
{
	if (n->is_up)
		loop_change(&n->watch, (n->waits ? 0 : LOOP_IN) |
					       (n->has_unsent ? LOOP_OUT : 0));
}

/* 5.1.4.2: the driver learns of it by a change of the configuration. */
static void lose_link(struct virtio_net *n, const struct err *e)
{
	const uint8_t down[2] = { 0, 0 };

	n->is_up = false;
	n->has_unsent = false;
	loop_remove(&n->watch);
	count(n, NET_LINK_LOSSES, 1);
	virtio_set_config(&n->core, VIRTIO_NET_STATUS, down, sizeof(down));
	virtio_host_error(&n->core, VIRTIO_NO_QUEUE, e);
	/* What waits there is dropped. */
	virtio_resume(&n->core, VIRTIO_NET_TRANSMIT);
}

static void capture(struct virtio_net *n, const struct iovec *iov,
		    unsigned pieces, size_t len)
{
	struct err e;

	if (n->pcap_fd && net_pcap_write(n->pcap_fd, iov, pieces, len, &e)) {
		n->pcap_fd = 0;
		virtio_host_error(&n->core, VIRTIO_NO_QUEUE, &e);
	}
}

/* --- from the backend to the guest */

enum delivery {
	DELIVERED,
	NO_BUFFER, /* the driver has too few buffers now */
	TOO_LONG,  /* its buffers will never do */
	REFUSED,   /* it broke a rule, and its life is over */
};

static enum delivery refuse(struct virtio_net *n,
			    const struct virtio_request *r)
{
	struct err e;

	err_set(&e, EPROTO,
		r->chain.readable
			? "chain %u: a device-readable buffer in the "
			  "receive queue (5.1.6.3)"
			: "chain %u: no room for a header (5.1.6.3.1)",
		r->chain.head);
	virtio_refuse(&n->core, &r->ticket, &e);
	return REFUSED;
}

static void put_back(struct virtio_net *n, unsigned taken)
{
	while (taken)
		virtio_put_back(&n->core, &n->given[--taken].ticket);
}

/* Take the next chain for the frame. */
static enum delivery take(struct virtio_net *n, struct virtio_request *r,
			  unsigned taken)
{
	bool merges = virtio_has(&n->core, VIRTIO_NET_F_MRG_RXBUF);
	enum delivery d = DELIVERED;

	if (taken == (merges ? NET_QUEUE_SIZE : 1))
		d = TOO_LONG;
	else if (!virtio_take(&n->core, VIRTIO_NET_RECEIVE, r))
		d = NO_BUFFER;
	if (d != DELIVERED)
		put_back(n, taken);
	else if (r->chain.readable ||
		 r->chain.writable_bytes < VIRTIO_NET_HEADER_SIZE)
		d = refuse(n, r);
	return d;
}

/*
 * With MRG_RXBUF a frame may take several chains, which the driver must see at
 * once. Without, 5.1.6.4: "The device MUST use only a single descriptor chain".
 */
static enum delivery deliver(struct virtio_net *n)
{
	struct virtio_net_header h = n->frame.header;
	struct virtq_cursor header = { 0 };
	unsigned taken = 0;
	size_t done = 0;

	do {
		struct virtio_request *r = taken ? &n->next : &n->first;
		enum delivery d = take(n, r, taken);
		struct virtq_cursor to;
		size_t len;

		if (d != DELIVERED)
			return d;
		to = virtq_writer(&r->chain);
		if (!taken)
			header = virtq_split(&to, sizeof(h));
		len = virtq_write(&to, n->frame.data + done,
				  n->frame.len - done);
		done += len;
		len += taken ? 0 : sizeof(h);
		n->given[taken++] = (struct virtio_given){ r->ticket,
							   (uint32_t)len };
	} while (done < n->frame.len);
	h.num_buffers = (uint16_t)taken;
	virtq_write(&header, &h, sizeof(h));
	virtio_give_all(&n->core, n->given, taken);
	return DELIVERED;
}

/* Whether there is a frame to deliver. */
static bool next_frame(struct virtio_net *n)
{
	struct err e;
	int rc;

	if (n->has_frame || !n->is_up)
		return n->has_frame;
	rc = n->backend->ops->receive(n->backend, &n->frame, &e);
	if (rc < 0)
		lose_link(n, &e);
	n->has_frame = rc > 0;
	if (n->has_frame) {
		const struct iovec all = { (void *)n->frame.data,
					   n->frame.len };

		capture(n, &all, 1, n->frame.len);
	}
	return n->has_frame;
}

/* Deliver the next frame. Returns whether to go on. */
static bool receive_one(struct virtio_net *n)
{
	enum delivery d;

	if (!next_frame(n))
		return false;
	d = deliver(n);
	if (d == NO_BUFFER || d == REFUSED) {
		/* Asks for the doorbell of the next buffer. */
		n->waits = true;
		virtio_resume(&n->core, VIRTIO_NET_RECEIVE);
		return false;
	}
	n->has_frame = false;
	count(n, d == DELIVERED ? NET_RX_FRAMES : NET_RX_DROPS, 1);
	if (d == DELIVERED)
		count(n, NET_RX_BYTES, n->frame.len);
	return true;
}

static void receive(struct virtio_net *n)
{
	for (unsigned i = 0; i < NET_BATCH; i++)
		if (!receive_one(n)) {
			update_watch(n);
			return;
		}
	/* The backend may have read more than these from its descriptor. */
	loop_post(&n->core.is.worker->loop, &n->go_on);
}

static void on_go_on(void *ctx)
{
	receive(ctx);
}

static enum virtio_result serve_receive(struct virtio_net *n)
{
	/* Chains stay in the queue until there is a frame. */
	if (n->waits) {
		n->waits = false;
		loop_post(&n->core.is.worker->loop, &n->go_on);
	}
	return VIRTIO_NOT_NOW;
}

/* --- from the guest to the backend */

static void flush(struct virtio_net *n)
{
	struct err e;
	enum net_sent r = n->backend->ops->flush(n->backend, &e);

	if (r == NET_GONE) {
		lose_link(n, &e);
	} else if (r == NET_SENT) {
		n->has_unsent = false;
		update_watch(n);
		virtio_resume(&n->core, VIRTIO_NET_TRANSMIT);
	}
}

/* The other end has ended while there is no driver for its last frames. */
static void expect_end(struct virtio_net *n)
{
	while (next_frame(n))
		n->has_frame = false;
}

static void on_event(void *ctx, unsigned events)
{
	struct virtio_net *n = ctx;

	if (!n->is_driven) {
		expect_end(n);
		return;
	}
	if (n->has_unsent && events & LOOP_OUT)
		flush(n);
	if (!n->waits && events & (LOOP_IN | LOOP_GONE))
		receive(n);
}

/* Whether the offloads that @h asks for were negotiated and are inside a frame
 * of @len bytes. 5.1.6.2.1 has the driver's rules. */
static bool header_fits(const struct virtio_net *n,
			const struct virtio_net_header *h, size_t len)
{
	bool sums = h->flags & VIRTIO_NET_HDR_NEEDS_CSUM;
	size_t end = (size_t)h->csum_start + h->csum_offset + 2;

	if (sums && (!(n->offloads & NET_OFFLOAD_CSUM) || end > len))
		return false;
	switch (h->gso_type) {
	case VIRTIO_NET_GSO_NONE:
		return true;
	case VIRTIO_NET_GSO_TCPV4:
		return sums && h->gso_size && n->offloads & NET_OFFLOAD_TSO4;
	case VIRTIO_NET_GSO_TCPV6:
		return sums && h->gso_size && n->offloads & NET_OFFLOAD_TSO6;
	default:
		return false;
	}
}

static enum virtio_result drop(struct virtio_net *n)
{
	count(n, NET_TX_DROPS, 1);
	return VIRTIO_DONE;
}

static enum virtio_result sent(struct virtio_net *n, enum net_sent r,
			       size_t len, const struct err *e)
{
	if (r == NET_GONE)
		lose_link(n, e);
	if (r == NET_GONE || r == NET_REFUSED)
		return drop(n);
	n->has_unsent = r != NET_SENT;
	if (n->has_unsent)
		update_watch(n);
	if (r == NET_BUSY)
		return VIRTIO_NOT_NOW;
	count(n, NET_TX_FRAMES, 1);
	count(n, NET_TX_BYTES, len);
	return VIRTIO_DONE;
}

static enum virtio_result serve_transmit(struct virtio_net *n,
					 const struct virtio_request *r,
					 struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	struct virtio_net_header h;
	struct iovec iov[NET_PIECES_MAX];
	struct err why;
	enum net_sent how;
	unsigned pieces;
	size_t len;

	if (r->chain.count > r->chain.readable) {
		err_set(e, EPROTO,
			"chain %u: a device-writable buffer in the transmit "
			"queue (5.1.6.2)",
			r->chain.head);
		return VIRTIO_DRIVER_FAULT;
	}
	if (virtq_read(&in, &h, sizeof(h)) != sizeof(h)) {
		err_set(e, EPROTO,
			"chain %u: fewer than %d bytes of header (5.1.6)",
			r->chain.head, VIRTIO_NET_HEADER_SIZE);
		return VIRTIO_DRIVER_FAULT;
	}
	if (n->has_unsent)
		return VIRTIO_NOT_NOW;
	len = (size_t)in.left;
	if (!n->is_up || in.left < NET_ETHERNET_SIZE ||
	    in.left > NET_FRAME_MAX || !header_fits(n, &h, len))
		return drop(n);
	/* "A device MUST ignore flag bits that it does not recognize." */
	h.flags &= VIRTIO_NET_HDR_NEEDS_CSUM;
	h.num_buffers = 0;
	pieces = virtq_iov(&in, len, iov, NET_PIECES_MAX);
	how = n->backend->ops->send(n->backend, &h, iov, pieces, len, &why);
	if (how == NET_SENT || how == NET_UNSENT)
		capture(n, iov, pieces, len);
	return sent(n, how, len, &why);
}

/* --- the device */

static enum virtio_result net_serve(void *dev, struct virtio_request *r,
				    struct err *e)
{
	struct virtio_net *n = dev;

	return r->ticket.queue == VIRTIO_NET_RECEIVE ? serve_receive(n)
						     : serve_transmit(n, r, e);
}

/* 5.1.3.1: without a checksum offload there is no segmentation. */
static unsigned offloads(const struct virtio_net *n, unsigned csum,
			 unsigned tso4, unsigned tso6)
{
	if (!virtio_has(&n->core, csum))
		return 0;
	return NET_OFFLOAD_CSUM |
	       (virtio_has(&n->core, tso4) ? NET_OFFLOAD_TSO4 : 0) |
	       (virtio_has(&n->core, tso6) ? NET_OFFLOAD_TSO6 : 0);
}

static int net_start(void *dev, struct err *e)
{
	struct virtio_net *n = dev;
	unsigned takes = offloads(n, VIRTIO_NET_F_GUEST_CSUM,
				  VIRTIO_NET_F_GUEST_TSO4,
				  VIRTIO_NET_F_GUEST_TSO6);
	int rc = 0;

	n->offloads = offloads(n, VIRTIO_NET_F_CSUM, VIRTIO_NET_F_HOST_TSO4,
			       VIRTIO_NET_F_HOST_TSO6);
	if (!n->is_up)
		return 0;
	if (n->backend->ops->start)
		rc = n->backend->ops->start(n->backend, takes, e);
	if (rc)
		return rc;
	n->is_driven = true;
	update_watch(n);
	/* Frames that the backend read for an earlier driver. */
	loop_post(&n->core.is.worker->loop, &n->go_on);
	return 0;
}

static void net_stop(void *dev)
{
	struct virtio_net *n = dev;

	if (n->is_up)
		loop_change(&n->watch, LOOP_GONE);
	loop_cancel(&n->core.is.worker->loop, &n->go_on);
	n->is_driven = n->has_frame = n->waits = false;
}

static void net_report(void *dev, struct device_counters *c)
{
	static const char *const names[NET_COUNTS] = {
		[NET_RX_FRAMES] = "rx_frames",
		[NET_RX_BYTES] = "rx_bytes",
		[NET_RX_DROPS] = "rx_drops",
		[NET_TX_FRAMES] = "tx_frames",
		[NET_TX_BYTES] = "tx_bytes",
		[NET_TX_DROPS] = "tx_drops",
		[NET_LINK_LOSSES] = "link_losses",
	};
	static const char *const drops[NET_DROPS] = {
		[NET_OVERSIZED] = "rx_oversized",
		[NET_RUNTS] = "rx_runts",
		[NET_TRUNCATED] = "rx_truncated",
	};
	struct virtio_net *n = dev;

	for (unsigned i = 0; i < NET_COUNTS; i++)
		device_count(c, names[i], atomic_load(&n->counts[i]));
	for (unsigned i = 0; i < NET_DROPS; i++)
		device_count(c, drops[i], n->backend->drops[i]);
}

static void net_free(void *dev)
{
	virtio_net_release(dev);
	free(dev);
}

static const struct virtio_device_ops net_ops = {
	.start = net_start,
	.stop = net_stop,
	.serve = net_serve,
	.report = net_report,
	.release = net_free,
};

/* --- making one */

#define BIT(n) (UINT64_C(1) << (n))

static uint64_t features(const struct net_backend *b, unsigned mtu)
{
	uint64_t f = BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |
		     BIT(VIRTIO_NET_F_MRG_RXBUF);

	if (mtu)
		f |= BIT(VIRTIO_NET_F_MTU);
	if (b->has_header)
		f |= BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4) |
		     BIT(VIRTIO_NET_F_HOST_TSO6) |
		     BIT(VIRTIO_NET_F_GUEST_CSUM) |
		     BIT(VIRTIO_NET_F_GUEST_TSO4) |
		     BIT(VIRTIO_NET_F_GUEST_TSO6);
	return f;
}

int virtio_net_init(struct virtio_net *n, struct net_backend *backend,
		    const uint8_t mac[VIRTIO_NET_MAC_SIZE], unsigned mtu,
		    const struct guest_mem *gm, struct worker *worker,
		    struct err *e)
{
	uint8_t config[VIRTIO_NET_CONFIG_SIZE] = { 0 };
	const struct virtio_setup setup = {
		.name = "virtio-net",
		.id = VIRTIO_ID_NET,
		.features = features(backend, mtu),
		.queues = 2,
		.queue_size = NET_QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.ops = &net_ops,
		.dev = n,
		.gm = gm,
		.worker = worker,
	};
	int rc;

	memset(n, 0, sizeof(*n));
	n->backend = backend;
	n->is_up = true;
	n->watch = (struct loop_watch){ .fn = on_event, .ctx = n };
	n->go_on = (struct loop_call){ .fn = on_go_on, .ctx = n };
	memcpy(config + VIRTIO_NET_MAC, mac, VIRTIO_NET_MAC_SIZE);
	put16(config, VIRTIO_NET_STATUS, VIRTIO_NET_S_LINK_UP);
	put16(config, VIRTIO_NET_PAIRS, 1);
	put16(config, VIRTIO_NET_MTU, (uint16_t)mtu);
	rc = virtio_init(&n->core, &setup, e);
	if (rc)
		return rc;
	/* Until there is a driver, only the end of the other end matters. */
	rc = loop_add(&worker->loop, &n->watch, backend->fd, LOOP_GONE, e);
	if (rc)
		virtio_release(&n->core);
	return rc;
}

void virtio_net_release(struct virtio_net *n)
{
	loop_remove(&n->watch);
	virtio_release(&n->core);
}

/* --- its option */

/* libslirp drops every datagram of a guest that it restricts, also answers to
 * those that a forward has let in. */
static int check_forward(const struct virtio_net_config *c, const char *text,
			 struct err *e)
{
	struct net_forward f;
	int rc = net_forward_parse(&f, text, e);

	if (!rc && f.is_udp && c->restrict_)
		rc = err_set(e, EINVAL,
			     "%s cannot be combined with restrict, which lets "
			     "no datagram of the guest out",
			     text);
	return rc;
}

static int check_forwards(const struct virtio_net_config *c, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->forward_count; i++)
		rc = check_forward(c, c->forward[i], e);
	return rc ? err_prefix(e, rc, "forward") : 0;
}

static int net_check(const void *config, struct err *e)
{
	const struct virtio_net_config *c = config;
	uint8_t mac[VIRTIO_NET_MAC_SIZE];
	int rc;

	if (c->user + !!c->stream + !!c->tap + !!c->fd != 1)
		return err_set(e, EINVAL,
			       "expected exactly one of user, tap=NAME, "
			       "stream=PATH and fd=N");
	if (!c->user && (c->restrict_ || c->forward_count))
		return err_set(e, EINVAL, "%s requires user",
			       c->restrict_ ? "restrict" : "forward");
	if (c->user && c->mtu > NET_USER_MTU_MAX)
		return err_set(e, ERANGE,
			       "mtu: %lu is more than user can carry, %d",
			       c->mtu, NET_USER_MTU_MAX);
	rc = c->mac ? net_mac_parse(mac, c->mac, e) : 0;
	return rc ?: check_forwards(c, e);
}

static int net_agree(void *config, const void *earlier, struct err *e)
{
	const struct virtio_net_config *other = earlier;
	struct virtio_net_config *c = config;

	if (c->user && other->user)
		c->network = other->network + 1;
	if (c->pcap && other->pcap && !strcmp(c->pcap, other->pcap))
		return err_set(e, EINVAL, "two cards cannot write to %s",
			       c->pcap);
	if (c->mac && other->mac && !strcasecmp(c->mac, other->mac))
		return err_set(e, EINVAL, "two cards cannot have %s", c->mac);
	return 0;
}

static void net_identify(void *config, const char *guest, unsigned instance)
{
	struct virtio_net_config *c = config;
	struct err e;

	if (!c->mac || net_mac_parse(c->address, c->mac, &e))
		net_mac_make(c->address, guest, instance);
}

/* A descriptor that was inherited: what it is decides how it is used. */
static int open_fd(struct virtio_net_config *c, struct err *e)
{
	int fd = (int)c->fd, type = 0, rc;
	socklen_t len = sizeof(type);

	if (!inherited_has(fd))
		return err_set(e, EBADF,
			       "descriptor %d is not open (the caller must "
			       "leave it open, and it may be given only once)",
			       fd);
	inherited_keep(fd);
	if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	    type == SOCK_STREAM)
		return net_stream_new(&c->backend, fd, "the stream", e);
	if (net_tap_is(fd))
		return net_tap_new(&c->backend, fd, e);
	rc = err_set(e, EINVAL,
		     "descriptor %d is neither a stream socket nor a TAP "
		     "device",
		     fd);
	close(fd);
	return rc;
}

/* A port that the system chose is of no use unless it is known. */
static void report_forward(const struct net_forward *f, bool was_chosen)
{
	char text[NET_FORWARD_TEXT];

	net_forward_text(f, text);
	if (was_chosen)
		log_say("%s leads to the guest's port %u", text, f->guest_port);
	else
		log_step("%s leads to the guest's port %u", text,
			 f->guest_port);
}

static int open_user(struct virtio_net_config *c, struct err *e)
{
	struct net_user_config user = {
		.restrict_ = c->restrict_,
		.mtu = (unsigned)c->mtu,
		.network = c->network,
		.forwards_count = (unsigned)c->forward_count,
	};
	bool chosen[NET_FORWARDS_MAX];
	int rc = 0;

	memcpy(user.mac, c->address, sizeof(user.mac));
	for (unsigned i = 0; !rc && i < user.forwards_count; i++) {
		rc = net_forward_parse(&user.forwards[i], c->forward[i], e);
		chosen[i] = !rc && !net_forward_port(&user.forwards[i]);
	}
	if (!rc)
		rc = net_user_new(&c->backend, &user, e);
	if (!rc)
		log_step("process %d is the network",
			 (int)net_user_pid(c->backend));
	for (unsigned i = 0; !rc && i < user.forwards_count; i++) {
		report_forward(&user.forwards[i], chosen[i]);
		c->forwards[c->forwards_count++] = user.forwards[i];
	}
	if (!c->mtu)
		c->mtu = NET_USER_MTU;
	return rc;
}

static int open_backend(struct virtio_net_config *c, struct err *e)
{
	if (c->user)
		return open_user(c, e);
	if (c->tap)
		return net_tap_open(&c->backend, c->tap, e);
	return c->stream ? net_stream_connect(&c->backend, c->stream, e)
			 : open_fd(c, e);
}

static int net_open(void *config, struct err *e)
{
	struct virtio_net_config *c = config;
	int rc = open_backend(c, e), fd;

	if (rc || !c->pcap)
		return rc;
	fd = net_pcap_open(c->pcap, e);
	if (fd < 0)
		return fd;
	c->pcap_fd = fd;
	return 0;
}

static bool net_forward_at(const void *config, unsigned n,
			   struct device_forward *f)
{
	const struct virtio_net_config *c = config;
	const struct net_forward *from = &c->forwards[n];

	if (n >= c->forwards_count)
		return false;
	f->protocol = net_forward_protocol(from);
	net_forward_address(from, f->address);
	f->port = net_forward_port(from);
	f->guest_port = from->guest_port;
	return true;
}

static void net_close(void *config)
{
	struct virtio_net_config *c = config;

	net_backend_close(c->backend);
	c->backend = NULL;
	if (c->pcap_fd)
		close(c->pcap_fd);
	c->pcap_fd = 0;
}

static const struct keyword net_keys[] = {
	{ "user", NULL, VALUE_FLAG_AT(struct virtio_net_config, user), 0, false,
	  "a network of the launcher's own, without privileges" },
	{ "forward", "tcp|udp:[ADDR:]PORT:PORT",
	  VALUES_AT(VALUE_TEXT, struct virtio_net_config, forward,
		    forward_count),
	  NET_FORWARDS_MAX, false,
	  "user: lead a port of the host to one of the guest" },
	{ "restrict", NULL, VALUE_FLAG_AT(struct virtio_net_config, restrict_),
	  0, false, "user: no way in or out but the forwards" },
	{ "tap", "NAME", VALUE_TEXT_AT(struct virtio_net_config, tap), 0, false,
	  "a TAP interface of this machine, with offloads" },
	{ "stream", "PATH", VALUE_PATH_AT(struct virtio_net_config, stream), 0,
	  false, "frames over a UNIX socket, as passt and QEMU speak" },
	{ "fd", "N", VALUE_NUMBER_AT(struct virtio_net_config, fd, 3, INT_MAX),
	  0, false,
	  "an inherited descriptor: a stream socket or a TAP device" },
	{ "mac", "ADDRESS", VALUE_TEXT_AT(struct virtio_net_config, mac), 0,
	  false, "its MAC address (default: made of the guest's name)" },
	{ "mtu", "BYTES",
	  VALUE_NUMBER_AT(struct virtio_net_config, mtu, VIRTIO_NET_MTU_MIN,
			  VIRTIO_NET_MTU_MAX),
	  0, false, "the longest packet, 68 to 65535" },
	{ "pcap", "FILE", VALUE_PATH_AT(struct virtio_net_config, pcap), 0,
	  false, "write all frames to this file, for Wireshark" },
};

static const struct device_option net_option = {
	.keywords = { .keys = net_keys,
		      .count = sizeof(net_keys) / sizeof(*net_keys) },
	.config_size = sizeof(struct virtio_net_config),
	.check = net_check,
	.agree = net_agree,
	.identify = net_identify,
	.open = net_open,
	.forward = net_forward_at,
	.close = net_close,
};

static int net_create(struct virtio **v, const struct device_slot *slot,
		      struct device_env *env, struct err *e)
{
	const struct virtio_net_config *c = slot->config;
	struct virtio_net *n = device_alloc(slot, sizeof(*n), e);
	int rc;

	if (!n)
		return -ENOMEM;
	rc = virtio_net_init(n, c->backend, c->address, (unsigned)c->mtu,
			     env->gm, env->worker, e);
	if (rc) {
		free(n);
		return rc;
	}
	n->pcap_fd = c->pcap_fd;
	*v = &n->core;
	return 0;
}

const struct device_type virtio_net_type = {
	.name = "virtio-net",
	.virtio = net_create,
	.option = &net_option,
};
