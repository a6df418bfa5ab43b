/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pausing vCPUs, with threads that only check the flag that vcpu_pause() sets:
 * which wait, which continue, and when the requester is woken.
 */
#include "unit/unit.h"
#include "vm/pause.h"

#include <linux/kvm.h>
#include <poll.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/eventfd.h>

#define CPUS	4
#define WAIT_MS 10000

static struct vcpu vcpus[CPUS];
static struct kvm_run runs[CPUS];
static pthread_t threads[CPUS];
static atomic_ulong turns[CPUS];
static atomic_bool leave[CPUS];
static struct pause paused;
static struct err e;

/* As vcpu_run() does it, without a guest. */
static void *vcpu_main(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;

	while (!atomic_load(&leave[cpu])) {
		atomic_fetch_add(&turns[cpu], 1);
		if (atomic_load(&vcpus[cpu].pause))
			pause_here(&paused, cpu);
		sched_yield();
	}
	pause_gone(&paused, cpu);
	return NULL;
}

static void setup(void)
{
	for (unsigned i = 0; i < CPUS; i++)
		vcpus[i] = (struct vcpu){ .fd = -1, .run = &runs[i] };
	assert_ok(pause_init(&paused, vcpus, CPUS, &e), &e);
	for (uintptr_t i = 0; i < CPUS; i++) {
		atomic_store(&leave[i], false);
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, vcpu_main, (void *)i),
			0);
	}
}

static void teardown(void)
{
	for (unsigned i = 0; i < CPUS; i++)
		atomic_store(&leave[i], true);
	pause_end(&paused);
	for (unsigned i = 0; i < CPUS; i++)
		pthread_join(threads[i], NULL);
	pause_release(&paused);
}

/* Bit n of @mask: vCPU n has to wait. */
static void want(unsigned mask)
{
	pthread_mutex_lock(&paused.lock);
	for (unsigned i = 0; i < CPUS; i++)
		pause_want(&paused, i, mask >> i & 1);
	pause_urge(&paused, -1);
	pause_changed(&paused);
	pthread_mutex_unlock(&paused.lock);
}

static bool waits(unsigned cpu)
{
	bool is;

	pthread_mutex_lock(&paused.lock);
	is = paused.cpus[cpu].waits;
	pthread_mutex_unlock(&paused.lock);
	return is;
}

static void assert_waits(unsigned cpu)
{
	for (int ms = 0; !waits(cpu); ms++) {
		ck_assert_msg(ms < WAIT_MS, "vCPU %u does not wait", cpu);
		poll(NULL, 0, 1);
	}
}

static void assert_runs(unsigned cpu)
{
	unsigned long before = atomic_load(&turns[cpu]);

	for (int ms = 0; atomic_load(&turns[cpu]) == before; ms++) {
		ck_assert_msg(ms < WAIT_MS, "vCPU %u does not run", cpu);
		poll(NULL, 0, 1);
	}
}

static bool all_rest(void)
{
	bool is;

	pthread_mutex_lock(&paused.lock);
	is = pause_all_rest(&paused, -1);
	pthread_mutex_unlock(&paused.lock);
	return is;
}

static void await_all(void)
{
	struct pollfd p = { paused.wake_fd, POLLIN, 0 };
	eventfd_t n;

	while (!all_rest()) {
		ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
		ck_assert_int_eq(eventfd_read(paused.wake_fd, &n), 0);
	}
}

START_TEST(pause__all_stop_and_go_on)
{
	unsigned long then[CPUS];

	for (int round = 0; round < 50; round++) {
		want(0xf);
		await_all();
		for (unsigned i = 0; i < CPUS; i++)
			then[i] = atomic_load(&turns[i]);
		sched_yield();
		for (unsigned i = 0; i < CPUS; i++)
			ck_assert_uint_eq(atomic_load(&turns[i]), then[i]);
		want(0);
		for (unsigned i = 0; i < CPUS; i++)
			assert_runs(i);
	}
}
END_TEST

START_TEST(pause__one_runs_alone)
{
	want(0xb);
	for (unsigned i = 0; i < CPUS; i++)
		if (i != 2)
			assert_waits(i);
	assert_runs(2);
	ck_assert(!all_rest());
	pthread_mutex_lock(&paused.lock);
	ck_assert(pause_all_rest(&paused, 2));
	pthread_mutex_unlock(&paused.lock);
	want(0);
	assert_runs(0);
}
END_TEST

/* The pause does not wait for a vCPU that is gone. */
START_TEST(pause__gone)
{
	atomic_store(&leave[1], true);
	want(0xd);
	await_all();
	ck_assert(!waits(1));
}
END_TEST

/* A pause that was cancelled before it arrives does not last. */
START_TEST(pause__late)
{
	vcpu_pause(&vcpus[0]);
	for (int ms = 0; atomic_load(&vcpus[0].pause); ms++) {
		ck_assert_int_lt(ms, WAIT_MS);
		poll(NULL, 0, 1);
	}
	assert_runs(0);
}
END_TEST

START_TEST(pause__end)
{
	want(0xf);
	await_all();
	pause_end(&paused);
	for (unsigned i = 0; i < CPUS; i++)
		assert_runs(i);
	/* Nothing stops them any more. */
	want(0xf);
	for (unsigned i = 0; i < CPUS; i++)
		assert_runs(i);
}
END_TEST

START_TEST(pause__change_in_time)
{
	pthread_mutex_lock(&paused.lock);
	/* Nothing changes; the wait times out. */
	pause_await_change(&paused);
	pthread_mutex_unlock(&paused.lock);
}
END_TEST

START_TEST(pause__release_the_empty_one)
{
	struct pause empty = PAUSE_EMPTY;

	pause_release(&empty);
	ck_assert_int_eq(empty.wake_fd, -1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("pause");
	TCase *tc = tcase_create("pause");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pause__all_stop_and_go_on);
	tcase_add_test(tc, pause__one_runs_alone);
	tcase_add_test(tc, pause__gone);
	tcase_add_test(tc, pause__late);
	tcase_add_test(tc, pause__end);
	tcase_add_test(tc, pause__change_in_time);
	tcase_add_test(tc, pause__release_the_empty_one);
	suite_add_tcase(s, tc);
	return s;
}
