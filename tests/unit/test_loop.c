/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: the order of calls, that a removed item is not called, and
 * that calls from many threads arrive. Tests about order run the loop one round
 * at a time; tests about threads let a worker run it.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static struct loop l;
static struct err e;
static char told[128]; /* the names of what was called, in order */

/* A callback that appends its name to told[]. */
struct thing {
	const char *name;
	struct loop_watch watch;
	struct loop_timer timer;
	struct loop_call call;
	int fds[2]; /* a pipe */
	unsigned events, calls;
	void (*then)(struct thing *t);
	struct thing *other;
};

static void tell(struct thing *t)
{
	strncat(told, t->name, sizeof(told) - strlen(told) - 1);
	t->calls++;
	if (t->then)
		t->then(t);
}

static void on_watch(void *ctx, unsigned events)
{
	struct thing *t = ctx;

	t->events = events;
	tell(t);
}

static void on_call(void *ctx)
{
	tell(ctx);
}

static struct thing a, b, c;

static void make(struct thing *t, const char *name)
{
	*t = (struct thing){
		.name = name,
		.watch = { .fn = on_watch, .ctx = t },
		.timer = { .fn = on_call, .ctx = t },
		.call = { .fn = on_call, .ctx = t },
	};
	ck_assert_int_eq(pipe(t->fds), 0);
}

static void setup(void)
{
	assert_ok(loop_init(&l, &e), &e);
	told[0] = '\0';
	make(&a, "a");
	make(&b, "b");
	make(&c, "c");
}

static void unmake(struct thing *t)
{
	loop_remove(&t->watch);
	close(t->fds[0]);
	close(t->fds[1]);
}

static void teardown(void)
{
	unmake(&a);
	unmake(&b);
	unmake(&c);
	loop_release(&l);
}

/* Watch the reading end of its pipe. */
static void watch(struct thing *t, unsigned events)
{
	assert_ok(loop_add(&l, &t->watch, t->fds[0], events, &e), &e);
}

static void fill(struct thing *t)
{
	ck_assert_int_eq(write(t->fds[1], "x", 1), 1);
}

static void drain(struct thing *t)
{
	char x;

	ck_assert_int_eq(read(t->fds[0], &x, 1), 1);
}

static void turn(const char *want)
{
	told[0] = '\0';
	loop_turn(&l, false);
	ck_assert_str_eq(told, want);
}

/* --- watches */

START_TEST(loop__calls_a_watch_while_it_is_ready)
{
	watch(&a, LOOP_IN);
	turn("");
	fill(&a);
	turn("a");
	ck_assert_uint_eq(a.events, LOOP_IN);
	turn("a");
	drain(&a);
	turn("");
}
END_TEST

START_TEST(loop__waits_for_room_to_write)
{
	assert_ok(loop_add(&l, &a.watch, a.fds[1], LOOP_OUT, &e), &e);
	turn("a");
	ck_assert_uint_eq(a.events, LOOP_OUT);
}
END_TEST

static const struct {
	unsigned asked, reported;
} gone[] = {
	{ LOOP_IN, LOOP_GONE },
	{ LOOP_GONE, LOOP_GONE },
	{ LOOP_IN | LOOP_FIRST, LOOP_GONE },
	{ 0, 0 },
	{ LOOP_FIRST, 0 },
};

START_TEST(loop__reports_the_other_end_gone)
{
	watch(&a, gone[_i].asked);
	close(a.fds[1]);
	turn(gone[_i].reported ? "a" : "");
	ck_assert_uint_eq(a.events, gone[_i].reported);
	a.fds[1] = -1;
}
END_TEST

/* Only the requested events are reported, even if there is data, too. */
START_TEST(loop__reports_only_what_is_asked_for)
{
	watch(&a, LOOP_GONE);
	fill(&a);
	turn("");
	loop_change(&a.watch, LOOP_IN);
	turn("a");
	loop_change(&a.watch, 0);
	turn("");
	loop_change(&a.watch, LOOP_IN);
	turn("a");
}
END_TEST

static void stop_loop(struct thing *t)
{
	(void)t;
	loop_stop(&l);
}

/* A watch without events does not keep the loop from sleeping. */
START_TEST(loop__sleeps_beside_a_parked_watch)
{
	uint64_t before;

	watch(&a, 0);
	fill(&a);
	close(a.fds[1]);
	a.fds[1] = -1;
	b.then = stop_loop;
	loop_timer_set(&l, &b.timer, clock_ns() + 30 * MS);
	before = l.round;
	loop_run(&l);
	ck_assert_str_eq(told, "b");
	ck_assert_uint_le(l.round - before, 4);
}
END_TEST

/* epoll rejects regular files, but input may come from one. */
START_TEST(loop__takes_files_that_are_always_ready)
{
	static const char *const paths[] = { "/proc/self/exe", "/dev/null" };
	int fd = open(paths[_i], O_RDONLY);

	ck_assert_int_ge(fd, 0);
	assert_ok(loop_add(&l, &a.watch, fd, LOOP_IN, &e), &e);
	turn("a");
	ck_assert_uint_eq(a.events, LOOP_IN);
	turn("a");
	loop_change(&a.watch, 0);
	turn("");
	loop_change(&a.watch, LOOP_OUT);
	turn("a");
	ck_assert_uint_eq(a.events, LOOP_OUT);
	loop_change(&a.watch, LOOP_GONE);
	turn("");
	loop_remove(&a.watch);
	turn("");
	close(fd);
}
END_TEST

START_TEST(loop__names_a_descriptor_that_it_cannot_watch)
{
	assert_err(loop_add(&l, &a.watch, -1, LOOP_IN, &e), -EBADF, &e,
		   "cannot watch descriptor -1: ");
	/* It may be tried again. */
	watch(&a, LOOP_IN);
	fill(&a);
	turn("a");
}
END_TEST

START_TEST(loop__calls_urgent_watches_first)
{
	watch(&a, LOOP_IN);
	watch(&b, LOOP_IN);
	watch(&c, LOOP_IN | LOOP_FIRST);
	fill(&a);
	fill(&b);
	fill(&c);
	turn("cab");
	ck_assert_uint_eq(c.events, LOOP_IN);
}
END_TEST

/* --- watches changed by callbacks */

static void remove_both(struct thing *t)
{
	loop_remove(&t->watch);
	loop_remove(&t->other->watch);
}

START_TEST(loop__does_not_call_what_was_removed_in_the_round)
{
	watch(&a, LOOP_IN);
	watch(&b, LOOP_IN);
	fill(&a);
	fill(&b);
	a.then = b.then = remove_both;
	a.other = &b;
	b.other = &a;
	turn("a");
	ck_assert_uint_eq(a.calls + b.calls, 1);
	turn("");
}
END_TEST

static void free_other(struct thing *t)
{
	if (!t->other)
		return;
	loop_remove(&t->other->watch);
	close(t->other->fds[0]);
	close(t->other->fds[1]);
	free(t->other);
	t->other = NULL;
}

/* Freed at once, so that a sanitizer sees a late access by the loop. */
START_TEST(loop__forgets_what_was_removed)
{
	struct thing *d = malloc(sizeof(*d));

	watch(&a, LOOP_IN);
	make(d, "d");
	watch(d, LOOP_IN);
	fill(&a);
	fill(d);
	a.then = free_other;
	a.other = d;
	turn("a");
	turn("a");
}
END_TEST

/* The event that had arrived was for the previous watch. */
static void watch_another_pipe(struct thing *t)
{
	loop_remove(&t->other->watch);
	watch(t->other, LOOP_IN);
	t->then = NULL;
	drain(t->other);
}

START_TEST(loop__drops_the_event_of_an_earlier_watch)
{
	watch(&a, LOOP_IN);
	watch(&b, LOOP_IN);
	fill(&a);
	fill(&b);
	a.then = watch_another_pipe;
	a.other = &b;
	turn("a");
	turn("a");
	fill(&b);
	turn("ab");
}
END_TEST

static void park_other(struct thing *t)
{
	loop_change(&t->other->watch, LOOP_GONE);
}

START_TEST(loop__drops_events_no_longer_asked_for)
{
	watch(&a, LOOP_IN);
	watch(&b, LOOP_IN);
	fill(&a);
	fill(&b);
	a.then = park_other;
	a.other = &b;
	turn("a");
}
END_TEST

static void make_last(struct thing *t)
{
	loop_change(&t->watch, LOOP_IN);
}

START_TEST(loop__calls_a_watch_once_a_round)
{
	watch(&a, LOOP_IN | LOOP_FIRST);
	fill(&a);
	a.then = make_last;
	turn("a");
}
END_TEST

static void add_other(struct thing *t)
{
	watch(t->other, LOOP_IN);
	t->then = NULL;
}

START_TEST(loop__takes_a_watch_from_a_callback)
{
	watch(&a, LOOP_IN);
	fill(&a);
	fill(&b);
	a.then = add_other;
	a.other = &b;
	turn("a");
	turn("ab");
}
END_TEST

/* A descriptor's number is reused; its watch is not. */
START_TEST(loop__takes_a_reused_descriptor)
{
	int old = a.fds[0];

	watch(&a, LOOP_IN);
	loop_remove(&a.watch);
	close(a.fds[0]);
	close(a.fds[1]);
	make(&a, "a");
	ck_assert_int_eq(a.fds[0], old);
	watch(&a, LOOP_IN);
	turn("");
	fill(&a);
	turn("a");
}
END_TEST

START_TEST(loop__serves_more_than_a_batch)
{
	static struct thing many[3 * LOOP_BATCH];
	unsigned seen = 0;

	for (size_t i = 0; i < COUNT(many); i++) {
		make(&many[i], "");
		watch(&many[i], LOOP_IN);
		fill(&many[i]);
	}
	for (unsigned n = 0; n < 3; n++)
		loop_turn(&l, false);
	for (size_t i = 0; i < COUNT(many); i++) {
		seen += many[i].calls == 1;
		unmake(&many[i]);
	}
	ck_assert_uint_eq(seen, COUNT(many));
}
END_TEST

/* --- timers */

START_TEST(loop__calls_timers_in_order)
{
	uint64_t now = clock_ns();

	loop_timer_set(&l, &a.timer, now - 1);
	loop_timer_set(&l, &b.timer, now - 3);
	loop_timer_set(&l, &c.timer, now - 1);
	turn("bac");
	turn("");
	ck_assert(!loop_timer_is_set(&a.timer));
}
END_TEST

START_TEST(loop__moves_a_timer)
{
	uint64_t now = clock_ns();

	loop_timer_set(&l, &a.timer, now - 2);
	loop_timer_set(&l, &b.timer, now - 1);
	loop_timer_set(&l, &a.timer, now);
	loop_timer_set(&l, &c.timer, now - 1);
	loop_timer_stop(&c.timer);
	loop_timer_stop(&c.timer);
	turn("ba");
}
END_TEST

static void stop_other(struct thing *t)
{
	loop_timer_stop(&t->other->timer);
	loop_timer_set(&l, &t->timer, 1); /* long past */
}

START_TEST(loop__does_not_call_a_timer_stopped_in_the_round)
{
	loop_timer_set(&l, &a.timer, 1);
	loop_timer_set(&l, &b.timer, 2);
	a.then = stop_other;
	a.other = &b;
	turn("a");
}
END_TEST

/* A timer that is always due does not starve others. */
START_TEST(loop__calls_a_timer_once_a_round)
{
	watch(&c, LOOP_IN);
	fill(&c);
	loop_timer_set(&l, &a.timer, 1);
	loop_timer_set(&l, &b.timer, 2);
	a.then = stop_other;
	a.other = &a;
	turn("cab");
	turn("ca");
}
END_TEST

START_TEST(loop__waits_until_a_timer_is_due)
{
	uint64_t due = clock_ns() + 20 * MS, before;

	before = l.round;
	a.then = stop_loop;
	loop_timer_set(&l, &a.timer, due);
	loop_run(&l);
	ck_assert_uint_ge(clock_ns(), due);
	ck_assert_str_eq(told, "a");
	ck_assert_uint_le(l.round - before, 3);
}
END_TEST

static unsigned left;

static void set_again(struct thing *t)
{
	if (left--)
		loop_timer_set(&l, &t->timer, clock_ns() + MS);
	else
		loop_stop(&l);
}

START_TEST(loop__sets_timers_again)
{
	left = 5;
	a.then = set_again;
	/* A later timer that is moved away does not end the wait. */
	loop_timer_set(&l, &b.timer, clock_ns() + 1000000 * MS);
	loop_timer_set(&l, &a.timer, clock_ns() + MS);
	loop_run(&l);
	ck_assert_str_eq(told, "aaaaaa");
}
END_TEST

/* --- calls */

static void post_again(struct thing *t)
{
	loop_post(&l, &t->call);
}

START_TEST(loop__calls_in_the_order_posted)
{
	loop_post(&l, &b.call);
	loop_post(&l, &a.call);
	loop_post(&l, &b.call); /* it waits already */
	loop_post(&l, &c.call);
	loop_cancel(&l, &a.call);
	loop_cancel(&l, &a.call);
	turn("bc");
	turn("");
	loop_post(&l, &a.call);
	turn("a");
}
END_TEST

START_TEST(loop__cancels_the_last_call)
{
	loop_post(&l, &a.call);
	loop_post(&l, &b.call);
	loop_cancel(&l, &b.call);
	loop_post(&l, &c.call);
	turn("ac");
	loop_post(&l, &a.call);
	loop_cancel(&l, &a.call);
	loop_post(&l, &b.call);
	turn("b");
}
END_TEST

static void cancel_other(struct thing *t)
{
	loop_cancel(&l, &t->other->call);
}

START_TEST(loop__does_not_call_what_was_cancelled_in_the_round)
{
	loop_post(&l, &a.call);
	loop_post(&l, &b.call);
	loop_post(&l, &c.call);
	a.then = cancel_other;
	a.other = &b;
	turn("ac");
}
END_TEST

/* A call that posts itself does not starve others, and keeps going. */
START_TEST(loop__calls_what_is_posted_by_a_call_in_the_next_round)
{
	a.then = post_again;
	loop_post(&l, &a.call);
	loop_timer_set(&l, &b.timer, 1);
	turn("ab");
	turn("a");
}
END_TEST

START_TEST(loop__serves_watches_then_calls_then_timers)
{
	watch(&b, LOOP_IN);
	fill(&b);
	loop_timer_set(&l, &a.timer, 1);
	loop_post(&l, &c.call);
	turn("bca");
}
END_TEST

/* --- running and stopping */

START_TEST(loop__stops_before_it_runs)
{
	loop_post(&l, &a.call);
	loop_stop(&l);
	loop_run(&l);
	ck_assert_str_eq(told, "");
	a.then = stop_loop;
	loop_run(&l);
	ck_assert_str_eq(told, "a");
}
END_TEST

/* Events that were ready at the stop are served when the loop runs again. */
START_TEST(loop__keeps_what_it_did_not_serve)
{
	watch(&a, LOOP_IN | LOOP_FIRST);
	watch(&b, LOOP_IN);
	fill(&a);
	fill(&b);
	loop_post(&l, &c.call);
	loop_timer_set(&l, &c.timer, clock_ns() + MS);
	a.then = b.then = c.then = stop_loop;
	loop_run(&l);
	ck_assert_str_eq(told, "a");
	loop_change(&a.watch, 0);
	loop_run(&l);
	loop_change(&b.watch, 0);
	loop_run(&l);
	loop_run(&l);
	ck_assert_str_eq(told, "abcc");
}
END_TEST

START_TEST(loop__release_takes_the_empty_one)
{
	struct loop none = LOOP_EMPTY;
	struct loop_watch idle = { 0 };

	loop_remove(&idle);
	loop_release(&none);
	loop_release(&none);
}
END_TEST

/* --- threads */

#define THREADS 4
#define POSTS	5000

static struct worker w;

static void setup_worker(void)
{
	assert_ok(worker_init(&w, &e), &e);
	assert_ok(worker_start(&w, "a test", &e), &e);
}

static void teardown_worker(void)
{
	worker_stop(&w);
	worker_release(&w);
}

/* Each posts its call, waits until it ran, and posts it again. */
struct poster {
	pthread_t thread;
	struct loop_call call;
	unsigned ran; /* written on the loop's thread */
	atomic_uint seen;
};

static unsigned total; /* of the loop's thread */

static void on_posted(void *ctx)
{
	struct poster *p = ctx;

	p->ran++;
	total++;
	atomic_store(&p->seen, p->ran);
}

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (unsigned n = 1; n <= POSTS; n++) {
		loop_post(&w.loop, &p->call);
		while (atomic_load(&p->seen) < n)
			sched_yield();
	}
	return NULL;
}

START_TEST(worker__gets_every_call_of_many_threads)
{
	static struct poster posters[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		posters[i].call = (struct loop_call){ .fn = on_posted,
						      .ctx = &posters[i] };
		ck_assert_int_eq(pthread_create(&posters[i].thread, NULL,
						post_many, &posters[i]),
				 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	worker_stop(&w);
	ck_assert_uint_eq(total, THREADS * POSTS);
}
END_TEST

/* A call between two posts is not lost, however they race. */
static void *post_without_waiting(void *arg)
{
	struct poster *p = arg;

	for (unsigned n = 1; n <= POSTS; n++) {
		atomic_store(&p->seen, n);
		loop_post(&w.loop, &p->call);
	}
	return NULL;
}

static atomic_uint last;

static void on_last(void *ctx)
{
	struct poster *p = ctx;

	atomic_store(&last, atomic_load(&p->seen));
}

START_TEST(worker__sees_what_was_written_before_a_post)
{
	static struct poster p = { .call = { .fn = on_last, .ctx = &p } };

	ck_assert_int_eq(
		pthread_create(&p.thread, NULL, post_without_waiting, &p), 0);
	pthread_join(p.thread, NULL);
	for (unsigned n = 0; n < 60000 && atomic_load(&last) != POSTS; n++)
		usleep(1000);
	ck_assert_uint_eq(atomic_load(&last), POSTS);
}
END_TEST

static atomic_bool answered;
static bool was_elsewhere;

static void on_question(void *ctx)
{
	(void)ctx;
	was_elsewhere = worker_is_elsewhere(&w);
	atomic_store(&answered, true);
}

START_TEST(worker__knows_its_own_thread)
{
	struct loop_call call = { .fn = on_question };

	ck_assert(worker_is_elsewhere(&w));
	loop_post(&w.loop, &call);
	for (unsigned n = 0; n < 60000 && !atomic_load(&answered); n++)
		usleep(1000);
	ck_assert(atomic_load(&answered));
	ck_assert(!was_elsewhere);
	worker_stop(&w);
	ck_assert(!worker_is_elsewhere(&w));
}
END_TEST

START_TEST(worker__starts_and_stops_again)
{
	struct worker none = WORKER_EMPTY;

	worker_stop(&none);
	worker_release(&none);
	for (unsigned n = 0; n < 200; n++) {
		worker_stop(&w);
		worker_stop(&w);
		assert_ok(worker_start(&w, "a test", &e), &e);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("rounds");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, loop__calls_a_watch_while_it_is_ready);
	tcase_add_test(t, loop__waits_for_room_to_write);
	tcase_add_loop_test(t, loop__reports_the_other_end_gone, 0,
			    (int)COUNT(gone));
	tcase_add_test(t, loop__reports_only_what_is_asked_for);
	tcase_add_test(t, loop__sleeps_beside_a_parked_watch);
	tcase_add_loop_test(t, loop__takes_files_that_are_always_ready, 0, 2);
	tcase_add_test(t, loop__names_a_descriptor_that_it_cannot_watch);
	tcase_add_test(t, loop__calls_urgent_watches_first);
	tcase_add_test(t, loop__does_not_call_what_was_removed_in_the_round);
	tcase_add_test(t, loop__forgets_what_was_removed);
	tcase_add_test(t, loop__drops_the_event_of_an_earlier_watch);
	tcase_add_test(t, loop__drops_events_no_longer_asked_for);
	tcase_add_test(t, loop__calls_a_watch_once_a_round);
	tcase_add_test(t, loop__takes_a_watch_from_a_callback);
	tcase_add_test(t, loop__takes_a_reused_descriptor);
	tcase_add_test(t, loop__serves_more_than_a_batch);
	tcase_add_test(t, loop__calls_timers_in_order);
	tcase_add_test(t, loop__moves_a_timer);
	tcase_add_test(t, loop__does_not_call_a_timer_stopped_in_the_round);
	tcase_add_test(t, loop__calls_a_timer_once_a_round);
	tcase_add_test(t, loop__waits_until_a_timer_is_due);
	tcase_add_test(t, loop__sets_timers_again);
	tcase_add_test(t, loop__calls_in_the_order_posted);
	tcase_add_test(t, loop__cancels_the_last_call);
	tcase_add_test(t, loop__does_not_call_what_was_cancelled_in_the_round);
	tcase_add_test(t,
		       loop__calls_what_is_posted_by_a_call_in_the_next_round);
	tcase_add_test(t, loop__serves_watches_then_calls_then_timers);
	tcase_add_test(t, loop__stops_before_it_runs);
	tcase_add_test(t, loop__keeps_what_it_did_not_serve);
	tcase_add_test(t, loop__release_takes_the_empty_one);
	suite_add_tcase(s, t);
	t = tcase_create("threads");
	tcase_add_checked_fixture(t, setup_worker, teardown_worker);
	tcase_add_test(t, worker__gets_every_call_of_many_threads);
	tcase_add_test(t, worker__sees_what_was_written_before_a_post);
	tcase_add_test(t, worker__knows_its_own_thread);
	tcase_add_test(t, worker__starts_and_stops_again);
	suite_add_tcase(s, t);
	return s;
}
