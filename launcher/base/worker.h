/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that runs an event loop (base/loop.h).
 *
 * Events from before worker_start() are served when the thread runs. Without a
 * thread, another thread may run the loop itself, as tests do to control each
 * step.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/loop.h"

struct worker {
	struct loop loop;
	pthread_t thread;
	atomic_bool is_running;
	enum thread_role role; /* of the thread; set before it starts */
	const char *name;      /* its name; NULL: the program's */
};

#define WORKER_EMPTY                \
	{                           \
		.loop = LOOP_EMPTY, \
	}

/* A worker without a thread. On failure *@w is the empty worker. */
int worker_init(struct worker *w, struct err *e);

/* @what: the owner of the thread, for the message: "the virtio devices". */
int worker_start(struct worker *w, const char *what, struct err *e);

/*
 * End the thread after the current callback, and wait for it. It need not run.
 * From any thread but the worker's own.
 */
void worker_stop(struct worker *w);

/* A worker without a thread; the empty one is fine. */
void worker_release(struct worker *w);

/*
 * Whether the loop's callbacks run on another thread than this one, so that
 * this one may wait for them.
 */
bool worker_is_elsewhere(const struct worker *w);

#endif
