/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames over a stream: cut anywhere, oversized, short, truncated; a reader
 * that is slow, and one that goes.
 */
#include "unit/unit.h"
#include "dev/net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct net_backend *b;
static struct net_frame f;
static struct err e;
static int far; /* the other end */

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	far = ends[1];
	assert_ok(net_stream_new(&b, ends[0], "a peer", &e), &e);
}

static void teardown(void)
{
	net_backend_close(b);
	if (far >= 0)
		close(far);
}

static void say(const void *data, size_t len)
{
	ck_assert_int_eq(write(far, data, len), (ssize_t)len);
}

static void say_length(uint32_t len)
{
	const uint8_t bytes[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
				  (uint8_t)(len >> 8), (uint8_t)len };

	say(bytes, sizeof(bytes));
}

static void say_frame(uint32_t len, int fill)
{
	uint8_t *data = malloc(len + 1);

	memset(data, fill, len);
	say_length(len);
	say(data, len);
	free(data);
}

static int receive(void)
{
	return b->ops->receive(b, &f, &e);
}

static void expect_frame(size_t len, uint8_t fill)
{
	ck_assert_int_eq(receive(), 1);
	ck_assert_uint_eq(f.len, len);
	ck_assert_uint_eq(f.data[0], fill);
	ck_assert_uint_eq(f.data[len - 1], fill);
	ck_assert_uint_eq(f.header.flags | f.header.gso_type, 0);
}

START_TEST(net_stream__receives_frames)
{
	ck_assert_int_eq(receive(), 0);
	say_frame(14, 'a');
	say_frame(1514, 'b');
	say_frame(60, 'c');
	expect_frame(14, 'a');
	expect_frame(1514, 'b');
	expect_frame(60, 'c');
	ck_assert_int_eq(receive(), 0);
	ck_assert_int_eq(receive(), 0);
}
END_TEST

START_TEST(net_stream__receives_the_longest_frame)
{
	for (int i = 0; i < 9; i++) {
		say_frame(NET_FRAME_MAX, 'a' + i);
		while (receive() == 0)
			;
		ck_assert_uint_eq(f.len, NET_FRAME_MAX);
		ck_assert_uint_eq(f.data[0], 'a' + i);
		ck_assert_uint_eq(f.data[f.len - 1], 'a' + i);
	}
}
END_TEST

/* The peer's writes may end anywhere. */
START_TEST(net_stream__joins_pieces)
{
	uint8_t bytes[3 * (4 + 20)] = { 0 };
	unsigned got = 0;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % 24 < 3	 ? 0
			   : i % 24 == 3 ? 20
					 : (uint8_t)(i / 24);
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		say(bytes + i, 1);
		if (receive() == 1) {
			ck_assert_uint_eq(f.len, 20);
			ck_assert_uint_eq(f.data[19], got);
			got++;
			ck_assert_uint_eq(i + 1, got * 24);
		}
	}
	ck_assert_uint_eq(got, 3);
}
END_TEST

START_TEST(net_stream__skips_an_oversized_frame)
{
	uint8_t *data = calloc(1, NET_FRAME_MAX + 1);

	say_frame(20, 'a');
	say_length(NET_FRAME_MAX + 1);
	expect_frame(20, 'a');
	ck_assert_int_eq(receive(), 0);
	say(data, NET_FRAME_MAX);
	ck_assert_int_eq(receive(), 0);
	say(data, 1);
	say_frame(20, 'b');
	while (receive() == 0)
		;
	ck_assert_uint_eq(f.data[0], 'b');
	ck_assert_uint_eq(b->drops[NET_OVERSIZED], 1);
	free(data);
}
END_TEST

/* Its length is 4 GiB: nothing of it is kept. */
START_TEST(net_stream__skips_a_frame_without_end)
{
	uint8_t *data = malloc(65536);

	memset(data, 0xff, 65536);
	for (unsigned i = 0; i < 100; i++) {
		say(data, 65536);
		ck_assert_int_eq(receive(), 0);
		ck_assert_int_eq(receive(), 0);
	}
	ck_assert_uint_eq(b->drops[NET_OVERSIZED], 1);
	free(data);
}
END_TEST

START_TEST(net_stream__skips_short_frames)
{
	for (uint32_t len = 0; len < 14; len++)
		say_frame(len, 's');
	say_frame(14, 'a');
	expect_frame(14, 'a');
	ck_assert_uint_eq(b->drops[NET_RUNTS], 14);
}
END_TEST

static void expect_end(unsigned truncated)
{
	ck_assert_int_eq(receive(), -EPIPE);
	ck_assert_str_eq(e.msg, "a peer: the other end closed the connection");
	ck_assert_uint_eq(b->drops[NET_TRUNCATED], truncated);
}

START_TEST(net_stream__ends_between_frames)
{
	say_frame(20, 'a');
	close(far);
	far = -1;
	expect_frame(20, 'a');
	expect_end(0);
}
END_TEST

static const size_t cuts[] = { 1, 3, 4, 5, 23 };

START_TEST(net_stream__ends_in_a_frame)
{
	uint8_t bytes[24] = { 0, 0, 0, 20 };

	say(bytes, cuts[_i]);
	close(far);
	far = -1;
	ck_assert_int_eq(receive(), 0);
	expect_end(1);
}
END_TEST

START_TEST(net_stream__ends_in_a_skipped_frame)
{
	say_length(UINT32_MAX);
	close(far);
	far = -1;
	ck_assert_int_eq(receive(), 0);
	expect_end(1);
}
END_TEST

/* --- sending */

static const struct virtio_net_header none;

static enum net_sent send_frame(uint8_t *data, size_t len)
{
	const struct iovec iov[] = { { data, 5 }, { data + 5, len - 5 } };

	return b->ops->send(b, &none, iov, 2, len, &e);
}

static void expect_said(int fill, size_t len)
{
	static uint8_t got[NET_LENGTH_SIZE + NET_FRAME_MAX];
	size_t want = NET_LENGTH_SIZE + len;

	ck_assert_int_eq(recv(far, got, want, MSG_WAITALL), (ssize_t)want);
	ck_assert_uint_eq(got[0] << 24 | got[1] << 16 | got[2] << 8 | got[3],
			  len);
	/* One check for all bytes: each of libcheck's costs a system call. */
	for (size_t i = NET_LENGTH_SIZE; i < want; i++)
		if (got[i] != (uint8_t)fill)
			ck_abort_msg("byte %zu is %u", i, got[i]);
}

START_TEST(net_stream__sends_frames)
{
	uint8_t data[300];

	memset(data, 'd', sizeof(data));
	ck_assert_int_eq(send_frame(data, 14), NET_SENT);
	ck_assert_int_eq(send_frame(data, 300), NET_SENT);
	expect_said('d', 14);
	expect_said('d', 300);
	ck_assert_int_eq(b->ops->flush(b, &e), NET_SENT);
}
END_TEST

/* Until the socket is full; then no byte is lost and none comes twice. */
START_TEST(net_stream__finishes_what_a_slow_reader_left)
{
	static uint8_t data[NET_FRAME_MAX];
	unsigned sent = 0, read = 0, unsent = 0;
	enum net_sent r;

	while (sent < 200) {
		memset(data, (int)sent, sizeof(data));
		r = send_frame(data, sizeof(data));
		ck_assert(r == NET_SENT || r == NET_UNSENT || r == NET_BUSY);
		sent += r != NET_BUSY;
		unsent += r == NET_UNSENT;
		if (r == NET_SENT)
			continue;
		while (b->ops->flush(b, &e) == NET_UNSENT)
			expect_said((int)read++, sizeof(data));
		if (r == NET_BUSY)
			expect_said((int)read++, sizeof(data));
	}
	while (read < sent) {
		(void)b->ops->flush(b, &e);
		expect_said((int)read++, sizeof(data));
	}
	ck_assert(unsent > 0);
}
END_TEST

START_TEST(net_stream__tells_that_its_reader_is_gone)
{
	uint8_t data[64] = { 0 };

	ck_assert_int_eq(shutdown(far, SHUT_RD), 0);
	ck_assert_int_eq(send_frame(data, 64), NET_GONE);
	ck_assert_str_eq(e.msg, "a peer: sending: Broken pipe");
}
END_TEST

/* What the peer has sent before it closed is received, and then the end. */
START_TEST(net_stream__receives_although_its_reader_is_gone)
{
	uint8_t data[64] = { 0 };

	say_frame(20, 'a');
	say(data, 3);
	close(far);
	far = -1;
	ck_assert_int_eq(send_frame(data, 64), NET_REFUSED);
	expect_frame(20, 'a');
	ck_assert_int_eq(send_frame(data, 64), NET_REFUSED);
	expect_end(1);
}
END_TEST

/* The rest of a frame is dropped. */
START_TEST(net_stream__flushes_although_its_reader_is_gone)
{
	static uint8_t data[NET_FRAME_MAX];

	while (send_frame(data, sizeof(data)) == NET_SENT)
		;
	close(far);
	far = -1;
	ck_assert_int_eq(b->ops->flush(b, &e), NET_SENT);
	expect_end(0);
}
END_TEST

/* --- connecting */

START_TEST(net_stream__connects)
{
	struct sockaddr_un at = { AF_UNIX, "server" };
	struct net_backend *other = NULL;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(net_stream_connect(&other, "server", &e), -ENOENT);
	ck_assert_str_eq(e.msg, "server: connect: No such file or directory");
	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(net_stream_connect(&other, "server", &e),
			 -ECONNREFUSED);
	ck_assert_int_eq(listen(s, 0), 0);
	assert_ok(net_stream_connect(&other, "server", &e), &e);
	net_backend_close(other);
	other = NULL;
	/* The place of the queue is taken until it is accepted. */
	ck_assert_int_eq(net_stream_connect(&other, "server", &e), -EAGAIN);
	ck_assert_str_eq(
		e.msg, "server: the program that listens there does not accept "
		       "more connections");
	close(s);
}
END_TEST

START_TEST(net_stream__refuses_another_kind_of_socket)
{
	struct sockaddr_un at = { AF_UNIX, "datagrams" };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct net_backend *other = NULL;

	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(net_stream_connect(&other, "datagrams", &e),
			 -EPROTOTYPE);
	ck_assert_str_eq(e.msg, "datagrams: it is not a stream socket");
	close(s);
}
END_TEST

START_TEST(net_stream__refuses_a_long_path)
{
	struct net_backend *other = NULL;
	char path[200];

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(net_stream_connect(&other, path, &e), -EINVAL);
	ck_assert_msg(
		strstr(e.msg, "the path has 199 bytes (expected 1 to 107)"),
		"%s", e.msg);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("net_stream");
	TCase *t = tcase_create("stream");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, net_stream__receives_frames);
	tcase_add_test(t, net_stream__receives_the_longest_frame);
	tcase_add_test(t, net_stream__joins_pieces);
	tcase_add_test(t, net_stream__skips_an_oversized_frame);
	tcase_add_test(t, net_stream__skips_a_frame_without_end);
	tcase_add_test(t, net_stream__skips_short_frames);
	tcase_add_test(t, net_stream__ends_between_frames);
	tcase_add_loop_test(t, net_stream__ends_in_a_frame, 0,
			    (int)COUNT(cuts));
	tcase_add_test(t, net_stream__ends_in_a_skipped_frame);
	tcase_add_test(t, net_stream__sends_frames);
	tcase_add_test(t, net_stream__finishes_what_a_slow_reader_left);
	tcase_add_test(t, net_stream__tells_that_its_reader_is_gone);
	tcase_add_test(t, net_stream__receives_although_its_reader_is_gone);
	tcase_add_test(t, net_stream__flushes_although_its_reader_is_gone);
	tcase_add_test(t, net_stream__connects);
	tcase_add_test(t, net_stream__refuses_another_kind_of_socket);
	tcase_add_test(t, net_stream__refuses_a_long_path);
	suite_add_tcase(s, t);
	return s;
}
