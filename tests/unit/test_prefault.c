/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populating memory ahead: it happens, changes no contents, and stops at the
 * end of the requested range.
 */
#include "unit/unit.h"
#include "base/prefault.h"
#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB  ((size_t)1 << 20)
#define ROOM (64 * MIB)
#define PAGE ((size_t)4096)

static unsigned char *fresh(void)
{
	unsigned char *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	/* So that one page populated is one page. */
	madvise(p, ROOM, MADV_NOHUGEPAGE);
	return p;
}

static bool resident(const unsigned char *p)
{
	unsigned char yes = 0;

	ck_assert_int_eq(mincore((void *)p, PAGE, &yes), 0);
	return yes & 1;
}

/* Wait until the page is there, or the test's time is over. */
static void wait_for(const unsigned char *p)
{
	while (!resident(p))
		usleep(1000);
}

START_TEST(prefault__populates_the_range_and_no_more)
{
	const size_t begin = 3 * PAGE + 5, len = 20 * MIB + 1;
	unsigned char *p = fresh();
	size_t last = (begin + len - 1) / PAGE * PAGE;
	struct prefault pf;

	if (thread_cpus() == 1)
		UNIT_SKIP("one CPU: nothing is populated");
	p[begin] = 'a';
	p[begin + len - 1] = 'z';
	p[begin + len] = '!';
	prefault_start(&pf, p + begin, len);
	wait_for(p + last - PAGE);
	prefault_stop(&pf);
	ck_assert(!resident(p));
	ck_assert(!resident(p + 2 * PAGE));
	for (size_t off = 3 * PAGE; off < last; off += PAGE)
		ck_assert_msg(resident(p + off), "page at %zu", off);
	ck_assert(!resident(p + last + PAGE));
	ck_assert_int_eq(p[begin], 'a');
	ck_assert_int_eq(p[begin + len - 1], 'z');
	ck_assert_int_eq(p[begin + len], '!');
	munmap(p, ROOM);
}
END_TEST

START_TEST(prefault__stops_before_it_is_done)
{
	unsigned char *p = fresh();
	struct prefault pf;

	prefault_start(&pf, p, ROOM);
	prefault_stop(&pf);
	/* It is no longer written. */
	ck_assert_int_eq(munmap(p, ROOM), 0);
}
END_TEST

START_TEST(prefault__small_or_empty_ranges_are_left_alone)
{
	unsigned char *p = fresh();
	struct prefault pf;

	prefault_start(&pf, p, 0);
	prefault_stop(&pf);
	prefault_start(&pf, p, MIB);
	/* Give it time for a wrong access; there is no event to wait for. */
	usleep(10000);
	prefault_stop(&pf);
	ck_assert(!resident(p));
	munmap(p, ROOM);
}
END_TEST

static void *blocked_signals(void *set)
{
	pthread_sigmask(SIG_SETMASK, NULL, set);
	return NULL;
}

START_TEST(thread__takes_no_signals_but_its_own_faults)
{
	sigset_t in_thread, mine;
	pthread_t t;

	ck_assert(thread_start(&t, blocked_signals, &in_thread));
	pthread_join(t, NULL);
	ck_assert(sigismember(&in_thread, SIGTERM));
	ck_assert(sigismember(&in_thread, SIGALRM));
	ck_assert(!sigismember(&in_thread, SIGBUS));
	ck_assert(!sigismember(&in_thread, SIGSEGV));
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	ck_assert(!sigismember(&mine, SIGTERM));
}
END_TEST

START_TEST(thread__cpus_are_those_allowed)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_uint_eq(thread_cpus(), 1);
}
END_TEST

Suite *unit_suite(void)
{
	const TTest *const each[] = {
		prefault__populates_the_range_and_no_more,
		prefault__stops_before_it_is_done,
		prefault__small_or_empty_ranges_are_left_alone,
		thread__takes_no_signals_but_its_own_faults,
		thread__cpus_are_those_allowed,
	};
	Suite *s = suite_create("prefault");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		tcase_add_test(t, each[i]);
	suite_add_tcase(s, t);
	return s;
}
