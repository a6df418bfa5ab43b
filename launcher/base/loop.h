/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop: descriptors, timers and calls from other threads, one
 * callback at a time.
 *
 * A round of the loop waits until something is ready and then calls, in this
 * order:
 *
 *   1. watches with LOOP_FIRST whose descriptor is ready
 *   2. the other watches whose descriptor is ready
 *   3. calls that were posted before this step began
 *   4. timers that were due when this step began
 *
 * Timers come last, so that an answer which arrives together with its time
 * limit counts as an answer. A callback that posts a call, or sets a timer that
 * is already due, gets it in the next round, so no source of events delays the
 * others.
 *
 * Watches, timers and calls are embedded in structs of the caller, who fills in
 * fn and ctx; a zeroed one is valid and idle. A callback may add, change and
 * remove any of them, itself included. After it is removed, stopped or
 * cancelled, it is not called, even if its event had arrived before, and may be
 * freed at once. Neither they nor the loop may be moved in memory while they
 * are watched, set or posted.
 *
 * Threads: loop_post() and loop_stop() may be called from any thread.
 * Everything else belongs to the thread that runs the loop, or to any one
 * thread while none does. No lock is held during a callback.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

/* What a watch waits for, and what its callback gets. */
enum loop_events {
	LOOP_IN = 1,  /* reading will not block */
	LOOP_OUT = 2, /* writing will not block */
	/*
	 * The other end was closed, or there is an error. Also reported with
	 * LOOP_IN and LOOP_OUT; without them, only this is reported. It stays
	 * until the watch is changed to 0 or removed.
	 */
	LOOP_GONE = 4,
	/* Call this watch before the others of a round. Never reported. */
	LOOP_FIRST = 8,
};

struct loop;

struct loop_watch {
	void (*fn)(void *ctx, unsigned events);
	void *ctx;
	/* The loop's. */
	struct loop *loop; /* NULL: not watched */
	unsigned events;
	int fd;
	int stand_in; /* watched by epoll instead of fd, or -1 */
};

struct loop_timer {
	void (*fn)(void *ctx);
	void *ctx;
	/* The loop's. */
	uint64_t due_ns;
	uint64_t round; /* in which it was set */
	struct loop_timer *next;
	struct loop_timer **link; /* the pointer to this one; NULL: not set */
};

struct loop_call {
	void (*fn)(void *ctx);
	void *ctx;
	/* The loop's, under its lock. */
	bool is_posted;
	struct loop_call *next;
};

#define LOOP_BATCH 32 /* descriptors served in a round */

struct loop {
	int epoll_fd; /* -1: empty */
	int wake_fd;  /* eventfd: a call was posted, or the loop is to stop */
	int timer_fd;
	uint64_t armed_ns; /* when timer_fd fires */
	uint64_t round;
	struct loop_timer *timers; /* by due_ns */
	unsigned watches;
	struct epoll_event batch[LOOP_BATCH];
	int batch_len;
	atomic_bool stop;
	pthread_mutex_t lock; /* covers what follows; a leaf */
	struct loop_call *calls;
	struct loop_call **calls_end;
};

#define LOOP_EMPTY                                            \
	{                                                     \
		.epoll_fd = -1, .wake_fd = -1, .timer_fd = -1 \
	}

/* On failure *@l is the empty loop. */
int loop_init(struct loop *l, struct err *e);

/* The empty loop is fine. Every watch must have been removed. */
void loop_release(struct loop *l);

/*
 * Watch @fd for @events (enum loop_events), level-triggered: the callback
 * comes again for as long as the descriptor is ready. 0: nothing is reported.
 * Regular files, which epoll refuses, work, too: they are always ready.
 *
 * @w: not watched; its fn and ctx are set.
 */
int loop_add(struct loop *l, struct loop_watch *w, int fd, unsigned events,
	     struct err *e);

/* Watch for other events from now on, also among those that have arrived. */
void loop_change(struct loop_watch *w, unsigned events);

/* Call it before the descriptor is closed. It need not be watched. */
void loop_remove(struct loop_watch *w);

/*
 * Call @t once, at or after @due_ns of the monotonic clock (base/clock.h). A
 * timer that is already set is moved. The time is proportional to the number of
 * earlier timers.
 */
void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t due_ns);

/* It need not be set. */
void loop_timer_stop(struct loop_timer *t);

static inline bool loop_timer_is_set(const struct loop_timer *t)
{
	return t->link != NULL;
}

/*
 * Call @c once, on the loop's thread, after the calls that were posted before.
 * One that is already posted keeps its place. From any thread.
 */
void loop_post(struct loop *l, struct loop_call *c);

/* Cancel a call, which need not be posted. */
void loop_cancel(struct loop *l, struct loop_call *c);

/*
 * Run until loop_stop(). Events that were not served are served when the loop
 * runs again.
 */
void loop_run(struct loop *l);

/*
 * Let loop_run() return after the current callback; if it does not run, the
 * next call returns. From any thread.
 */
void loop_stop(struct loop *l);

/* One round; with @wait, until there is an event. */
void loop_turn(struct loop *l, bool wait);

#endif
