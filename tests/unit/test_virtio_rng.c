/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng: how much of a chain is filled, by a source that can be made to
 * fail; and the worker's thread with the host's own.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio_rng.h"
#include "dev/virtio_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>

static struct virtio_rng rng;
static struct virtq_chain c;
static struct err e;
static uint8_t *room;
static size_t left;   /* what the source still gives */
static size_t most;   /* at a time */
static int then;      /* its errno after that */
static size_t refill; /* what it gives after having refused once */
static unsigned interruptions;
static unsigned refusals;

static ssize_t source(void *buf, size_t len, unsigned flags)
{
	ck_assert_uint_eq(flags, GRND_NONBLOCK);
	if (interruptions) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	if (!left) {
		refusals++;
		left = refill;
		errno = then;
		return -1;
	}
	if (len > most)
		len = most;
	if (len > left)
		len = left;
	memset(buf, 'r', len);
	left -= len;
	return (ssize_t)len;
}

static void setup(void)
{
	rng.source = source;
	left = most = SIZE_MAX / 2;
	then = EAGAIN;
	refill = 0;
	interruptions = refusals = 0;
	room = calloc(2, RNG_CHAIN_MAX);
	memset(&c, 0, sizeof(c));
}

static void teardown(void)
{
	free(room);
}

static void add(uint32_t off, uint32_t len)
{
	c.seg[c.count++] = (struct virtq_seg){ room + off, len };
	c.writable_bytes += len;
}

static void expect_served(uint32_t want)
{
	uint32_t written = 12345;

	assert_ok(virtio_rng_ops.serve(&rng, 0, &c, &written, &e), &e);
	ck_assert_uint_eq(written, want);
}

START_TEST(virtio_rng__is_an_entropy_device)
{
	ck_assert_uint_eq(virtio_rng_ops.id, 4);
	ck_assert_uint_eq(virtio_rng_ops.queues, 1);
	ck_assert_uint_eq(virtio_rng_ops.features, 0);
	ck_assert(!virtio_rng_ops.read_config);
}
END_TEST

START_TEST(virtio_rng__fills_every_segment)
{
	add(0, 3);
	add(10, 5);
	expect_served(8);
	ck_assert_mem_eq(room, "rrr\0\0\0\0\0\0\0rrrrr\0", 16);
}
END_TEST

START_TEST(virtio_rng__goes_on_after_short_answers)
{
	most = 3;
	interruptions = 2;
	add(0, 10);
	expect_served(10);
	ck_assert_mem_eq(room, "rrrrrrrrrr", 11);
}
END_TEST

START_TEST(virtio_rng__stops_at_its_limit)
{
	add(0, RNG_CHAIN_MAX - 1);
	add(RNG_CHAIN_MAX - 1, 5);
	add(RNG_CHAIN_MAX + 4, 5);
	expect_served(65536);
	ck_assert_uint_eq(room[65535], 'r');
	ck_assert_uint_eq(room[65536], 0);
}
END_TEST

START_TEST(virtio_rng__gives_what_there_is)
{
	/* No hole in it, though there would be more a moment later. */
	left = 5;
	refill = 100;
	add(0, 3);
	add(3, 10);
	add(13, 10);
	expect_served(5);
	for (unsigned i = 5; i < 23; i++)
		ck_assert_uint_eq(room[i], 0);
}
END_TEST

START_TEST(virtio_rng__waits_without_blocking)
{
	uint32_t written;

	left = 0;
	add(0, 3);
	ck_assert_int_eq(virtio_rng_ops.serve(&rng, 0, &c, &written, &e),
			 -EAGAIN);
}
END_TEST

START_TEST(virtio_rng__reports_a_host_without_randomness)
{
	uint32_t written;

	left = 0;
	then = ENOSYS;
	add(0, 3);
	assert_err(virtio_rng_ops.serve(&rng, 0, &c, &written, &e), -ENOSYS, &e,
		   "getrandom: ");
}
END_TEST

START_TEST(virtio_rng__refuses_a_buffer_to_read)
{
	uint32_t written;

	add(0, 3);
	add(3, 3);
	c.readable = 1;
	assert_err(virtio_rng_ops.serve(&rng, 0, &c, &written, &e), -EPROTO, &e,
		   "chain 0: a device-readable buffer (5.4.6.1)");
	ck_assert_uint_eq(room[0], 0);
}
END_TEST

START_TEST(virtio_rng__refuses_a_chain_without_room)
{
	uint32_t written;

	assert_err(virtio_rng_ops.serve(&rng, 0, &c, &written, &e), -EPROTO, &e,
		   "no room for a random byte (5.4.6.2)");
}
END_TEST

/* --- with the worker */

static struct virtio_mmio v[VIRTIO_MMIO_DEVICES];
static struct virtio_worker worker;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v[0], reg, 4, value);
}

static void setup_worker(void)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	driver_setup();
	setup();
	virtio_rng_init(&rng);
	ck_assert_uint_eq(VIRTIO_MMIO_DEVICES, 1);
	assert_ok(virtio_mmio_init(&v[0], &virtio_rng_ops, &rng, &gm, irq, &e),
		  &e);
	assert_ok(virtio_worker_start(&worker, v, &e), &e);
	set(0x70, 1 | 2);
	set(0x24, 1);
	set(0x20, 1);
	set(0x70, 1 | 2 | 8);
	set(0x38, 8);
	set(0x80, DESC);
	set(0x90, AVAIL);
	set(0xa0, USED);
	set(0x44, 1);
	set(0x70, 1 | 2 | 8 | 4);
}

static void teardown_worker(void)
{
	virtio_worker_stop(&worker);
	virtio_mmio_release(&v[0]);
	teardown();
	driver_teardown();
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static bool becomes_used(uint16_t idx)
{
	for (unsigned n = 0; n < 10000 && get16(USED + 2) != idx; n++)
		nap();
	return get16(USED + 2) == idx;
}

/* The device's state is read and changed under its lock. */
static bool was_refused(void)
{
	bool was;

	pthread_mutex_lock(&v[0].lock);
	was = refusals;
	if (was)
		left = 64;
	pthread_mutex_unlock(&v[0].lock);
	return was;
}

START_TEST(virtio_rng__is_served_by_the_worker)
{
	uint8_t zeros[64] = { 0 };

	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 64, WRITE, 0 });
	for (uint16_t n = 1; n <= 20; n++) {
		put(BUFFERS, zeros, sizeof(zeros));
		make_available(8, 0);
		set(0x50, 0);
		ck_assert(becomes_used(n));
		ck_assert_uint_eq(get32(USED + 8), 64);
		ck_assert_mem_ne(gm.base + BUFFERS, zeros, sizeof(zeros));
	}
}
END_TEST

/* The worker comes back by itself to a device that was not ready. */
START_TEST(virtio_rng__is_asked_again_by_the_worker)
{
	virtio_worker_stop(&worker);
	rng.source = source;
	left = 0;
	assert_ok(virtio_worker_start(&worker, v, &e), &e);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 64, WRITE, 0 });
	make_available(8, 0);
	set(0x50, 0);
	for (unsigned n = 0; n < 10000 && !was_refused(); n++)
		nap();
	ck_assert(becomes_used(1));
}
END_TEST

START_TEST(virtio_worker__stops_when_not_running)
{
	struct virtio_worker none = { 0 };

	virtio_worker_stop(&none);
	virtio_worker_stop(&worker);
	virtio_worker_stop(&worker);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_rng");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_rng__is_an_entropy_device);
	tcase_add_test(t, virtio_rng__fills_every_segment);
	tcase_add_test(t, virtio_rng__goes_on_after_short_answers);
	tcase_add_test(t, virtio_rng__stops_at_its_limit);
	tcase_add_test(t, virtio_rng__gives_what_there_is);
	tcase_add_test(t, virtio_rng__waits_without_blocking);
	tcase_add_test(t, virtio_rng__reports_a_host_without_randomness);
	tcase_add_test(t, virtio_rng__refuses_a_buffer_to_read);
	tcase_add_test(t, virtio_rng__refuses_a_chain_without_room);
	suite_add_tcase(s, t);
	t = tcase_create("worker");
	tcase_add_checked_fixture(t, setup_worker, teardown_worker);
	tcase_add_test(t, virtio_rng__is_served_by_the_worker);
	tcase_add_test(t, virtio_rng__is_asked_again_by_the_worker);
	tcase_add_test(t, virtio_worker__stops_when_not_running);
	suite_add_tcase(s, t);
	return s;
}
