/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/vsock.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/virtio/vsock_connection.h"

#define VSOCK_QUEUE_SIZE 256
#define WAITING_MAX	 128 /* clients that are not accepted yet */
#define HEADER		 VIRTIO_VSOCK_HEADER_SIZE

/* --- packets to the guest */

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
		vsock_destroy(c);
		return done;
	}
	if (c->due & DUE_REQUEST)
		done = send_packet(c, head, DUE_REQUEST,
				   VIRTIO_VSOCK_OP_REQUEST, 0, 0);
	else if (c->due & DUE_RESPONSE)
		done = send_packet(c, head, DUE_RESPONSE,
				   VIRTIO_VSOCK_OP_RESPONSE, 0, 0);
	else if (vsock_has_data(c))
		done = vsock_read(c, data);
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
	while (!r->written && (c = vsock_take_ready(s))) {
		unsigned before = s->connections;

		data = all;
		r->written = fill(c, &head, &data);
		if (s->connections == before)
			vsock_arrange(c);
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
	vsock_wake_rx(s);
}

/* Only privileged programs may say that the guest is ready. */
static bool is_notice(const struct virtio_vsock *s, const struct vsock_ports *p)
{
	return s->ready && p->host == VSOCK_READY_PORT &&
	       p->guest < VSOCK_UNPRIVILEGED_PORT;
}

static int connect_here(const struct virtio_vsock *s, uint32_t port)
{
	char path[sizeof(s->socket->path) + sizeof("_4294967295")];
	struct err ignored;

	if (!s->socket->path[0])
		return -ECONNREFUSED;
	snprintf(path, sizeof(path), "%s_%" PRIu32, s->socket->path, port);
	return unix_connect(path, &ignored);
}

/* The guest wants to connect to a program here, or to us. */
static struct vsock_connection *connect_to(struct virtio_vsock *s,
					   const struct vsock_ports *ports)
{
	bool notice = is_notice(s, ports);
	int fd = notice ? -1 : connect_here(s, ports->host);
	struct vsock_connection *c = fd < 0 && !notice
					     ? NULL
					     : vsock_begin(s, fd, OPEN);

	if (!c) {
		if (fd >= 0)
			close(fd);
		vsock_count(s, VSOCK_REFUSED, 1);
		answer_reset(s, ports, VIRTIO_VSOCK_TYPE_STREAM);
		return NULL;
	}
	c->ports = *ports;
	c->is_notice = notice;
	vsock_enlist(c, true);
	c->due = DUE_RESPONSE;
	vsock_count(s, VSOCK_CONNECTIONS, 1);
	return c;
}

/* The guest has accepted a connection from here. */
static void accepted(struct vsock_connection *c)
{
	char line[32];

	if (c->state != ASKED || c->due & DUE_REQUEST) {
		vsock_reset(c);
		return;
	}
	snprintf(line, sizeof(line), "OK %" PRIu32 "\n", c->ports.host);
	c->state = OPEN;
	vsock_count(c->s, VSOCK_CONNECTIONS, 1);
	vsock_say(c, line, strlen(line));
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
			vsock_count(c->s, VSOCK_REFUSED, 1);
		vsock_forget(c);
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
		vsock_guest_ends(c, h->flags);
		break;
	case VIRTIO_VSOCK_OP_RW:
		vsock_take_data(c, in);
		break;
	case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
		break;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		c->due |= DUE_CREDIT;
		break;
	default:
		vsock_reset(c);
	}
	vsock_arrange(c);
}

static void dispatch(struct virtio_vsock *s,
		     const struct virtio_vsock_header *h,
		     struct virtq_cursor *in)
{
	const struct vsock_ports ports = { h->dst_port, h->src_port };
	struct vsock_connection *c;

	if (h->src_cid != s->cid || h->dst_cid != VSOCK_CID_HOST) {
		vsock_count(s, VSOCK_DROPPED, 1);
		return;
	}
	c = h->type == VIRTIO_VSOCK_TYPE_STREAM ? vsock_find(s, &ports) : NULL;
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
		vsock_arrange(c);
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
			vsock_forget(c);
	for (c = s->others; c; c = next) {
		next = c->next;
		if (c->state == GREETED)
			vsock_destroy(c);
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
		      const struct unix_listener *socket,
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
	s->clients = (struct loop_watch){ .fn = vsock_client_accept, .ctx = s };
	s->retry = (struct loop_timer){ .fn = vsock_client_retry, .ctx = s };
	rc = virtio_init(&s->core, &setup, e);
	if (rc || !socket->path[0])
		return rc;
	rc = loop_add(vsock_loop(s), &s->clients, socket->fd, LOOP_IN, e);
	if (rc)
		virtio_release(&s->core);
	return rc;
}

void virtio_vsock_release(struct virtio_vsock *s)
{
	while (s->others)
		vsock_destroy(s->others);
	loop_remove(&s->clients);
	loop_timer_stop(&s->retry);
	virtio_release(&s->core);
}

/* --- its option */

static int vsock_check(const void *config, struct err *e)
{
	const struct virtio_vsock_config *c = config;
	int rc = c->path ? unix_path_check(c->path, VSOCK_PATH_MAX, e) : 0;

	return rc ? err_prefix(e, rc, "socket") : 0;
}

static int vsock_open(void *config, struct err *e)
{
	struct virtio_vsock_config *c = config;

	return c->path ? unix_listener_open(&c->socket, c->path, WAITING_MAX, e)
		       : 0;
}

static void vsock_close(void *config)
{
	struct virtio_vsock_config *c = config;

	unix_listener_close(&c->socket);
}

static void vsock_abandon(const void *config)
{
	const struct virtio_vsock_config *c = config;

	unix_listener_abandon(&c->socket);
}

static const char *vsock_removes(const void *config)
{
	const struct virtio_vsock_config *c = config;

	return c->path;
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
	.opened_as_user = true,
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
