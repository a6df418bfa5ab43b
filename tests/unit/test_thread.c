/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work shared among threads: each part is done exactly once.
 */
#include "unit/unit.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <string.h>

#define MOST 1000

static void count_call(void *calls, size_t i)
{
	atomic_uint *call = calls;

	atomic_fetch_add(&call[i], 1);
}

START_TEST(thread__share_calls_each_number_once)
{
	static const size_t counts[] = {
		0, 1, 2, THREAD_SHARE_MAX, THREAD_SHARE_MAX + 1, MOST
	};
	size_t n = counts[_i];
	atomic_uint calls[MOST + 1];

	memset(calls, 0, sizeof(calls));
	thread_share(n, count_call, calls);
	for (size_t i = 0; i <= MOST; i++)
		ck_assert_msg(calls[i] == (i < n),
			      "%zu of %zu was called %u times", i, n, calls[i]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("thread");
	TCase *t = tcase_create("share");

	tcase_add_loop_test(t, thread__share_calls_each_number_once, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
