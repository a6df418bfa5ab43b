/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that wait together: each event finds one, also while others block,
 * and there are never more than were allowed.
 */
#include "unit/unit.h"
#include "base/crew.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 3

static struct crew c;
static struct crew_watch watch;
static int bell;
static struct err e;

/* What the threads do: each call takes one of the tasks, and blocks until it
 * may end. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned calls, inside, may_end; /* with the lock */
static atomic_bool spares;
static atomic_uint pause_us; /* before a call that may end has ended */

static void on_bell(void *ctx)
{
	ck_assert_ptr_eq(ctx, &watch);
	pthread_mutex_lock(&lock);
	calls++;
	inside++;
	pthread_cond_broadcast(&changed);
	if (atomic_load(&spares))
		crew_spare(&c, inside);
	while (!may_end)
		pthread_cond_wait(&changed, &lock);
	may_end--;
	usleep(atomic_load(&pause_us));
	inside--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void setup(void)
{
	calls = inside = may_end = 0;
	atomic_store(&spares, true);
	atomic_store(&pause_us, 0);
	bell = eventfd(0, EFD_NONBLOCK);
	watch = (struct crew_watch){ on_bell, &watch };
	assert_ok(crew_init(&c, THREADS, THREAD_WORK, &e), &e);
	assert_ok(crew_add(&c, &watch, bell, &e), &e);
	assert_ok(crew_start(&c, &e), &e);
}

static void teardown(void)
{
	crew_release(&c);
	close(bell);
}

static void ring(void)
{
	ck_assert_int_eq(eventfd_write(bell, 1), 0);
}

/* Until *@value is @wanted; the test's time limit ends the wait. */
static void await(const unsigned *value, unsigned wanted)
{
	pthread_mutex_lock(&lock);
	while (*value != wanted)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void let_end(unsigned n)
{
	pthread_mutex_lock(&lock);
	may_end += n;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	await(&may_end, 0);
}

START_TEST(crew__finds_a_thread_while_others_block)
{
	for (unsigned i = 1; i <= THREADS; i++) {
		ring();
		await(&inside, i);
	}
	ck_assert_uint_eq(c.started, THREADS);
	/* One that comes now waits for a thread, and is not lost. */
	ring();
	let_end(1);
	await(&calls, THREADS + 1);
	let_end(THREADS);
	await(&inside, 0);
	ck_assert_uint_eq(c.started, THREADS);
	ck_assert_uint_eq(calls, THREADS + 1);
}
END_TEST

/* It is not read, so its counter may be anything. */
START_TEST(crew__hears_a_bell_that_rings_again)
{
	for (unsigned i = 1; i <= 100; i++) {
		ring();
		await(&calls, i);
		let_end(1);
		await(&inside, 0);
	}
}
END_TEST

START_TEST(crew__starts_threads_only_when_all_are_busy)
{
	ck_assert(!crew_spare(&c, 0));
	ck_assert_uint_eq(c.started, 1);
	ck_assert(crew_spare(&c, 1));
	ck_assert(!crew_spare(&c, 1));
	ck_assert(crew_spare(&c, 2));
	ck_assert(!crew_spare(&c, THREADS));
	ck_assert_uint_eq(c.started, THREADS);
	assert_ok(crew_start(&c, &e), &e);
	ck_assert_uint_eq(c.started, THREADS);
}
END_TEST

START_TEST(crew__waits_for_calls_when_it_ends)
{
	int input = fcntl(STDIN_FILENO, F_GETFD);

	atomic_store(&spares, false);
	/* So long that the end is not seen by chance. */
	atomic_store(&pause_us, 100000);
	ring();
	await(&inside, 1);
	pthread_mutex_lock(&lock);
	may_end = 1;
	pthread_mutex_unlock(&lock);
	pthread_cond_broadcast(&changed);
	crew_release(&c);
	ck_assert_uint_eq(inside, 0);
	/* The empty one is fine, and has no descriptor 0. */
	crew_release(&c);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), input);
}
END_TEST

START_TEST(crew__starts_no_thread_before_it_is_asked_to)
{
	struct crew idle;

	assert_ok(crew_init(&idle, THREADS, THREAD_WORK, &e), &e);
	ck_assert(!crew_spare(&idle, THREADS));
	ck_assert_uint_eq(idle.started, 0);
	crew_release(&idle);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("crew");
	TCase *t = tcase_create("crew");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, crew__finds_a_thread_while_others_block);
	tcase_add_test(t, crew__hears_a_bell_that_rings_again);
	tcase_add_test(t, crew__starts_threads_only_when_all_are_busy);
	tcase_add_test(t, crew__waits_for_calls_when_it_ends);
	tcase_add_test(t, crew__starts_no_thread_before_it_is_asked_to);
	suite_add_tcase(s, t);
	return s;
}
