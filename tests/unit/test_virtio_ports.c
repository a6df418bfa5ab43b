/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of virtio-console: control messages, bytes in both directions, flow
 * control, ends of streams, and the option.
 */
#include "unit/virtio_driver.h"
#include "base/inherited.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/ports.h"
#include "support/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ADD = 1, READY = 3, OPEN = 6, NAME = 7 };
enum { CONTROL_RX = 2, CONTROL_TX, RX_1, TX_1, RX_2, TX_2, RX_3, TX_3 };

static struct worker worker;
static struct virtio_ports p;
static struct device_request list[2];
static size_t listed;
static struct port_config *one, *two; /* the ports */
static int pipe_end;		      /* what port 1 writes comes out here */
static int peer;		      /* the other end of port 2's socket */
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static uint8_t buffer[1 << 20];
static struct err e;

static struct port_config *add_port(const char *name, int in, int out)
{
	struct port_config *port;

	assert_ok(virtio_ports_add(list, &listed, COUNT(list), name, in, out,
				   &port, &e),
		  &e);
	return port;
}

/* Port 1 is a pipe, port 2 a socket. */
static void setup(void)
{
	int pipes[2], sockets[2];

	driver_setup();
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pipe_end = pipes[0];
	peer = sockets[0];
	listed = 0;
	one = add_port("log", -1, pipes[1]);
	two = add_port("org.example.agent-0", sockets[1], sockets[1]);
	ck_assert_uint_eq(listed, 1);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_ports_init(&p, list[0].config, &gm, &worker, &e), &e);
}

static void teardown(void)
{
	virtio_ports_release(&p);
	worker_release(&worker);
	device_request_release(&list[0]);
	if (pipe_end >= 0)
		close(pipe_end);
	if (peer >= 0)
		close(peer);
	driver_teardown();
}

static void begin(void)
{
	memset(&request, 0, sizeof(request));
}

static enum virtio_result serve(unsigned queue)
{
	request.ticket.queue = (uint16_t)queue;
	return p.core.is.ops->serve(&p, &request, &e);
}

static enum virtio_result give(unsigned queue, void *data, uint32_t len)
{
	begin();
	chain_add(c, data, len, false);
	return serve(queue);
}

static enum virtio_result receive(unsigned queue, void *data, uint32_t len)
{
	begin();
	chain_add(c, data, len, true);
	return serve(queue);
}

static void tell(uint32_t id, unsigned event, unsigned value)
{
	struct virtio_console_control m = { id, (uint16_t)event,
					    (uint16_t)value };

	ck_assert_int_eq(give(CONTROL_TX, &m, sizeof(m)), VIRTIO_DONE);
}

/* The device's next message. */
static void expect(uint32_t id, unsigned event, unsigned value,
		   const char *name)
{
	struct virtio_console_control m;
	uint8_t got[100];

	memset(got, 'x', sizeof(got));
	ck_assert_int_eq(receive(CONTROL_RX, got, sizeof(got)), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, sizeof(m) + strlen(name));
	memcpy(&m, got, sizeof(m));
	ck_assert_uint_eq(m.id, id);
	ck_assert_uint_eq(m.event, event);
	ck_assert_uint_eq(m.value, value);
	/* Linux needs the NUL, which does not count. */
	if (*name)
		ck_assert_str_eq((char *)got + sizeof(m), name);
}

static void expect_nothing(void)
{
	uint8_t got[100];

	ck_assert_int_eq(receive(CONTROL_RX, got, sizeof(got)), VIRTIO_NOT_NOW);
}

/* As Linux does it. A port is open before a program can find it by its name. */
static void connect_driver(void)
{
	tell(UINT32_MAX, 0, 1);
	expect(1, ADD, 1, "");
	expect(2, ADD, 1, "");
	expect_nothing();
	tell(1, READY, 1);
	expect(1, OPEN, 1, "");
	expect(1, NAME, 1, "log");
	tell(2, READY, 1);
	expect(2, OPEN, 1, "");
	expect(2, NAME, 1, "org.example.agent-0");
	tell(1, OPEN, 1);
	tell(2, OPEN, 1);
	expect_nothing();
}

static uint64_t counted(enum ports_count what)
{
	return atomic_load(&p.counts[what]);
}

/* Serve what is ready on the host's side. */
static void turn(void)
{
	for (unsigned i = 0; i < 4; i++)
		loop_turn(&worker.loop, false);
}

START_TEST(virtio_ports__is_a_console_with_ports)
{
	ck_assert_uint_eq(p.core.is.id, 3);
	ck_assert_uint_eq(p.core.is.features, 1u << 1);
	/* Of port 0, of control, and of two ports. */
	ck_assert_uint_eq(p.core.is.queues, 8);
	ck_assert_uint_eq(virtio_read_config(&p.core, 4, 4), 3);
}
END_TEST

START_TEST(virtio_ports__announces_them)
{
	connect_driver();
	/* A driver may ask again, for example after it was loaded again. */
	tell(UINT32_MAX, 0, 1);
	tell(UINT32_MAX, 0, 1);
	expect(1, ADD, 1, "");
	expect(2, ADD, 1, "");
	expect_nothing();
	ck_assert_uint_eq(counted(PORTS_IGNORED), 0);
}
END_TEST

static const struct virtio_console_control meaningless[] = {
	{ 0, READY, 1 },
	{ 3, READY, 1 },
	{ UINT32_MAX, READY, 1 },
	{ 0x80000001, READY, 1 },
	{ 1, READY, 0 },
	{ 1, READY, 2 },
	{ 0, 0, 0 },
	{ 0, 0, 2 },
	{ 2, OPEN, 1 },
	{ 1, OPEN, 2 },
	{ 3, OPEN, 1 },
	{ 1, ADD, 1 },
	{ 1, NAME, 1 },
	{ 1, 5, 1 },
	{ 1, 8, 1 },
	{ 1, 0xffff, 0xffff },
};

START_TEST(virtio_ports__ignores)
{
	struct virtio_console_control m = meaningless[_i];

	tell(m.id, m.event, m.value);
	ck_assert_uint_eq(counted(PORTS_IGNORED), 1);
	expect_nothing();
	ck_assert(!p.ports[0].is_open && !p.ports[1].is_open);
}
END_TEST

static const struct {
	unsigned queue;
	uint32_t readable, writable;
	const char *want;
} faults[] = {
	{ CONTROL_TX, 7, 0,
	  "chain 0: fewer than 8 bytes of a control message (5.3.6.2)" },
	{ CONTROL_RX, 4, 100, "chain 0: a device-readable buffer (5.3.6.1)" },
	{ CONTROL_RX, 0, 7,
	  "chain 0: a buffer of 7 bytes for a longer control message "
	  "(5.3.6.2)" },
	{ RX_1, 4, 100, "chain 0: a device-readable buffer (5.3.6.1)" },
	{ TX_1, 4, 100, "chain 0: a device-writable buffer (5.3.6.1)" },
	{ TX_2, 0, 100, "chain 0: a device-writable buffer (5.3.6.1)" },
};

START_TEST(virtio_ports__blames_the_driver)
{
	tell(UINT32_MAX, 0, 1);
	begin();
	chain_add(c, buffer, faults[_i].readable, false);
	chain_add(c, buffer, faults[_i].writable, true);
	ck_assert_int_eq(serve(faults[_i].queue), VIRTIO_DRIVER_FAULT);
	ck_assert_str_eq(e.msg, faults[_i].want);
}
END_TEST

START_TEST(virtio_ports__needs_room_for_a_name)
{
	uint8_t got[26];

	tell(2, READY, 1);
	expect(2, OPEN, 1, "");
	ck_assert_int_eq(receive(CONTROL_RX, got, sizeof(got)),
			 VIRTIO_DRIVER_FAULT);
	/* Exactly the room is enough. */
	ck_assert_int_eq(receive(CONTROL_RX, buffer, 27), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 27);
}
END_TEST

START_TEST(virtio_ports__has_no_port_0)
{
	ck_assert_int_eq(give(1, buffer, 100), VIRTIO_DONE);
	ck_assert_int_eq(receive(0, buffer, 100), VIRTIO_NOT_NOW);
}
END_TEST

START_TEST(virtio_ports__writes_a_chain_cut_anywhere)
{
	uint8_t got[100];

	connect_driver();
	for (unsigned i = 0; i < 100; i++)
		buffer[i] = (uint8_t)i;
	begin();
	chain_add(c, buffer, 1, false);
	chain_add(c, buffer + 1, 60, false);
	chain_add(c, buffer + 61, 39, false);
	ck_assert_int_eq(serve(TX_1), VIRTIO_DONE);
	ck_assert_int_eq(read(pipe_end, got, sizeof(got)), 100);
	ck_assert_mem_eq(got, buffer, 100);
	ck_assert_uint_eq(counted(PORTS_WRITTEN_BYTES), 100);
}
END_TEST

/* Send the chain until it is done, and read what comes out of @fd, @n bytes at
 * a time. */
static void transfer(unsigned queue, uint32_t len, int fd, size_t n)
{
	static uint8_t got[sizeof(buffer)];
	size_t have = 0;
	enum virtio_result rc;

	for (uint32_t i = 0; i < len; i++)
		buffer[i] = (uint8_t)(i * 7 + i / 251);
	do {
		ssize_t more;

		rc = give(queue, buffer, len);
		turn();
		more = read(fd, got + have, len - have < n ? len - have : n);
		ck_assert_int_gt(more, 0);
		have += (size_t)more;
	} while (rc == VIRTIO_NOT_NOW);
	ck_assert_int_eq(rc, VIRTIO_DONE);
	while (have < len) {
		ssize_t more = read(fd, got + have, len - have);

		ck_assert_int_gt(more, 0);
		have += (size_t)more;
	}
	ck_assert_mem_eq(got, buffer, len);
}

START_TEST(virtio_ports__waits_for_a_slow_reader)
{
	connect_driver();
	transfer(TX_1, sizeof(buffer), pipe_end, 5000);
	transfer(TX_2, sizeof(buffer), peer, 5000);
	ck_assert_uint_eq(counted(PORTS_WRITTEN_BYTES), 2 * sizeof(buffer));
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 0);
	ck_assert_uint_eq(p.core.host_errors, 0);
}
END_TEST

START_TEST(virtio_ports__a_stopped_reader_stalls_its_port_only)
{
	connect_driver();
	while (give(TX_1, buffer, sizeof(buffer)) != VIRTIO_NOT_NOW ||
	       p.ports[0].out.events != LOOP_OUT)
		turn();
	transfer(TX_2, 100000, peer, 100000);
	ck_assert_int_eq(write(peer, "still here", 10), 10);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_DONE);
	ck_assert_mem_eq(buffer, "still here", 10);
}
END_TEST

/* A pipe that other processes may block on keeps its flags. */
START_TEST(virtio_ports__leave_the_flags_of_shared_files)
{
	int pipes[2];
	struct port_config *port;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	listed = 0;
	port = NULL;
	assert_ok(virtio_ports_add(list + 1, &listed, 1, "x", -1, dup(pipes[1]),
				   &port, &e),
		  &e);
	ck_assert_int_eq(fcntl(pipes[1], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(port->stream.out.fd, F_GETFL) & O_NONBLOCK, 0);
	device_request_release(&list[1]);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(virtio_ports__reads_for_an_open_port)
{
	connect_driver();
	tell(2, OPEN, 0);
	ck_assert_int_eq(write(peer, "hello, guest", 12), 12);
	/* The driver would drop it. */
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_NOT_NOW);
	tell(2, OPEN, 1);
	ck_assert_int_eq(receive(RX_2, buffer, 5), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 5);
	ck_assert_mem_eq(buffer, "hello", 5);
	begin();
	chain_add(c, buffer, 1, true);
	chain_add(c, buffer + 1, 100, true);
	ck_assert_int_eq(serve(RX_2), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 7);
	ck_assert_mem_eq(buffer, ", guest", 7);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_NOT_NOW);
	/* A port that only writes has nothing to read. */
	ck_assert_int_eq(receive(RX_1, buffer, 100), VIRTIO_NOT_NOW);
	ck_assert_uint_eq(counted(PORTS_READ_BYTES), 12);
}
END_TEST

START_TEST(virtio_ports__tells_the_guest_of_the_streams_end)
{
	connect_driver();
	ck_assert_int_eq(write(peer, "last", 4), 4);
	shutdown(peer, SHUT_WR);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 4);
	expect_nothing();
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_NOT_NOW);
	expect(2, OPEN, 0, "");
	/* What the guest has sent still goes out. */
	transfer(TX_2, 1000, peer, 1000);
	/* The next driver finds it closed. */
	p.core.is.ops->stop(&p);
	tell(2, READY, 1);
	expect(2, OPEN, 0, "");
	expect(2, NAME, 1, "org.example.agent-0");
}
END_TEST

START_TEST(virtio_ports__drops_what_nothing_reads)
{
	connect_driver();
	close(pipe_end);
	pipe_end = -1;
	turn();
	expect(1, OPEN, 0, "");
	ck_assert_int_eq(give(TX_1, buffer, 1000), VIRTIO_DONE);
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 1000);
	ck_assert_uint_eq(p.core.host_errors, 0);
	close(peer);
	peer = -1;
	ck_assert_int_eq(give(TX_2, buffer, 1000), VIRTIO_DONE);
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 2000);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_NOT_NOW);
	expect(2, OPEN, 0, "");
}
END_TEST

/* The user reads why, and the guest goes on. */
START_TEST(virtio_ports__report_a_write_that_fails)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	virtio_ports_release(&p);
	add_port("full", -1, fd);
	assert_ok(virtio_ports_init(&p, list[0].config, &gm, &worker, &e), &e);
	tell(3, READY, 1);
	expect(3, OPEN, 1, "");
	expect(3, NAME, 1, "full");
	ck_assert_int_eq(give(TX_3, buffer, 10), VIRTIO_HOST_ERROR);
	ck_assert_str_eq(e.msg, "port 'full': write: No space left on device");
	expect(3, OPEN, 0, "");
	ck_assert_int_eq(give(TX_3, buffer, 10), VIRTIO_DONE);
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 20);
}
END_TEST

static unsigned endings;

static void on_ended(void *ctx)
{
	ck_assert_ptr_eq(ctx, &endings);
	endings++;
}

START_TEST(virtio_ports__stay_open_for_the_next_program)
{
	connect_driver();
	tell(1, OPEN, 0);
	tell(2, OPEN, 0);
	turn();
	expect_nothing();
	tell(1, OPEN, 1);
	transfer(TX_1, 1000, pipe_end, 1000);
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 0);
}
END_TEST

/* Both ports end with what was written; a program closes the first one. */
static void write_and_close(void)
{
	endings = 0;
	one->eof = two->eof = true;
	one->ended = two->ended = on_ended;
	one->ctx = two->ctx = &endings;
	connect_driver();
	ck_assert_int_eq(give(TX_1, memcpy(buffer, "end", 3), 3), VIRTIO_DONE);
	tell(1, OPEN, 0);
}

START_TEST(virtio_ports__end_with_the_program_for_eof)
{
	char got[10];

	write_and_close();
	tell(2, OPEN, 0);
	turn();
	ck_assert_uint_eq(endings, 2);
	ck_assert_int_eq(read(pipe_end, got, sizeof(got)), 3);
	ck_assert_int_eq(read(pipe_end, got, sizeof(got)), 0);
	ck_assert_int_eq(read(peer, got, sizeof(got)), 0);
	/* The other direction goes on, for the next program. */
	tell(2, OPEN, 1);
	ck_assert_int_eq(write(peer, "x", 1), 1);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_DONE);
	ck_assert_int_eq(give(TX_1, buffer, 10), VIRTIO_DONE);
	ck_assert_uint_eq(counted(PORTS_DROPPED_BYTES), 10);
}
END_TEST

START_TEST(virtio_ports__begin_anew_with_each_driver)
{
	connect_driver();
	while (give(TX_1, buffer, sizeof(buffer)) != VIRTIO_NOT_NOW ||
	       p.ports[0].out.events != LOOP_OUT)
		turn();
	tell(UINT32_MAX, 0, 1);
	p.core.is.ops->stop(&p);
	expect_nothing();
	ck_assert_uint_eq(p.ports[0].sent, 0);
	ck_assert_uint_eq(p.ports[0].out.events, LOOP_GONE);
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_NOT_NOW);
	ck_assert_int_eq(write(peer, "x", 1), 1);
	connect_driver();
	ck_assert_int_eq(receive(RX_2, buffer, 100), VIRTIO_DONE);
}
END_TEST

/* One port is still open, the other one waits for its queue to be empty. */
START_TEST(virtio_ports__end_with_the_driver_for_eof)
{
	char got[10];

	write_and_close();
	ck_assert(p.ports[0].is_closing);
	p.core.is.ops->stop(&p);
	ck_assert_uint_eq(endings, 2);
	ck_assert_int_eq(read(pipe_end, got, sizeof(got)), 3);
	ck_assert_int_eq(read(pipe_end, got, sizeof(got)), 0);
	ck_assert_int_eq(read(peer, got, sizeof(got)), 0);
}
END_TEST

/* --- with the worker, and a driver */

#define QUEUES	  8
#define SIZE	  64 /* of a queue */
#define CHUNK	  4096
#define RING(q)	  (0x100000 + (uint64_t)(q)*0x4000)
#define CHUNKS(q) (0x200000 + (uint64_t)(q)*SIZE * CHUNK)

static struct virtio_mmio v;
static struct irq_edge irq;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static void begin_life(void)
{
	set(VIRTIO_REG_STATUS, 3);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	set(VIRTIO_REG_DRIVER_FEATURES, 2);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_REG_DRIVER_FEATURES, 1);
	set(VIRTIO_REG_STATUS, 11);
	for (unsigned q = 0; q < QUEUES; q++) {
		set(VIRTIO_REG_QUEUE_SEL, q);
		set(VIRTIO_REG_QUEUE_NUM, SIZE);
		set(VIRTIO_REG_QUEUE_DESC, (uint32_t)RING(q));
		set(VIRTIO_REG_QUEUE_DRIVER, (uint32_t)RING(q) + 0x1000);
		set(VIRTIO_REG_QUEUE_DEVICE, (uint32_t)RING(q) + 0x2000);
		put16(RING(q) + 0x1002, 0);
		put16(RING(q) + 0x2002, 0);
		set(VIRTIO_REG_QUEUE_READY, 1);
	}
	set(VIRTIO_REG_STATUS, 15);
}

/* Make the next chunk of @q available, @len bytes of it. Returns its number. */
static unsigned submit(unsigned q, const void *bytes, uint32_t len)
{
	unsigned idx = get16(RING(q) + 0x1002), i = idx % SIZE;
	uint64_t at = CHUNKS(q) + i * CHUNK;

	if (bytes)
		put(at, bytes, len);
	put_desc(RING(q), i,
		 (struct driver_desc){ at, len, bytes ? 0 : WRITE, 0 });
	put16(RING(q) + 0x1004 + 2 * i, i);
	put16(RING(q) + 0x1002, idx + 1);
	set(VIRTIO_REG_QUEUE_NOTIFY, q);
	return idx;
}

/* Wait until chunk @n of @q is used; returns how many bytes were written. */
static uint32_t await_used(unsigned q, unsigned n)
{
	for (unsigned ms = 0; (uint16_t)(get16(RING(q) + 0x2002) - n) == 0 ||
			      (uint16_t)(get16(RING(q) + 0x2002) - n) > SIZE;
	     ms++) {
		ck_assert_uint_lt(ms, 20000);
		usleep(1000);
	}
	return get32(RING(q) + 0x2004 + 8 * (n % SIZE) + 4);
}

static void control(uint32_t id, unsigned event)
{
	const struct virtio_console_control m = { id, (uint16_t)event, 1 };

	await_used(CONTROL_TX, submit(CONTROL_TX, &m, sizeof(m)));
}

static void start_driver(void)
{
	begin_life();
	for (unsigned i = 0; i < 6; i++)
		submit(CONTROL_RX, NULL, 100);
	control(UINT32_MAX, 0);
	control(1, READY);
	control(2, READY);
	await_used(CONTROL_RX, 5);
	control(1, OPEN);
	control(2, OPEN);
}

static void start_worker(void)
{
	irq = (struct irq_edge){ .fd = eventfd(0, EFD_NONBLOCK),
				 .line = { .vm = -1 } };
	virtio_mmio_init(&v, &p.core, irq);
	assert_ok(worker_start(&worker, "test", &e), &e);
}

static void stop_worker(void)
{
	virtio_stop(&p.core);
	worker_stop(&worker);
	irq_edge_release(&irq);
}

START_TEST(virtio_ports__carry_bytes_both_ways)
{
	uint8_t got[CHUNK];

	start_worker();
	start_driver();
	for (unsigned round = 0; round < 200; round++) {
		uint32_t len = 1 + round * 20;
		unsigned n;

		for (uint32_t i = 0; i < len; i++)
			buffer[i] = (uint8_t)(i + round);
		n = submit(TX_2, buffer, len);
		ck_assert_int_eq(recv(peer, got, len, MSG_WAITALL), len);
		ck_assert_mem_eq(got, buffer, len);
		await_used(TX_2, n);
		ck_assert_int_eq(write(peer, buffer, len), len);
		n = submit(RX_2, NULL, CHUNK);
		ck_assert_uint_eq(await_used(RX_2, n), len);
		ck_assert_mem_eq(guest_mem_ptr(&gm,
					       CHUNKS(RX_2) + n % SIZE * CHUNK,
					       len),
				 buffer, len);
	}
	ck_assert_uint_eq(p.core.faults, 0);
	stop_worker();
}
END_TEST

static size_t arrived;

static void *read_all(void *arg)
{
	static uint8_t got[CHUNK];
	ssize_t n;

	(void)arg;
	while ((n = read(pipe_end, got, sizeof(got))) > 0)
		arrived += (size_t)n;
	return NULL;
}

/* A program writes, and the guest powers off at once. */
START_TEST(virtio_ports__write_what_came_last)
{
	pthread_t reader;

	start_worker();
	start_driver();
	for (unsigned i = 0; i < SIZE; i++)
		submit(TX_1, buffer, CHUNK);
	arrived = 0;
	/* A busy machine may keep the reader waiting. */
	p.patience_ns = UINT64_C(60000000000);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, NULL), 0);
	stop_worker();
	ck_assert_uint_eq(p.core.host_errors, 0);
	loop_remove(&p.ports[0].out);
	stream_end_output(&one->stream);
	pthread_join(reader, NULL);
	ck_assert_uint_eq(arrived, SIZE * CHUNK);
}
END_TEST

/* Nothing reads it: the run ends all the same, and says so. */
START_TEST(virtio_ports__do_not_wait_for_ever)
{
	start_worker();
	start_driver();
	for (unsigned i = 0; i < SIZE; i++)
		submit(TX_1, buffer, CHUNK);
	stop_worker();
	ck_assert_uint_eq(p.core.host_errors, 1);
	ck_assert_str_eq(p.core.host_error.msg,
			 "virtio-ports queue 5: port 'log': the last bytes "
			 "from the guest are missing: nothing reads them");
}
END_TEST

START_TEST(virtio_ports__survive_resets_with_bytes_in_flight)
{
	start_worker();
	for (unsigned round = 0; round < 50; round++) {
		start_driver();
		for (unsigned i = 0; i < 30; i++) {
			submit(TX_1, buffer, CHUNK);
			submit(TX_2, buffer, CHUNK);
			submit(RX_2, NULL, CHUNK);
		}
		(void)!write(peer, buffer, 1000);
		while (recv(peer, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
			;
		if (round % 2)
			usleep(100 * round);
		set(VIRTIO_REG_STATUS, 0);
		for (unsigned ms = 0;
		     virtio_mmio_ops.read(&v, VIRTIO_REG_STATUS, 4); ms++) {
			ck_assert_uint_lt(ms, 20000);
			usleep(1000);
		}
	}
	ck_assert_uint_eq(p.core.faults, 0);
	stop_worker();
}
END_TEST

/* --- the option */

static int parse(struct device_request *r, const char *text)
{
	return device_request_parse(r, &virtio_ports_type, text, &e);
}

static const struct {
	const char *text, *want;
} bad_options[] = {
	{ "x", "'x' is not NAME=FILE|fd=N|unix:PATH" },
	{ "=x", "NAME is empty" },
	{ "x=", "FILE|fd=N|unix:PATH is empty" },
	{ "a/b=x", "bad name 'a/b' (expected letters, digits, '.', '_' and "
		   "'-', the first one a letter or a digit)" },
	{ "..=x", "bad name '..' (expected letters, digits, '.', '_' and "
		  "'-', the first one a letter or a digit)" },
	{ "a b=x", "bad name 'a b' (expected letters, digits, '.', '_' and "
		   "'-', the first one a letter or a digit)" },
	{ "a234567890123456789012345678901234567890123456789012345678901234=x",
	  "the name has 64 bytes (expected at most 63)" },
	{ "x=a,b", "unknown key 'b' (expected append, eof; a comma in a text "
		   "is written '\\,')" },
	{ "x=fd=3,append", "append is only valid with FILE" },
	{ "x=unix:a,append", "append is only valid with FILE" },
};

START_TEST(virtio_ports__rejects_options)
{
	struct device_request r;

	ck_assert_int_eq(parse(&r, bad_options[_i].text), -EINVAL);
	ck_assert_str_eq(e.msg, bad_options[_i].want);
}
END_TEST

static int add_text(const char *text)
{
	struct device_request r;
	int rc;

	assert_ok(parse(&r, text), &e);
	rc = device_request_add(list, &listed, COUNT(list), &r, &e);
	if (rc)
		device_request_release(&r);
	return rc;
}

START_TEST(virtio_ports__are_one_device)
{
	char text[20];

	listed = 0;
	assert_ok(add_text("a=fd=3"), &e);
	assert_ok(add_text("b=x"), &e);
	ck_assert_uint_eq(listed, 1);
	ck_assert_int_eq(add_text("a=y"), -EEXIST);
	ck_assert_str_eq(e.msg, "duplicate name 'a'");
	ck_assert_int_eq(add_text("c=fd=3"), -EEXIST);
	ck_assert_str_eq(e.msg, "fd=3 is already that of port 'a'");
	for (unsigned i = 2; i < PORTS_MAX; i++) {
		snprintf(text, sizeof(text), "p%u=x", i);
		assert_ok(add_text(text), &e);
	}
	ck_assert_int_eq(add_text("toomany=x"), -E2BIG);
	ck_assert_str_eq(e.msg, "at most 31 ports are possible");
	device_request_release(&list[0]);
}
END_TEST

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, path);
	unlink(path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (backlog >= 0)
		ck_assert_int_eq(listen(fd, backlog), 0);
	return fd;
}

static const struct {
	const char *where, *want;
} bad_places[] = {
	{ "nowhere/file", "nowhere/file: open: No such file or directory" },
	{ ".", ".: open: Is a directory" },
	{ "fifo", "fifo: no process has opened it for reading, or it is a "
		  "socket (expected unix:PATH)" },
	{ "unix:nowhere", "unix:nowhere: connect: No such file or directory" },
	{ "unix:dead", "unix:dead: connect: Connection refused" },
	{ "unix:", "unix:: the path has 0 bytes (expected 1 to 107)" },
	{ "fd=999", "fd=999: the descriptor is not open" },
	{ "fd=2", "fd=2: 2 is outside 3 to 2147483647" },
	{ "fd=x", "fd=x: 'x' is not a whole number" },
	{ "fd=300", "fd=300: not a file, a pipe, a terminal or a socket" },
	{ "fd=301", "fd=301: a listening socket, not a connection" },
	{ "fd=302", "fd=302: not a stream socket" },
};

START_TEST(virtio_ports__rejects_places)
{
	struct stream s;
	int fd;

	mkfifo("fifo", 0600);
	close(listen_at("dead", -1));
	dup2(open(".", O_RDONLY | O_DIRECTORY), 300);
	dup2(listen_at("live", 1), 301);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	dup2(fd, 302);
	inherited_note();
	ck_assert_int_lt(stream_open(&s, bad_places[_i].where, false, &e), 0);
	ck_assert_str_eq(e.msg, bad_places[_i].want);
	ck_assert_int_eq(s.in.fd, -1);
	ck_assert_int_eq(s.out.fd, -1);
	inherited_close();
}
END_TEST

START_TEST(virtio_ports__open_files)
{
	const struct iovec piece = { (char[]){ "abc" }, 3 };
	struct stream s;
	struct stat st;

	for (unsigned i = 0; i < 3; i++) {
		/* Emptied at first, then added to, then emptied. */
		assert_ok(stream_open(&s, "out", i == 1, &e), &e);
		ck_assert_int_eq(s.in.fd, -1);
		ck_assert_int_eq(stream_write(&s, &piece, 1), 3);
		stream_close(&s);
		stat("out", &st);
		ck_assert_int_eq(st.st_size, i == 1 ? 6 : 3);
	}
}
END_TEST

START_TEST(virtio_ports__open_sockets_and_descriptors)
{
	struct iovec piece = { (char[]){ "abc" }, 3 };
	int fd = listen_at("socket", 1), end, pipes[2];
	struct stream s;
	char text[20], got[4];

	assert_ok(stream_open(&s, "unix:socket", false, &e), &e);
	end = accept(fd, NULL, NULL);
	ck_assert_int_eq(stream_write(&s, &piece, 1), 3);
	ck_assert_int_eq(read(end, got, 4), 3);
	piece.iov_base = got;
	ck_assert_int_eq(stream_read(&s, &piece, 1), -EAGAIN);
	stream_end_output(&s);
	ck_assert_int_eq(read(end, got, 4), 0);
	ck_assert_int_eq(write(end, "xyz", 3), 3);
	ck_assert_int_eq(stream_read(&s, &piece, 1), 3);
	ck_assert_mem_eq(got, "xyz", 3);
	stream_close(&s);
	close(end);

	/* A descriptor has the directions in which it is open. */
	ck_assert_int_eq(pipe(pipes), 0);
	inherited_note();
	snprintf(text, sizeof(text), "fd=%d", pipes[0]);
	assert_ok(stream_open(&s, text, false, &e), &e);
	ck_assert_int_ge(s.in.fd, 0);
	ck_assert_int_eq(s.out.fd, -1);
	/* It is not closed with the others, and not given twice. */
	inherited_close();
	ck_assert_int_ge(fcntl(s.in.fd, F_GETFL), 0);
	stream_close(&s);
	ck_assert_int_eq(stream_open(&s, text, false, &e), -EBADF);
}
END_TEST

/* Where O_NONBLOCK cannot be set, poll(2) is asked first. */
START_TEST(virtio_ports__do_not_wait_for_a_blocking_file)
{
	static uint8_t much[1 << 17];
	const struct iovec piece = { much, sizeof(much) };
	struct stream s;
	int pipes[2];
	ssize_t n, all = 0;

	ck_assert_int_eq(pipe(pipes), 0);
	assert_ok(stream_adopt(&s, pipes[0], pipes[1], &e), &e);
	fcntl(s.in.fd, F_SETFL, 0);
	fcntl(s.out.fd, F_SETFL, 0);
	s.in.way = s.out.way = STREAM_POLL;
	ck_assert_int_eq(stream_read(&s, &piece, 1), -EAGAIN);
	while ((n = stream_write(&s, &piece, 1)) > 0)
		all += n;
	ck_assert_int_eq(n, -EAGAIN);
	ck_assert_int_ge(all, 4096);
	while ((n = stream_read(&s, &piece, 1)) > 0)
		all -= n;
	ck_assert_int_eq(n, -EAGAIN);
	ck_assert_int_eq(all, 0);
	stream_end_output(&s);
	ck_assert_int_eq(stream_read(&s, &piece, 1), 0);
	stream_close(&s);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_ports");
	TCase *t = tcase_create("ports");
	TCase *o = tcase_create("option");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_ports__is_a_console_with_ports);
	tcase_add_test(t, virtio_ports__announces_them);
	tcase_add_loop_test(t, virtio_ports__ignores, 0, COUNT(meaningless));
	tcase_add_loop_test(t, virtio_ports__blames_the_driver, 0,
			    COUNT(faults));
	tcase_add_test(t, virtio_ports__needs_room_for_a_name);
	tcase_add_test(t, virtio_ports__has_no_port_0);
	tcase_add_test(t, virtio_ports__writes_a_chain_cut_anywhere);
	tcase_add_test(t, virtio_ports__waits_for_a_slow_reader);
	tcase_add_test(t, virtio_ports__a_stopped_reader_stalls_its_port_only);
	tcase_add_test(t, virtio_ports__reads_for_an_open_port);
	tcase_add_test(t, virtio_ports__tells_the_guest_of_the_streams_end);
	tcase_add_test(t, virtio_ports__drops_what_nothing_reads);
	tcase_add_test(t, virtio_ports__report_a_write_that_fails);
	tcase_add_test(t, virtio_ports__stay_open_for_the_next_program);
	tcase_add_test(t, virtio_ports__end_with_the_program_for_eof);
	tcase_add_test(t, virtio_ports__begin_anew_with_each_driver);
	tcase_add_test(t, virtio_ports__end_with_the_driver_for_eof);
	tcase_add_test(t, virtio_ports__carry_bytes_both_ways);
	tcase_add_test(t, virtio_ports__write_what_came_last);
	tcase_add_test(t, virtio_ports__do_not_wait_for_ever);
	tcase_add_test(t, virtio_ports__survive_resets_with_bytes_in_flight);
	suite_add_tcase(s, t);
	tcase_add_test(o, virtio_ports__leave_the_flags_of_shared_files);
	tcase_add_loop_test(o, virtio_ports__rejects_options, 0,
			    COUNT(bad_options));
	tcase_add_test(o, virtio_ports__are_one_device);
	tcase_add_loop_test(o, virtio_ports__rejects_places, 0,
			    COUNT(bad_places));
	tcase_add_test(o, virtio_ports__open_files);
	tcase_add_test(o, virtio_ports__open_sockets_and_descriptors);
	tcase_add_test(o, virtio_ports__do_not_wait_for_a_blocking_file);
	suite_add_tcase(s, o);
	return s;
}
