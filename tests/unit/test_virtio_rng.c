/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng: how much of a chain is filled by a source that can be made to
 * fail, and the worker's thread with the host's own source.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>

static struct virtio_rng rng;
static struct worker worker;
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static struct err e;
static uint8_t *room;
static size_t left;   /* what the source still gives */
static size_t most;   /* at a time */
static int then;      /* its errno after that */
static size_t refill; /* what it gives after having refused once */
static unsigned interruptions;
static atomic_uint refusals;
static atomic_bool is_closed; /* the source refuses, whatever left says */

static ssize_t source(void *buf, size_t len, unsigned flags)
{
	ck_assert_uint_eq(flags, GRND_NONBLOCK);
	if (interruptions) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	if (atomic_load(&is_closed)) {
		atomic_fetch_add(&refusals, 1);
		errno = then;
		return -1;
	}
	if (!left) {
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
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_rng_init(&rng, &gm, &worker, &e), &e);
	rng.source = source;
	left = most = SIZE_MAX / 2;
	then = EAGAIN;
	refill = 0;
	interruptions = refusals = 0;
	room = calloc(2, RNG_CHAIN_MAX);
	memset(&request, 0, sizeof(request));
}

static void teardown(void)
{
	virtio_stop(&rng.core);
	worker_stop(&worker);
	loop_timer_stop(&rng.retry);
	virtio_rng_release(&rng);
	worker_release(&worker);
	free(room);
}

static void add(uint32_t off, uint32_t len)
{
	c->seg[c->count++] = (struct virtq_seg){ room + off, len };
	c->writable_bytes += len;
}

static enum virtio_result serve(void)
{
	return rng.core.is.ops->serve(&rng, &request, &e);
}

static void expect_served(uint32_t want)
{
	ck_assert_int_eq(serve(), VIRTIO_DONE);
	ck_assert_uint_eq(request.written, want);
	ck_assert(!loop_timer_is_set(&rng.retry));
}

START_TEST(virtio_rng__is_an_entropy_device)
{
	ck_assert_uint_eq(rng.core.is.id, 4);
	ck_assert_uint_eq(rng.core.is.queues, 1);
	ck_assert_uint_eq(rng.core.is.features, 0);
	ck_assert_uint_eq(rng.core.is.config_len, 0);
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
	/* No gap in it, even if more data would come a moment later. */
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

/* A host that fails in the middle of a chain does not lose it either. */
START_TEST(virtio_rng__gives_what_came_before_a_failure)
{
	left = 3;
	then = EPERM;
	add(0, 3);
	add(3, 10);
	expect_served(3);
}
END_TEST

START_TEST(virtio_rng__waits_without_blocking)
{
	left = 0;
	add(0, 3);
	ck_assert_int_eq(serve(), VIRTIO_NOT_NOW);
	ck_assert(loop_timer_is_set(&rng.retry));
	ck_assert_uint_eq(rng.core.host_errors, 0);
}
END_TEST

/* The driver is not blamed, and does not get an empty buffer (5.4.6.2). */
START_TEST(virtio_rng__reports_a_host_without_randomness)
{
	left = 0;
	then = ENOSYS;
	add(0, 3);
	ck_assert_int_eq(serve(), VIRTIO_NOT_NOW);
	ck_assert(loop_timer_is_set(&rng.retry));
	ck_assert_uint_eq(rng.core.faults, 0);
	ck_assert_uint_eq(rng.core.host_errors, 1);
	ck_assert_str_eq(rng.core.host_error.msg,
			 "virtio-rng queue 0: getrandom: Function not "
			 "implemented");
}
END_TEST

static uint64_t counter(const char *name)
{
	struct device_counters counters = { .count = 0 };

	virtio_report(&rng.core, &counters);
	for (unsigned i = 0; i < counters.count; i++)
		if (!strcmp(counters.of[i].name, name))
			return counters.of[i].value;
	ck_abort_msg("no counter %s", name);
	return 0;
}

START_TEST(virtio_rng__counts_the_bytes_it_gives)
{
	ck_assert_uint_eq(counter("bytes"), 0);
	add(0, 3);
	add(10, 5);
	expect_served(8);
	expect_served(8);
	ck_assert_uint_eq(counter("bytes"), 16);
	/* Refused features, and those that the host lacks, are not offered. */
	left = 0;
	ck_assert_int_eq(serve(), VIRTIO_NOT_NOW);
	c->readable = 1;
	ck_assert_int_eq(serve(), VIRTIO_DRIVER_FAULT);
	ck_assert_uint_eq(counter("bytes"), 16);
}
END_TEST

static void expect_refused(const char *msg)
{
	ck_assert_int_eq(serve(), VIRTIO_DRIVER_FAULT);
	ck_assert_msg(strstr(e.msg, msg), "\"%s\" lacks \"%s\"", e.msg, msg);
}

START_TEST(virtio_rng__refuses_a_buffer_to_read)
{
	add(0, 3);
	add(3, 3);
	c->readable = 1;
	expect_refused("chain 0: a device-readable buffer (5.4.6.1)");
	ck_assert_uint_eq(room[0], 0);
}
END_TEST

START_TEST(virtio_rng__refuses_a_chain_without_room)
{
	expect_refused("no room for a random byte (5.4.6.2)");
}
END_TEST

/* --- with the worker */

static struct virtio_mmio v;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static void setup_worker(void)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	driver_setup();
	setup();
	virtio_mmio_init(&v, &rng.core, irq);
}

/* With @of as the host. */
static void start(ssize_t (*of)(void *, size_t, unsigned))
{
	rng.source = of;
	assert_ok(worker_start(&worker, "a test", &e), &e);
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
	teardown();
	virtio_mmio_release(&v);
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

START_TEST(virtio_rng__is_served_by_the_worker)
{
	uint8_t zeros[64] = { 0 };

	start(getrandom);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 64, WRITE, 0 });
	for (uint16_t n = 1; n <= 20; n++) {
		put(BUFFERS, zeros, sizeof(zeros));
		make_available(8, 0);
		set(0x50, 0);
		ck_assert(becomes_used(n));
		ck_assert_uint_eq(get32(USED + 8), 64);
		ck_assert_mem_ne(gm.base + BUFFERS, zeros, sizeof(zeros));
	}
	worker_stop(&worker);
	ck_assert_uint_eq(counter("requests"), 20);
	ck_assert_uint_eq(counter("bytes"), 20 * 64);
	ck_assert_uint_eq(counter("interrupts"), 20);
	ck_assert_uint_eq(counter("driver_faults"), 0);
	ck_assert_uint_eq(counter("host_errors"), 0);
}
END_TEST

/* The worker retries by itself if the host had no data, or failed. */
static const int reasons[] = { EAGAIN, ENOSYS };

START_TEST(virtio_rng__is_asked_again_by_the_worker)
{
	then = reasons[_i];
	atomic_store(&is_closed, true);
	start(source);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 64, WRITE, 0 });
	make_available(8, 0);
	set(0x50, 0);
	for (unsigned n = 0; n < 10000 && !atomic_load(&refusals); n++)
		nap();
	ck_assert_uint_eq(get16(USED + 2), 0);
	atomic_store(&is_closed, false);
	ck_assert(becomes_used(1));
	ck_assert_uint_eq(get32(USED + 8), 64);
	worker_stop(&worker);
	ck_assert_uint_eq(rng.core.faults, 0);
}
END_TEST

/* A driver that is reset while the host has no data is not served later. */
START_TEST(virtio_rng__forgets_a_driver_that_waited)
{
	atomic_store(&is_closed, true);
	start(source);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 64, WRITE, 0 });
	make_available(8, 0);
	set(0x50, 0);
	for (unsigned n = 0; n < 10000 && !atomic_load(&refusals); n++)
		nap();
	set(0x70, 0);
	atomic_store(&is_closed, false);
	worker_stop(&worker);
	ck_assert(!loop_timer_is_set(&rng.retry));
	ck_assert_uint_eq(get16(USED + 2), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_rng");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_rng__is_an_entropy_device);
	tcase_add_test(t, virtio_rng__counts_the_bytes_it_gives);
	tcase_add_test(t, virtio_rng__fills_every_segment);
	tcase_add_test(t, virtio_rng__goes_on_after_short_answers);
	tcase_add_test(t, virtio_rng__stops_at_its_limit);
	tcase_add_test(t, virtio_rng__gives_what_there_is);
	tcase_add_test(t, virtio_rng__gives_what_came_before_a_failure);
	tcase_add_test(t, virtio_rng__waits_without_blocking);
	tcase_add_test(t, virtio_rng__reports_a_host_without_randomness);
	tcase_add_test(t, virtio_rng__refuses_a_buffer_to_read);
	tcase_add_test(t, virtio_rng__refuses_a_chain_without_room);
	suite_add_tcase(s, t);
	t = tcase_create("worker");
	tcase_add_checked_fixture(t, setup_worker, teardown_worker);
	tcase_add_test(t, virtio_rng__is_served_by_the_worker);
	tcase_add_loop_test(t, virtio_rng__is_asked_again_by_the_worker, 0,
			    (int)COUNT(reasons));
	tcase_add_test(t, virtio_rng__forgets_a_driver_that_waited);
	suite_add_tcase(s, t);
	return s;
}
