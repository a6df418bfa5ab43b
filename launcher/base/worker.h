/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that runs an event loop (base/loop.h).
 *
 * What is watched, set and posted before worker_start() is served once the
 * thread runs. Without a thread, any one thread may turn the loop itself, as
 * tests do to have each step under control.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"

struct worker {
	struct loop loop;
	pthread_t thread;
	atomic_bool is_running;
};

#define WORKER_EMPTY                \
	{                           \
		.loop = LOOP_EMPTY, \
	}

/* A worker without a thread. On failure *@w is the empty worker. */
int worker_init(struct worker *w, struct err *e);

/* @what: whose thread it is, for the message: "the virtio devices". */
int worker_start(struct worker *w, const char *what, struct err *e);

/*
 * End the thread after the callback that runs now, and wait for it. One that
 * does not run is fine. From any thread but the worker's own.
 */
void worker_stop(struct worker *w);

/* A worker without a thread; the empty one is fine. */
void worker_release(struct worker *w);

/*
 * Whether the loop's callbacks run on another thread than this one, which may
 * therefore wait for what they do.
 */
bool worker_is_elsewhere(const struct worker *w);

#endif
