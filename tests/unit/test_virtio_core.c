/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio core between a fake device, which keeps chains until a test
 * returns them, and a fake transport, which counts. First one step at a time,
 * with the test running the worker's loop; then with threads: a worker, another
 * that completes requests, and drivers that reset and scribble meanwhile.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/core.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define SIZE	    32
#define QUEUES	    3
#define VERSION_1   (UINT64_C(1) << 32)
#define EVENT_IDX   (UINT64_C(1) << 29)
#define INDIRECT_OK (UINT64_C(1) << 28)

enum { ACK = 1, DRIVER = 2, OK = 4, FEAT = 8, NEEDS_RESET = 64, FAILED = 128 };

static struct worker worker;
static struct err e;

/* --- a transport that counts */

static struct {
	unsigned used[QUEUES], config, resets;
} seen; /* with the core's lock */

static void on_used(void *transport, unsigned queue)
{
	(void)transport;
	seen.used[queue]++;
}

static void on_config(void *transport)
{
	(void)transport;
	seen.config++;
}

static void on_reset(void *transport)
{
	(void)transport;
	seen.resets++;
}

static const struct virtio_transport_ops transport = {
	.used = on_used,
	.config_changed = on_config,
	.reset = on_reset,
};

/* --- a device that keeps its chains */

struct kept {
	struct virtio_ticket ticket;
	uint8_t *data;
	uint32_t len;
};

static struct fake {
	struct virtio core;
	enum virtio_result result;
	unsigned done_first; /* DONE for so many, then @result */
	bool forgets, gives; /* in stop() */
	int start_rc;
	atomic_bool is_held_back; /* start() waits */
	unsigned starts, stops, served[QUEUES];
	bool had_event_idx;   /* in start() */
	pthread_mutex_t lock; /* covers what follows */
	struct kept kept[4 * SIZE];
	unsigned count;
} dev;

static int fake_start(void *ctx, struct err *why)
{
	struct fake *f = ctx;

	f->starts++;
	f->had_event_idx = virtio_has(&f->core, VIRTIO_F_EVENT_IDX);
	while (atomic_load(&f->is_held_back))
		sched_yield();
	if (f->start_rc)
		return err_set(why, -f->start_rc, "the disk is gone");
	return 0;
}

static void fake_stop(void *ctx)
{
	struct fake *f = ctx;

	f->stops++;
	if (f->forgets)
		virtio_forget(&f->core);
	for (unsigned i = 0; f->gives && i < f->count; i++)
		virtio_give(&f->core, &f->kept[i].ticket, 0);
}

static void keep(struct fake *f, const struct virtio_request *r)
{
	struct kept k = { .ticket = r->ticket };

	if (r->chain.count) {
		k.data = r->chain.seg[0].data;
		k.len = r->chain.seg[0].len;
	}
	pthread_mutex_lock(&f->lock);
	ck_assert_uint_lt(f->count, COUNT(f->kept));
	f->kept[f->count++] = k;
	pthread_mutex_unlock(&f->lock);
}

static enum virtio_result fake_serve(void *ctx, struct virtio_request *r,
				     struct err *why)
{
	struct fake *f = ctx;

	f->served[r->ticket.queue]++;
	r->written = (uint32_t)r->chain.writable_bytes;
	if (f->done_first) {
		f->done_first--;
		return VIRTIO_DONE;
	}
	if (f->result == VIRTIO_LATER)
		keep(f, r);
	if (f->result == VIRTIO_DRIVER_FAULT)
		err_set(why, EPROTO, "an unknown request");
	if (f->result == VIRTIO_HOST_ERROR)
		err_set(why, EIO, "pread: Input/output error");
	return f->result;
}

static const struct virtio_device_ops ops = {
	.start = fake_start,
	.stop = fake_stop,
	.serve = fake_serve,
};

static void make(struct fake *f, uint64_t features)
{
	const struct virtio_setup is = {
		.name = "virtio-fake",
		.id = 42,
		.queues = QUEUES,
		.queue_size = SIZE,
		.features = features,
		.config = "config",
		.config_len = 6,
		.ops = &ops,
		.dev = f,
		.gm = &gm,
		.worker = &worker,
	};

	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	f->result = VIRTIO_LATER;
	assert_ok(virtio_init(&f->core, &is, &e), &e);
	virtio_attach(&f->core, &transport, NULL);
}

static void setup(void)
{
	driver_setup();
	memset(&seen, 0, sizeof(seen));
	assert_ok(worker_init(&worker, &e), &e);
	make(&dev, 1 << 5);
}

static void teardown(void)
{
	dev.forgets = true;
	virtio_stop(&dev.core);
	virtio_forget(&dev.core);
	worker_stop(&worker);
	virtio_release(&dev.core);
	worker_release(&worker);
	driver_teardown();
}

/* Let the worker do all pending work. */
static void work(void)
{
	for (unsigned n = 0; n < 8; n++)
		loop_turn(&worker.loop, false);
}

/* --- a driver */

/* As a transport does whose drivers do not poll: returns when it is done. */
static void set_status(uint32_t status)
{
	virtio_lock(&dev.core);
	virtio_set_status(&dev.core, status);
	if (!status)
		virtio_wait(&dev.core);
	virtio_unlock(&dev.core);
}

static uint32_t get_status(void)
{
	uint32_t status;

	virtio_lock(&dev.core);
	status = dev.core.status;
	virtio_unlock(&dev.core);
	return status;
}

static void negotiate(uint64_t features)
{
	set_status(ACK);
	set_status(ACK | DRIVER);
	virtio_lock(&dev.core);
	virtio_accept_word(&dev.core, 0, (uint32_t)features);
	virtio_accept_word(&dev.core, 1, (uint32_t)(features >> 32));
	virtio_unlock(&dev.core);
	set_status(ACK | DRIVER | FEAT);
}

/* The rings of queue @n follow those of the queue before. */
#define STEP 0x200

static void enable(unsigned n)
{
	struct virtio_queue *q = virtio_queue(&dev.core, n);

	virtio_lock(&dev.core);
	q->ring.num = SIZE;
	q->ring.desc_gpa = DESC + STEP * n;
	q->ring.driver_gpa = AVAIL + STEP * n;
	q->ring.device_gpa = USED + STEP * n;
	virtio_enable_queue(&dev.core, q, "ready");
	virtio_unlock(&dev.core);
}

static void clear_rings(unsigned n)
{
	for (unsigned i = 0; i < STEP; i += 2) {
		put16(AVAIL + STEP * n + i, 0);
		put16(USED + STEP * n + i, 0);
	}
}

static void begin(uint64_t features)
{
	for (unsigned n = 0; n < QUEUES; n++)
		clear_rings(n);
	negotiate(features | VERSION_1);
	for (unsigned n = 0; n < QUEUES; n++)
		enable(n);
	set_status(ACK | DRIVER | FEAT | OK);
}

/* Make descriptor @head of queue @n available: one buffer of 16 bytes. */
static void offer(unsigned n, unsigned head)
{
	uint16_t idx = get16(AVAIL + STEP * n + 2);

	put_desc(DESC + STEP * n, head,
		 (struct driver_desc){ BUFFERS + 16 * head, 16, WRITE, 0 });
	put16(AVAIL + STEP * n + 4 + 2 * (idx % SIZE), head);
	put16(AVAIL + STEP * n + 2, idx + 1u);
}

static void notify(unsigned n)
{
	virtio_notify(virtio_queue(&dev.core, n));
}

static uint16_t used_idx(unsigned n)
{
	return get16(USED + STEP * n + 2);
}

static uint16_t used_head(unsigned n, unsigned i)
{
	return get16(USED + STEP * n + 4 + 8 * (i % SIZE));
}

/* --- chains in flight */

/* The device serves @count chains of the first queue. */
static void serve_some(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		offer(0, i);
	notify(0);
	work();
}

/* The device works, and has @count chains of the first queue. */
static void fly(unsigned count)
{
	begin(0);
	serve_some(count);
	ck_assert_uint_eq(dev.count, count);
}

START_TEST(virtio_core__gives_back_in_any_order)
{
	static const uint8_t order[] = { 3, 0, 7, 6, 1, 5, 2, 4 };

	fly(COUNT(order));
	ck_assert_uint_eq(used_idx(0), 0);
	for (unsigned i = 0; i < COUNT(order); i++) {
		virtio_give(&dev.core, &dev.kept[order[i]].ticket, i);
		ck_assert_uint_eq(used_idx(0), i + 1);
		ck_assert_uint_eq(used_head(0, i), order[i]);
		ck_assert_uint_eq(get32(USED + 8 + 8 * i), i);
	}
	ck_assert_uint_eq(seen.used[0], COUNT(order));
	ck_assert_uint_eq(dev.core.held, 0);
}
END_TEST

/* A chain from before a reset is returned to a queue that holds the same chain
 * again. */
START_TEST(virtio_core__drops_what_comes_after_a_reset)
{
	struct virtio_ticket late;

	dev.forgets = true;
	fly(3);
	late = dev.kept[0].ticket;
	set_status(0);
	ck_assert_uint_eq(get_status(), 0);
	ck_assert_uint_eq(dev.stops, 1);
	virtio_give(&dev.core, &late, 16);
	dev.count = 0;
	fly(2);
	virtio_give(&dev.core, &late, 16);
	virtio_refuse(&dev.core, &late, &e);
	virtio_put_back(&dev.core, &late);
	ck_assert_uint_eq(used_idx(0), 0);
	ck_assert_uint_eq(seen.used[0], 0);
	ck_assert_uint_eq(dev.core.held, 2);
	ck_assert_uint_eq(dev.core.faults, 0);
	virtio_give(&dev.core, &dev.kept[1].ticket, 16);
	ck_assert_uint_eq(used_idx(0), 1);
	ck_assert_uint_eq(used_head(0, 0), 1);
}
END_TEST

/* Host I/O that cannot be cancelled: the status does not change until it is
 * done, and the rings never change. */
START_TEST(virtio_core__completes_a_reset_when_nothing_is_in_flight)
{
	fly(2);
	set_status(0);
	ck_assert_uint_eq(get_status(), ACK | DRIVER | FEAT | OK);
	ck_assert_uint_eq(dev.stops, 1);
	/* A driver that does not wait is ignored. */
	set_status(ACK);
	virtio_lock(&dev.core);
	virtio_accept_word(&dev.core, 0, 1);
	virtio_unlock(&dev.core);
	enable(1);
	ck_assert_uint_eq(get_status(), ACK | DRIVER | FEAT | OK);
	virtio_give(&dev.core, &dev.kept[1].ticket, 16);
	ck_assert_uint_eq(get_status(), ACK | DRIVER | FEAT | OK);
	ck_assert_uint_eq(seen.resets, 0);
	virtio_give(&dev.core, &dev.kept[0].ticket, 16);
	ck_assert_uint_eq(get_status(), 0);
	ck_assert_uint_eq(seen.resets, 1);
	ck_assert_uint_eq(used_idx(0), 0);
	ck_assert_uint_eq(seen.used[0], 0);
	ck_assert_uint_eq(dev.core.faults, 0);
	work();
	ck_assert_uint_eq(dev.stops, 1);
}
END_TEST

static const struct {
	uint32_t status;
	bool is_fault;
} ends[] = {
	{ ACK, true }, /* a bit taken back */
	{ ACK | DRIVER | FEAT | OK | FAILED, false },
};

START_TEST(virtio_core__ends_a_life_with_chains_in_flight)
{
	fly(2);
	offer(0, 5);
	set_status(ends[_i].status);
	ck_assert_uint_eq(dev.core.faults, ends[_i].is_fault);
	ck_assert_uint_eq(seen.config, ends[_i].is_fault);
	ck_assert(!virtio_take(&dev.core, 0, &dev.core.request));
	notify(0);
	work();
	ck_assert_uint_eq(dev.stops, 1);
	ck_assert_uint_eq(dev.served[0], 2);
	/* A reset must wait for chains that are still in flight. */
	set_status(0);
	ck_assert_uint_ne(get_status(), 0);
	virtio_give(&dev.core, &dev.kept[0].ticket, 16);
	virtio_give(&dev.core, &dev.kept[1].ticket, 16);
	ck_assert_uint_eq(get_status(), 0);
	ck_assert_uint_eq(used_idx(0), 0);
	ck_assert_uint_eq(dev.stops, 1);
	dev.count = 0;
	fly(1);
	ck_assert_uint_eq(dev.starts, 2);
}
END_TEST

/* The end is announced whether the device or the host returns the last chain,
 * before or after stop() returns. */
START_TEST(virtio_core__tells_when_a_life_has_ended)
{
	uint64_t before;

	fly(2);
	dev.gives = true;
	before = dev.core.stops;
	set_status(ACK);
	work();
	ck_assert_uint_gt(dev.core.stops, before);
	ck_assert_uint_eq(dev.core.held, 0);
	ck_assert_uint_eq(used_idx(0), 0);
}
END_TEST

/* Nothing else ensures that its buffers are left alone. */
START_TEST(virtio_core__stops_when_a_queue_in_use_is_disabled)
{
	fly(2);
	virtio_lock(&dev.core);
	virtio_disable_queue(&dev.core, virtio_queue(&dev.core, 1));
	ck_assert_uint_eq(dev.core.faults, 0);
	virtio_disable_queue(&dev.core, virtio_queue(&dev.core, 0));
	virtio_unlock(&dev.core);
	ck_assert_str_eq(dev.core.fault.msg,
			 "virtio-fake queue 0: disabled while 2 of its chains "
			 "are in use (VIRTIO_F_RING_RESET is not offered)");
	virtio_give(&dev.core, &dev.kept[0].ticket, 16);
	ck_assert_uint_eq(used_idx(0), 0);
}
END_TEST

START_TEST(virtio_core__refuses_a_chain_that_was_kept)
{
	fly(2);
	err_set(&e, EPROTO, "chain 1: a sector beyond the end");
	virtio_refuse(&dev.core, &dev.kept[1].ticket, &e);
	ck_assert_str_eq(dev.core.fault.msg,
			 "virtio-fake queue 0: chain 1: a sector beyond the "
			 "end");
	ck_assert_uint_eq(get_status() & NEEDS_RESET, NEEDS_RESET);
	ck_assert_uint_eq(dev.core.held, 1);
}
END_TEST

/* A device that waits for input takes chains when the input comes. */
START_TEST(virtio_core__lets_a_device_take_by_itself)
{
	struct virtio_request *r = &dev.core.request;

	dev.result = VIRTIO_NOT_NOW;
	begin(0);
	offer(1, 4);
	offer(1, 5);
	notify(1);
	work();
	ck_assert_uint_eq(dev.served[1], 1);
	notify(1); /* it knows */
	work();
	ck_assert_uint_eq(dev.served[1], 1);
	ck_assert_uint_eq(dev.core.held, 0);
	ck_assert(virtio_take(&dev.core, 1, r));
	ck_assert_uint_eq(r->chain.head, 4);
	virtio_put_back(&dev.core, &r->ticket);
	ck_assert(virtio_take(&dev.core, 1, r));
	ck_assert_uint_eq(r->chain.head, 4);
	virtio_give(&dev.core, &r->ticket, 1);
	dev.result = VIRTIO_DONE;
	virtio_resume(&dev.core, 1);
	work();
	ck_assert_uint_eq(used_idx(1), 2);
	ck_assert(!virtio_take(&dev.core, 1, r));
}
END_TEST

/* --- host errors */

START_TEST(virtio_core__does_not_charge_the_driver_with_host_errors)
{
	dev.result = VIRTIO_HOST_ERROR;
	begin(0);
	for (unsigned i = 0; i < 3; i++)
		offer(2, i);
	notify(2);
	work();
	ck_assert_uint_eq(used_idx(2), 3);
	ck_assert_uint_eq(get32(USED + 2 * STEP + 8), 16);
	ck_assert_uint_eq(get_status(), ACK | DRIVER | FEAT | OK);
	ck_assert_uint_eq(dev.core.faults, 0);
	ck_assert_uint_eq(dev.core.host_errors, 3);
	ck_assert(dev.core.is_host_error_logged);
	ck_assert_str_eq(dev.core.host_error.msg,
			 "virtio-fake queue 2: pread: Input/output error");
}
END_TEST

START_TEST(virtio_core__needs_a_reset_when_it_cannot_start)
{
	dev.start_rc = -EIO;
	begin(0);
	offer(0, 0);
	notify(0);
	work();
	ck_assert_uint_eq(get_status(), ACK | DRIVER | FEAT | OK | NEEDS_RESET);
	ck_assert_uint_eq(seen.config, 1);
	ck_assert_uint_eq(dev.core.faults, 0);
	ck_assert_str_eq(dev.core.host_error.msg,
			 "virtio-fake: the disk is gone");
	ck_assert_uint_eq(dev.stops, 0);
	ck_assert_uint_eq(dev.served[0], 0);
	set_status(0);
	dev.start_rc = 0;
	fly(1);
	ck_assert_uint_eq(dev.starts, 2);
}
END_TEST

START_TEST(virtio_core__names_queue_and_chain_of_a_fault)
{
	dev.result = VIRTIO_DRIVER_FAULT;
	begin(0);
	offer(1, 0);
	offer(1, 1);
	notify(1);
	work();
	ck_assert_str_eq(dev.core.fault.msg,
			 "virtio-fake queue 1: an unknown request");
	ck_assert_uint_eq(dev.served[1], 1);
	ck_assert_uint_eq(dev.stops, 1);
	ck_assert_uint_eq(dev.core.held, 0);
	ck_assert(dev.core.is_fault_logged);
}
END_TEST

/* --- lives */

START_TEST(virtio_core__starts_and_stops_once_a_life)
{
	negotiate(VERSION_1);
	work();
	ck_assert_uint_eq(dev.starts, 0);
	set_status(0);
	work();
	ck_assert_uint_eq(dev.starts + dev.stops, 0);
	for (unsigned n = 1; n < 4; n++) {
		begin(n == 2 ? EVENT_IDX : 0);
		work();
		ck_assert_uint_eq(dev.starts, n);
		ck_assert_uint_eq(dev.stops, n - 1);
		ck_assert_uint_eq(dev.had_event_idx, n == 2);
		set_status(0);
		ck_assert_uint_eq(dev.stops, n);
		ck_assert_uint_eq(get_status(), 0);
	}
}
END_TEST

/* It was over before the worker saw it. */
START_TEST(virtio_core__skips_a_life_that_is_over)
{
	begin(0);
	set_status(ACK);
	work();
	ck_assert_uint_eq(dev.starts + dev.stops, 0);
	set_status(0);
	begin(0);
	set_status(0);
	ck_assert_uint_eq(get_status(), 0);
	work();
	ck_assert_uint_eq(dev.starts + dev.stops, 0);
}
END_TEST

/* 2.1.2: "MUST NOT consume buffers [...] before DRIVER_OK" */
START_TEST(virtio_core__serves_every_queue_notified_before_driver_ok)
{
	for (unsigned n = 0; n < QUEUES; n++)
		clear_rings(n);
	negotiate(VERSION_1);
	for (unsigned n = 0; n < QUEUES; n++) {
		enable(n);
		offer(n, n);
		notify(n);
	}
	work();
	ck_assert_uint_eq(dev.count, 0);
	set_status(ACK | DRIVER | FEAT | OK);
	work();
	for (unsigned n = 0; n < QUEUES; n++)
		ck_assert_uint_eq(dev.served[n], 1);
}
END_TEST

START_TEST(virtio_core__has_a_doorbell_for_each_queue)
{
	begin(0);
	work();
	for (unsigned n = 0; n < QUEUES; n++)
		offer(n, 0);
	notify(2);
	work();
	ck_assert_uint_eq(dev.served[0] + dev.served[1], 0);
	ck_assert_uint_eq(dev.served[2], 1);
	ck_assert_int_ne(dev.core.queues[0].bell_fd,
			 dev.core.queues[1].bell_fd);
	notify(0);
	work();
	ck_assert_uint_eq(dev.served[0], 1);
	ck_assert_uint_eq(dev.served[1], 0);
}
END_TEST

/* --- features of the rings */

/* 2.7.7.2: with VIRTIO_F_EVENT_IDX, one interrupt at the place asked for. */
START_TEST(virtio_core__counts_interrupts_that_were_wanted)
{
	begin(EVENT_IDX);
	put16(AVAIL + 4 + 2 * SIZE, 5);
	for (unsigned i = 0; i < SIZE; i++)
		offer(0, i);
	notify(0);
	work();
	for (unsigned i = 0; i < SIZE; i++)
		virtio_give(&dev.core, &dev.kept[i].ticket, 0);
	ck_assert_uint_eq(dev.core.queues[0].given, SIZE);
	ck_assert_uint_eq(dev.core.queues[0].interrupts, 1);
	ck_assert_uint_eq(seen.used[0], 1);
	/* The driver is asked to notify once, for the next chain. */
	ck_assert_uint_eq(get16(USED + 4 + 8 * SIZE), SIZE);
}
END_TEST

/* One interrupt for several chains that were served in one go, however it
 * ended. */
static const struct {
	enum virtio_result result; /* of the fourth */
	unsigned used;
} goes[] = {
	{ VIRTIO_DONE, 5 },    { VIRTIO_HOST_ERROR, 5 },   { VIRTIO_LATER, 3 },
	{ VIRTIO_NOT_NOW, 3 }, { VIRTIO_DRIVER_FAULT, 3 },
};

START_TEST(virtio_core__tells_of_several_chains_at_once)
{
	dev.result = goes[_i].result;
	dev.done_first = 3;
	begin(0);
	serve_some(5);
	ck_assert_uint_eq(used_idx(0), goes[_i].used);
	ck_assert_uint_eq(seen.used[0], 1);
	ck_assert_uint_eq(dev.core.queues[0].interrupts, 1);
}
END_TEST

/* 2.7.7.2: the place asked for is among these chains, or after them. */
START_TEST(virtio_core__tells_of_chains_as_the_driver_wants)
{
	dev.result = VIRTIO_DONE;
	begin(EVENT_IDX);
	put16(AVAIL + 4 + 2 * SIZE, (unsigned)_i);
	serve_some(5);
	ck_assert_uint_eq(used_idx(0), 5);
	ck_assert_uint_eq(seen.used[0], _i < 5);
}
END_TEST

/* Not of too many. */
START_TEST(virtio_core__tells_of_many_chains_in_groups)
{
	dev.result = VIRTIO_DONE;
	begin(0);
	serve_some(20);
	ck_assert_uint_eq(used_idx(0), 20);
	ck_assert_uint_eq(seen.used[0], 2);
}
END_TEST

/* Large ones are not kept waiting for each other. */
START_TEST(virtio_core__tells_of_large_chains_sooner)
{
	dev.result = VIRTIO_DONE;
	begin(0);
	for (unsigned i = 0; i < 5; i++) {
		offer(0, i);
		put_desc(DESC, i,
			 (struct driver_desc){ BUFFERS, 48 << 10, WRITE, 0 });
	}
	notify(0);
	work();
	ck_assert_uint_eq(used_idx(0), 5);
	ck_assert_uint_eq(seen.used[0], 2);
}
END_TEST

START_TEST(virtio_core__follows_indirect_tables)
{
	dev.result = VIRTIO_DONE;
	begin(INDIRECT_OK);
	put_desc(INDIRECT, 0, (struct driver_desc){ BUFFERS, 5, NEXT, 1 });
	put_desc(INDIRECT, 1, (struct driver_desc){ BUFFERS, 7, WRITE, 0 });
	offer(0, 3);
	put_desc(DESC, 3, (struct driver_desc){ INDIRECT, 32, TABLE, 0 });
	notify(0);
	work();
	ck_assert_uint_eq(used_idx(0), 1);
	ck_assert_uint_eq(used_head(0, 0), 3);
	ck_assert_uint_eq(get32(USED + 8), 7);
}
END_TEST

/* Two devices of one type may differ. */
START_TEST(virtio_core__offers_what_the_device_has)
{
	static struct fake other;

	make(&other, 1 << 9);
	ck_assert_uint_eq(virtio_offered_word(&dev.core, 0), 0x30000020);
	ck_assert_uint_eq(virtio_offered_word(&other.core, 0), 0x30000200);
	ck_assert_uint_eq(virtio_offered_word(&other.core, 1), 1);
	virtio_stop(&other.core);
	virtio_release(&other.core);
}
END_TEST

/* A device that waits for its host does not delay others of its worker. */
START_TEST(virtio_core__leaves_the_worker_to_others_while_it_waits)
{
	static struct fake other;

	make(&other, 0);
	fly(2);
	virtio_lock(&other.core);
	virtio_set_status(&other.core, ACK | DRIVER);
	virtio_accept_word(&other.core, 1, 1);
	virtio_set_status(&other.core, ACK | DRIVER | FEAT);
	virtio_set_status(&other.core, ACK | DRIVER | FEAT | OK);
	virtio_unlock(&other.core);
	set_status(0);
	work();
	ck_assert_uint_ne(get_status(), 0);
	ck_assert_uint_eq(other.starts, 1);
	virtio_stop(&other.core);
	ck_assert_uint_eq(other.core.status, 0);
	ck_assert_uint_eq(other.stops, 1);
	virtio_release(&other.core);
	ck_assert_uint_ne(get_status(), 0);
	virtio_give(&dev.core, &dev.kept[0].ticket, 0);
	virtio_give(&dev.core, &dev.kept[1].ticket, 0);
	ck_assert_uint_eq(get_status(), 0);
}
END_TEST

/* --- threads: the worker, a host that completes, drivers */

static atomic_bool is_over; /* for the host */
static atomic_bool is_calm; /* for who disturbs */
static atomic_uint completed;

/* The host: its I/O completes in an order of its own, and writes buffers. */
static void *complete_all(void *arg)
{
	unsigned seed = 1;

	(void)arg;
	while (!atomic_load(&is_over)) {
		struct kept k;
		unsigned i;

		pthread_mutex_lock(&dev.lock);
		if (!dev.count) {
			pthread_mutex_unlock(&dev.lock);
			sched_yield();
			continue;
		}
		seed = seed * 1103515245 + 12345;
		i = (seed >> 16) % dev.count;
		k = dev.kept[i];
		dev.kept[i] = dev.kept[--dev.count];
		pthread_mutex_unlock(&dev.lock);
		if (k.len == 16)
			memset(k.data, 'h', k.len);
		virtio_give(&dev.core, &k.ticket, k.len);
		atomic_fetch_add(&completed, 1);
	}
	return NULL;
}

static pthread_t host;

static void setup_threads(void)
{
	setup();
	atomic_store(&is_over, false);
	atomic_store(&is_calm, false);
	assert_ok(worker_start(&worker, "a test", &e), &e);
	ck_assert_int_eq(pthread_create(&host, NULL, complete_all, NULL), 0);
}

static void teardown_threads(void)
{
	virtio_stop(&dev.core);
	ck_assert_uint_eq(get_status(), 0);
	ck_assert_uint_eq(dev.core.held, 0);
	atomic_store(&is_over, true);
	pthread_join(host, NULL);
	teardown();
}

static void await_used(unsigned n, uint16_t idx)
{
	for (unsigned i = 0; i < 30000 && used_idx(n) != idx; i++)
		usleep(1000);
	ck_assert_msg(used_idx(n) == idx, "used idx %u, not %u", used_idx(n),
		      idx);
}

/* Every chain is returned once, with the host's data. */
static void request_all(unsigned n, uint16_t *idx)
{
	unsigned seen_heads = 0;

	memset(guest_mem_ptr(&gm, BUFFERS, 16 * SIZE), 0, 16 * SIZE);
	for (unsigned i = 0; i < SIZE; i++)
		offer(n, i);
	notify(n);
	await_used(n, (uint16_t)(*idx + SIZE));
	for (unsigned i = 0; i < SIZE; i++)
		seen_heads |= 1u << used_head(n, *idx + i);
	ck_assert_uint_eq(seen_heads, UINT32_MAX >> (32 - SIZE));
	for (unsigned i = 0; i < 16 * SIZE; i++)
		ck_assert_uint_eq(gm.base[BUFFERS + i], 'h');
	*idx = (uint16_t)(*idx + SIZE);
}

START_TEST(virtio_threads__complete_many_in_any_order)
{
	uint16_t idx[QUEUES] = { 0 };

	begin(_i ? EVENT_IDX : 0);
	for (unsigned round = 0; round < 300; round++)
		request_all(round % QUEUES, &idx[round % QUEUES]);
}
END_TEST

/* After a reset, the driver may reuse its memory: I/O that was in flight does
 * not write there, and no chain is lost. */
START_TEST(virtio_threads__touch_nothing_after_a_reset)
{
	for (unsigned round = 0; round < 300; round++) {
		begin(0);
		for (unsigned i = 0; i < SIZE; i++)
			offer(0, i);
		notify(0);
		if (round % 3)
			usleep(round % 50);
		set_status(0);
		ck_assert_uint_eq(get_status(), 0);
		memset(guest_mem_ptr(&gm, BUFFERS, 16 * SIZE), 'd', 16 * SIZE);
		clear_rings(0);
		usleep(100);
		for (unsigned i = 0; i < 16 * SIZE; i++)
			ck_assert_uint_eq(gm.base[BUFFERS + i], 'd');
		ck_assert_uint_eq(used_idx(0), 0);
	}
	ck_assert_uint_eq(dev.core.faults, 0);
}
END_TEST

/* The same when a queue is disabled, followed by a reset. */
START_TEST(virtio_threads__touch_nothing_of_a_disabled_queue)
{
	for (unsigned round = 0; round < 200; round++) {
		begin(0);
		for (unsigned i = 0; i < SIZE; i++)
			offer(0, i);
		notify(0);
		usleep(round % 30);
		virtio_lock(&dev.core);
		virtio_disable_queue(&dev.core, virtio_queue(&dev.core, 0));
		virtio_wait(&dev.core);
		virtio_unlock(&dev.core);
		memset(guest_mem_ptr(&gm, BUFFERS, 16 * SIZE), 'd', 16 * SIZE);
		usleep(50);
		for (unsigned i = 0; i < 16 * SIZE; i++)
			ck_assert_uint_eq(gm.base[BUFFERS + i], 'd');
		set_status(0);
	}
}
END_TEST

static void *reset_often(void *arg)
{
	(void)arg;
	while (!atomic_load(&is_calm)) {
		set_status(0);
		sched_yield();
	}
	return NULL;
}

/* Several processors reset at once: all of them finish. */
START_TEST(virtio_threads__resets_of_several_processors)
{
	pthread_t other[2];

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(
			pthread_create(&other[i], NULL, reset_often, NULL), 0);
	for (unsigned round = 0; round < 300; round++) {
		begin(0);
		offer(0, 0);
		notify(0);
		set_status(0);
	}
	atomic_store(&is_calm, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(other[i], NULL);
	set_status(0);
	ck_assert_uint_eq(get_status(), 0);
}
END_TEST

/* Garbage in the rings of the first queue, and only there. */
static void *scribble(void *arg)
{
	static const uint64_t parts[] = { DESC, AVAIL, USED };
	unsigned seed = 7;

	(void)arg;
	while (!atomic_load(&is_calm)) {
		seed = seed * 1103515245 + 12345;
		put16(parts[(seed >> 8) % 3] + (seed >> 16) % (STEP / 2) * 2,
		      seed >> 12);
		if (seed % 64 == 0)
			notify(0);
	}
	return NULL;
}

/*
 * Whatever a driver does to its rings meanwhile: after a reset, it is served.
 */
START_TEST(virtio_threads__survive_a_driver_that_scribbles)
{
	uint16_t idx = 0;
	pthread_t other;

	/* Buffers may be anywhere: they are returned unchanged. */
	dev.result = VIRTIO_DONE;
	ck_assert_int_eq(pthread_create(&other, NULL, scribble, NULL), 0);
	for (unsigned round = 0; round < 300; round++) {
		begin(round % 2 ? EVENT_IDX | INDIRECT_OK : 0);
		for (unsigned i = 0; i < SIZE; i++)
			offer(0, i);
		notify(0);
		usleep(round % 50);
		set_status(0);
		ck_assert_uint_eq(get_status(), 0);
	}
	atomic_store(&is_calm, true);
	pthread_join(other, NULL);
	dev.result = VIRTIO_LATER;
	begin(0);
	request_all(0, &idx);
}
END_TEST

/* --- a device with threads of its own, whose requests wait */

static struct virtio_setup crewed;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static unsigned waiting, waiting_max, let_through; /* with gate */

/* Wait for the host, which is a test. */
static enum virtio_result serve_and_wait(void *ctx, struct virtio_request *r,
					 struct err *why)
{
	struct fake *f = ctx;

	(void)why;
	if (f->done_first) {
		f->done_first--;
		return VIRTIO_DONE;
	}
	virtio_may_wait(&f->core, r->ticket.queue);
	pthread_mutex_lock(&gate);
	if (++waiting > waiting_max)
		waiting_max = waiting;
	pthread_cond_broadcast(&gate_moved);
	while (!let_through)
		pthread_cond_wait(&gate_moved, &gate);
	let_through--;
	waiting--;
	pthread_mutex_unlock(&gate);
	r->written = (uint32_t)r->chain.writable_bytes;
	return VIRTIO_DONE;
}

static const struct virtio_device_ops waiting_ops = {
	.start = fake_start,
	.stop = fake_stop,
	.serve = serve_and_wait,
};

static void setup_crew(void)
{
	driver_setup();
	memset(&seen, 0, sizeof(seen));
	waiting = waiting_max = let_through = 0;
	assert_ok(worker_init(&worker, &e), &e);
	make(&dev, 0);
	crewed = dev.core.is;
	crewed.ops = &waiting_ops;
	crewed.threads = 2;
	virtio_release(&dev.core);
	assert_ok(virtio_init(&dev.core, &crewed, &e), &e);
	virtio_attach(&dev.core, &transport, NULL);
	assert_ok(worker_start(&worker, "a test", &e), &e);
}

static void let_pass(unsigned n)
{
	pthread_mutex_lock(&gate);
	let_through += n;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate);
}

/* The test's time limit ends the wait. */
static void await_waiting(unsigned n)
{
	pthread_mutex_lock(&gate);
	while (waiting != n)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
}

/* With one bell for both, and with one for each. */
START_TEST(virtio_crew__serves_while_a_request_waits)
{
	begin(EVENT_IDX);
	offer(0, 0);
	if (_i)
		offer(0, 1);
	notify(0);
	if (!_i) {
		await_waiting(1);
		/* It wants to hear of the next one. */
		ck_assert_uint_eq(get16(USED + 4 + 8 * SIZE), 1);
		offer(0, 1);
		notify(0);
	}
	await_waiting(2);
	/* No thread is left: these wait, and need no bell. */
	for (unsigned i = 2; i < 6; i++)
		offer(0, i);
	let_pass(6);
	await_used(0, 6);
	ck_assert_uint_eq(waiting_max, 2);
	ck_assert_uint_eq(dev.core.crew.started, 2);
}
END_TEST

/* What is done does not wait for what takes long. */
START_TEST(virtio_crew__tells_of_chains_before_it_waits)
{
	dev.done_first = 2;
	begin(0);
	for (unsigned i = 0; i < 3; i++)
		offer(0, i);
	notify(0);
	await_waiting(1);
	virtio_lock(&dev.core);
	ck_assert_uint_eq(seen.used[0], 1);
	virtio_unlock(&dev.core);
	ck_assert_uint_eq(used_idx(0), 2);
	let_pass(1);
	await_used(0, 3);
}
END_TEST

/* Its threads serve nothing before start() has returned. */
START_TEST(virtio_crew__waits_for_the_start)
{
	atomic_store(&dev.is_held_back, true);
	begin(0);
	offer(0, 0);
	notify(0);
	for (unsigned i = 0; i < 50; i++) {
		pthread_mutex_lock(&gate);
		ck_assert_uint_eq(waiting, 0);
		pthread_mutex_unlock(&gate);
		usleep(1000);
	}
	atomic_store(&dev.is_held_back, false);
	let_pass(1);
	await_used(0, 1);
}
END_TEST

START_TEST(virtio_crew__ends_a_reset_when_the_requests_are_done)
{
	begin(0);
	offer(0, 0);
	notify(0);
	await_waiting(1);
	virtio_lock(&dev.core);
	virtio_set_status(&dev.core, 0);
	virtio_unlock(&dev.core);
	for (unsigned i = 0; i < 50; i++) {
		ck_assert_uint_ne(get_status(), 0);
		usleep(1000);
	}
	let_pass(1);
	for (unsigned i = 0; i < 30000 && get_status(); i++)
		usleep(1000);
	ck_assert_uint_eq(get_status(), 0);
	ck_assert_uint_eq(used_idx(0), 0);
	/* Its threads serve the next driver. */
	let_pass(1);
	begin(0);
	offer(0, 3);
	notify(0);
	await_used(0, 1);
	ck_assert_uint_eq(used_head(0, 0), 3);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_core");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_core__gives_back_in_any_order);
	tcase_add_test(t, virtio_core__drops_what_comes_after_a_reset);
	tcase_add_test(
		t, virtio_core__completes_a_reset_when_nothing_is_in_flight);
	tcase_add_loop_test(t, virtio_core__ends_a_life_with_chains_in_flight,
			    0, (int)COUNT(ends));
	tcase_add_test(t, virtio_core__tells_when_a_life_has_ended);
	tcase_add_test(t, virtio_core__stops_when_a_queue_in_use_is_disabled);
	tcase_add_test(t, virtio_core__refuses_a_chain_that_was_kept);
	tcase_add_test(t, virtio_core__lets_a_device_take_by_itself);
	tcase_add_test(
		t, virtio_core__does_not_charge_the_driver_with_host_errors);
	tcase_add_test(t, virtio_core__needs_a_reset_when_it_cannot_start);
	tcase_add_test(t, virtio_core__names_queue_and_chain_of_a_fault);
	tcase_add_test(t, virtio_core__starts_and_stops_once_a_life);
	tcase_add_test(t, virtio_core__skips_a_life_that_is_over);
	tcase_add_test(
		t, virtio_core__serves_every_queue_notified_before_driver_ok);
	tcase_add_test(t, virtio_core__has_a_doorbell_for_each_queue);
	tcase_add_test(t, virtio_core__counts_interrupts_that_were_wanted);
	tcase_add_loop_test(t, virtio_core__tells_of_several_chains_at_once, 0,
			    (int)COUNT(goes));
	tcase_add_loop_test(t, virtio_core__tells_of_chains_as_the_driver_wants,
			    0, 7);
	tcase_add_test(t, virtio_core__tells_of_many_chains_in_groups);
	tcase_add_test(t, virtio_core__tells_of_large_chains_sooner);
	tcase_add_test(t, virtio_core__follows_indirect_tables);
	tcase_add_test(t, virtio_core__offers_what_the_device_has);
	tcase_add_test(t,
		       virtio_core__leaves_the_worker_to_others_while_it_waits);
	suite_add_tcase(s, t);
	t = tcase_create("threads");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup_threads, teardown_threads);
	tcase_add_loop_test(t, virtio_threads__complete_many_in_any_order, 0,
			    2);
	tcase_add_test(t, virtio_threads__touch_nothing_after_a_reset);
	tcase_add_test(t, virtio_threads__touch_nothing_of_a_disabled_queue);
	tcase_add_test(t, virtio_threads__resets_of_several_processors);
	tcase_add_test(t, virtio_threads__survive_a_driver_that_scribbles);
	suite_add_tcase(s, t);
	t = tcase_create("crew");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup_crew, teardown);
	tcase_add_loop_test(t, virtio_crew__serves_while_a_request_waits, 0, 2);
	tcase_add_test(t, virtio_crew__tells_of_chains_before_it_waits);
	tcase_add_test(t, virtio_crew__waits_for_the_start);
	tcase_add_test(t, virtio_crew__ends_a_reset_when_the_requests_are_done);
	suite_add_tcase(s, t);
	return s;
}
