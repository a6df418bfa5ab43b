/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to virtio-blk: each kind, what is refused before any I/O, how a
 * host's failure is reported, doorbells that a driver leaves out, and resets
 * with requests in flight.
 */
#include "unit/virtio_driver.h"
#include "base/clock.h"
#include "dev/virtio/blk.h"
#include "dev/virtio/mmio.h"
#include "support/chain.h"
#include "support/small_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECTORS 64
#define SECTOR	512

enum { OK, IOERR, UNSUPP, PENDING = 0xff };
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, ZEROES = 13 };

static struct worker worker;
static struct disk disk;
static struct virtio_blk b;
static struct virtio_request request;
static struct virtq_chain *const c = &request.chain;
static uint8_t image[SECTORS * SECTOR];
/* The guest's memory: a header, data, the status. */
static struct virtio_blk_header header;
static uint8_t data[SECTORS * SECTOR + SECTOR];
static uint8_t status;
static struct err e;

static void open_disk(bool ro)
{
	const struct disk_config config = { .path = "disk", .ro = ro };
	int fd = open("disk", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i / SECTOR + 1);
	ck_assert_int_eq(write(fd, image, sizeof(image)), sizeof(image));
	close(fd);
	assert_ok(disk_open(&disk, &config, &e), &e);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_blk_init(&b, &disk, "a disk's serial number", &gm,
				  &worker, &e),
		  &e);
}

static void setup(void)
{
	driver_setup();
	memset(data, 0, sizeof(data));
	open_disk(false);
}

static bool has_small_fs;

/* A user may only do this before there are threads. */
static void setup_full(void)
{
	has_small_fs = small_fs_mount("full");
	setup();
}

static void setup_ro(void)
{
	driver_setup();
	open_disk(true);
}

static void teardown(void)
{
	virtio_stop(&b.core);
	worker_stop(&worker);
	virtio_blk_release(&b);
	worker_release(&worker);
	disk_close(&disk);
	driver_teardown();
}

static void begin(uint32_t type, uint64_t sector)
{
	memset(&request, 0, sizeof(request));
	header = (struct virtio_blk_header){ .type = type, .sector = sector };
	status = PENDING;
	/* The header may be split anywhere. */
	chain_add(c, &header, 5, false);
	chain_add(c, (uint8_t *)&header + 5, 11, false);
}

static uint8_t serve(void)
{
	enum virtio_result rc;

	chain_add(c, &status, 1, true);
	rc = b.core.is.ops->serve(&b, &request, &e);
	if (rc == VIRTIO_HOST_ERROR) /* as the core does */
		virtio_host_error(&b.core, 0, &e);
	else
		ck_assert_int_eq(rc, VIRTIO_DONE);
	return status;
}

static uint8_t transfer(uint32_t type, uint64_t sector, uint32_t len)
{
	begin(type, sector);
	if (len)
		chain_add(c, data, len > 700 ? 700 : len, type == IN);
	if (len > 700)
		chain_add(c, data + 700, len - 700, type == IN);
	return serve();
}

START_TEST(virtio_blk__is_a_block_device)
{
	uint64_t features = b.core.is.features;

	ck_assert_uint_eq(b.core.is.id, 2);
	ck_assert_uint_eq(b.core.is.queues, 1);
	ck_assert_uint_eq(virtio_read_config(&b.core, 0, 4), SECTORS);
	ck_assert_uint_eq(virtio_read_config(&b.core, 4, 4), 0);
	ck_assert_uint_eq(virtio_read_config(&b.core, 12, 4), 254);
	ck_assert_uint_eq(virtio_read_config(&b.core, 20, 4), 512);
	ck_assert_uint_eq(virtio_read_config(&b.core, 24, 1), 3);
	ck_assert_uint_eq(virtio_read_config(&b.core, 32, 1), 1);
	ck_assert(features >> VIRTIO_BLK_F_FLUSH & 1);
	ck_assert(features >> VIRTIO_BLK_F_DISCARD & 1);
	ck_assert(!(features >> VIRTIO_BLK_F_RO & 1));
}
END_TEST

START_TEST(virtio_blk__reads)
{
	for (unsigned at = 0; at < SECTORS; at += 7) {
		unsigned n = SECTORS - at < 5 ? SECTORS - at : 5;

		ck_assert_uint_eq(transfer(IN, at, n * SECTOR), OK);
		ck_assert_mem_eq(data, image + at * SECTOR, n * SECTOR);
	}
	ck_assert_uint_eq(transfer(IN, 0, sizeof(image)), OK);
	ck_assert_mem_eq(data, image, sizeof(image));
	ck_assert_uint_eq(b.counts[BLK_READS], 11);
}
END_TEST

START_TEST(virtio_blk__writes)
{
	uint8_t got[2 * SECTOR];
	int fd;

	memset(data, 'w', 2 * SECTOR);
	ck_assert_uint_eq(transfer(OUT, 3, 2 * SECTOR), OK);
	ck_assert_uint_eq(transfer(FLUSH, 0, 0), OK);
	fd = open("disk", O_RDONLY);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 3 * SECTOR), sizeof(got));
	close(fd);
	ck_assert_mem_eq(got, data, sizeof(got));
	memset(data, 0, sizeof(data));
	ck_assert_uint_eq(transfer(IN, 3, 2 * SECTOR), OK);
	ck_assert_mem_eq(got, data, sizeof(got));
}
END_TEST

START_TEST(virtio_blk__has_an_id)
{
	begin(GET_ID, 0);
	chain_add(c, data, 20, true);
	ck_assert_uint_eq(serve(), OK);
	ck_assert_mem_eq(data, "a disk's serial numb", 20);
	ck_assert_uint_eq(request.written, 21);
}
END_TEST

static const struct {
	uint32_t type;
	uint64_t sector;
	uint32_t len;
	uint8_t want;
} refused[] = {
	{ IN, SECTORS, SECTOR, IOERR },
	{ IN, SECTORS - 1, 2 * SECTOR, IOERR },
	{ IN, UINT64_MAX, SECTOR, IOERR },
	{ IN, UINT64_MAX / SECTOR + 1, SECTOR, IOERR },
	{ IN, 0, 0, IOERR },
	{ IN, 0, SECTOR + 1, IOERR },
	{ IN, 0, 100, IOERR },
	{ OUT, SECTORS, SECTOR, IOERR },
	{ OUT, UINT64_MAX, SECTOR, IOERR },
	{ OUT, 0, SECTOR - 1, IOERR },
	{ 2, 0, 0, UNSUPP },
	{ 5, 0, 0, UNSUPP },
	{ UINT32_MAX, 0, SECTOR, UNSUPP },
};

START_TEST(virtio_blk__refuses)
{
	memset(data, 'x', sizeof(data));
	ck_assert_uint_eq(
		transfer(refused[_i].type, refused[_i].sector, refused[_i].len),
		refused[_i].want);
	ck_assert_uint_eq(b.counts[BLK_ERRORS], 1);
	/* The host was not asked, and nothing was changed. */
	ck_assert_uint_eq(b.core.host_errors, 0);
	ck_assert_uint_eq(transfer(IN, 0, sizeof(image)), OK);
	ck_assert_mem_eq(data, image, sizeof(image));
}
END_TEST

START_TEST(virtio_blk__without_a_header_or_status)
{
	memset(&request, 0, sizeof(request));
	chain_add(c, &header, 15, false);
	chain_add(c, &status, 1, true);
	ck_assert_int_eq(b.core.is.ops->serve(&b, &request, &e),
			 VIRTIO_DRIVER_FAULT);
	ck_assert_str_eq(e.msg,
			 "chain 0: fewer than 16 bytes of header (5.2.6)");
	begin(FLUSH, 0);
	ck_assert_int_eq(b.core.is.ops->serve(&b, &request, &e),
			 VIRTIO_DRIVER_FAULT);
	ck_assert_str_eq(e.msg, "chain 0: no room for the status (5.2.6)");
}
END_TEST

static const struct {
	uint32_t type;
	struct virtio_blk_range r;
	uint32_t len; /* bytes of ranges */
	uint8_t want;
} ranges[] = {
	{ DISCARD, { 8, 8, 0 }, 16, OK },
	{ DISCARD, { 0, SECTORS, 0 }, 16, OK },
	{ DISCARD, { SECTORS, 0, 0 }, 16, OK },
	{ DISCARD, { SECTORS, 1, 0 }, 16, IOERR },
	{ DISCARD, { UINT64_MAX, 2, 0 }, 16, IOERR },
	{ DISCARD, { 0, 1, 1 }, 16, UNSUPP },
	{ DISCARD, { 0, 1, 0 }, 15, IOERR },
	{ DISCARD, { 0, 1, 0 }, 0, IOERR },
	{ DISCARD, { 0, 1, 0 }, 17 * 16, IOERR },
	{ ZEROES, { 8, 8, 0 }, 16, OK },
	{ ZEROES, { 8, 8, 1 }, 16, OK },
	{ ZEROES, { 8, 8, 2 }, 16, UNSUPP },
	{ ZEROES, { 1, SECTORS, 0 }, 16, IOERR },
	{ ZEROES, { 0, UINT32_MAX, 0 }, 16, IOERR },
};

START_TEST(virtio_blk__ranges)
{
	struct virtio_blk_range r[17];

	for (unsigned i = 0; i < COUNT(r); i++)
		r[i] = ranges[_i].r;
	begin(ranges[_i].type, 0);
	if (ranges[_i].len)
		chain_add(c, r, ranges[_i].len, false);
	ck_assert_uint_eq(serve(), ranges[_i].want);
	ck_assert_uint_eq(b.core.host_errors, 0);
	if (ranges[_i].type == ZEROES && ranges[_i].want == OK)
		memset(image + 8 * SECTOR, 0, 8 * SECTOR);
	if (ranges[_i].type == DISCARD && ranges[_i].want == OK)
		return;
	ck_assert_uint_eq(transfer(IN, 0, sizeof(image)), OK);
	ck_assert_mem_eq(data, image, sizeof(image));
}
END_TEST

START_TEST(virtio_blk__that_may_only_be_read)
{
	uint64_t features = b.core.is.features;

	ck_assert(features >> VIRTIO_BLK_F_RO & 1);
	ck_assert(!(features >> VIRTIO_BLK_F_DISCARD & 1));
	ck_assert(!(features >> VIRTIO_BLK_F_WRITE_ZEROES & 1));
	ck_assert_uint_eq(transfer(OUT, 0, SECTOR), IOERR);
	begin(ZEROES, 0);
	chain_add(c, &(struct virtio_blk_range){ 0, 1, 0 }, 16, false);
	ck_assert_uint_eq(serve(), IOERR);
	ck_assert_uint_eq(transfer(IN, 0, sizeof(image)), OK);
	ck_assert_mem_eq(data, image, sizeof(image));
	ck_assert_uint_eq(transfer(FLUSH, 0, 0), OK);
}
END_TEST

/* The guest gets an error, the user a message; the driver is not blamed. */
START_TEST(virtio_blk__of_a_host_that_fails)
{
	ck_assert_int_eq(truncate("disk", 4096), 0);
	ck_assert_uint_eq(transfer(IN, 32, SECTOR), IOERR);
	ck_assert_uint_eq(b.core.faults, 0);
	ck_assert_uint_eq(b.core.host_errors, 1);
	ck_assert_str_eq(b.core.host_error.msg,
			 "virtio-blk queue 0: disk: read of 512 bytes at "
			 "16384: Input/output error");
	ck_assert_uint_eq(transfer(IN, 0, SECTOR), OK);
}
END_TEST

/* The limit stands in for a file system that refuses a write. */
START_TEST(virtio_blk__of_a_host_that_refuses_writes)
{
	const struct rlimit limit = { 4096, 4096 };

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_eq(transfer(OUT, 32, SECTOR), IOERR);
	ck_assert_uint_eq(transfer(OUT, 33, SECTOR), IOERR);
	ck_assert_uint_eq(b.core.faults, 0);
	/* Both are counted, and the user reads the first one. */
	ck_assert_uint_eq(b.core.host_errors, 2);
	ck_assert_str_eq(b.core.host_error.msg,
			 "virtio-blk queue 0: disk: write of 512 bytes at "
			 "16384: File too large");
	ck_assert_uint_eq(transfer(OUT, 0, SECTOR), OK);
	ck_assert_uint_eq(transfer(IN, 32, SECTOR), OK);
	ck_assert_mem_eq(data, image + 32 * SECTOR, SECTOR);
}
END_TEST

START_TEST(virtio_blk__on_a_full_file_system)
{
	const struct disk_config config = { .path = "full/disk" };
	int fd;

	if (!has_small_fs)
		UNIT_SKIP("cannot mount a file system of its own here");
	fd = open("full/disk", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(ftruncate(fd, sizeof(image)), 0);
	close(fd);
	disk_close(&disk);
	assert_ok(disk_open(&disk, &config, &e), &e);
	small_fs_fill("full/rest");
	ck_assert_uint_eq(transfer(OUT, 8, SECTOR), IOERR);
	ck_assert_uint_eq(b.core.faults, 0);
	ck_assert_uint_eq(b.core.host_errors, 1);
	ck_assert_str_eq(b.core.host_error.msg,
			 "virtio-blk queue 0: full/disk: write of 512 bytes at "
			 "4096: No space left on device");
	/* Once there is room again, the guest can go on. */
	ck_assert_int_eq(unlink("full/rest"), 0);
	ck_assert_uint_eq(transfer(OUT, 8, SECTOR), OK);
}
END_TEST

/* --- with the worker and a driver that has requests in flight */

#define ENTRIES	    64
#define SLOTS	    16 /* requests in flight, of three descriptors each */
#define AVAIL_EVENT (USED + 4 + 8 * ENTRIES)

static struct virtio_mmio v;

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static uint32_t get(unsigned reg)
{
	return (uint32_t)virtio_mmio_ops.read(&v, reg, 4);
}

static void negotiate(void)
{
	set(VIRTIO_REG_STATUS, 3);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	set(VIRTIO_REG_DRIVER_FEATURES,
	    1u << VIRTIO_BLK_F_FLUSH | 1u << VIRTIO_F_EVENT_IDX);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_REG_DRIVER_FEATURES, 1);
	set(VIRTIO_REG_STATUS, 11);
	set(VIRTIO_REG_QUEUE_NUM, ENTRIES);
	set(VIRTIO_REG_QUEUE_DESC, DESC);
	set(VIRTIO_REG_QUEUE_DRIVER, AVAIL);
	set(VIRTIO_REG_QUEUE_DEVICE, USED);
	put16(AVAIL + 2, 0);
	put16(USED + 2, 0);
	set(VIRTIO_REG_QUEUE_READY, 1);
	set(VIRTIO_REG_STATUS, 15);
}

/* Request @i, which reads or writes a sector. */
static void submit(unsigned i, uint32_t type)
{
	uint64_t at = BUFFERS + i * 0x1000;
	const struct virtio_blk_header h = { .type = type, .sector = i };

	put(at, &h, sizeof(h));
	put_desc(DESC, 3 * i, (struct driver_desc){ at, 16, NEXT, 3 * i + 1 });
	put_desc(DESC, 3 * i + 1,
		 (struct driver_desc){ at + 512, 512,
				       type == IN ? NEXT | WRITE : NEXT,
				       3 * i + 2 });
	put_desc(DESC, 3 * i + 2,
		 (struct driver_desc){ at + 256, 1, WRITE, 0 });
	make_available(ENTRIES, 3 * i);
}

static void start_driver(void)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	virtio_mmio_init(&v, &b.core, irq);
	assert_ok(worker_start(&worker, "test", &e), &e);
}

static void end_driver(void)
{
	ck_assert_uint_eq(b.core.faults, 0);
	virtio_stop(&b.core);
	virtio_mmio_release(&v);
}

/* 2.7.7.1: ring only if the device asked for it among the chains that were made
 * available since @before. */
static void ring(uint16_t before)
{
	uint16_t now = get16(AVAIL + 2);

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((uint16_t)(now - get16(AVAIL_EVENT) - 1) < (uint16_t)(now - before))
		set(VIRTIO_REG_QUEUE_NOTIFY, 0);
}

/* Wait until at least @n requests were used after @seen. Returns how many. */
static unsigned await_used(uint16_t seen, unsigned n)
{
	uint64_t begin = clock_ns();
	unsigned used;

	while ((used = (uint16_t)(get16(USED + 2) - seen)) < n) {
		ck_assert_msg(clock_ns() - begin < 60 * UINT64_C(1000000000),
			      "after %u requests, %u of %u were served", seen,
			      used, n);
		sched_yield();
	}
	return used;
}

/*
 * Requests that wait and others that do not, some at a time: whatever the
 * threads are doing, each is served without another doorbell. A request can
 * only be overlooked if it comes after a thread's last look at the ring and
 * before that thread waits. The pauses between requests are as long as serving
 * one takes, so that some requests come just then.
 */
START_TEST(virtio_blk__needs_no_doorbell_that_it_does_not_ask_for)
{
	unsigned idle[SLOTS], count = SLOTS, random = 1;
	uint16_t seen = 0;

	start_driver();
	negotiate();
	for (unsigned i = 0; i < SLOTS; i++)
		idle[i] = i;
	for (unsigned round = 0; round < 20000; round++) {
		uint16_t before = get16(AVAIL + 2);
		unsigned more, used;

		random = random * 1103515245 + 12345;
		more = random >> 28 ? 1 : count;
		for (unsigned i = 0; i < more; i++)
			submit(idle[--count], random >> (8 + i) & 1 ? IN : OUT);
		ring(before);
		/* All of them, or as few as the next round needs. */
		used = await_used(seen, random >> 30 ? SLOTS - count : 1);
		for (; used--; seen++)
			idle[count++] = get32(USED + 4 + 8 * (seen % ENTRIES)) /
					3;
		for (unsigned i = random >> 16 & 1023; i; i--)
			__builtin_ia32_pause();
	}
	await_used(seen, SLOTS - count);
	end_driver();
}
END_TEST

START_TEST(virtio_blk__resets_with_requests_in_flight)
{
	start_driver();
	for (unsigned round = 0; round < 50; round++) {
		negotiate();
		for (unsigned i = 0; i < 16; i++)
			submit(i, OUT);
		set(VIRTIO_REG_QUEUE_NOTIFY, 0);
		if (round % 2)
			usleep(100 * round);
		set(VIRTIO_REG_STATUS, 0);
		for (unsigned ms = 0; get(VIRTIO_REG_STATUS); ms++) {
			ck_assert_uint_lt(ms, 20000);
			usleep(1000);
		}
		/* From here on, guest memory is not touched. */
		put(BUFFERS, "untouched", 9);
	}
	end_driver();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_blk");
	TCase *t = tcase_create("rw");
	TCase *ro = tcase_create("ro");
	TCase *full = tcase_create("full");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_blk__is_a_block_device);
	tcase_add_test(t, virtio_blk__reads);
	tcase_add_test(t, virtio_blk__writes);
	tcase_add_test(t, virtio_blk__has_an_id);
	tcase_add_loop_test(t, virtio_blk__refuses, 0, COUNT(refused));
	tcase_add_test(t, virtio_blk__without_a_header_or_status);
	tcase_add_loop_test(t, virtio_blk__ranges, 0, COUNT(ranges));
	tcase_add_test(t, virtio_blk__of_a_host_that_fails);
	tcase_add_test(t, virtio_blk__of_a_host_that_refuses_writes);
	tcase_add_test(t,
		       virtio_blk__needs_no_doorbell_that_it_does_not_ask_for);
	tcase_add_test(t, virtio_blk__resets_with_requests_in_flight);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(ro, setup_ro, teardown);
	tcase_add_test(ro, virtio_blk__that_may_only_be_read);
	suite_add_tcase(s, ro);
	tcase_add_checked_fixture(full, setup_full, teardown);
	tcase_add_test(full, virtio_blk__on_a_full_file_system);
	suite_add_tcase(s, full);
	return s;
}
