/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signals that end a run: which are handled, that they arrive at the
 * descriptor and not at a thread, and that they are restored.
 */
#include "unit/unit.h"
#include "base/thread.h"
#include "run/signals.h"

#include <poll.h>
#include <unistd.h>

#define WAIT_MS 10000

static struct signals s;
static struct err e;

static void setup(void)
{
	s = (struct signals)SIGNALS_EMPTY;
}

static void teardown(void)
{
	signals_release(&s);
}

static bool is_readable(void)
{
	struct pollfd p = { s.fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

static bool is_blocked(int number)
{
	sigset_t now;

	pthread_sigmask(SIG_BLOCK, NULL, &now);
	return sigismember(&now, number);
}

static bool is_ignored(int number)
{
	struct sigaction sa;

	ck_assert_int_eq(sigaction(number, NULL, &sa), 0);
	return sa.sa_handler == SIG_IGN;
}

static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

START_TEST(signals__arrive_at_the_descriptor)
{
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	ck_assert(!is_readable());
	ck_assert_int_eq(signals_take(&s), 0);
	kill(getpid(), taken[_i]);
	ck_assert(is_readable());
	ck_assert_int_eq(signals_take(&s), taken[_i]);
	ck_assert(!is_readable());
}
END_TEST

/* As nohup(1) and a shell's background jobs set it. */
START_TEST(signals__ignored_from_the_start)
{
	signal(taken[_i], SIG_IGN);
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	ck_assert(!is_blocked(taken[_i]));
	kill(getpid(), taken[_i]);
	ck_assert(!is_readable());
	ck_assert(is_ignored(taken[_i]));
}
END_TEST

START_TEST(signals__leave_others_alone)
{
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	ck_assert(!is_blocked(SIGUSR1));
	ck_assert(!is_blocked(SIGCHLD));
	ck_assert(!is_blocked(SIGSEGV));
}
END_TEST

/* If the reader has gone, write() returns an error. */
START_TEST(signals__ignore_broken_pipes)
{
	assert_ok(signals_open(&s, &e), &e);
	ck_assert(is_ignored(SIGPIPE));
}
END_TEST

START_TEST(signals__open_twice)
{
	int fd;

	assert_ok(signals_open(&s, &e), &e);
	fd = s.fd;
	assert_ok(signals_open(&s, &e), &e);
	ck_assert_int_eq(s.fd, fd);
}
END_TEST

START_TEST(signals__block_twice)
{
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	signals_block(&s);
	signals_give_back(&s);
	ck_assert(!is_blocked(SIGTERM));
}
END_TEST

/* Signals received until then have had their effect. */
START_TEST(signals__give_back)
{
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGINT);
	signals_give_back(&s);
	ck_assert(!is_blocked(SIGTERM));
	/* This process is still alive. */
	signals_give_back(&s);
}
END_TEST

START_TEST(signals__give_back_the_mask_of_before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	ck_assert(is_blocked(SIGTERM));
	signals_give_back(&s);
	ck_assert(!is_blocked(SIGTERM));
	ck_assert(is_blocked(SIGHUP));
	ck_assert(is_blocked(SIGUSR2));
}
END_TEST

/* One thread reads them while others run. */
static void *wait_for_one(void *arg)
{
	struct pollfd p = { s.fd, POLLIN, 0 };
	int *number = arg;

	if (poll(&p, 1, WAIT_MS) == 1)
		*number = signals_take(&s);
	return NULL;
}

START_TEST(signals__arrive_with_threads)
{
	pthread_t thread;
	int number = 0;

	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	ck_assert(thread_start(&thread, wait_for_one, &number));
	kill(getpid(), SIGQUIT);
	pthread_join(thread, NULL);
	ck_assert_int_eq(number, SIGQUIT);
}
END_TEST

START_TEST(signals__release_the_empty_one)
{
	signals_release(&s);
	signals_give_back(&s);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(signals__a_terminals_new_size_ends_nothing)
{
	assert_ok(signals_open(&s, &e), &e);
	signals_block(&s);
	kill(getpid(), SIGWINCH);
	ck_assert(is_readable());
	ck_assert_int_eq(signals_take(&s), 0);
	ck_assert(s.resized);
	/* It hides no other. */
	s.resized = false;
	kill(getpid(), SIGWINCH);
	kill(getpid(), SIGTERM);
	ck_assert_int_eq(signals_take(&s), SIGTERM);
	ck_assert_int_eq(signals_take(&s), 0);
	ck_assert(s.resized);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("signals");
	TCase *tc = tcase_create("signals");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, signals__arrive_at_the_descriptor, 0,
			    COUNT(taken));
	tcase_add_loop_test(tc, signals__ignored_from_the_start, 0,
			    COUNT(taken));
	tcase_add_test(tc, signals__a_terminals_new_size_ends_nothing);
	tcase_add_test(tc, signals__leave_others_alone);
	tcase_add_test(tc, signals__ignore_broken_pipes);
	tcase_add_test(tc, signals__open_twice);
	tcase_add_test(tc, signals__block_twice);
	tcase_add_test(tc, signals__give_back);
	tcase_add_test(tc, signals__give_back_the_mask_of_before);
	tcase_add_test(tc, signals__arrive_with_threads);
	tcase_add_test(tc, signals__release_the_empty_one);
	suite_add_tcase(suite, tc);
	return suite;
}
