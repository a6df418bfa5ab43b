/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that wait together, and may block on what they serve.
 *
 *   a descriptor is signalled --> one waiting thread calls its function
 *
 * The thread that is woken does the work itself instead of passing it on, and
 * other events wake other threads. A crew begins with one thread. Before a
 * thread blocks it calls crew_spare(), which starts another one if none is left
 * to wait, up to a limit.
 */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <pthread.h>
#include <stdbool.h>

#include "base/confine.h"
#include "base/err.h"

struct crew_watch {
	/* On any of the threads, and on several at a time. */
	void (*fn)(void *ctx);
	void *ctx;
};

#define CREW_THREADS_MAX 8

struct crew {
	int epoll_fd, end_fd;
	unsigned max; /* threads; 0: the empty crew */
	enum thread_role role;
	pthread_mutex_t lock; /* covers what follows; a leaf */
	pthread_t threads[CREW_THREADS_MAX];
	unsigned started;
};

/* A crew without a thread. @max: of threads, at most CREW_THREADS_MAX, which do
 * @role. On failure *@c is the empty crew. */
int crew_init(struct crew *c, unsigned max, enum thread_role role,
	      struct err *e);

/*
 * Call @w when @fd, an eventfd, is written to: each time wakes one thread. The
 * eventfd is not read. Before crew_start(); @w outlives the threads, and @fd is
 * open as long.
 */
int crew_add(struct crew *c, struct crew_watch *w, int fd, struct err *e);

/* Start the first thread, unless it runs. */
int crew_start(struct crew *c, struct err *e);

/*
 * @busy threads of the crew will not wait for events before long: if these are
 * all that were started, start another one. Returns whether it did. Before
 * crew_start(), none. From any thread.
 */
bool crew_spare(struct crew *c, unsigned busy);

/* Wait for the calls that have begun and end the threads. The empty crew is
 * fine. */
void crew_release(struct crew *c);

#endif
