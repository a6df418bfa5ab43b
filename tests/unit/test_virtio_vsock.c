/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-vsock: the packets that programs on both sides cause, with a driver
 * that the test plays and real sockets; credit, ends of streams, and what a
 * driver or a client may do wrong.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/vsock.h"
#include "support/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH  "v.sock"
#define CID   17
#define BUFSZ (128u << 10)
#define FIRST 0x40000000u

enum {
	REQUEST = 1,
	RESPONSE,
	RST,
	SHUTDOWN,
	RW,
	CREDIT_UPDATE,
	CREDIT_REQUEST
};
enum { NO_RECEIVE = 1, NO_SEND = 2, BOTH = 3 };
enum { RX, TX, EVENT };

static struct virtio_vsock s;
static struct unix_listener sock;
static struct worker worker;
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static struct err e;
/* The packet that the device has sent last. */
static struct virtio_vsock_header got;
static uint16_t want_type = 1; /* of packets to the guest */
static uint8_t got_data[4096];
static uint32_t room;	 /* that the guest says it has */
static unsigned readies; /* how often it said that it is ready */

static void on_ready(void *ctx)
{
	ck_assert_ptr_eq(ctx, &readies);
	readies++;
}

static const struct device_ready ready = { on_ready, &readies };

static void setup(void)
{
	driver_setup();
	room = 1 << 20;
	readies = 0;
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(unix_listener_open(&sock, PATH, 8, &e), &e);
	assert_ok(virtio_vsock_init(&s, CID, &sock, &ready, &gm, &worker, &e),
		  &e);
	assert_ok(s.core.is.ops->start(&s, &e), &e);
}

static void teardown(void)
{
	s.core.is.ops->stop(&s);
	virtio_vsock_release(&s);
	worker_release(&worker);
	unix_listener_close(&sock);
	driver_teardown();
}

static enum virtio_result serve(unsigned queue)
{
	request.ticket.queue = (uint16_t)queue;
	request.written = 0;
	return s.core.is.ops->serve(&s, &request, &e);
}

static void turn(void)
{
	for (unsigned i = 0; i < 4; i++)
		loop_turn(&worker.loop, false);
}

static struct virtio_vsock_header header(uint16_t op, uint32_t host,
					 uint32_t guest, size_t len)
{
	return (struct virtio_vsock_header){
		.src_cid = CID,
		.dst_cid = 2,
		.src_port = guest,
		.dst_port = host,
		.len = (uint32_t)len,
		.type = 1,
		.op = op,
		.buf_alloc = room,
	};
}

/* The driver sends @h and @len bytes, cut somewhere. */
static enum virtio_result send_as(struct virtio_vsock_header *h,
				  const void *data, size_t len)
{
	memset(&request, 0, sizeof(request));
	chain_add(c, h, 10, false);
	chain_add(c, (uint8_t *)h + 10, sizeof(*h) - 10, false);
	chain_add(c, (void *)(uintptr_t)data, len > 7 ? 7 : len, false);
	if (len > 7)
		chain_add(c, (uint8_t *)(uintptr_t)data + 7, len - 7, false);
	return serve(TX);
}

static void guest_sends(uint16_t op, uint32_t host, uint32_t guest,
			const void *data, size_t len)
{
	struct virtio_vsock_header h = header(op, host, guest, len);

	ck_assert_int_eq(send_as(&h, data, len), VIRTIO_DONE);
}

static void guest_ends(uint32_t host, uint32_t guest, uint32_t flags)
{
	struct virtio_vsock_header h = header(SHUTDOWN, host, guest, 0);

	h.flags = flags;
	ck_assert_int_eq(send_as(&h, NULL, 0), VIRTIO_DONE);
}

/* Whether the device has a packet for the guest; it is in got. */
static bool next_packet(void)
{
	enum virtio_result r;

	turn();
	memset(&request, 0, sizeof(request));
	memset(&got, 0, sizeof(got));
	memset(got_data, 0, sizeof(got_data));
	chain_add(c, &got, 40, true);
	chain_add(c, (uint8_t *)&got + 40, 4, true);
	chain_add(c, got_data, sizeof(got_data), true);
	r = serve(RX);
	if (r == VIRTIO_NOT_NOW)
		return false;
	ck_assert_int_eq(r, VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 44 + got.len);
	ck_assert_uint_eq(got.src_cid, 2);
	ck_assert_uint_eq(got.dst_cid, CID);
	ck_assert_uint_eq(got.type, want_type);
	return true;
}

static void expect_packet(uint16_t op, uint32_t host, uint32_t guest)
{
	ck_assert_msg(next_packet(), "no packet");
	ck_assert_uint_eq(got.op, op);
	ck_assert_uint_eq(got.src_port, host);
	ck_assert_uint_eq(got.dst_port, guest);
}

static void expect_end(uint32_t host, uint32_t guest, uint32_t flags)
{
	expect_packet(SHUTDOWN, host, guest);
	ck_assert_uint_eq(got.flags, flags);
}

static void expect_data(uint32_t host, uint32_t guest, const char *text)
{
	expect_packet(RW, host, guest);
	ck_assert_uint_eq(got.len, strlen(text));
	ck_assert_mem_eq(got_data, text, strlen(text));
}

static void expect_silence(void)
{
	ck_assert_msg(!next_packet(), "op %u of %u bytes", got.op, got.len);
}

static uint64_t counter(const char *name)
{
	struct device_counters counters = { .count = 0 };

	s.core.is.ops->report(&s, &counters);
	for (unsigned i = 0; i < counters.count; i++)
		if (!strcmp(counters.of[i].name, name))
			return counters.of[i].value;
	ck_abort_msg("no counter %s", name);
	return 0;
}

/* --- programs here */

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static int client(void)
{
	const struct sockaddr_un a = address(PATH);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (const void *)&a, sizeof(a)), 0);
	return fd;
}

static int listener(const char *path)
{
	const struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	ck_assert_int_eq(bind(fd, (const void *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 200), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (int)strlen(text));
}

static void expect_read(int fd, const char *text)
{
	char buf[256] = "";
	ssize_t n;

	turn();
	n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	ck_assert_msg(n == (ssize_t)strlen(text) && !strcmp(buf, text),
		      "%zd bytes: \"%s\"", n, buf);
}

static void expect_eof(int fd)
{
	char byte;

	turn();
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

/* The other end was closed, perhaps before it had read everything. */
static void expect_closed(int fd)
{
	char byte;

	turn();
	ck_assert_int_le(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_ne(errno, EAGAIN);
}

/* A program here connects to port 1234 of the guest, which accepts. */
static int connected(uint32_t host)
{
	int fd = client();
	char ok[32];

	say(fd, "CONNECT 1234\n");
	expect_packet(REQUEST, host, 1234);
	guest_sends(RESPONSE, host, 1234, NULL, 0);
	snprintf(ok, sizeof(ok), "OK %u\n", host);
	expect_read(fd, ok);
	return fd;
}

START_TEST(virtio_vsock__is_a_socket_device)
{
	ck_assert_uint_eq(s.core.is.id, 19);
	ck_assert_uint_eq(s.core.is.queues, 3);
	ck_assert_uint_eq(s.core.is.config_len, 8);
	ck_assert_uint_eq(virtio_read_config(&s.core, 0, 4), CID);
	ck_assert_uint_eq(virtio_read_config(&s.core, 4, 4), 0);
	memset(&request, 0, sizeof(request));
	ck_assert_int_eq(serve(EVENT), VIRTIO_NOT_NOW);
}
END_TEST

START_TEST(virtio_vsock__connects_a_program_to_the_guest)
{
	int fd = connected(FIRST);

	ck_assert_uint_eq(got.buf_alloc, BUFSZ);
	say(fd, "hello");
	expect_data(FIRST, 1234, "hello");
	guest_sends(RW, FIRST, 1234, "welcome to this", 15);
	expect_read(fd, "welcome to this");
	expect_silence();
	ck_assert_uint_eq(counter("connections"), 1);
	ck_assert_uint_eq(counter("rx_bytes"), 5);
	ck_assert_uint_eq(counter("tx_bytes"), 15);
	close(fd);
}
END_TEST

/* The line may come in pieces, and data behind it is not a part of it. */
START_TEST(virtio_vsock__reads_the_line_only)
{
	int fd = client();

	say(fd, "CONN");
	expect_silence();
	say(fd, "ECT 429496");
	expect_silence();
	say(fd, "7295\nhello\nCONNECT 1\n");
	expect_packet(REQUEST, FIRST, 4294967295);
	expect_silence();
	guest_sends(RESPONSE, FIRST, 4294967295, NULL, 0);
	expect_data(FIRST, 4294967295, "hello\nCONNECT 1\n");
	close(fd);
}
END_TEST

static const char *const lines[] = {
	"\n",
	"CONNECT\n",
	"CONNECT \n",
	"CONNECT x\n",
	"CONNECT -1\n",
	"CONNECT +1\n",
	"CONNECT  1\n",
	"CONNECT 1 \n",
	"CONNECT 4294967296\n",
	"CONNECT 00000000001\n",
	"CONNECT 99999999999\n",
	"connect 1\n",
	"GET / HTTP/1.0\n",
	"0123456789012345678901234567890",
};

START_TEST(virtio_vsock__refuses_other_lines)
{
	int fd = client();

	say(fd, lines[_i]);
	expect_silence();
	expect_eof(fd);
	ck_assert_uint_eq(counter("refused"), 1);
	ck_assert_uint_eq(s.connections, 0);
	close(fd);
}
END_TEST

START_TEST(virtio_vsock__passes_on_a_refusal)
{
	int fd = client();

	say(fd, "CONNECT 1234\n");
	expect_packet(REQUEST, FIRST, 1234);
	guest_sends(RST, FIRST, 1234, NULL, 0);
	expect_eof(fd);
	expect_silence();
	ck_assert_uint_eq(counter("refused"), 1);
	ck_assert_uint_eq(counter("connections"), 0);
	close(fd);
}
END_TEST

/* Before the guest is asked, it hears nothing; afterwards, a reset. */
START_TEST(virtio_vsock__forgets_a_client_that_goes)
{
	int fd = client();

	say(fd, "CONNECT 1234\n");
	close(fd);
	expect_silence();
	fd = client();
	say(fd, "CONNECT 1234\n");
	expect_packet(REQUEST, FIRST + 1, 1234);
	close(fd);
	expect_packet(RST, FIRST + 1, 1234);
	guest_sends(RESPONSE, FIRST + 1, 1234, NULL, 0);
	expect_packet(RST, FIRST + 1, 1234);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
}
END_TEST

static int from_guest(int listens)
{
	int fd;

	guest_sends(REQUEST, 77, 5000, NULL, 0);
	expect_packet(RESPONSE, 77, 5000);
	fd = accept(listens, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(virtio_vsock__connects_the_guest_to_a_program)
{
	int listens = listener(PATH "_77"), fd = from_guest(listens);

	guest_sends(RW, 77, 5000, "hello", 5);
	expect_read(fd, "hello");
	say(fd, "welcome");
	expect_data(77, 5000, "welcome");
	close(fd);
	close(listens);
}
END_TEST

START_TEST(virtio_vsock__refuses_a_port_without_a_program)
{
	guest_sends(REQUEST, 78, 5000, NULL, 0);
	expect_packet(RST, 78, 5000);
	expect_silence();
	ck_assert_uint_eq(counter("refused"), 1);
}
END_TEST

/* --- ends */

START_TEST(virtio_vsock__passes_on_the_end_of_a_program)
{
	int fd = connected(FIRST);

	say(fd, "the last");
	shutdown(fd, SHUT_WR);
	expect_data(FIRST, 1234, "the last");
	expect_end(FIRST, 1234, NO_SEND);
	expect_silence();
	/* The other direction stays. */
	guest_sends(RW, FIRST, 1234, "more", 4);
	expect_read(fd, "more");
	guest_ends(FIRST, 1234, BOTH);
	expect_packet(RST, FIRST, 1234);
	expect_eof(fd);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
	ck_assert_uint_eq(counter("resets"), 0);
	close(fd);
}
END_TEST

START_TEST(virtio_vsock__passes_on_the_end_of_the_guest)
{
	int fd = connected(FIRST);

	guest_sends(RW, FIRST, 1234, "the last", 8);
	guest_ends(FIRST, 1234, NO_SEND);
	expect_read(fd, "the last");
	expect_eof(fd);
	say(fd, "more");
	expect_data(FIRST, 1234, "more");
	close(fd);
	expect_end(FIRST, 1234, BOTH);
	guest_sends(RST, FIRST, 1234, NULL, 0);
	ck_assert_uint_eq(s.connections, 0);
}
END_TEST

/* The guest is told about both directions, after the last byte. */
START_TEST(virtio_vsock__passes_on_that_a_program_has_gone)
{
	int fd = connected(FIRST);

	say(fd, "the last");
	close(fd);
	expect_data(FIRST, 1234, "the last");
	expect_end(FIRST, 1234, BOTH);
	expect_silence();
	guest_sends(RW, FIRST, 1234, "lost", 4);
	guest_sends(RST, FIRST, 1234, NULL, 0);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
}
END_TEST

START_TEST(virtio_vsock__passes_on_that_the_guest_reads_no_more)
{
	int fd = connected(FIRST);

	guest_ends(FIRST, 1234, NO_RECEIVE);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	guest_sends(RW, FIRST, 1234, "still", 5);
	expect_read(fd, "still");
	close(fd);
	expect_end(FIRST, 1234, BOTH);
}
END_TEST

START_TEST(virtio_vsock__resets_what_the_guest_resets)
{
	int fd = connected(FIRST);

	guest_sends(RST, FIRST, 1234, NULL, 0);
	expect_eof(fd);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
	close(fd);
}
END_TEST

/* --- credit */

START_TEST(virtio_vsock__sends_what_the_guest_has_room_for)
{
	struct virtio_vsock_header h;
	int fd;

	room = 6;
	fd = connected(FIRST);
	say(fd, "0123456789");
	expect_data(FIRST, 1234, "012345");
	expect_silence();
	/* The same credit again changes nothing. */
	guest_sends(CREDIT_UPDATE, FIRST, 1234, NULL, 0);
	expect_silence();
	h = header(CREDIT_UPDATE, FIRST, 1234, 0);
	h.fwd_cnt = 3;
	send_as(&h, NULL, 0);
	expect_data(FIRST, 1234, "678");
	/* More than all was never sent, or the room has become smaller. */
	h.fwd_cnt = 10;
	send_as(&h, NULL, 0);
	expect_silence();
	h.fwd_cnt = 8;
	h.buf_alloc = 1;
	send_as(&h, NULL, 0);
	expect_silence();
	shutdown(fd, SHUT_WR);
	h.fwd_cnt = 9;
	send_as(&h, NULL, 0);
	expect_data(FIRST, 1234, "9");
	h.fwd_cnt = 10;
	send_as(&h, NULL, 0);
	expect_end(FIRST, 1234, NO_SEND);
	close(fd);
}
END_TEST

START_TEST(virtio_vsock__answers_a_request_for_credit)
{
	int fd = connected(FIRST);

	guest_sends(RW, FIRST, 1234, "12345", 5);
	guest_sends(CREDIT_REQUEST, FIRST, 1234, NULL, 0);
	expect_packet(CREDIT_UPDATE, FIRST, 1234);
	ck_assert_uint_eq(got.buf_alloc, BUFSZ);
	ck_assert_uint_eq(got.fwd_cnt, 5);
	expect_silence();
	close(fd);
}
END_TEST

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* The driver learns how much has been read. */
static void take_credit(uint32_t *fwd)
{
	while (next_packet()) {
		ck_assert_uint_eq(got.op, CREDIT_UPDATE);
		*fwd = got.fwd_cnt;
	}
}

static size_t send_piece(size_t sent, uint32_t n)
{
	static uint8_t piece[4096];

	if (n > sizeof(piece))
		n = sizeof(piece);
	for (uint32_t i = 0; i < n; i++)
		piece[i] = pattern(sent + i);
	guest_sends(RW, FIRST, 1234, piece, n);
	return sent + n;
}

/* Send as much as there is credit for. Returns how many bytes were sent. */
static size_t send_all_credit(uint32_t *fwd, size_t sent)
{
	take_credit(fwd);
	while ((uint32_t)sent - *fwd < BUFSZ) {
		sent = send_piece(sent, BUFSZ - ((uint32_t)sent - *fwd));
		take_credit(fwd);
	}
	return sent;
}

static size_t drain(int fd, size_t at, size_t most)
{
	uint8_t byte[1000];
	ssize_t n = 1;

	while (n > 0 && most) {
		n = recv(fd, byte, most < sizeof(byte) ? most : sizeof(byte),
			 MSG_DONTWAIT);
		for (ssize_t i = 0; i < n; i++)
			if (byte[i] != pattern(at + (size_t)i))
				ck_abort_msg("byte %zu", at + (size_t)i);
		if (n > 0) {
			at += (size_t)n;
			most -= (size_t)n;
		}
	}
	turn();
	return at;
}

/* A program that does not read fills the buffer, and no more. */
START_TEST(virtio_vsock__keeps_what_a_program_does_not_read)
{
	int fd = connected(FIRST);
	size_t sent = 0, read = 0;
	uint32_t fwd = 0;

	/* Odd amounts are read, so that the ring's ends are anywhere. */
	for (unsigned round = 0; round < 20; round++) {
		sent = send_all_credit(&fwd, sent);
		read = drain(fd, read, 70001);
	}
	ck_assert_uint_gt(sent, 10 * BUFSZ);
	guest_ends(FIRST, 1234, BOTH);
	while (read < sent)
		read = drain(fd, read, 99999);
	expect_eof(fd);
	while (next_packet() && got.op == CREDIT_UPDATE)
		;
	ck_assert_uint_eq(got.op, RST);
	ck_assert_uint_eq(s.connections, 0);
	ck_assert_uint_eq(counter("resets"), 0);
	close(fd);
}
END_TEST

START_TEST(virtio_vsock__resets_a_guest_without_credit)
{
	int fd = connected(FIRST);
	uint32_t fwd = 0;
	size_t sent = send_all_credit(&fwd, 0);

	/* The room may be larger than the driver knows. */
	for (unsigned i = 0; i <= BUFSZ / 4096 / 2; i++)
		sent = send_piece(sent, 4096);
	while (next_packet() && got.op == CREDIT_UPDATE)
		;
	ck_assert_uint_eq(got.op, RST);
	expect_silence();
	ck_assert_uint_eq(counter("resets"), 1);
	ck_assert_uint_eq(s.connections, 0);
	close(fd);
}
END_TEST

/* What a closed stream has sent is written, even if the guest has forgotten it
 * or the driver has gone. */
START_TEST(virtio_vsock__writes_the_rest_of_a_closed_stream)
{
	int fd = connected(FIRST);
	size_t read = 0, sent;
	uint32_t fwd = 0;

	sent = send_all_credit(&fwd, 0);
	guest_ends(FIRST, 1234, BOTH);
	if (_i)
		guest_sends(RST, FIRST, 1234, NULL, 0);
	else
		s.core.is.ops->stop(&s);
	expect_silence();
	while (read < sent)
		read = drain(fd, read, 50000);
	expect_eof(fd);
	ck_assert_uint_eq(s.connections, 0);
	close(fd);
}
END_TEST

/* --- many */

START_TEST(virtio_vsock__serves_streams_in_turn)
{
	static char text[10000];
	int fds[3];

	memset(text, 'x', sizeof(text) - 1);
	for (unsigned i = 0; i < COUNT(fds); i++)
		fds[i] = connected(FIRST + i);
	for (unsigned i = 0; i < COUNT(fds); i++) {
		say(fds[i], text);
		turn();
	}
	for (unsigned n = 0; n < 2 * COUNT(fds); n++) {
		expect_packet(RW, FIRST + n % COUNT(fds), 1234);
		ck_assert_uint_eq(got.len, sizeof(got_data));
	}
	for (unsigned n = 0; n < COUNT(fds); n++)
		expect_packet(RW, FIRST + n, 1234);
	expect_silence();
	for (unsigned i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}
END_TEST

START_TEST(virtio_vsock__limits_its_connections)
{
	static int fds[VSOCK_CONNECTIONS_MAX];
	int listens = listener(PATH "_77"), more;

	for (unsigned i = 0; i < COUNT(fds); i++) {
		guest_sends(REQUEST, 77, i, NULL, 0);
		expect_packet(RESPONSE, 77, i);
		fds[i] = accept(listens, NULL, NULL);
	}
	guest_sends(REQUEST, 77, 5000, NULL, 0);
	expect_packet(RST, 77, 5000);
	more = client();
	expect_eof(more);
	close(more);
	for (unsigned i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(listens);
}
END_TEST

/* --- a driver's faults, and its end */

START_TEST(virtio_vsock__answers_strange_packets)
{
	struct virtio_vsock_header h = header(RW, 9, 8, 0);

	send_as(&h, NULL, 0);
	expect_packet(RST, 9, 8);
	ck_assert_uint_eq(got.buf_alloc, 0);
	/* With its own type: it must not end a stream of these ports. */
	h.type = want_type = 2;
	h.op = REQUEST;
	send_as(&h, NULL, 0);
	expect_packet(RST, 9, 8);
	want_type = 1;
	h.op = RST;
	send_as(&h, NULL, 0);
	expect_silence();
	h = header(REQUEST, 9, 8, 0);
	h.dst_cid = 3;
	send_as(&h, NULL, 0);
	h.dst_cid = 2;
	h.src_cid = CID + (UINT64_C(1) << 32);
	send_as(&h, NULL, 0);
	expect_silence();
	ck_assert_uint_eq(counter("dropped"), 2);
}
END_TEST

static const uint16_t wrong_ops[] = { 0, REQUEST, RESPONSE, 8, 0xffff };

START_TEST(virtio_vsock__resets_on_a_wrong_operation)
{
	int fd = connected(FIRST);

	guest_sends(wrong_ops[_i], FIRST, 1234, NULL, 0);
	expect_packet(RST, FIRST, 1234);
	expect_eof(fd);
	expect_silence();
	ck_assert_uint_eq(counter("resets"), 1);
	close(fd);
}
END_TEST

/* Answers do not pile up: the driver must take some first. */
START_TEST(virtio_vsock__takes_no_packet_it_cannot_answer)
{
	struct virtio_vsock_header h;

	for (unsigned i = 0; i < VSOCK_RESETS_MAX; i++)
		guest_sends(RW, 9, i, NULL, 0);
	h = header(RW, 9, 1000, 0);
	ck_assert_int_eq(send_as(&h, NULL, 0), VIRTIO_NOT_NOW);
	expect_packet(RST, 9, 0);
	ck_assert(!s.tx_waits);
	ck_assert_int_eq(send_as(&h, NULL, 0), VIRTIO_DONE);
	for (unsigned i = 1; i < VSOCK_RESETS_MAX; i++)
		expect_packet(RST, 9, i);
	expect_packet(RST, 9, 1000);
	expect_silence();
}
END_TEST

static void expect_fault(unsigned queue, const char *msg)
{
	ck_assert_int_eq(serve(queue), VIRTIO_DRIVER_FAULT);
	ck_assert_msg(strstr(e.msg, msg), "\"%s\" lacks \"%s\"", e.msg, msg);
}

START_TEST(virtio_vsock__refuses_packets_cut_short)
{
	struct virtio_vsock_header h = header(RW, 9, 8, 6);
	uint8_t bytes[64];

	memset(&request, 0, sizeof(request));
	chain_add(c, &h, 43, false);
	expect_fault(TX, "chain 0: fewer than 44 bytes of header (5.10.6)");
	memset(&request, 0, sizeof(request));
	chain_add(c, &h, 44, false);
	chain_add(c, bytes, 5, false);
	expect_fault(TX, "a packet of 6 bytes, of which 5 are there");
	h.len = UINT32_MAX;
	expect_fault(TX, "a packet of 4294967295 bytes, of which 5 are there");
	memset(&request, 0, sizeof(request));
	chain_add(c, bytes, 44, true);
	expect_fault(RX, "44 bytes for a packet, whose header has 44");
	memset(&request, 0, sizeof(request));
	expect_fault(RX, "0 bytes for a packet");
}
END_TEST

START_TEST(virtio_vsock__ends_with_its_driver)
{
	int open = connected(FIRST), asked = client(), silent = client();
	int late;

	say(asked, "CONNECT 1\n");
	expect_packet(REQUEST, FIRST + 1, 1);
	say(open, "on its way");
	turn();
	s.core.is.ops->stop(&s);
	late = client();
	expect_closed(open);
	expect_eof(asked);
	expect_eof(silent);
	expect_eof(late);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
	close(open);
	close(asked);
	close(silent);
	close(late);
	assert_ok(s.core.is.ops->start(&s, &e), &e);
	close(connected(FIRST + 2));
}
END_TEST

/* --- the guest is ready */

#define READY_PORT 0x3fffffffu

static const struct {
	const char *text;
	unsigned readies;
} notices[] = {
	{ "READY=1", 1 },
	{ "READY=1\n", 1 },
	{ "STATUS=Startup finished\nREADY=1\nX=y", 1 },
	{ "READY=1\nREADY=1\n", 2 },
	{ "", 0 },
	{ "READY=0", 0 },
	{ "READY=", 0 },
	{ "READY=12", 0 },
	{ "XREADY=1", 0 },
	{ " READY=1", 0 },
	{ "READY=1\r\n", 0 },
	{ "READREADY=1\n", 0 },
};

/* In one packet, or byte by byte. */
START_TEST(virtio_vsock__hears_that_the_guest_is_ready)
{
	const char *text = notices[_i / 2].text;
	size_t len = strlen(text), piece = _i % 2 ? 1 : len;

	guest_sends(REQUEST, READY_PORT, 1023, NULL, 0);
	expect_packet(RESPONSE, READY_PORT, 1023);
	for (size_t at = 0; at < len; at += piece)
		guest_sends(RW, READY_PORT, 1023, text + at, piece);
	guest_ends(READY_PORT, 1023, NO_SEND);
	expect_end(READY_PORT, 1023, BOTH);
	ck_assert_uint_eq(readies, notices[_i / 2].readies);
	guest_sends(RST, READY_PORT, 1023, NULL, 0);
	expect_silence();
	ck_assert_uint_eq(s.connections, 0);
}
END_TEST

/* Text without an end is taken, but not kept. */
START_TEST(virtio_vsock__hears_a_long_notice)
{
	static char text[4096];

	memset(text, 'x', sizeof(text));
	guest_sends(REQUEST, READY_PORT, 1023, NULL, 0);
	expect_packet(RESPONSE, READY_PORT, 1023);
	for (unsigned i = 0; i < 1000; i++)
		guest_sends(RW, READY_PORT, 1023, text, sizeof(text));
	expect_packet(CREDIT_UPDATE, READY_PORT, 1023);
	ck_assert_uint_eq(got.fwd_cnt, 1000 * sizeof(text));
	guest_sends(RW, READY_PORT, 1023, "\nREADY=1\n", 9);
	ck_assert_uint_eq(readies, 1);
	guest_ends(READY_PORT, 1023, BOTH);
	expect_packet(RST, READY_PORT, 1023);
	ck_assert_uint_eq(s.connections, 0);
}
END_TEST

START_TEST(virtio_vsock__hears_privileged_programs_only)
{
	guest_sends(REQUEST, READY_PORT, 1024, NULL, 0);
	expect_packet(RST, READY_PORT, 1024);
	/* The port is one like others if nothing waits. */
	s.ready = NULL;
	guest_sends(REQUEST, READY_PORT, 1023, NULL, 0);
	expect_packet(RST, READY_PORT, 1023);
	ck_assert_uint_eq(readies, 0);
}
END_TEST

/* --- the option */

#define TEN "0123456789"
#define X96 TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"

static const struct {
	const char *text;
	int rc;
	const char *msg;
} options[] = {
	{ "cid=3", 0, NULL },
	{ "cid=4294967294,socket=x", 0, NULL },
	{ "cid=3,expect-ready", 0, NULL },
	{ "cid=3,socket=" X96, 0, NULL },
	{ "cid=3,socket=" X96 "x", -EINVAL,
	  "socket: the path has 97 bytes (expected 1 to 96)" },
	{ "cid=3,socket=", -EINVAL, "socket: the file's name is empty" },
	{ "cid=2", -ERANGE, "cid: 2 is outside 3 to 4294967294" },
	{ "cid=4294967295", -ERANGE, "cid: 4294967295 is outside 3" },
	{ "cid=x", -EINVAL, "cid: 'x'" },
	{ "socket=x", -EINVAL, "cid=N is missing" },
	{ "cid=3,uds=x", -EINVAL,
	  "unknown key 'uds' (expected cid=N, socket=PATH, expect-ready" },
};

START_TEST(virtio_vsock__has_an_option)
{
	struct device_request r;
	int rc = device_request_parse(&r, &virtio_vsock_type, options[_i].text,
				      &e);

	ck_assert_msg(rc == options[_i].rc, "%d: %s", rc, e.msg);
	if (rc)
		ck_assert_msg(strstr(e.msg, options[_i].msg), "%s", e.msg);
	else
		device_request_release(&r);
}
END_TEST

/* --- with the worker */

#define RX_RINGS 0x40000u /* the receive queue's, as far apart as the others */
#define RX_BYTES 4096u

static struct virtio_mmio v;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static void enable(unsigned queue, uint32_t rings)
{
	set(0x30, queue);
	set(0x38, 8);
	set(0x80, DESC + rings);
	set(0x90, AVAIL + rings);
	set(0xa0, USED + rings);
	set(0x44, 1);
}

static void setup_worker(void)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	setup();
	s.core.is.ops->stop(&s);
	virtio_mmio_init(&v, &s.core, irq);
	set(0x70, 1 | 2);
	set(0x24, 1);
	set(0x20, 1);
	set(0x70, 1 | 2 | 8);
	enable(TX, 0);
	enable(RX, RX_RINGS);
	set(0x70, 1 | 2 | 8 | 4);
	/* A client that comes before the driver is refused. */
	turn();
	assert_ok(worker_start(&worker, "a test", &e), &e);
}

static void teardown_worker(void)
{
	virtio_stop(&s.core);
	worker_stop(&worker);
	virtio_vsock_release(&s);
	virtio_mmio_release(&v);
	worker_release(&worker);
	unix_listener_close(&sock);
	driver_teardown();
}

static void await_used(uint32_t rings, uint16_t idx)
{
	for (unsigned n = 0; n < 20000 && get16(USED + rings + 2) != idx; n++)
		usleep(1000);
	ck_assert_uint_eq(get16(USED + rings + 2), idx);
}

/* The driver offers a buffer and waits for a packet in it. */
static void receive(uint16_t n)
{
	put_desc(
		DESC + RX_RINGS, 0,
		(struct driver_desc){ BUFFERS + RX_RINGS, RX_BYTES, WRITE, 0 });
	put16(AVAIL + RX_RINGS + 2, n);
	set(0x50, RX);
	await_used(RX_RINGS, n);
	memcpy(&got, gm.base + BUFFERS + RX_RINGS, sizeof(got));
	memcpy(got_data, gm.base + BUFFERS + RX_RINGS + 44, 100);
}

static void transmit(uint16_t n, uint16_t op, const char *text)
{
	struct virtio_vsock_header h = header(op, FIRST, 1234, strlen(text));

	put(BUFFERS, &h, sizeof(h));
	put(BUFFERS + 44, text, strlen(text));
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 44 + h.len, 0, 0 });
	put16(AVAIL + 2, n);
	set(0x50, TX);
	await_used(0, n);
}

static void read_all(int fd, const char *text)
{
	char buf[64] = "";

	ck_assert_int_eq(recv(fd, buf, strlen(text), MSG_WAITALL),
			 (int)strlen(text));
	ck_assert_str_eq(buf, text);
}

START_TEST(virtio_vsock__is_served_by_the_worker)
{
	int fd = client();

	say(fd, "CONNECT 1234\n");
	receive(1);
	ck_assert_uint_eq(got.op, REQUEST);
	transmit(1, RESPONSE, "");
	read_all(fd, "OK 1073741824\n");
	for (uint16_t n = 2; n < 20; n++) {
		say(fd, "hello");
		receive(n);
		ck_assert_uint_eq(got.op, RW);
		ck_assert_mem_eq(got_data, "hello", 5);
		transmit(n, RW, "welcome");
		read_all(fd, "welcome");
	}
	close(fd);
	receive(20);
	ck_assert_uint_eq(got.op, SHUTDOWN);
	transmit(20, RST, "");
}
END_TEST

/* A reset with a stream open, while a program writes to it. */
START_TEST(virtio_vsock__is_reset_at_any_time)
{
	int fd = client();
	char byte;

	say(fd, "CONNECT 1234\n");
	receive(1);
	transmit(1, RESPONSE, "");
	read_all(fd, "OK 1073741824\n");
	say(fd, "hello");
	set(0x70, 0);
	while (recv(fd, &byte, 1, 0) > 0)
		;
	ck_assert_uint_eq(s.connections, 0);
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("virtio_vsock");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, virtio_vsock__is_a_socket_device);
	tcase_add_test(t, virtio_vsock__connects_a_program_to_the_guest);
	tcase_add_test(t, virtio_vsock__reads_the_line_only);
	tcase_add_loop_test(t, virtio_vsock__refuses_other_lines, 0,
			    (int)COUNT(lines));
	tcase_add_test(t, virtio_vsock__passes_on_a_refusal);
	tcase_add_test(t, virtio_vsock__forgets_a_client_that_goes);
	tcase_add_test(t, virtio_vsock__connects_the_guest_to_a_program);
	tcase_add_test(t, virtio_vsock__refuses_a_port_without_a_program);
	tcase_add_test(t, virtio_vsock__passes_on_the_end_of_a_program);
	tcase_add_test(t, virtio_vsock__passes_on_the_end_of_the_guest);
	tcase_add_test(t, virtio_vsock__passes_on_that_a_program_has_gone);
	tcase_add_test(t, virtio_vsock__passes_on_that_the_guest_reads_no_more);
	tcase_add_test(t, virtio_vsock__resets_what_the_guest_resets);
	tcase_add_test(t, virtio_vsock__sends_what_the_guest_has_room_for);
	tcase_add_test(t, virtio_vsock__answers_a_request_for_credit);
	tcase_add_test(t, virtio_vsock__keeps_what_a_program_does_not_read);
	tcase_add_test(t, virtio_vsock__resets_a_guest_without_credit);
	tcase_add_loop_test(t, virtio_vsock__writes_the_rest_of_a_closed_stream,
			    0, 2);
	tcase_add_test(t, virtio_vsock__serves_streams_in_turn);
	tcase_add_test(t, virtio_vsock__limits_its_connections);
	tcase_add_test(t, virtio_vsock__answers_strange_packets);
	tcase_add_loop_test(t, virtio_vsock__resets_on_a_wrong_operation, 0,
			    (int)COUNT(wrong_ops));
	tcase_add_test(t, virtio_vsock__takes_no_packet_it_cannot_answer);
	tcase_add_test(t, virtio_vsock__refuses_packets_cut_short);
	tcase_add_test(t, virtio_vsock__ends_with_its_driver);
	tcase_add_loop_test(t, virtio_vsock__hears_that_the_guest_is_ready, 0,
			    2 * (int)COUNT(notices));
	tcase_add_test(t, virtio_vsock__hears_a_long_notice);
	tcase_add_test(t, virtio_vsock__hears_privileged_programs_only);
	tcase_add_loop_test(t, virtio_vsock__has_an_option, 0,
			    (int)COUNT(options));
	suite_add_tcase(suite, t);
	t = tcase_create("worker");
	tcase_add_checked_fixture(t, setup_worker, teardown_worker);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, virtio_vsock__is_served_by_the_worker);
	tcase_add_test(t, virtio_vsock__is_reset_at_any_time);
	suite_add_tcase(suite, t);
	return suite;
}
