/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-console, of one with ports and of one without, that sends
 * any control message and any chain, cut in any way, in any order, to a host
 * that reads and writes when it likes. Beyond not crashing: what a port is sent
 * arrives unchanged and in order, a chain in the wrong direction is the
 * driver's fault, the driver gets only messages about ports that exist, and
 * their number has a limit.
 *
 * The input: steps of 4 bytes: what, and three parameters.
 */
#include "fuzz/fuzz.h"
#include "dev/virtio/console.h"
#include "dev/virtio/ports.h"
#include "support/chain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS	  2
#define STEPS_MAX 200
#define MOST	  8192 /* bytes of a chain */

/* A stream whose byte n is known. */
struct flow {
	uint64_t written, read;
	size_t pending; /* bytes of a chain that is not done */
};

static struct guest_mem gm;
static struct virtio_request r;
static uint8_t data[MOST];
static struct port_config configs[PORTS];
static int peers[PORTS];
static struct flow out[PORTS], in_of[PORTS]; /* from the guest, and to it */
static size_t room;			     /* of the terminal */

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t byte_at(uint64_t n)
{
	return (uint8_t)(n * 7 + n / 251);
}

static void fill(uint8_t *to, uint64_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = byte_at(from + i);
}

static void expect(const uint8_t *got, uint64_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		claim(got[i] == byte_at(from + i));
}

static void add(uint8_t *p, size_t len, size_t piece, bool writable)
{
	while (len) {
		size_t n = len < piece || r.chain.count > 200 ? len : piece;

		chain_add(&r.chain, p, n, writable);
		p += n;
		len -= n;
	}
}

static enum virtio_result serve(struct virtio *v, unsigned queue)
{
	enum virtio_result rc;
	struct err e;

	r.ticket.queue = (uint16_t)queue;
	r.written = 0;
	rc = v->is.ops->serve(v->is.dev, &r, &e);
	claim(r.written <= r.chain.writable_bytes);
	return rc;
}

/* --- with ports */

static void send_control(struct virtio_ports *p, const uint8_t *in)
{
	static const uint32_t ids[] = { 0, 1, 2, 3, 0x80000001, UINT32_MAX };
	struct virtio_console_control m = {
		.id = ids[in[1] % 6],
		.event = (uint16_t)(in[2] % 10),
		.value = in[2] < 250 ? in[3] % 3 : (uint16_t)(in[3] << 8),
	};
	size_t len = in[2] == 255 ? in[3] % 8u : sizeof(m);
	enum virtio_result rc;

	memset(&r, 0, sizeof(r));
	add((uint8_t *)&m, len, 1 + in[3] / 16u, false);
	rc = serve(&p->core, VIRTIO_CONSOLE_CONTROL_TX);
	claim(rc == (len < sizeof(m) ? VIRTIO_DRIVER_FAULT : VIRTIO_DONE));
}

static bool get_message(struct virtio_ports *p, size_t len)
{
	struct virtio_console_control m;
	enum virtio_result rc;

	memset(&r, 0, sizeof(r));
	add(data, len, 1 + len / 3, true);
	rc = serve(&p->core, VIRTIO_CONSOLE_CONTROL_RX);
	if (rc == VIRTIO_NOT_NOW)
		return false;
	claim(rc == VIRTIO_DONE || (rc == VIRTIO_DRIVER_FAULT && len < 16));
	if (rc == VIRTIO_DRIVER_FAULT)
		return false;
	claim(r.written >= sizeof(m));
	memcpy(&m, data, sizeof(m));
	claim(m.id && m.id <= PORTS && m.value <= 1);
	return true;
}

/* As a driver does it, the next chain of a port is the one that is not done. */
static void send_bytes(struct virtio_ports *p, const uint8_t *in)
{
	unsigned i = in[1] % PORTS;
	struct flow *f = &out[i];
	enum virtio_result rc;
	size_t len = f->pending ? f->pending : in[2] * 32u;

	memset(&r, 0, sizeof(r));
	fill(data, f->written, len);
	add(data, len, 1 + in[3] * 5u, false);
	if (in[3] == 255)
		add(data, 1, 1, true);
	rc = serve(&p->core, VIRTIO_CONSOLE_PORT_TX(i + 1));
	claim((rc == VIRTIO_DRIVER_FAULT) == (in[3] == 255));
	f->pending = rc == VIRTIO_NOT_NOW ? len : 0;
	if (rc == VIRTIO_DONE)
		f->written += len;
}

static void receive_bytes(struct virtio_ports *p, const uint8_t *in)
{
	unsigned i = in[1] % PORTS;
	size_t len = in[2] * 32u + 1;
	enum virtio_result rc;

	memset(&r, 0, sizeof(r));
	if (in[3] == 255)
		add(data, 1, 1, false);
	add(data, len, 1 + in[3] * 5u, true);
	rc = serve(&p->core, VIRTIO_CONSOLE_PORT_RX(i + 1));
	claim((rc == VIRTIO_DRIVER_FAULT) == (in[3] == 255));
	if (rc != VIRTIO_DONE)
		return;
	claim(r.written && p->ports[i].is_open);
	expect(data, in_of[i].read, r.written);
	in_of[i].read += r.written;
	claim(in_of[i].read <= in_of[i].written);
}

static void peer_reads(struct virtio_ports *p, const uint8_t *in)
{
	unsigned i = in[1] % PORTS;
	uint8_t got[MOST];
	ssize_t n = recv(peers[i], got, in[2] * 32u, MSG_DONTWAIT);

	if (n <= 0)
		return;
	expect(got, out[i].read, (size_t)n);
	out[i].read += (uint64_t)n;
	claim(out[i].read <= out[i].written + p->ports[i].sent);
}

static void peer_writes(const uint8_t *in)
{
	unsigned i = in[1] % PORTS;
	ssize_t n;

	fill(data, in_of[i].written, in[2] * 32u);
	n = send(peers[i], data, in[2] * 32u, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		in_of[i].written += (uint64_t)n;
}

static void step(struct virtio_ports *p, const uint8_t *in)
{
	switch (in[0] % 10) {
	case 0:
	case 1:
		send_control(p, in);
		return;
	case 2:
		/* At most three messages of a port wait. */
		for (unsigned n = 0; get_message(p, in[1]); n++)
			claim(n < 3 * PORTS);
		return;
	case 3:
		send_bytes(p, in);
		return;
	case 4:
		receive_bytes(p, in);
		return;
	case 5:
		peer_reads(p, in);
		return;
	case 6:
		peer_writes(in);
		return;
	case 7:
		shutdown(peers[in[1] % PORTS], in[2] % 3);
		return;
	case 8:
		p->core.is.ops->stop(p);
		/* A driver forgets what it was sending. */
		for (unsigned i = 0; i < PORTS; i++) {
			out[i].written = out[i].read = 0;
			out[i].pending = 0;
			while (recv(peers[i], data, MOST, MSG_DONTWAIT) > 0)
				;
		}
		return;
	default:
		loop_turn(&p->core.is.worker->loop, false);
	}
}

static void try_ports(const uint8_t *in, size_t size)
{
	struct worker worker = WORKER_EMPTY;
	struct virtio_ports p;
	struct err e;

	memset(out, 0, sizeof(out));
	memset(in_of, 0, sizeof(in_of));
	for (unsigned i = 0; i < PORTS; i++) {
		int fds[2];

		claim(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
		configs[i] = (struct port_config){
			.name = i ? "b" : "a",
			.eof = i,
			.next = i + 1 < PORTS ? &configs[i + 1] : NULL,
		};
		claim(!stream_adopt(&configs[i].stream, fds[0], fds[0], &e));
		peers[i] = fds[1];
	}
	claim(!worker_init(&worker, &e) &&
	      !virtio_ports_init(&p, configs, &gm, &worker, &e));
	for (size_t at = 0; at + 4 <= size && at < 4 * STEPS_MAX; at += 4)
		step(&p, in + at);
	virtio_ports_release(&p);
	worker_release(&worker);
	for (unsigned i = 0; i < PORTS; i++) {
		stream_close(&configs[i].stream);
		close(peers[i]);
	}
}

/* --- without */

static size_t on_take(void *ctx, const uint8_t *bytes, size_t n)
{
	size_t len = n < room ? n : room;

	(void)ctx;
	expect(bytes, out[0].read, len);
	out[0].read += len;
	room -= len;
	return len;
}

static void on_room(void *ctx)
{
	(void)ctx;
}

static void print(struct virtio_console *c, const uint8_t *in)
{
	struct flow *f = &out[0];
	size_t len = f->pending ? f->pending : in[2] * 32u;
	enum virtio_result rc;

	memset(&r, 0, sizeof(r));
	fill(data, f->written, len);
	add(data, len, 1 + in[3] * 5u, false);
	rc = serve(&c->core, VIRTIO_CONSOLE_TX);
	claim(rc == VIRTIO_DONE || rc == VIRTIO_NOT_NOW);
	f->pending = rc == VIRTIO_NOT_NOW ? len : 0;
	if (rc == VIRTIO_DONE)
		f->written += len;
	claim(f->read == f->written + c->sent);
}

static void read_typed(struct virtio_console *c, const uint8_t *in)
{
	memset(&r, 0, sizeof(r));
	add(data, in[2] * 32u, 1 + in[3] * 5u, true);
	if (serve(&c->core, VIRTIO_CONSOLE_RX) != VIRTIO_DONE)
		return;
	expect(data, in_of[0].read, r.written);
	in_of[0].read += r.written;
}

static void try_console(const uint8_t *in, size_t size)
{
	const struct line_host host = { .room = on_room, .take = on_take };
	struct worker worker = WORKER_EMPTY;
	struct virtio_console c;
	struct line_guest line;
	struct err e;

	memset(out, 0, sizeof(out));
	memset(in_of, 0, sizeof(in_of));
	room = 0;
	claim(!worker_init(&worker, &e) &&
	      !virtio_console_init(&c, &host, &gm, &worker, &e));
	line = virtio_console_line(&c);
	for (size_t at = 0; at + 4 <= size && at < 4 * STEPS_MAX; at += 4) {
		if (in[at] % 4 == 0) {
			room += in[at + 1] * 64u;
			line_more(&line);
		} else if (in[at] % 4 == 1) {
			print(&c, in + at);
		} else if (in[at] % 4 == 2) {
			read_typed(&c, in + at);
		} else {
			fill(data, in_of[0].written, in[at + 2] * 32u);
			in_of[0].written += line_receive(&line, data,
							 in[at + 2] * 32u);
		}
		if (in[at] == 255)
			loop_turn(&worker.loop, false);
	}
	claim(in_of[0].written == in_of[0].read + c.count);
	virtio_console_release(&c);
	worker_release(&worker);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	if (!size)
		return 0;
	if (in[0] & 1)
		try_ports(in + 1, size - 1);
	else
		try_console(in + 1, size - 1);
	return 0;
}

void fuzz_seeds(void)
{
	/* A driver finds two ports, opens both, sends, receives, closes. */
	static const uint8_t ports[] = {
		1, 0,	5, 0,  1, 2,  100, 0, 0, 0,   1, 3, 1, 0,  2,
		3, 1,	2, 99, 0, 0,  0,   1, 6, 1,   0, 2, 6, 1,  3,
		0, 200, 9, 5,  0, 90, 0,   6, 1, 100, 0, 4, 1, 90, 3,
		9, 0,	0, 0,  7, 1,  1,   0, 4, 1,   9, 9, 2, 99, 0,
		0, 0,	2, 6,  0, 9,  0,   0, 0, 8,   0, 0, 0
	};
	static const uint8_t faults[] = { 1, 0, 5,   0, 1, 2,	9, 0,	0,
					  0, 1, 255, 3, 3, 0,	9, 255, 4,
					  1, 9, 255, 0, 1, 251, 77 };
	static const uint8_t console[] = { 0, 1, 0, 99,	 7, 0, 80, 0, 0,
					   1, 0, 9, 7,	 3, 0, 60, 0, 2,
					   0, 9, 3, 255, 0, 9, 9 };

	fuzz_seed("ports", ports, sizeof(ports));
	fuzz_seed("faults", faults, sizeof(faults));
	fuzz_seed("console", console, sizeof(console));
}
