/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio console: bytes in both directions, a terminal that does not keep
 * up, the terminal's size, and emergency writes.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/console.h"
#include "support/chain.h"

#include <errno.h>

enum { RX, TX };

static struct worker worker;
static struct virtio_console con;
static struct line_guest line;
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static struct err e;

/* The host's side: it takes @capacity bytes. */
static uint8_t taken[1 << 17];
static size_t taken_len, capacity;
static unsigned rooms;

static size_t on_take(void *ctx, const uint8_t *data, size_t n)
{
	ck_assert_ptr_eq(ctx, &taken);
	if (n > capacity - taken_len)
		n = capacity - taken_len;
	memcpy(taken + taken_len, data, n);
	taken_len += n;
	return n;
}

static void on_room(void *ctx)
{
	ck_assert_ptr_eq(ctx, &taken);
	rooms++;
}

static void setup(void)
{
	const struct line_host host = { .ctx = &taken,
					.room = on_room,
					.take = on_take };

	driver_setup();
	taken_len = 0;
	capacity = sizeof(taken);
	rooms = 0;
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_console_init(&con, &host, &gm, &worker, &e), &e);
	line = virtio_console_line(&con);
}

static void teardown(void)
{
	virtio_console_release(&con);
	worker_release(&worker);
	driver_teardown();
}

static void begin(void)
{
	memset(&request, 0, sizeof(request));
}

static enum virtio_result serve(unsigned queue)
{
	request.ticket.queue = (uint16_t)queue;
	return con.core.is.ops->serve(&con, &request, &e);
}

static bool is_posted(const struct loop_call *call)
{
	return call->is_posted;
}

START_TEST(virtio_console__is_one_port)
{
	ck_assert_uint_eq(con.core.is.id, 3);
	ck_assert_uint_eq(con.core.is.queues, 2);
	/* SIZE and EMERG_WRITE, without MULTIPORT */
	ck_assert_uint_eq(con.core.is.features, 1 | 4);
	ck_assert_uint_eq(con.core.is.config_len, 12);
}
END_TEST

START_TEST(virtio_console__prints)
{
	char one[] = "hello, ", two[] = "world";

	begin();
	chain_add(c, one, 7, false);
	chain_add(c, two, 5, false);
	ck_assert_int_eq(serve(TX), VIRTIO_DONE);
	ck_assert_uint_eq(taken_len, 12);
	ck_assert_mem_eq(taken, "hello, world", 12);
	ck_assert_uint_eq(atomic_load(&con.written_bytes), 12);
}
END_TEST

START_TEST(virtio_console__waits_for_the_terminal)
{
	static uint8_t much[100000];

	for (unsigned i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 + i / 251);
	capacity = 10;
	for (;;) {
		enum virtio_result rc;

		begin();
		chain_add(c, much, 33, false);
		chain_add(c, much + 33, sizeof(much) - 33, false);
		rc = serve(TX);
		if (rc == VIRTIO_DONE)
			break;
		ck_assert_int_eq(rc, VIRTIO_NOT_NOW);
		capacity += 7001;
		line_more(&line);
		ck_assert(is_posted(&con.again));
		loop_turn(&worker.loop, false);
		ck_assert(!is_posted(&con.again));
	}
	ck_assert_uint_eq(taken_len, sizeof(much));
	ck_assert_mem_eq(taken, much, sizeof(much));
}
END_TEST

/* A driver that sends gigabytes in one chain does not keep the worker. */
START_TEST(virtio_console__gives_others_their_turn)
{
	static uint8_t much[100000];

	begin();
	chain_add(c, much, sizeof(much), false);
	ck_assert_int_eq(serve(TX), VIRTIO_NOT_NOW);
	ck_assert_uint_eq(taken_len, 65536);
	ck_assert(is_posted(&con.again));
}
END_TEST

START_TEST(virtio_console__half_a_chain_of_an_earlier_driver)
{
	char text[] = "0123456789";

	capacity = 4;
	begin();
	chain_add(c, text, 10, false);
	ck_assert_int_eq(serve(TX), VIRTIO_NOT_NOW);
	con.core.is.ops->stop(&con);
	capacity = 100;
	begin();
	chain_add(c, text, 10, false);
	ck_assert_int_eq(serve(TX), VIRTIO_DONE);
	ck_assert_mem_eq(taken, "01230123456789", 14);
}
END_TEST

static void type(const char *text)
{
	size_t len = strlen(text);

	ck_assert_uint_eq(line_receive(&line, (const uint8_t *)text, len), len);
	ck_assert(is_posted(&con.input));
}

START_TEST(virtio_console__takes_what_is_typed)
{
	char got[20];

	begin();
	chain_add(c, got, sizeof(got), true);
	ck_assert_int_eq(serve(RX), VIRTIO_NOT_NOW);
	type("ls -l\n");
	type("exit\n");
	begin();
	chain_add(c, got, 4, true);
	ck_assert_int_eq(serve(RX), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 4);
	begin();
	chain_add(c, got + 4, 1, true);
	chain_add(c, got + 5, 15, true);
	ck_assert_int_eq(serve(RX), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, 7);
	ck_assert_mem_eq(got, "ls -l\nexit\n", 11);
	ck_assert_int_eq(serve(RX), VIRTIO_NOT_NOW);
}
END_TEST

/* Nothing typed is lost, and room() is called once. */
START_TEST(virtio_console__has_room_for_a_paste)
{
	static uint8_t paste[3 * VIRTIO_CONSOLE_TYPED],
		got[VIRTIO_CONSOLE_TYPED];
	size_t in = 0, out = 0;

	for (unsigned i = 0; i < sizeof(paste); i++)
		paste[i] = (uint8_t)(i * 3 + i / 253);
	while (out < sizeof(paste)) {
		size_t room = line_room(&line), len = sizeof(paste) - in;

		if (len > room)
			len = room;
		ck_assert_uint_eq(line_receive(&line, paste + in, len), len);
		in += len;
		begin();
		chain_add(c, got, 1000, true);
		ck_assert_int_eq(serve(RX), VIRTIO_DONE);
		ck_assert_mem_eq(got, paste + out, request.written);
		out += request.written;
	}
	ck_assert_uint_eq(rooms, 0);
	line_receive(&line, paste, sizeof(paste));
	ck_assert_uint_eq(line_room(&line), 0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(rooms, i > 2);
		begin();
		chain_add(c, got, 1000, true);
		ck_assert_int_eq(serve(RX), VIRTIO_DONE);
	}
	ck_assert_uint_eq(rooms, 1);
}
END_TEST

START_TEST(virtio_console__has_the_terminals_size)
{
	line_resize(&line, 132, 43);
	ck_assert_uint_eq(virtio_read_config(&con.core, 0, 2), 132);
	ck_assert_uint_eq(virtio_read_config(&con.core, 2, 2), 43);
	ck_assert_uint_eq(con.core.config_generation, 1);
	line_resize(&line, 80, 25);
	ck_assert_uint_eq(virtio_read_config(&con.core, 0, 4), 80 | 25 << 16);
}
END_TEST

/* Linux does not read it before the first change. */
START_TEST(virtio_console__announces_the_size_to_each_driver)
{
	assert_ok(con.core.is.ops->start(&con, &e), &e);
	ck_assert_uint_eq(con.core.config_generation, 0);
	line_resize(&line, 132, 43);
	assert_ok(con.core.is.ops->start(&con, &e), &e);
	ck_assert_uint_eq(con.core.config_generation, 2);
	ck_assert_uint_eq(virtio_read_config(&con.core, 0, 4), 132 | 43 << 16);
}
END_TEST

START_TEST(virtio_console__emergency_writes)
{
	virtio_write_config(&con.core, 8, 4, 'a');
	virtio_write_config(&con.core, 8, 1, 'b');
	virtio_write_config(&con.core, 8, 2, 0x1200 | 'c');
	/* Nothing else can be written. */
	virtio_write_config(&con.core, 0, 4, 'x');
	virtio_write_config(&con.core, 9, 1, 'x');
	virtio_write_config(&con.core, 12, 4, 'x');
	ck_assert_uint_eq(taken_len, 3);
	ck_assert_mem_eq(taken, "abc", 3);
	ck_assert_uint_eq(virtio_read_config(&con.core, 0, 4), 0);
	/* One that nothing takes is dropped. */
	capacity = 3;
	virtio_write_config(&con.core, 8, 4, 'd');
	ck_assert_uint_eq(taken_len, 3);
}
END_TEST

START_TEST(virtio_console__blames_the_driver)
{
	char text[4] = "abc";

	begin();
	chain_add(c, text, 2, false);
	chain_add(c, text + 2, 2, true);
	ck_assert_int_eq(serve(RX), VIRTIO_DRIVER_FAULT);
	ck_assert_str_eq(e.msg, "chain 0: a device-readable buffer (5.3.6.1)");
	ck_assert_int_eq(serve(TX), VIRTIO_DRIVER_FAULT);
	ck_assert_str_eq(e.msg, "chain 0: a device-writable buffer (5.3.6.1)");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_console");
	TCase *t = tcase_create("console");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_console__is_one_port);
	tcase_add_test(t, virtio_console__prints);
	tcase_add_test(t, virtio_console__waits_for_the_terminal);
	tcase_add_test(t, virtio_console__gives_others_their_turn);
	tcase_add_test(t, virtio_console__half_a_chain_of_an_earlier_driver);
	tcase_add_test(t, virtio_console__takes_what_is_typed);
	tcase_add_test(t, virtio_console__has_room_for_a_paste);
	tcase_add_test(t, virtio_console__has_the_terminals_size);
	tcase_add_test(t, virtio_console__announces_the_size_to_each_driver);
	tcase_add_test(t, virtio_console__emergency_writes);
	tcase_add_test(t, virtio_console__blames_the_driver);
	suite_add_tcase(s, t);
	return s;
}
