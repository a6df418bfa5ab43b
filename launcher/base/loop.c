/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* --- one round waits for events */

static void close_all(struct loop *l)
{
	const int fds[] = { l->epoll_fd, l->wake_fd, l->timer_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	l->epoll_fd = l->wake_fd = l->timer_fd = -1;
}

/*
 * The loop's own descriptors only end a wait. They are edge-triggered, so they
 * do not have to be read.
 */
static int add_own(const struct loop *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	return fd < 0 ? -1 : epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int loop_init(struct loop *l, struct err *e)
{
	int rc;

	*l = (struct loop)LOOP_EMPTY;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll_fd < 0 || add_own(l, l->wake_fd) ||
	    add_own(l, l->timer_fd)) {
		rc = err_sys(e, "cannot make an event loop");
		close_all(l);
		return rc;
	}
	l->calls_end = &l->calls;
	pthread_mutex_init(&l->lock, NULL);
	return 0;
}

void loop_release(struct loop *l)
{
	if (l->epoll_fd < 0)
		return;
	assert(!l->watches);
	pthread_mutex_destroy(&l->lock);
	close_all(l);
}

static bool has_calls(struct loop *l)
{
	bool has;

	pthread_mutex_lock(&l->lock);
	has = l->calls != NULL;
	pthread_mutex_unlock(&l->lock);
	return has;
}

static void arm(struct loop *l, uint64_t ns)
{
	const struct itimerspec t = {
		.it_value.tv_sec = (time_t)(ns / 1000000000),
		.it_value.tv_nsec = (long)(ns % 1000000000),
	};

	if (l->armed_ns == ns)
		return;
	(void)timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
	l->armed_ns = ns;
}

/* Whether there is something to do without waiting for it. If not, timer_fd
 * and wake_fd end the wait in time. */
static bool is_busy(struct loop *l)
{
	if (l->timers && l->timers->due_ns <= clock_ns())
		return true;
	if (l->timers)
		arm(l, l->timers->due_ns);
	return has_calls(l) || atomic_load(&l->stop);
}

/* --- watches */

static uint32_t epoll_events(unsigned events)
{
	uint32_t ev = 0;

	/* Errors are always reported, but an edge comes only once: a watch
	 * without events does not keep the loop awake. */
	if (!(events & (LOOP_IN | LOOP_OUT | LOOP_GONE)))
		ev |= EPOLLET;
	if (events & LOOP_IN)
		ev |= EPOLLIN;
	if (events & LOOP_OUT)
		ev |= EPOLLOUT;
	return ev;
}

static unsigned events_of(const struct loop_watch *w, uint32_t ev)
{
	unsigned wanted = w->events & (LOOP_IN | LOOP_OUT | LOOP_GONE);
	unsigned events = 0;

	if (ev & EPOLLIN)
		events |= LOOP_IN;
	if (ev & EPOLLOUT)
		events |= LOOP_OUT;
	if (ev & (EPOLLERR | EPOLLHUP))
		events |= LOOP_GONE;
	return wanted ? events & (wanted | LOOP_GONE) : 0;
}

static int control(const struct loop_watch *w, int op)
{
	struct epoll_event ev = { .events = epoll_events(w->events),
				  .data.ptr = (void *)(uintptr_t)w };

	return epoll_ctl(w->loop->epoll_fd, op,
			 w->stand_in >= 0 ? w->stand_in : w->fd, &ev);
}

int loop_add(struct loop *l, struct loop_watch *w, int fd, unsigned events,
	     struct err *e)
{
	int rc;

	assert(!w->loop);
	w->loop = l;
	w->fd = fd;
	w->events = events;
	w->stand_in = -1;
	rc = control(w, EPOLL_CTL_ADD);
	if (rc && errno == EPERM) {
		/* A regular file. An eventfd that is neither empty nor full
		 * is always ready, too. */
		w->stand_in = eventfd(1, EFD_CLOEXEC);
		rc = w->stand_in < 0 ? -1 : control(w, EPOLL_CTL_ADD);
	}
	if (!rc) {
		l->watches++;
		return 0;
	}
	rc = err_sys(e, "cannot watch descriptor %d", fd);
	if (w->stand_in >= 0)
		close(w->stand_in);
	w->loop = NULL;
	return rc;
}

void loop_change(struct loop_watch *w, unsigned events)
{
	int rc;

	assert(w->loop);
	if (w->events == events)
		return;
	w->events = events;
	rc = control(w, EPOLL_CTL_MOD);
	assert(!rc);
	(void)rc;
}

void loop_remove(struct loop_watch *w)
{
	struct loop *l = w->loop;
	int rc;

	if (!l)
		return;
	rc = control(w, EPOLL_CTL_DEL);
	assert(!rc);
	(void)rc;
	if (w->stand_in >= 0)
		close(w->stand_in);
	w->loop = NULL;
	l->watches--;
	/* Its event may come after the current one. */
	for (int i = 0; i < l->batch_len; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

static void serve_watches(struct loop *l, unsigned first)
{
	for (int i = 0; i < l->batch_len && !atomic_load(&l->stop); i++) {
		struct loop_watch *w = l->batch[i].data.ptr;
		unsigned events;

		if (!w || (w->events & LOOP_FIRST) != first)
			continue;
		/* Once a round, even if its LOOP_FIRST is changed here. */
		l->batch[i].data.ptr = NULL;
		events = events_of(w, l->batch[i].events);
		if (events)
			w->fn(w->ctx, events);
	}
}

/* --- calls */

void loop_post(struct loop *l, struct loop_call *c)
{
	bool wake = false;

	pthread_mutex_lock(&l->lock);
	if (!c->is_posted) {
		wake = !l->calls;
		c->is_posted = true;
		c->next = NULL;
		*l->calls_end = c;
		l->calls_end = &c->next;
	}
	pthread_mutex_unlock(&l->lock);
	if (wake)
		(void)eventfd_write(l->wake_fd, 1);
}

/* Take @c out of the list; NULL: the first one. With the lock. */
static struct loop_call *unlink_call(struct loop *l, struct loop_call *c)
{
	struct loop_call **p = &l->calls;

	while (c && *p && *p != c)
		p = &(*p)->next;
	c = *p;
	if (!c)
		return NULL;
	*p = c->next;
	if (!*p)
		l->calls_end = p;
	c->is_posted = false;
	return c;
}

void loop_cancel(struct loop *l, struct loop_call *c)
{
	pthread_mutex_lock(&l->lock);
	if (c->is_posted)
		unlink_call(l, c);
	pthread_mutex_unlock(&l->lock);
}

static unsigned count_calls(struct loop *l)
{
	unsigned n = 0;

	pthread_mutex_lock(&l->lock);
	for (const struct loop_call *c = l->calls; c; c = c->next)
		n++;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static void serve_calls(struct loop *l)
{
	for (unsigned n = count_calls(l); n && !atomic_load(&l->stop); n--) {
		void (*fn)(void *) = NULL;
		void *ctx = NULL;
		struct loop_call *c;

		/* Now that it is out of the list, its owner may post it again
		 * or free it. */
		pthread_mutex_lock(&l->lock);
		c = unlink_call(l, NULL);
		if (c) {
			fn = c->fn;
			ctx = c->ctx;
		}
		pthread_mutex_unlock(&l->lock);
		if (!fn)
			return;
		fn(ctx);
	}
}

/* --- timers */

void loop_timer_stop(struct loop_timer *t)
{
	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->link = NULL;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t due_ns)
{
	struct loop_timer **p = &l->timers;

	loop_timer_stop(t);
	while (*p && (*p)->due_ns <= due_ns)
		p = &(*p)->next;
	t->due_ns = due_ns;
	t->round = l->round;
	t->next = *p;
	if (t->next)
		t->next->link = &t->next;
	t->link = p;
	*p = t;
}

/* The first that is due and was not set in this round. */
static struct loop_timer *due_timer(const struct loop *l, uint64_t now_ns)
{
	struct loop_timer *t = l->timers;

	while (t && t->due_ns <= now_ns && t->round == l->round)
		t = t->next;
	return t && t->due_ns <= now_ns ? t : NULL;
}

static void serve_timers(struct loop *l)
{
	uint64_t now_ns = l->timers ? clock_ns() : 0;
	struct loop_timer *t;

	while (!atomic_load(&l->stop) && (t = due_timer(l, now_ns))) {
		loop_timer_stop(t);
		t->fn(t->ctx);
	}
}

/* --- running */

void loop_turn(struct loop *l, bool wait)
{
	int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH,
			   wait && !is_busy(l) ? -1 : 0);

	assert(n >= 0 || errno == EINTR);
	l->batch_len = n < 0 ? 0 : n;
	l->round++;
	serve_watches(l, LOOP_FIRST);
	serve_watches(l, 0);
	l->batch_len = 0;
	serve_calls(l);
	serve_timers(l);
}

void loop_run(struct loop *l)
{
	while (!atomic_load(&l->stop))
		loop_turn(l, true);
	atomic_store(&l->stop, false);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	(void)eventfd_write(l->wake_fd, 1);
}
