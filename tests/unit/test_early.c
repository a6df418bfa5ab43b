/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can end a run before its guest starts: a signal, the time limit, a
 * truncated file. Here the end is only recorded, and only the worker thread
 * ends.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "run/early.h"

#include <errno.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#define MS	   UINT64_C(1000000)
#define WAIT_S	   60
#define FAR_FUTURE (clock_ns() + 3600 * 1000 * MS)

static struct early early;
static struct signals signals;
static struct err e;
static sem_t ended;
static struct outcome told;
static uint64_t ended_ns;
static bool unblocked; /* while the end is reported */

static void end(struct early *which, const struct outcome *o)
{
	sigset_t now;

	ck_assert_ptr_eq(which, &early);
	ck_assert_ptr_eq(which->ctx, &told);
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	unblocked = !sigismember(&now, SIGTERM);
	told = *o;
	ended_ns = clock_ns();
	sem_post(&ended);
	pthread_exit(NULL);
}

static void setup(void)
{
	signals = (struct signals)SIGNALS_EMPTY;
	sem_init(&ended, 0, 0);
}

static void teardown(void)
{
	early_over(&early);
	signals_give_back(&signals);
	signals_release(&signals);
	sem_destroy(&ended);
}

static void begin(uint64_t deadline_ns)
{
	assert_ok(early_begin(&early, &signals, deadline_ns, end, &told, &e),
		  &e);
}

static void await_end(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += WAIT_S;
	while (sem_timedwait(&ended, &t))
		ck_assert_msg(errno == EINTR, "the end was not told");
}

static bool has_ended(void)
{
	return !sem_trywait(&ended);
}

static void assert_told(enum outcome_kind kind, uint32_t value,
			const char *evidence)
{
	ck_assert_int_eq(told.kind, kind);
	ck_assert_uint_eq(told.value, value);
	ck_assert_str_eq(told.evidence, evidence);
	ck_assert(unblocked);
}

static const struct {
	int number;
	const char *evidence;
} rows[] = {
	{ SIGINT, "SIGINT, while starting" },
	{ SIGTERM, "SIGTERM, while starting" },
	{ SIGHUP, "SIGHUP, while starting" },
	{ SIGQUIT, "SIGQUIT, while starting" },
};

START_TEST(early__signal)
{
	begin(0);
	kill(getpid(), rows[_i].number);
	await_end();
	assert_told(OUTCOME_SIGNAL, (uint32_t)rows[_i].number,
		    rows[_i].evidence);
}
END_TEST

START_TEST(early__names_the_step)
{
	begin(FAR_FUTURE);
	step_begin(&early.step, "decoding the kernel");
	kill(getpid(), SIGTERM);
	await_end();
	assert_told(OUTCOME_SIGNAL, SIGTERM,
		    "SIGTERM, while decoding the kernel");
}
END_TEST

START_TEST(early__time_limit)
{
	uint64_t due_ns = clock_ns() + 30 * MS;

	begin(due_ns);
	await_end();
	assert_told(OUTCOME_TIMEOUT, 0, "while starting");
	ck_assert_uint_ge(ended_ns, due_ns);
}
END_TEST

START_TEST(early__time_limit_was_before)
{
	begin(1);
	await_end();
	assert_told(OUTCOME_TIMEOUT, 0, "while starting");
}
END_TEST

START_TEST(early__cut_short)
{
	begin(0);
	ck_assert(early_lost("some.img"));
	await_end();
	assert_told(OUTCOME_HOST, 0,
		    "some.img: was cut short while it was read");
}
END_TEST

/* If a signal and a time limit come together, the signal is the reason. */
START_TEST(early__signal_and_time_limit)
{
	assert_ok(signals_open(&signals, &e), &e);
	signals_block(&signals);
	kill(getpid(), SIGHUP);
	begin(1);
	await_end();
	assert_told(OUTCOME_SIGNAL, SIGHUP, "SIGHUP, while starting");
}
END_TEST

/* Once it is over, signals belong to the session. */
START_TEST(early__over)
{
	begin(FAR_FUTURE);
	early_over(&early);
	ck_assert(signals.blocked);
	kill(getpid(), SIGTERM);
	ck_assert_int_eq(signals_take(&signals), SIGTERM);
	ck_assert(!early_lost("some.img"));
	ck_assert(!has_ended());
	/* A second time, as teardown() does. */
	early_over(&early);
}
END_TEST

/* A signal or time limit that comes during the stop is not reported later. */
START_TEST(early__over_at_the_last_moment)
{
	for (int i = 0; i < 20; i++) {
		begin(clock_ns() + (uint64_t)i * MS / 10);
		early_over(&early);
		if (has_ended())
			assert_told(OUTCOME_TIMEOUT, 0, "while starting");
	}
	ck_assert(!has_ended());
}
END_TEST

START_TEST(early__ignored_signal)
{
	signal(SIGHUP, SIG_IGN);
	begin(0);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	await_end();
	assert_told(OUTCOME_SIGNAL, SIGTERM, "SIGTERM, while starting");
}
END_TEST

START_TEST(early__cut_short_without_a_watch)
{
	ck_assert(!early_lost("some.img"));
	begin(0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("early");
	TCase *tc = tcase_create("early");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, early__signal, 0, COUNT(rows));
	tcase_add_test(tc, early__names_the_step);
	tcase_add_test(tc, early__time_limit);
	tcase_add_test(tc, early__time_limit_was_before);
	tcase_add_test(tc, early__cut_short);
	tcase_add_test(tc, early__signal_and_time_limit);
	tcase_add_test(tc, early__over);
	tcase_add_test(tc, early__over_at_the_last_moment);
	tcase_add_test(tc, early__ignored_signal);
	tcase_add_test(tc, early__cut_short_without_a_watch);
	suite_add_tcase(s, tc);
	return s;
}
