/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/worker.h"

#include <assert.h>
#include <errno.h>

#include "base/thread.h"

/* The worker of this thread, or NULL. */
static _Thread_local const struct worker *current;

int worker_init(struct worker *w, struct err *e)
{
	*w = (struct worker)WORKER_EMPTY;
	return loop_init(&w->loop, e);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	current = w;
	if (w->name)
		confine_thread(w->role, w->name);
	loop_run(&w->loop);
	return NULL;
}

int worker_start(struct worker *w, const char *what, struct err *e)
{
	assert(!atomic_load(&w->is_running));
	atomic_store(&w->is_running, true);
	if (thread_start(&w->thread, worker_main, w))
		return 0;
	atomic_store(&w->is_running, false);
	return err_set(e, EAGAIN, "cannot start the thread of %s", what);
}

void worker_stop(struct worker *w)
{
	if (!atomic_load(&w->is_running))
		return;
	loop_stop(&w->loop);
	pthread_join(w->thread, NULL);
	atomic_store(&w->is_running, false);
}

void worker_release(struct worker *w)
{
	assert(!atomic_load(&w->is_running));
	loop_release(&w->loop);
}

bool worker_is_elsewhere(const struct worker *w)
{
	return current != w && atomic_load(&w->is_running);
}
