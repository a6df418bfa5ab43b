/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* The affinity is cheap to read, includes taskset(1), and opens no file. It
 * fails on machines with more CPUs than the set has bits, and Linux has at most
 * 8192. */
unsigned thread_cpus(void)
{
	cpu_set_t set[8192 / CPU_SETSIZE];

	if (sched_getaffinity(0, sizeof(set), set))
		return 1;
	return CPU_COUNT_S(sizeof(set), set);
}

bool thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	/* Fault signals go to the thread that caused them. */
	static const int own[] = { SIGBUS, SIGSEGV, SIGILL,
				   SIGFPE, SIGTRAP, SIGSYS };
	sigset_t block, before;
	int rc;

	sigfillset(&block);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&block, own[i]);
	pthread_sigmask(SIG_SETMASK, &block, &before);
	rc = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

struct share {
	void (*fn)(void *ctx, size_t i);
	void *ctx;
	size_t n;
	atomic_size_t next; /* the first that no thread has taken */
};

static void *take_shares(void *arg)
{
	struct share *s = arg;
	size_t i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->n)
		s->fn(s->ctx, i);
	return NULL;
}

void thread_share(size_t n, void (*fn)(void *ctx, size_t i), void *ctx)
{
	struct share s = { .fn = fn, .ctx = ctx, .n = n };
	pthread_t thread[THREAD_SHARE_MAX - 1];
	size_t started = 0, want = thread_cpus();

	if (want > THREAD_SHARE_MAX)
		want = THREAD_SHARE_MAX;
	if (want > n)
		want = n;
	while (started + 1 < want &&
	       thread_start(&thread[started], take_shares, &s))
		started++;
	take_shares(&s);
	while (started)
		pthread_join(thread[--started], NULL);
}
