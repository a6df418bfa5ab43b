/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lengths, ticks and words for amounts, and labels that do not overlap.
 */
#include "unit/unit.h"
#include "show/labels.h"
#include "show/scale.h"

#include <stdlib.h>

static const struct {
	struct scale s;
	uint64_t v;
	int want;
} positions[] = {
	{ { 0, 100, 0, 1000 }, 0, 0 },
	{ { 0, 100, 0, 1000 }, 50, 500 },
	{ { 0, 100, 0, 1000 }, 100, 1000 },
	{ { 0, 100, 0, 1000 }, 101, 1000 },
	{ { 50, 100, 7, 10 }, 49, 7 },
	{ { 50, 100, 7, 10 }, 75, 12 },
	{ { 0, 3, 0, 10 }, 1, 3 },
	/* Nothing overflows. */
	{ { 0, UINT64_MAX, 0, 3000 }, UINT64_MAX / 2, 1499 },
	{ { 0, UINT64_MAX, 5, 3000 }, UINT64_MAX, 3005 },
	{ { UINT64_MAX - 2, UINT64_MAX, 0, 10 }, UINT64_MAX - 1, 5 },
};

START_TEST(scale__positions)
{
	ck_assert_int_eq(scale_pos(&positions[_i].s, positions[_i].v),
			 positions[_i].want);
}
END_TEST

static const struct {
	uint64_t span;
	unsigned most;
	uint64_t ten, two;
} ticks[] = {
	{ 0, 6, 1, 1 },
	{ 6, 6, 1, 1 },
	{ 7, 6, 2, 2 },
	{ 31, 6, 5, 8 },
	{ 60, 6, 10, 16 },
	{ 9310, 6, 2000, 2048 },
	{ 1000000, 8, 200000, 131072 },
	{ UINT64_MAX, 1, UINT64_C(10000000000000000000), UINT64_C(1) << 63 },
};

START_TEST(scale__ticks)
{
	ck_assert_uint_eq(scale_tick(ticks[_i].span, ticks[_i].most),
			  ticks[_i].ten);
	ck_assert_uint_eq(scale_tick2(ticks[_i].span, ticks[_i].most),
			  ticks[_i].two);
}
END_TEST

static const struct {
	const char *(*say)(struct amount *a, uint64_t v);
	uint64_t v;
	const char *want;
} words[] = {
	{ amount_bytes, 0, "0 B" },
	{ amount_bytes, 1023, "1023 B" },
	{ amount_bytes, 1024, "1 KiB" },
	{ amount_bytes, 1536, "1.5 KiB" },
	{ amount_bytes, 0xdb2000, "13.6 MiB" },
	{ amount_bytes, UINT64_C(0xf0000000), "3.75 GiB" },
	{ amount_bytes, UINT64_MAX, "15.9 EiB" },
	{ amount_time, 0, "0 ns" },
	{ amount_time, 999, "999 ns" },
	{ amount_time, 2350, "2.35 \xc2\xb5s" },
	{ amount_time, 36000000, "36.0 ms" },
	{ amount_time, 1099999999, "1.09 s" },
	{ amount_time, UINT64_C(123456000000), "123 s" },
	{ amount_time, UINT64_MAX, "18446744073 s" },
};

START_TEST(scale__amounts)
{
	struct amount a;

	ck_assert_str_eq(words[_i].say(&a, words[_i].v), words[_i].want);
}
END_TEST

START_TEST(scale__tick_labels_are_exact)
{
	struct amount a;

	ck_assert_str_eq(amount_tick(&a, 0, 5), "0");
	ck_assert_str_eq(amount_tick(&a, 500000000, 1900000000), "0.5 s");
	ck_assert_str_eq(amount_tick(&a, 50000000, 1900000000), "0.05 s");
	ck_assert_str_eq(amount_tick(&a, 20000000, 90000000), "20 ms");
	ck_assert_str_eq(amount_tick(&a, 2, 9), "2 ns");
}
END_TEST

START_TEST(scale__shares)
{
	struct amount a;

	ck_assert_str_eq(amount_share(&a, 0, 7), "0.0%");
	ck_assert_str_eq(amount_share(&a, 1, 1000000), "<0.1%");
	ck_assert_str_eq(amount_share(&a, 1, 100), "1.0%");
	ck_assert_str_eq(amount_share(&a, 99, 1000), "9.9%");
	ck_assert_str_eq(amount_share(&a, 100, 1000), "10%");
	ck_assert_str_eq(amount_share(&a, 7, 7), "100%");
	ck_assert_str_eq(amount_share(&a, UINT64_MAX, UINT64_MAX), "100%");
}
END_TEST

/* Steps of 10 between 0 and 100; worked out by hand. */
static const struct {
	unsigned n;
	int want[6], at[6];
} rows[] = {
	{ 0, { 0 }, { 0 } },
	{ 1, { 42 }, { 42 } },
	{ 1, { -5 }, { 0 } },
	{ 1, { 500 }, { 100 } },
	{ 2, { 20, 30 }, { 20, 30 } },
	{ 2, { 50, 50 }, { 45, 55 } },
	{ 3, { 0, 0, 0 }, { 0, 10, 20 } },
	{ 3, { 100, 100, 100 }, { 80, 90, 100 } },
	/* The third pushes the two before it, which pushed each other. */
	{ 3, { 40, 44, 48 }, { 34, 44, 54 } },
	{ 4, { 10, 50, 50, 90 }, { 10, 45, 55, 90 } },
	/* Two clusters that meet: 47, 57 and 55, 65 become one. */
	{ 4, { 52, 52, 60, 60 }, { 41, 51, 61, 71 } },
};

START_TEST(labels__are_as_near_as_they_can)
{
	struct label l[6];

	for (unsigned i = 0; i < rows[_i].n; i++)
		l[i] = (struct label){ rows[_i].want[i], -1 };
	labels_spread(l, rows[_i].n, 10, 0, 100);
	for (unsigned i = 0; i < rows[_i].n; i++)
		ck_assert_int_eq(l[i].at, rows[_i].at[i]);
}
END_TEST

/* Whatever is asked for, as many as there is room for. */
START_TEST(labels__never_overlap)
{
	struct label l[LABELS_MAX];
	unsigned n = 1 + (unsigned)_i % 21;
	int want = 0;

	srand((unsigned)_i);
	for (unsigned i = 0; i < n; i++) {
		want += rand() % (_i % 3 ? 15 : 2);
		l[i] = (struct label){ want - 20, 0 };
	}
	labels_spread(l, n, 10, 0, 200);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_ge(l[i].at, 0);
		ck_assert_int_le(l[i].at, 200);
		if (i)
			ck_assert_int_ge(l[i].at - l[i - 1].at, 10);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("scale");
	TCase *t = tcase_create("scale");

	tcase_add_loop_test(t, scale__positions, 0, COUNT(positions));
	tcase_add_loop_test(t, scale__ticks, 0, COUNT(ticks));
	tcase_add_loop_test(t, scale__amounts, 0, COUNT(words));
	tcase_add_test(t, scale__tick_labels_are_exact);
	tcase_add_test(t, scale__shares);
	tcase_add_loop_test(t, labels__are_as_near_as_they_can, 0, COUNT(rows));
	tcase_add_loop_test(t, labels__never_overlap, 0, 200);
	suite_add_tcase(s, t);
	return s;
}
