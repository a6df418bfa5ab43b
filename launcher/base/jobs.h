/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for calls that may block: host I/O, mostly.
 *
 * Jobs begin in the order in which they were added, several at a time, and end
 * in any order. Threads are started when there is more to do than those that
 * exist can begin, up to a limit.
 */
#ifndef BASE_JOBS_H
#define BASE_JOBS_H

#include <pthread.h>
#include <stdbool.h>

#include "base/confine.h"
#include "base/err.h"

struct job {
	/* Called on one of the threads. @job is the callee's from then on. */
	void (*fn)(struct job *job);
	struct job *next;
};

#define JOBS_THREADS_MAX 8

struct jobs {
	pthread_mutex_t lock; /* covers what follows; a leaf */
	pthread_cond_t added;
	struct job *first, **last;
	pthread_t threads[JOBS_THREADS_MAX];
	enum thread_role role;
	unsigned max, started, idle;
	bool is_ending;
};

/* @max: of threads, at most JOBS_THREADS_MAX. */
int jobs_init(struct jobs *j, unsigned max, struct err *e);

/*
 * The jobs have this role, not THREAD_WORK. Called before the first one, on a
 * thread that is not confined: all threads are started now, because one that a
 * confined thread starts has that thread's limits, too.
 */
int jobs_start_as(struct jobs *j, enum thread_role role, struct err *e);

/*
 * Have @job done. From any thread. On a host that has no thread to give, it is
 * done before this returns.
 */
void jobs_add(struct jobs *j, struct job *job);

/* Take back a job that has not begun; NULL if there is none. From any
 * thread. */
struct job *jobs_take_back(struct jobs *j);

/* Wait for the jobs that have begun and end the threads. There must be none
 * that has not begun. The empty struct is fine. */
void jobs_release(struct jobs *j);

#endif
