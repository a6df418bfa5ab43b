/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue between a guest and stdout: nothing is lost or reordered, and no
 * thread keeps waiting after it is closed.
 */
#include "unit/unit.h"
#include "run/console.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static struct console c;

static void setup(void)
{
	struct err e;

	assert_ok(console_init(&c, &e), &e);
}

static void teardown(void)
{
	console_release(&c);
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8));
}

static void put(size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		console_put(&c, pattern(from + i));
}

static bool is_awake(void)
{
	struct pollfd p = { c.wake_fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

START_TEST(console__gives_back_in_order)
{
	const uint8_t *data;

	ck_assert_uint_eq(console_peek(&c, &data), 0);
	ck_assert(!is_awake());
	put(0, 3);
	ck_assert(is_awake());
	ck_assert_uint_eq(console_peek(&c, &data), 3);
	ck_assert_uint_eq(data[0], pattern(0));
	/*
	 * Peeking removes nothing; dropping removes the given number of bytes.
	 */
	ck_assert_uint_eq(console_peek(&c, &data), 3);
	console_drop(&c, 2);
	ck_assert_uint_eq(console_peek(&c, &data), 1);
	ck_assert_uint_eq(data[0], pattern(2));
	console_drop(&c, 1);
	ck_assert_uint_eq(console_peek(&c, &data), 0);
}
END_TEST

START_TEST(console__wraps_in_two_pieces)
{
	const uint8_t *data;

	put(0, CONSOLE_QUEUE);
	console_drop(&c, CONSOLE_QUEUE - 10);
	put(CONSOLE_QUEUE, CONSOLE_LAST + 20);
	ck_assert_uint_eq(console_peek(&c, &data), CONSOLE_LAST + 10);
	ck_assert_uint_eq(data[0], pattern(CONSOLE_QUEUE - 10));
	console_drop(&c, CONSOLE_LAST + 10);
	ck_assert_uint_eq(console_peek(&c, &data), 20);
	ck_assert_uint_eq(data[19], pattern(CONSOLE_ROOM + 19));
}
END_TEST

#define MANY ((size_t)5 * CONSOLE_QUEUE + 17)

static void *put_many(void *arg)
{
	(void)arg;
	put(0, MANY);
	return NULL;
}

/* A guest that is faster than its reader waits, and loses nothing. */
START_TEST(console__holds_a_fast_writer)
{
	struct pollfd p = { c.wake_fd, POLLIN, 0 };
	const uint8_t *data;
	pthread_t writer;
	size_t got = 0, n;

	pthread_create(&writer, NULL, put_many, NULL);
	while (got < MANY) {
		n = console_peek(&c, &data);
		if (!n) {
			ck_assert_int_eq(poll(&p, 1, 10000), 1);
			(void)!read(c.wake_fd, &(uint64_t){ 0 }, 8);
			continue;
		}
		if (n > 1000)
			n = 1000;
		for (size_t i = 0; i < n; i++)
			if (data[i] != pattern(got + i))
				ck_abort_msg("byte %zu", got + i);
		console_drop(&c, n);
		got += n;
	}
	pthread_join(writer, NULL);
	ck_assert_uint_eq(console_peek(&c, &data), 0);
}
END_TEST

START_TEST(console__closing_lets_a_writer_go)
{
	pthread_t writer;
	const uint8_t *data;

	pthread_create(&writer, NULL, put_many, NULL);
	while (console_peek(&c, &data) < CONSOLE_QUEUE)
		usleep(1000);
	console_close(&c);
	pthread_join(writer, NULL);
	/* Bytes queued before that are still there. */
	ck_assert_uint_eq(console_peek(&c, &data), CONSOLE_QUEUE);
	ck_assert_uint_eq(data[CONSOLE_QUEUE - 1], pattern(CONSOLE_QUEUE - 1));
}
END_TEST

static void *put_one(void *arg)
{
	put((size_t)arg, 1);
	return NULL;
}

/* A vCPU that is waiting when the run ends can still write its byte. */
START_TEST(console__finishing_keeps_the_last_bytes)
{
	pthread_t writer[2];
	const uint8_t *data;

	put(0, CONSOLE_QUEUE);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&writer[i], NULL, put_one, (void *)7);
	/* Give it time to start waiting, which cannot be observed. */
	usleep(20000);
	ck_assert_uint_eq(console_peek(&c, &data), CONSOLE_QUEUE);
	console_finish(&c);
	for (size_t i = 0; i < 2; i++)
		pthread_join(writer[i], NULL);
	ck_assert_uint_eq(console_peek(&c, &data), CONSOLE_QUEUE + 2);
	ck_assert_uint_eq(data[CONSOLE_QUEUE], pattern(7));
	ck_assert_uint_eq(data[CONSOLE_QUEUE + 1], pattern(7));
}
END_TEST

/* A writer that does not stop must not write past the end. */
START_TEST(console__finished_has_an_end)
{
	const uint8_t *data;

	console_finish(&c);
	put(0, CONSOLE_ROOM + 10);
	ck_assert_uint_eq(console_peek(&c, &data), CONSOLE_ROOM);
	ck_assert_uint_eq(data[CONSOLE_ROOM - 1], pattern(CONSOLE_ROOM - 1));
	console_drop(&c, CONSOLE_ROOM);
	ck_assert_uint_eq(console_peek(&c, &data), 0);
}
END_TEST

START_TEST(console__release_accepts_the_empty_console)
{
	struct console empty = { .wake_fd = -1 };

	console_release(&empty);
	console_release(&c);
	console_release(&c);
}
END_TEST

static unsigned mores;

static void on_more(void *ctx)
{
	ck_assert_ptr_eq(ctx, &mores);
	mores++;
}

/* A device thread does not wait: more() is called when there is room again. */
START_TEST(console__takes_what_there_is_room_for)
{
	static uint8_t data[CONSOLE_QUEUE];

	mores = 0;
	c.more = on_more;
	c.more_ctx = &mores;
	put(0, 10);
	ck_assert_uint_eq(console_offer(&c, data, sizeof(data)),
			  CONSOLE_QUEUE - 10);
	ck_assert_uint_eq(console_offer(&c, data, 1), 0);
	console_drop(&c, 100);
	ck_assert_uint_eq(mores, 0);
	console_drop(&c, CONSOLE_QUEUE / 2);
	ck_assert_uint_eq(mores, 1);
	console_drop(&c, 100);
	ck_assert_uint_eq(mores, 1);
	ck_assert_uint_eq(console_offer(&c, data, sizeof(data)),
			  CONSOLE_QUEUE / 2 + 200);
	/* Nothing waits for ever at the end. */
	console_finish(&c);
	ck_assert_uint_eq(mores, 2);
	ck_assert_uint_eq(console_offer(&c, data, sizeof(data)), CONSOLE_LAST);
	console_close(&c);
	ck_assert_uint_eq(mores, 3);
	ck_assert_uint_eq(console_offer(&c, data, sizeof(data)), sizeof(data));
}
END_TEST

START_TEST(console__wakes_for_what_is_offered)
{
	const uint8_t *data;

	ck_assert_uint_eq(console_offer(&c, (const uint8_t *)"abc", 3), 3);
	ck_assert(is_awake());
	ck_assert_uint_eq(console_peek(&c, &data), 3);
	ck_assert_mem_eq(data, "abc", 3);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("console");
	TCase *t = tcase_create("console");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, console__gives_back_in_order);
	tcase_add_test(t, console__wraps_in_two_pieces);
	tcase_add_test(t, console__holds_a_fast_writer);
	tcase_add_test(t, console__closing_lets_a_writer_go);
	tcase_add_test(t, console__finishing_keeps_the_last_bytes);
	tcase_add_test(t, console__finished_has_an_end);
	tcase_add_test(t, console__release_accepts_the_empty_console);
	tcase_add_test(t, console__takes_what_there_is_room_for);
	tcase_add_test(t, console__wakes_for_what_is_offered);
	suite_add_tcase(s, t);
	return s;
}
