/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --send types: the escapes, and that each text waits for its turn.
 */
#include "unit/unit.h"
#include "run/send.h"

#include <errno.h>

static struct sender s;
static struct err e;

static void setup(void)
{
	s = (struct sender){ 0 };
}

static void teardown(void)
{
	sender_release(&s);
}

static const struct {
	const char *text;
	const char *bytes;
	size_t len;
} parsed[] = {
	{ "", "", 0 },
	{ "plain text", "plain text", 10 },
	{ "root\\n", "root\n", 5 },
	{ "\\r\\t\\\\", "\r\t\\", 3 },
	{ "\\x03", "\x03", 1 },
	{ "\\x00a\\xfF", "\0a\xff", 3 },
	{ "\\x410", "A0", 2 },
	{ "\\\\n", "\\n", 2 },
	{ "\xc3\xa4", "\xc3\xa4", 2 },
};

START_TEST(send__parse)
{
	uint8_t out[32] = { 0 };
	size_t len = 99;

	assert_ok(send_parse(parsed[_i].text, out, &len, &e), &e);
	ck_assert_uint_eq(len, parsed[_i].len);
	ck_assert_mem_eq(out, parsed[_i].bytes, len);
	len = 99;
	assert_ok(send_parse(parsed[_i].text, NULL, &len, &e), &e);
	ck_assert_uint_eq(len, parsed[_i].len);
}
END_TEST

static const struct {
	const char *text, *message;
} wrong[] = {
	{ "a\\",
	  "unknown escape '\\' (expected \\n, \\r, \\t, \\\\ or \\xNN)" },
	{ "\\q", "unknown escape '\\q' (expected" },
	{ "\\N", "unknown escape '\\N' (expected" },
	{ "\\0", "unknown escape '\\0' (expected" },
	{ "ok\\x", "unknown escape '\\x' (expected" },
	{ "\\x1", "unknown escape '\\x1' (expected" },
	{ "\\xg0", "unknown escape '\\xg0' (expected" },
	{ "\\x0gmore", "unknown escape '\\x0g' (expected" },
};

START_TEST(send__refuse)
{
	size_t len = 99;

	assert_err(send_parse(wrong[_i].text, NULL, &len, &e), -EINVAL, &e,
		   wrong[_i].message);
	ck_assert_uint_eq(len, 99);
	assert_err(sender_add(&s, wrong[_i].text, 0, &e), -EINVAL, &e,
		   wrong[_i].message);
	ck_assert_uint_eq(s.count, 0);
}
END_TEST

static void add(const char *text, size_t after)
{
	assert_ok(sender_add(&s, text, after, &e), &e);
}

/* What may be typed, read in one go. */
static void assert_next(size_t met, const char *want)
{
	size_t len;
	const uint8_t *data = sender_next(&s, met, &len);

	ck_assert_int_eq(data != NULL, want != NULL);
	if (!want)
		return;
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_mem_eq(data, want, len);
	sender_took(&s, len);
}

START_TEST(send__each_in_its_turn)
{
	add("at the start", 0);
	add("one", 1);
	add("also one", 1);
	add("", 1); /* nothing to type, nothing to wait for */
	add("three", 3);
	assert_next(0, "at the start");
	assert_next(0, NULL);
	assert_next(1, "one");
	assert_next(1, "also one");
	assert_next(2, NULL);
	assert_next(3, "three");
	assert_next(9, NULL);
}
END_TEST

/* A port that is nearly full takes a part. */
START_TEST(send__in_pieces)
{
	size_t len;

	add("abc", 0);
	add("d", 0);
	ck_assert(sender_next(&s, 0, &len) && len == 3);
	sender_took(&s, 2);
	assert_next(0, "c");
	assert_next(0, "d");
	assert_next(0, NULL);
}
END_TEST

START_TEST(send__outlasts_the_last_expectation)
{
	ck_assert(!sender_outlasts(&s, 0));
	add("x", 1);
	ck_assert(!sender_outlasts(&s, 2));
	add("y", 2);
	ck_assert(sender_outlasts(&s, 2));
}
END_TEST

START_TEST(send__so_many)
{
	for (unsigned i = 0; i < SEND_MAX; i++)
		add("x", 0);
	assert_err(sender_add(&s, "x", 0, &e), -E2BIG, &e,
		   "more than 16 texts");
	for (unsigned i = 0; i < SEND_MAX; i++)
		assert_next(0, "x");
	assert_next(0, NULL);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("send");
	TCase *t = tcase_create("send");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, send__parse, 0, COUNT(parsed));
	tcase_add_loop_test(t, send__refuse, 0, COUNT(wrong));
	tcase_add_test(t, send__each_in_its_turn);
	tcase_add_test(t, send__in_pieces);
	tcase_add_test(t, send__outlasts_the_last_expectation);
	tcase_add_test(t, send__so_many);
	suite_add_tcase(suite, t);
	return suite;
}
