/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latch: the first caller sets how a run ended.
 */
#include "unit/unit.h"
#include "base/outcome.h"

#include <poll.h>
#include <stdio.h>

#define THREADS 8

static struct outcome_latch latch;

static void setup(void)
{
	struct err e;

	assert_ok(outcome_latch_init(&latch, &e), &e);
}

static void teardown(void)
{
	outcome_latch_release(&latch);
}

static bool is_awake(void)
{
	struct pollfd p = { latch.wake_fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

START_TEST(outcome__first_wins)
{
	struct outcome o;

	outcome_set(&latch, OUTCOME_PANIC, 3, "line %d", 7);
	outcome_set(&latch, OUTCOME_RESET, 4, "consequence");
	ck_assert(outcome_get(&latch, &o));
	ck_assert_int_eq(o.kind, OUTCOME_PANIC);
	ck_assert_uint_eq(o.value, 3);
	ck_assert_str_eq(o.evidence, "line 7");
}
END_TEST

START_TEST(outcome__wakes_the_loop)
{
	ck_assert(!is_awake());
	outcome_set(&latch, OUTCOME_RESET, 0, "x");
	ck_assert(is_awake());
	outcome_set(&latch, OUTCOME_RESET, 0, "y");
	ck_assert(is_awake());
}
END_TEST

START_TEST(outcome__get_before_the_end)
{
	struct outcome o = { .value = 42 };

	ck_assert(!outcome_get(&latch, &o));
	ck_assert(!outcome_get(&latch, NULL));
	ck_assert_uint_eq(o.value, 42);
	outcome_set(&latch, OUTCOME_TIMEOUT, 0, "x");
	ck_assert(outcome_get(&latch, NULL));
}
END_TEST

START_TEST(outcome__long_evidence_is_cut)
{
	char text[2 * OUTCOME_EVIDENCE_SIZE];
	struct outcome o;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	outcome_set(&latch, OUTCOME_HOST, 0, "%s", text);
	ck_assert(outcome_get(&latch, &o));
	ck_assert_uint_eq(strlen(o.evidence), OUTCOME_EVIDENCE_SIZE - 1);
}
END_TEST

START_TEST(outcome__amended_keeps_who_it_was)
{
	struct outcome o;

	outcome_set(&latch, OUTCOME_CRASH, 3, "a shutdown");
	outcome_amend(&latch, OUTCOME_RESET, "%s as told", "a shutdown");
	ck_assert(outcome_get(&latch, &o));
	ck_assert_int_eq(o.kind, OUTCOME_RESET);
	ck_assert_uint_eq(o.value, 3);
	ck_assert_str_eq(o.evidence, "a shutdown as told");
}
END_TEST

static void *say_number(void *arg)
{
	uint32_t n = (uint32_t)(uintptr_t)arg;

	outcome_set(&latch, OUTCOME_REPORTED, n, "%u", n);
	return NULL;
}

/* Kind, value and evidence come from the same caller. */
START_TEST(outcome__is_whole_with_many_speakers)
{
	pthread_t threads[THREADS];
	struct outcome o;
	char want[16];

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, say_number, (void *)i);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert(outcome_get(&latch, &o));
	snprintf(want, sizeof(want), "%u", o.value);
	ck_assert_str_eq(o.evidence, want);
}
END_TEST

START_TEST(outcome__release_accepts_the_empty_latch)
{
	struct outcome_latch empty = { .wake_fd = -1 };

	outcome_latch_release(&empty);
	outcome_latch_release(&latch);
	outcome_latch_release(&latch);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("outcome");
	TCase *t = tcase_create("latch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, outcome__first_wins);
	tcase_add_test(t, outcome__wakes_the_loop);
	tcase_add_test(t, outcome__get_before_the_end);
	tcase_add_test(t, outcome__long_evidence_is_cut);
	tcase_add_test(t, outcome__amended_keeps_who_it_was);
	tcase_add_test(t, outcome__is_whole_with_many_speakers);
	tcase_add_test(t, outcome__release_accepts_the_empty_latch);
	suite_add_tcase(s, t);
	return s;
}
