/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people type them: what is accepted, what is refused, and that an
 * error leaves the result unchanged.
 */
#include "unit/unit.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

struct row {
	const char *text;
	int rc;
	uint64_t value;
	const char *message;
};

static const struct row sizes[] = {
	{ "0", 0, 0, "" },
	{ "1", 0, 1, "" },
	{ "268435456", 0, UINT64_C(1) << 28, "" },
	{ "64M", 0, UINT64_C(64) << 20, "" },
	{ "64m", 0, UINT64_C(64) << 20, "" },
	{ "4096K", 0, UINT64_C(4) << 20, "" },
	{ "7k", 0, 7168, "" },
	{ "6G", 0, UINT64_C(6) << 30, "" },
	{ "6g", 0, UINT64_C(6) << 30, "" },
	{ "007", 0, 7, "" },
	{ "18446744073709551615", 0, UINT64_MAX, "" },
	{ "17179869183G", 0, UINT64_C(0x3ffffffff) << 30, "" },
	{ "18446744073709551616", -ERANGE, 0, "is too large" },
	{ "17179869184G", -ERANGE, 0, "'17179869184G' is too large" },
	{ "18014398509481984K", -ERANGE, 0, "is too large" },
	{ "99999999999999999999999M", -ERANGE, 0, "is too large" },
	{ "", -EINVAL, 0, "'' is not a size" },
	{ "M", -EINVAL, 0, "'M' is not a size" },
	{ "-1", -EINVAL, 0, "'-1' is not a size" },
	{ "+1", -EINVAL, 0, "'+1' is not a size" },
	{ " 1", -EINVAL, 0, "' 1' is not a size" },
	{ "1 ", -EINVAL, 0, "'1 ' is not a size" },
	{ "1 M", -EINVAL, 0, "'1 M' is not a size" },
	{ "1MB", -EINVAL, 0, "with K, M or G" },
	{ "1MM", -EINVAL, 0, "with K, M or G" },
	{ "1T", -EINVAL, 0, "with K, M or G" },
	{ "1.5G", -EINVAL, 0, "a whole number" },
	{ "0x10", -EINVAL, 0, "a whole number" },
	{ "1\n", -EINVAL, 0, "a whole number" },
};

static const struct row durations[] = {
	{ "1", 0, UINT64_C(1000000000), "" },
	{ "1ms", 0, 1000000, "" },
	{ "500MS", 0, 500000000, "" },
	{ "10s", 0, UINT64_C(10000000000), "" },
	{ "2m", 0, UINT64_C(120000000000), "" },
	{ "9223372036s", 0, UINT64_C(9223372036000000000), "" },
	{ "9223372037s", -ERANGE, 0, "'9223372037s' is too large" },
	{ "18446744074s", -ERANGE, 0, "is too large" },
	{ "18446744073709551616ms", -ERANGE, 0, "is too large" },
	{ "0", -EINVAL, 0, "'0': a duration must not be zero" },
	{ "0ms", -EINVAL, 0, "must not be zero" },
	{ "", -EINVAL, 0, "'' is not a duration" },
	{ "s", -EINVAL, 0, "'s' is not a duration" },
	{ "-1s", -EINVAL, 0, "'-1s' is not a duration" },
	{ "1.5s", -EINVAL, 0, "with ms, s or m" },
	{ "1h", -EINVAL, 0, "with ms, s or m" },
	{ "1s ", -EINVAL, 0, "with ms, s or m" },
	{ "1 s", -EINVAL, 0, "with ms, s or m" },
};

static const struct row counts[] = {
	/* from 1 to 1024 */
	{ "1", 0, 1, "" },
	{ "1024", 0, 1024, "" },
	{ "0010", 0, 10, "" },
	{ "0", -ERANGE, 0, "0 is outside 1 to 1024" },
	{ "1025", -ERANGE, 0, "1025 is outside 1 to 1024" },
	{ "18446744073709551616", -ERANGE, 0, "is outside 1 to 1024" },
	{ "", -EINVAL, 0, "'' is not a whole number" },
	{ "one", -EINVAL, 0, "'one' is not a whole number" },
	{ "-1", -EINVAL, 0, "'-1' is not a whole number" },
	{ "+1", -EINVAL, 0, "'+1' is not a whole number" },
	{ " 1", -EINVAL, 0, "' 1' is not a whole number" },
	{ "1 ", -EINVAL, 0, "'1 ' is not a whole number" },
	{ "1x", -EINVAL, 0, "'1x' is not a whole number" },
	{ "1.0", -EINVAL, 0, "'1.0' is not a whole number" },
};

static void check_row(const struct row *r, int rc, uint64_t value,
		      const struct err *e)
{
	if (r->rc) {
		assert_err(rc, r->rc, e, r->message);
		ck_assert_uint_eq(value, UNTOUCHED);
		return;
	}
	assert_ok(rc, e);
	ck_assert_msg(value == r->value, "'%s' gave %" PRIu64, r->text, value);
}

START_TEST(parse__size)
{
	uint64_t value = UNTOUCHED;
	struct err e = ERR_EMPTY;
	int rc = parse_size(sizes[_i].text, &value, &e);

	check_row(&sizes[_i], rc, value, &e);
}
END_TEST

START_TEST(parse__duration)
{
	uint64_t value = UNTOUCHED;
	struct err e = ERR_EMPTY;
	int rc = parse_duration(durations[_i].text, &value, &e);

	check_row(&durations[_i], rc, value, &e);
}
END_TEST

START_TEST(parse__count)
{
	unsigned long value = UNTOUCHED;
	struct err e = ERR_EMPTY;
	int rc = parse_count(counts[_i].text, 1, 1024, &value, &e);

	check_row(&counts[_i], rc, value, &e);
}
END_TEST

START_TEST(parse__count_takes_the_whole_range)
{
	unsigned long value = 7;
	struct err e = ERR_EMPTY;

	assert_ok(parse_count("0", 0, ULONG_MAX, &value, &e), &e);
	ck_assert_uint_eq(value, 0);
	assert_ok(parse_count("18446744073709551615", 0, ULONG_MAX, &value, &e),
		  &e);
	ck_assert_uint_eq(value, ULONG_MAX);
	assert_err(
		parse_count("18446744073709551616", 0, ULONG_MAX, &value, &e),
		-ERANGE, &e, "is outside 0 to 18446744073709551615");
}
END_TEST

START_TEST(parse__words)
{
	static const struct parse_word words[] = { { "red", 1 },
						   { "green", 2 },
						   { "greenish", 4 } };
	static const struct {
		const char *list;
		unsigned set; /* 0: refused */
		const char *found;
	} rows[] = {
		{ "red", 1, NULL },
		{ "greenish", 4, NULL },
		{ "greenish,red,red", 5, NULL },
		{ "", 0, "unknown colour ''" },
		{ "red,", 0, "unknown colour ''" },
		{ "gree", 0, "unknown colour 'gree'" },
		{ "greens", 0, "unknown colour 'greens'" },
		{ "red green", 0, "unknown colour 'red green'" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		unsigned set = 64;
		int rc = parse_words(rows[i].list, words, COUNT(words),
				     "colour", &set, &e);

		if (rows[i].set) {
			assert_ok(rc, &e);
			ck_assert_uint_eq(set, rows[i].set);
			continue;
		}
		assert_err(rc, -EINVAL, &e, rows[i].found);
		ck_assert(strstr(e.msg, "(expected red, green or greenish)"));
		ck_assert_uint_eq(set, 64);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("parse");
	TCase *t = tcase_create("parse");

	tcase_add_loop_test(t, parse__size, 0, COUNT(sizes));
	tcase_add_loop_test(t, parse__duration, 0, COUNT(durations));
	tcase_add_loop_test(t, parse__count, 0, COUNT(counts));
	tcase_add_test(t, parse__count_takes_the_whole_range);
	tcase_add_test(t, parse__words);
	suite_add_tcase(s, t);
	return s;
}
