/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-vsock that sends any packet, and programs here that
 * connect, write, read and go in any order. Beyond not crashing: every packet
 * for the guest has an address of ours and the length that it says, data is
 * only sent as far as the guest has said that it has room, and at the end
 * nothing is left of any connection.
 *
 * The input: steps of 4 bytes
 *
 *   what, which, amount, more
 */
#include "fuzz/fuzz.h"
#include "dev/virtio/vsock.h"
#include "support/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CID	    5
#define PROGRAMS    8
#define STEPS_MAX   200
#define GUEST_PORTS 4
#define LISTENS_AT  7

static struct guest_mem gm;
static struct virtio_vsock s;
static struct unix_listener sock;
static struct worker worker;
static struct virtio_request r;
static uint8_t data[200 << 10];
static int programs[PROGRAMS];
static int listens;
static char folder[80], path[96], other[100];
/* What the guest knows of its connections; the host's port is first. */
static struct {
	uint32_t host, guest, sent, forwarded, room;
} known[64];
static unsigned known_count;
static bool is_over; /* a fault has ended the driver */

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static enum virtio_result serve(uint16_t queue)
{
	enum virtio_result result;
	struct err e;

	r.ticket.queue = queue;
	r.written = 0;
	result = s.core.is.ops->serve(&s, &r, &e);
	is_over |= result == VIRTIO_DRIVER_FAULT;
	return result;
}

static unsigned know(uint32_t host, uint32_t guest)
{
	unsigned i = 0;

	while (i < known_count &&
	       (known[i].host != host || known[i].guest != guest))
		i++;
	if (i == known_count && known_count < 64) {
		memset(&known[i], 0, sizeof(known[i]));
		known[i].host = host;
		known[i].guest = guest;
		known_count++;
	}
	return i;
}

/* The guest takes a packet. */
static bool take(size_t room)
{
	struct virtio_vsock_header h;
	unsigned i;

	memset(&r, 0, sizeof(r));
	chain_add(&r.chain, &h, 11, true);
	chain_add(&r.chain, (uint8_t *)&h + 11, sizeof(h) - 11, true);
	chain_add(&r.chain, data, room, true);
	if (serve(VIRTIO_VSOCK_RX) != VIRTIO_DONE)
		return false;
	claim(r.written == sizeof(h) + h.len);
	claim(h.src_cid == 2 && h.dst_cid == CID);
	/* The answer to a packet of another type belongs to no stream. */
	if (h.type == 2 && h.op == VIRTIO_VSOCK_OP_RST)
		return true;
	claim(h.type == 1);
	claim((h.op == VIRTIO_VSOCK_OP_RW) == (h.len > 0) && h.len <= room);
	i = know(h.src_port, h.dst_port);
	if (i == 64)
		return true;
	if (h.op == VIRTIO_VSOCK_OP_REQUEST || h.op == VIRTIO_VSOCK_OP_RST)
		known[i].sent = known[i].forwarded = known[i].room = 0;
	known[i].sent += h.len;
	if (h.len)
		claim(known[i].sent - known[i].forwarded <= known[i].room);
	return true;
}

/* The guest sends a packet. */
static void send_packet(const uint8_t *in)
{
	static const uint32_t lens[] = {
		0, 1, 100, 4096, 65536, 131072, 140000
	};
	struct virtio_vsock_header h = {
		.src_cid = CID + (in[3] == 255),
		.dst_cid = 2 + (in[3] == 254),
		.src_port = in[1] % GUEST_PORTS,
		.dst_port = in[1] & 64	  ? LISTENS_AT
			    : in[1] & 128 ? 9
					  : 0,
		.type = in[3] == 253 ? 2 : 1,
		.op = (in[0] & 15) % 9,
		.flags = in[3] % 4,
		.buf_alloc = in[2] * 100u,
	};
	uint32_t len;
	unsigned i;

	/* One that it knows. */
	if (known_count && !h.dst_port) {
		i = in[1] % known_count;
		h.src_port = known[i].guest;
		h.dst_port = known[i].host;
	}
	len = h.op == VIRTIO_VSOCK_OP_RW ? lens[in[2] % 7] : 0;
	h.len = len + (in[3] == 252);
	i = know(h.dst_port, h.src_port);
	if (i < 64) {
		if (h.op == VIRTIO_VSOCK_OP_REQUEST)
			known[i].sent = 0;
		h.fwd_cnt = known[i].sent - in[3] % 16;
		/* Any other address or type is not of this connection. */
		if (in[3] < 252 || in[3] == 252) {
			known[i].forwarded = h.fwd_cnt;
			known[i].room = h.buf_alloc;
		}
	}
	memset(&r, 0, sizeof(r));
	chain_add(&r.chain, &h, sizeof(h) - (in[3] == 251), false);
	chain_add(&r.chain, data, len, false);
	while (serve(VIRTIO_VSOCK_TX) == VIRTIO_NOT_NOW) {
		struct virtio_request mine = r;

		claim(take(100));
		r = mine;
	}
}

static int new_client(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(a.sun_path, sock.path);
	if (!connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* A program here does something. */
static void act(const uint8_t *in)
{
	static const char *const lines[] = { "CONNECT 1\n", "CONNECT 2\nmore",
					     "CONN", "ECT 3\n", "x\n" };
	int *fd = &programs[in[1] % PROGRAMS];
	const char *line = lines[in[2] % 5];

	switch (in[0] % 8) {
	case 0:
		if (*fd < 0)
			*fd = new_client();
		break;
	case 1:
		if (*fd < 0)
			*fd = accept4(listens, NULL, NULL, SOCK_NONBLOCK);
		break;
	case 2:
		(void)!send(*fd, line, strlen(line), MSG_NOSIGNAL);
		break;
	case 3:
		(void)!send(*fd, data, in[2] * 200u, MSG_NOSIGNAL);
		break;
	case 4:
		(void)!recv(*fd, data, in[2] * 800u, 0);
		break;
	case 5:
		shutdown(*fd, in[2] % 3);
		break;
	case 6:
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		break;
	case 7:
		s.core.is.ops->stop(&s);
		known_count = 0;
		s.core.is.ops->start(&s, NULL);
	}
}

static void step(const uint8_t *in)
{
	if (in[0] & 128)
		send_packet(in);
	else if (in[0] & 64)
		take(in[2] == 255 ? 0 : in[2] * 20u + 1);
	else
		act(in);
	loop_turn(&worker.loop, false);
	claim(s.connections <= VSOCK_CONNECTIONS_MAX);
}

static int listen_at(const char *at)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(a.sun_path, at);
	claim(!bind(fd, (const struct sockaddr *)&a, sizeof(a)) &&
	      !listen(fd, 4));
	return fd;
}

/* Clients that were not accepted. */
static void refuse_all(int from)
{
	int fd;

	while ((fd = accept(from, NULL, NULL)) >= 0)
		close(fd);
}

static void end(void)
{
	s.core.is.ops->stop(&s);
	for (unsigned i = 0; i < PROGRAMS; i++)
		if (programs[i] >= 0)
			close(programs[i]);
	refuse_all(listens);
	/* Whatever was to be written finds that its reader has gone. */
	for (unsigned i = 0; i < 10 && s.connections; i++)
		loop_turn(&worker.loop, false);
	claim(!s.connections && !s.waiting);
	virtio_vsock_release(&s);
	refuse_all(sock.fd);
}

static void clean_up(void)
{
	unix_listener_close(&sock);
	unlink(other);
	rmdir(folder);
}

/* Sockets in a folder cost far more than everything else here: all inputs have
 * the same, which they leave without clients. */
static void begin(void)
{
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	struct err e;

	snprintf(folder, sizeof(folder), "%.60s/fuzz.XXXXXX", tmp);
	claim(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(other, sizeof(other), "%s_%d", path, LISTENS_AT);
	listens = listen_at(other);
	claim(!worker_init(&worker, &e) &&
	      !unix_listener_open(&sock, path, 8, &e));
	atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	struct err e;

	if (!*folder)
		begin();
	for (unsigned i = 0; i < PROGRAMS; i++)
		programs[i] = -1;
	known_count = 0;
	is_over = false;
	claim(!virtio_vsock_init(&s, CID, &sock, NULL, &gm, &worker, &e));
	s.core.is.ops->start(&s, NULL);
	for (size_t n = 0; !is_over && n < STEPS_MAX && 4 * n + 4 <= size; n++)
		step(in + 4 * n);
	end();
	return 0;
}

void fuzz_seeds(void)
{
	/* A program connects, both send, the guest ends. */
	static const uint8_t in_step[] = {
		0,  0, 0,  0, 2,  0, 1,	 0, 64, 0, 50, 0, 128 + 2, 0, 90, 0,
		4,  0, 9,  0, 3,  0, 20, 0, 64, 0, 50, 0, 128 + 5, 0, 3,  0,
		4,  0, 90, 0, 5,  0, 1,	 0, 64, 0, 50, 0, 128 + 4, 0, 90, 3,
		64, 0, 50, 0, 64, 0, 50, 0, 6,	0, 0,  0,
	};
	/* The guest connects and sends more than is read. */
	static const uint8_t full[] = {
		128 + 1, 64, 90, 0, 64,	     64, 50, 0, 1,	 0,  0,	 0,
		128 + 5, 64, 5,	 0, 128 + 5, 64, 5,  0, 128 + 5, 64, 5,	 0,
		4,	 0,  99, 0, 128 + 5, 64, 4,  0, 128 + 4, 64, 90, 3,
		4,	 0,  99, 0, 64,	     0,	 50, 0,
	};

	fuzz_seed("in_step", in_step, sizeof(in_step));
	fuzz_seed("full", full, sizeof(full));
}
