/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of the core: its life on the worker, and the chains that
 * it takes and gives back.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "dev/device.h"
#include "dev/virtio/core.h"

static struct loop *loop_of(const struct virtio *v)
{
	return &v->is.worker->loop;
}

/* --- messages to the user; the worker may wait for a terminal */

static void log_first_errors(struct virtio *v)
{
	bool fault, host_error;

	virtio_lock(v);
	fault = v->faults && !v->is_fault_logged;
	host_error = v->host_errors && !v->is_host_error_logged;
	v->is_fault_logged |= fault;
	v->is_host_error_logged |= host_error;
	virtio_unlock(v);
	/* Both messages are written once, under the lock, so they can be read
	 * without it. */
	if (fault)
		log_step("%s; the device needs a reset", v->fault.msg);
	if (host_error && !confine_is_violated())
		log_say("%s", v->host_error.msg);
}

/* With the lock. */
static void note_host_error(struct virtio *v, int queue, const struct err *e)
{
	if (!v->host_errors++) {
		if (queue == VIRTIO_NO_QUEUE)
			err_set(&v->host_error, EIO, "%s: %s", v->is.name,
				e->msg);
		else
			err_set(&v->host_error, EIO, "%s queue %d: %s",
				v->is.name, queue, e->msg);
	}
	loop_post(loop_of(v), &v->settle);
}

void virtio_host_error(struct virtio *v, int queue, const struct err *e)
{
	virtio_lock(v);
	note_host_error(v, queue, e);
	virtio_unlock(v);
}

/* --- the life of a driver, on the worker */

/* 2.4.1: "MUST reinitialize device status to 0 after receiving a reset"; a
 * reset also forgets the rings. */
static void forget_driver(struct virtio *v)
{
	v->status = 0;
	v->accepted = 0;
	v->accepts_others = false;
	for (unsigned i = 0; i < v->is.queues; i++) {
		memset(&v->queues[i].ring, 0, sizeof(v->queues[i].ring));
		v->queues[i].unnotified = 0;
		v->queues[i].unnotified_bytes = 0;
	}
	v->transport->reset(v->transport_ctx);
	v->is_resetting = false;
}

/* Whether the end of a life or a reset is not complete yet. With the lock. */
static bool is_stopping(const struct virtio *v)
{
	return !v->is_live && (v->is_started || v->held || v->is_resetting);
}

/* Complete the end of a life, if there is nothing more to wait for. With the
 * lock. */
static void complete_stop(struct virtio *v)
{
	if (v->is_live || v->is_started || v->held)
		return;
	if (v->is_resetting)
		forget_driver(v);
	v->stops++;
	pthread_cond_broadcast(&v->has_stopped);
}

/* Serve the queue soon, whether or not the driver rings. */
static void post_serve(struct virtio_queue *q)
{
	if (q->v->is.threads)
		virtio_notify(q);
	else
		loop_post(loop_of(q->v), &q->resume);
}

static void start(struct virtio *v)
{
	struct err e;
	int rc = 0;

	v->is_started = true;
	virtio_unlock(v);
	for (unsigned i = 0; i < v->is.queues; i++)
		v->queues[i].is_stalled = false;
	if (v->is.ops->start)
		rc = v->is.ops->start(v->is.dev, &e);
	virtio_lock(v);
	if (!rc) {
		v->is_serving = true;
		/* Some drivers notify first, when we must not consume
		 * (2.1.2). */
		for (unsigned i = 0; i < v->is.queues; i++)
			post_serve(&v->queues[i]);
		return;
	}
	v->is_started = false;
	note_host_error(v, VIRTIO_NO_QUEUE, &e);
	if (v->is_live)
		virtio_need_reset(v);
}

static void stop(struct virtio *v)
{
	v->is_serving = false;
	virtio_unlock(v);
	if (v->is.ops->stop)
		v->is.ops->stop(v->is.dev);
	virtio_lock(v);
	v->is_started = false;
}

static void settle(void *ctx)
{
	struct virtio *v = ctx;

	virtio_lock(v);
	if (v->is_live && !v->is_started)
		start(v);
	if (!v->is_live && v->is_started)
		stop(v);
	complete_stop(v);
	virtio_unlock(v);
	log_first_errors(v);
}

void virtio_begin_life(struct virtio *v)
{
	v->life++;
	v->is_live = true;
	loop_post(loop_of(v), &v->settle);
}

void virtio_end_life(struct virtio *v)
{
	v->is_live = false;
	if (v->is_started)
		loop_post(loop_of(v), &v->settle);
}

void virtio_begin_reset(struct virtio *v)
{
	virtio_end_life(v);
	v->is_resetting = true;
	complete_stop(v);
}

void virtio_wait(struct virtio *v)
{
	uint64_t before = v->stops;

	if (!worker_is_elsewhere(v->is.worker)) {
		virtio_unlock(v);
		settle(v);
		virtio_lock(v);
		return;
	}
	/* Another processor may let the next life begin and end before this
	 * one wakes up. */
	while (is_stopping(v) && v->stops == before)
		pthread_cond_wait(&v->has_stopped, &v->lock);
}

/* --- chains */

/* 2.1.2: "MUST NOT consume buffers [...] before DRIVER_OK"; 4.2.2.1: "MUST
 * NOT access virtual queue contents when QueueReady is zero". */
static bool may_use(const struct virtio *v, const struct virtio_queue *q)
{
	return v->is_live && v->is_serving && q->ring.ready;
}

/*
 * The driver gets one interrupt for several chains: for those that a thread
 * serves one after another without waiting, while they are few and small.
 */
#define UNNOTIFIED_MAX	     16
#define UNNOTIFIED_BYTES_MAX (128 << 10)

/* An interrupt for the chains that were given back without one, if the driver
 * wants it. With the lock. */
static void notify_driver(struct virtio_queue *q)
{
	struct virtio *v = q->v;

	if (q->unnotified && may_use(v, q) &&
	    virtq_wants_interrupt(&q->ring, q->unnotified)) {
		q->interrupts++;
		v->transport->used(v->transport_ctx, (unsigned)(q - v->queues));
	}
	q->unnotified = 0;
	q->unnotified_bytes = 0;
}

static bool take(struct virtio *v, unsigned queue, struct virtio_request *r)
{
	struct virtio_queue *q = &v->queues[queue];
	struct err e;
	int rc;

	if (!may_use(v, q))
		return false;
	rc = virtq_pop(&q->ring, v->is.gm, &r->chain, &e);
	/* Ask only once more: idx never decreases (2.7.6.1). */
	if (!rc && virtq_arm(&q->ring))
		rc = virtq_pop(&q->ring, v->is.gm, &r->chain, &e);
	if (rc <= 0)
		notify_driver(q);
	if (rc < 0)
		virtio_fault(v, (int)queue, "%s", e.msg);
	if (rc <= 0)
		return false;
	r->ticket = (struct virtio_ticket){ v->life, (uint16_t)queue,
					    r->chain.head };
	r->written = 0;
	q->held++;
	v->held++;
	return true;
}

bool virtio_take(struct virtio *v, unsigned queue, struct virtio_request *r)
{
	bool taken;

	assert(queue < v->is.queues);
	virtio_lock(v);
	taken = take(v, queue, r);
	virtio_unlock(v);
	return taken;
}

/* The device no longer has the chain. Returns the queue if its ring may be
 * used, else NULL: drop the chain. With the lock. */
static struct virtio_queue *let_go(struct virtio *v,
				   const struct virtio_ticket *t)
{
	struct virtio_queue *q = &v->queues[t->queue];

	/* The chain is from an earlier life, or forgotten. */
	if (t->life != v->life || !q->held)
		return NULL;
	q->held--;
	v->held--;
	if (may_use(v, q))
		return q;
	complete_stop(v);
	return NULL;
}

void virtio_put_back(struct virtio *v, const struct virtio_ticket *t)
{
	struct virtio_queue *q;

	virtio_lock(v);
	q = let_go(v, t);
	if (q) {
		virtq_unpop(&q->ring);
		notify_driver(q);
	}
	virtio_unlock(v);
}

static void publish(struct virtio_queue *q, unsigned n)
{
	virtq_publish(&q->ring, n);
	q->given += n;
	q->unnotified += n;
}

void virtio_give_all(struct virtio *v, const struct virtio_given *all,
		     unsigned n)
{
	struct virtio_queue *q = NULL;
	unsigned filled = 0;

	virtio_lock(v);
	for (unsigned i = 0; i < n; i++) {
		struct virtio_queue *of = let_go(v, &all[i].ticket);

		if (!of)
			continue;
		q = of;
		virtq_fill(&q->ring, filled++, all[i].ticket.head,
			   all[i].written);
	}
	if (q) {
		publish(q, filled);
		notify_driver(q);
	}
	virtio_unlock(v);
}

void virtio_give(struct virtio *v, const struct virtio_ticket *t,
		 uint32_t written)
{
	const struct virtio_given given = { *t, written };

	virtio_give_all(v, &given, 1);
}

void virtio_refuse(struct virtio *v, const struct virtio_ticket *t,
		   const struct err *e)
{
	struct virtio_queue *q;

	virtio_lock(v);
	q = let_go(v, t);
	if (q) {
		notify_driver(q);
		virtio_fault(v, t->queue, "%s", e->msg);
	}
	virtio_unlock(v);
}

void virtio_forget(struct virtio *v)
{
	virtio_lock(v);
	for (unsigned i = 0; i < v->is.queues; i++)
		v->queues[i].held = 0;
	v->held = 0;
	virtio_unlock(v);
}

/* --- serving a queue */

/* Give the chain back. The interrupt follows before this thread waits. */
static void give_quietly(struct virtio *v, const struct virtio_request *r)
{
	struct virtio_queue *q;

	virtio_lock(v);
	q = let_go(v, &r->ticket);
	if (q) {
		virtq_fill(&q->ring, 0, r->ticket.head, r->written);
		q->unnotified_bytes += r->chain.readable_bytes +
				       r->chain.writable_bytes;
		publish(q, 1);
		if (q->unnotified >= UNNOTIFIED_MAX ||
		    q->unnotified_bytes > UNNOTIFIED_BYTES_MAX)
			notify_driver(q);
	}
	virtio_unlock(v);
}

/* Act on the device's result for @r. Returns whether to go on. */
static bool conclude(struct virtio *v, const struct virtio_request *r,
		     enum virtio_result result, const struct err *e)
{
	switch (result) {
	case VIRTIO_HOST_ERROR:
		virtio_host_error(v, r->ticket.queue, e);
		give_quietly(v, r);
		return true;
	case VIRTIO_DONE:
		give_quietly(v, r);
		return true;
	case VIRTIO_LATER:
		return true;
	case VIRTIO_NOT_NOW:
		virtio_put_back(v, &r->ticket);
		v->queues[r->ticket.queue].is_stalled = true;
		return false;
	case VIRTIO_DRIVER_FAULT:
		virtio_refuse(v, &r->ticket, e);
		return false;
	}
	return false;
}

/* Serve at most as many chains as the queue holds; then other queues run.
 * Returns whether there may be more. */
static bool serve(struct virtio_queue *q, struct virtio_request *r)
{
	struct virtio *v = q->v;
	unsigned queue = (unsigned)(q - v->queues);
	struct err e;

	for (unsigned n = 0; n < v->is.queue_size; n++) {
		if (!virtio_take(v, queue, r) ||
		    !conclude(v, r, v->is.ops->serve(v->is.dev, r, &e), &e))
			return false;
	}
	return true;
}

/* On the worker. */
static void on_resume(void *ctx)
{
	struct virtio_queue *q = ctx;

	if (!q->is_stalled && serve(q, &q->v->request))
		post_serve(q);
}

static void on_bell(void *ctx, unsigned events)
{
	struct virtio_queue *q = ctx;
	eventfd_t count;

	(void)events;
	(void)eventfd_read(q->bell_fd, &count);
	on_resume(q);
}

/* On one of the device's own threads. */
static void on_own_bell(void *ctx)
{
	struct virtio_queue *q = ctx;
	struct virtio_request r;

	if (serve(q, &r))
		post_serve(q);
}

/*
 * A thread that has no chain is about to look for one, or has armed the bell
 * and waits for it. If all have one, the driver need not ring: each of them
 * looks again before it waits.
 */
void virtio_may_wait(struct virtio *v, unsigned queue)
{
	struct virtio_queue *q = &v->queues[queue];
	bool has_more = false;
	unsigned busy;

	virtio_lock(v);
	notify_driver(q);
	busy = v->held;
	if (may_use(v, q) && busy < v->is.threads)
		has_more = virtq_arm(&q->ring);
	virtio_unlock(v);
	(void)crew_spare(&v->crew, busy);
	if (has_more)
		virtio_notify(q);
}

void virtio_resume(struct virtio *v, unsigned queue)
{
	v->queues[queue].is_stalled = false;
	loop_post(loop_of(v), &v->queues[queue].resume);
}

/* --- making and ending one */

static int add_queue(struct virtio *v, unsigned n, struct err *e)
{
	struct virtio_queue *q = &v->queues[n];

	q->v = v;
	q->bell = (struct loop_watch){ .fn = on_bell, .ctx = q };
	q->own_bell = (struct crew_watch){ .fn = on_own_bell, .ctx = q };
	q->resume = (struct loop_call){ .fn = on_resume, .ctx = q };
	q->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->bell_fd < 0)
		return err_sys(e, "%s queue %u: eventfd", v->is.name, n);
	if (v->is.threads)
		return crew_add(&v->crew, &q->own_bell, q->bell_fd, e);
	return loop_add(loop_of(v), &q->bell, q->bell_fd, LOOP_IN, e);
}

int virtio_init(struct virtio *v, const struct virtio_setup *setup,
		struct err *e)
{
	int rc = 0;

	assert(setup->queues && setup->queues <= VIRTIO_QUEUES_MAX);
	assert(setup->queue_size <= VIRTQ_SIZE_MAX);
	memset(v, 0, sizeof(*v));
	v->is = *setup;
	v->offered = setup->features | VIRTIO_CORE_FEATURES;
	v->settle = (struct loop_call){ .fn = settle, .ctx = v };
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->has_stopped, NULL);
	v->queues = calloc(setup->queues, sizeof(*v->queues));
	v->config = calloc(1, setup->config_len + 1);
	for (unsigned i = 0; v->queues && i < setup->queues; i++)
		v->queues[i].bell_fd = -1;
	if (!v->queues || !v->config)
		rc = err_set(e, ENOMEM, "%s: no memory", setup->name);
	else if (setup->config_len)
		memcpy(v->config, setup->config, setup->config_len);
	if (!rc && setup->threads)
		rc = crew_init(&v->crew, setup->threads, setup->role, e);
	for (unsigned i = 0; !rc && i < setup->queues; i++)
		rc = add_queue(v, i, e);
	if (!rc && setup->threads)
		rc = crew_start(&v->crew, e);
	if (rc)
		virtio_release(v);
	return rc;
}

void virtio_attach(struct virtio *v, const struct virtio_transport_ops *ops,
		   void *transport)
{
	v->transport = ops;
	v->transport_ctx = transport;
}

void virtio_stop(struct virtio *v)
{
	if (!v->transport)
		return;
	if (v->is.ops->drain && worker_is_elsewhere(v->is.worker))
		v->is.ops->drain(v->is.dev);
	virtio_lock(v);
	virtio_begin_reset(v);
	virtio_wait(v);
	virtio_unlock(v);
}

void virtio_report(struct virtio *v, struct device_counters *c)
{
	uint64_t requests = 0, interrupts = 0;

	virtio_lock(v);
	for (unsigned i = 0; i < v->is.queues; i++) {
		requests += v->queues[i].given;
		interrupts += v->queues[i].interrupts;
	}
	device_count(c, "requests", requests);
	device_count(c, "interrupts", interrupts);
	device_count(c, "driver_faults", v->faults);
	device_count(c, "host_errors", v->host_errors);
	if (v->is.ops->report)
		v->is.ops->report(v->is.dev, c);
	virtio_unlock(v);
}

void virtio_release(struct virtio *v)
{
	if (!v->is.ops)
		return;
	assert(!v->is_live && !v->is_started && !v->held);
	crew_release(&v->crew);
	for (unsigned i = 0; v->queues && i < v->is.queues; i++) {
		struct virtio_queue *q = &v->queues[i];

		loop_remove(&q->bell);
		loop_cancel(loop_of(v), &q->resume);
		if (q->bell_fd >= 0)
			close(q->bell_fd);
	}
	loop_cancel(loop_of(v), &v->settle);
	log_first_errors(v);
	free(v->queues);
	free(v->config);
	pthread_cond_destroy(&v->has_stopped);
	pthread_mutex_destroy(&v->lock);
	memset(v, 0, sizeof(*v));
}
