/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: epoll(7), edge-triggered: "only one of the threads [that wait in the
 * same epoll instance] will be awoken". */
#include "base/crew.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

static int add(const struct crew *c, int fd, uint32_t events, void *ptr)
{
	struct epoll_event ev = { .events = events, .data.ptr = ptr };

	return fd < 0 ? -1 : epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int crew_init(struct crew *c, unsigned max, enum thread_role role,
	      struct err *e)
{
	int rc = 0;

	assert(max && max <= CREW_THREADS_MAX);
	memset(c, 0, sizeof(*c));
	c->max = max;
	c->role = role;
	pthread_mutex_init(&c->lock, NULL);
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Its end is for every thread, so it is not edge-triggered. */
	if (c->epoll_fd < 0 || add(c, c->end_fd, EPOLLIN, NULL)) {
		rc = err_sys(e, "cannot make what threads wait in");
		crew_release(c);
	}
	return rc;
}

int crew_add(struct crew *c, struct crew_watch *w, int fd, struct err *e)
{
	if (add(c, fd, EPOLLIN | EPOLLET, w))
		return err_sys(e, "cannot watch descriptor %d", fd);
	return 0;
}

static void *work(void *arg)
{
	struct crew *c = arg;
	struct epoll_event ev;

	confine_thread(c->role, "requests");
	for (;;) {
		const struct crew_watch *w;
		int n = epoll_wait(c->epoll_fd, &ev, 1, -1);

		assert(n >= 0 || errno == EINTR);
		if (n < 1)
			continue;
		w = ev.data.ptr;
		if (!w)
			return NULL;
		w->fn(w->ctx);
	}
}

/* With the lock. */
static bool start_one(struct crew *c)
{
	if (c->started == c->max ||
	    !thread_start(&c->threads[c->started], work, c))
		return false;
	c->started++;
	return true;
}

int crew_start(struct crew *c, struct err *e)
{
	bool runs;

	pthread_mutex_lock(&c->lock);
	runs = c->started || start_one(c);
	pthread_mutex_unlock(&c->lock);
	return runs ? 0
		    : err_set(e, EAGAIN, "cannot start a thread for requests");
}

bool crew_spare(struct crew *c, unsigned busy)
{
	bool starts;

	pthread_mutex_lock(&c->lock);
	starts = c->started && busy >= c->started && start_one(c);
	pthread_mutex_unlock(&c->lock);
	return starts;
}

void crew_release(struct crew *c)
{
	if (!c->max)
		return;
	if (c->started)
		(void)eventfd_write(c->end_fd, 1);
	/* A thread may start another one as long as it runs. */
	for (unsigned i = 0; i < c->max; i++) {
		bool runs;

		pthread_mutex_lock(&c->lock);
		runs = i < c->started;
		pthread_mutex_unlock(&c->lock);
		if (runs)
			pthread_join(c->threads[i], NULL);
	}
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	if (c->end_fd >= 0)
		close(c->end_fd);
	pthread_mutex_destroy(&c->lock);
	memset(c, 0, sizeof(*c));
}
