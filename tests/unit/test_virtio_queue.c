/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtqueues as a correct driver lays them out, and as a hostile one does.
 * Offsets and sections are virtio 1.2's.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/queue.h"

#include <errno.h>

#define SIZE	    8
#define MAX	    64
#define RAM	    ((uint64_t)64 << 20)
#define EVENT_IDX   (UINT64_C(1) << 29)
#define INDIRECT_OK (UINT64_C(1) << 28)

static struct virtq q;
static struct virtq_chain c;
static struct err e;

static void place(void)
{
	q = (struct virtq){
		.num = SIZE,
		.desc_gpa = DESC,
		.driver_gpa = AVAIL,
		.device_gpa = USED,
	};
}

static void setup(void)
{
	driver_setup();
	place();
	assert_ok(virtq_enable(&q, &gm, MAX, 0, &e), &e);
}

static void with(uint64_t features)
{
	place();
	assert_ok(virtq_enable(&q, &gm, MAX, features, &e), &e);
}

/* --- setting up */

static const struct {
	const char *what;
	uint32_t num;
	uint64_t desc, driver, device;
	const char *msg; /* NULL: it is fine */
} layouts[] = {
	{ "one descriptor", 1, DESC, AVAIL, USED, NULL },
	{ "the largest size", MAX, DESC, AVAIL, USED, NULL },
	{ "no descriptor", 0, DESC, AVAIL, USED,
	  "queue size 0 is not a power of 2 up to 64" },
	{ "not a power of 2", 6, DESC, AVAIL, USED, "queue size 6" },
	{ "beyond QueueNumMax", 128, DESC, AVAIL, USED, "queue size 128" },
	{ "cut to 16 bits it fits", 0x10008, DESC, AVAIL, USED,
	  "queue size 65544" },
	{ "descriptors at 8 of 16", SIZE, DESC + 8, AVAIL, USED,
	  "the descriptor table at 0x10008 is not aligned to 16 (2.7)" },
	{ "available ring at an odd address", SIZE, DESC, AVAIL + 1, USED,
	  "the available ring at 0x11001 is not aligned to 2 (2.7)" },
	{ "used ring at 2 of 4", SIZE, DESC, AVAIL, USED + 2,
	  "the used ring at 0x12002 is not aligned to 4 (2.7)" },
	{ "descriptors end with RAM", SIZE, RAM - 128, AVAIL, USED, NULL },
	{ "descriptors past RAM", SIZE, RAM - 112, AVAIL, USED,
	  "the descriptor table, 128 bytes at 0x3ffff90, is not all RAM" },
	{ "available ring ends with RAM", SIZE, DESC, RAM - 22, USED, NULL },
	{ "available ring past RAM", SIZE, DESC, RAM - 20, USED,
	  "the available ring, 22 bytes at 0x3ffffec, is not all RAM" },
	{ "used ring just fits", SIZE, DESC, AVAIL, RAM - 72, NULL },
	{ "used ring past RAM", SIZE, DESC, AVAIL, RAM - 68,
	  "the used ring, 70 bytes at 0x3ffffbc, is not all RAM" },
	{ "descriptors in the hole", SIZE, 0xd0000000, AVAIL, USED,
	  "is not all RAM" },
	{ "an address that wraps", SIZE, DESC, UINT64_MAX - 1, USED,
	  "is not all RAM" },
};

/* Give back one chain. Returns whether the driver wants to hear of it. */
static bool push(uint16_t head, uint32_t len)
{
	virtq_fill(&q, 0, head, len);
	virtq_publish(&q, 1);
	return virtq_wants_interrupt(&q, 1);
}

START_TEST(virtq__checks_its_layout)
{
	int rc;

	q = (struct virtq){
		.num = layouts[_i].num,
		.desc_gpa = layouts[_i].desc,
		.driver_gpa = layouts[_i].driver,
		.device_gpa = layouts[_i].device,
	};
	rc = virtq_enable(&q, &gm, MAX, 0, &e);
	ck_assert_msg(q.ready == !layouts[_i].msg, "%s", layouts[_i].what);
	if (layouts[_i].msg)
		assert_err(rc, -EPROTO, &e, layouts[_i].msg);
	else
		assert_ok(rc, &e);
}
END_TEST

/* 2.7.10.2: flags is 0 or 1. */
START_TEST(virtq__clears_the_used_flags)
{
	put16(USED, 0xffff);
	with(0);
	ck_assert_uint_eq(get16(USED), 0);
}
END_TEST

/* --- good chains */

START_TEST(virtq__is_empty_at_first)
{
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 0);
}
END_TEST

START_TEST(virtq__gives_readable_then_writable)
{
	put_desc(DESC, 5, (struct driver_desc){ BUFFERS, 16, NEXT, 2 });
	put_desc(DESC, 2,
		 (struct driver_desc){ BUFFERS + 64, 32, NEXT | WRITE, 7 });
	put_desc(DESC, 7, (struct driver_desc){ BUFFERS + 128, 8, WRITE, 5 });
	make_available(SIZE, 5);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.head, 5);
	ck_assert_uint_eq(c.readable, 1);
	ck_assert_uint_eq(c.count, 3);
	ck_assert_uint_eq(c.readable_bytes, 16);
	ck_assert_uint_eq(c.writable_bytes, 40);
	ck_assert_ptr_eq(c.seg[0].data, gm.base + BUFFERS);
	ck_assert_uint_eq(c.seg[1].len, 32);
	ck_assert_ptr_eq(c.seg[2].data, gm.base + BUFFERS + 128);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 0);
}
END_TEST

START_TEST(virtq__takes_a_chain_as_long_as_the_queue)
{
	for (unsigned i = 0; i < SIZE; i++)
		put_desc(DESC, i,
			 (struct driver_desc){
				 BUFFERS, 1,
				 (uint16_t)(i < SIZE - 1 ? NEXT : 0),
				 (uint16_t)(i + 1) });
	make_available(SIZE, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.count, SIZE);
}
END_TEST

START_TEST(virtq__takes_a_buffer_that_ends_with_ram)
{
	put_desc(DESC, 0, (struct driver_desc){ RAM - 16, 16, WRITE, 0 });
	make_available(SIZE, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
}
END_TEST

/* Nothing in 2.7.5 forbids them; they are nowhere. */
START_TEST(virtq__leaves_out_empty_buffers)
{
	put_desc(DESC, 0,
		 (struct driver_desc){ UINT64_MAX, 0, NEXT | WRITE, 1 });
	put_desc(DESC, 1, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	make_available(SIZE, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.count, 1);
	ck_assert_uint_eq(c.seg[0].len, 4);
}
END_TEST

/* 2.7.5.2 allows 2^32 bytes; a small guest gets there with repeated buffers. */
START_TEST(virtq__takes_a_chain_of_4_gib)
{
	uint32_t quarter = 32 << 20;

	place();
	q.num = 128;
	assert_ok(virtq_enable(&q, &gm, 128, 0, &e), &e);
	for (unsigned i = 0; i < 128; i++)
		put_desc(DESC, i,
			 (struct driver_desc){ BUFFERS, quarter,
					       (uint16_t)(i < 127 ? NEXT : 0),
					       (uint16_t)(i + 1) });
	make_available(128, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.readable_bytes, UINT64_C(1) << 32);
	/* One byte more is too many. */
	put_desc(DESC, 127, (struct driver_desc){ BUFFERS, quarter + 1, 0, 0 });
	make_available(128, 0);
	assert_err(virtq_pop(&q, &gm, &c, &e), -EPROTO, &e,
		   "a chain of more than 2^32 bytes (2.7.5.2)");
}
END_TEST

START_TEST(virtq__goes_round_its_rings)
{
	put_desc(DESC, 3, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	/* Past the point where 16-bit indices wrap around. */
	for (unsigned n = 0; n < 0x10000 + 20; n++) {
		unsigned slot = n % SIZE;

		make_available(SIZE, 3);
		ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
		ck_assert(push(c.head, n));
		ck_assert_uint_eq(get16(USED + 2), (uint16_t)(n + 1));
		ck_assert_uint_eq(get32(USED + 4 + 8 * slot), 3);
		ck_assert_uint_eq(get32(USED + 8 + 8 * slot), n);
	}
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 0);
}
END_TEST

START_TEST(virtq__pops_again_what_was_put_back)
{
	put_desc(DESC, 3, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	make_available(SIZE, 3);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	virtq_unpop(&q);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 0);
}
END_TEST

/* --- indirect tables (2.7.5.3) */

static void put_indirect_table(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put_desc(INDIRECT, i,
			 (struct driver_desc){
				 BUFFERS + 16 * i, 16,
				 (uint16_t)(i < count - 1 ? NEXT : 0),
				 (uint16_t)(i + 1) });
}

START_TEST(virtq__follows_an_indirect_table)
{
	with(INDIRECT_OK);
	put_indirect_table(SIZE - 1);
	/* After a normal one; its write-only flag means nothing. */
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 5, NEXT, 1 });
	put_desc(DESC, 1,
		 (struct driver_desc){ INDIRECT, 16 * (SIZE - 1), TABLE | WRITE,
				       0 });
	make_available(SIZE, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.count, SIZE);
	ck_assert_uint_eq(c.readable, SIZE);
	ck_assert_uint_eq(c.seg[0].len, 5);
	ck_assert_ptr_eq(c.seg[SIZE - 1].data,
			 gm.base + BUFFERS + 16 * (SIZE - 2));
}
END_TEST

/* 2.7.5.3.1: the table may have room for more, the chain may not. */
START_TEST(virtq__refuses_an_indirect_chain_longer_than_the_queue)
{
	with(INDIRECT_OK);
	put_indirect_table(SIZE + 1);
	put_desc(DESC, 0,
		 (struct driver_desc){ INDIRECT, 16 * (SIZE + 1), TABLE, 0 });
	make_available(SIZE, 0);
	assert_err(virtq_pop(&q, &gm, &c, &e), -EPROTO, &e,
		   "a chain of more than 8 buffers");
	put_desc(INDIRECT, SIZE - 1, (struct driver_desc){ BUFFERS, 1, 0, 0 });
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.count, SIZE);
}
END_TEST

/* 2.7.5.3 does not require an alignment. */
START_TEST(virtq__follows_an_indirect_table_at_an_odd_address)
{
	with(INDIRECT_OK);
	put_desc(INDIRECT + 1, 0, (struct driver_desc){ BUFFERS, 7, WRITE, 0 });
	put_desc(DESC, 0, (struct driver_desc){ INDIRECT + 1, 16, TABLE, 0 });
	make_available(SIZE, 0);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert_uint_eq(c.seg[0].len, 7);
}
END_TEST

/* --- chains that break a rule */

static const struct {
	const char *what;
	uint64_t features;
	unsigned head;
	struct driver_desc desc[3], indirect[2];
	const char *msg;
} broken[] = {
	{ "head outside the table", .head = SIZE,
	  .msg = "chain 8: descriptor 8 of a table of 8 (2.7.5)" },
	{ "head far outside", .head = 0xffff, .msg = "descriptor 65535" },
	{ "link outside the table", .desc = { { BUFFERS, 1, NEXT, SIZE } },
	  .msg = "descriptor 8 of a table of 8" },
	{ "a descriptor that is its own next",
	  .desc = { { BUFFERS, 1, NEXT, 0 } },
	  .msg = "chain 0: a chain of more than 8 buffers, or a loop" },
	{ "a loop of two, writable",
	  .desc = { { BUFFERS, 1, NEXT | WRITE, 1 },
		    { BUFFERS, 1, NEXT | WRITE, 0 } },
	  .msg = "or a loop" },
	{ "a loop of empty buffers",
	  .desc = { { 0, 0, NEXT, 1 }, { 0, 0, NEXT, 0 } },
	  .msg = "or a loop" },
	{ "readable behind writable",
	  .desc = { { BUFFERS, 1, NEXT | WRITE, 1 }, { BUFFERS, 1, 0, 0 } },
	  .msg = "a readable buffer behind a writable one (2.7.4.2)" },
	{ "empty readable behind empty writable",
	  .desc = { { 0, 0, NEXT | WRITE, 1 }, { 0, 0, 0, 0 } },
	  .msg = "a readable buffer behind a writable one (2.7.4.2)" },
	{ "one byte past RAM", .desc = { { RAM - 15, 16, WRITE, 0 } },
	  .msg = "a buffer, 16 bytes at 0x3fffff1, is not all RAM" },
	{ "in the hole", .desc = { { 0xd0000000, 16, WRITE, 0 } },
	  .msg = "16 bytes at 0xd0000000, is not all RAM" },
	{ "around the end of the address space",
	  .desc = { { UINT64_MAX - 7, 16, WRITE, 0 } },
	  .msg = "is not all RAM" },
	{ "as long as can be", .desc = { { 0, UINT32_MAX, WRITE, 0 } },
	  .msg = "a buffer, 4294967295 bytes at 0x0, is not all RAM" },
	{ "the second of two",
	  .desc = { { BUFFERS, 1, NEXT, 1 }, { RAM, 1, 0, 0 } },
	  .msg = "1 bytes at 0x4000000, is not all RAM" },
	{ "indirect, not negotiated", .desc = { { INDIRECT, 16, TABLE, 0 } },
	  .msg = "which was not negotiated (2.7.5.3.1)" },
	{ "indirect with next", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 16, TABLE | NEXT, 1 } },
	  .msg = "an indirect descriptor with a next one (2.7.5.3.1)" },
	{ "indirect in indirect", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 32, TABLE, 0 } },
	  .indirect = { { INDIRECT, 16, TABLE, 0 } },
	  .msg = "in an indirect table (2.7.5.3.1)" },
	{ "indirect of no descriptor", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 0, TABLE, 0 } },
	  .msg = "an indirect table of 0 bytes" },
	{ "indirect of one and a half", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 24, TABLE, 0 } },
	  .msg = "an indirect table of 24 bytes, not a multiple of 16" },
	{ "indirect past RAM", .features = INDIRECT_OK,
	  .desc = { { RAM - 16, 32, TABLE, 0 } },
	  .msg = "the indirect table, 32 bytes at 0x3fffff0, is not all RAM" },
	{ "link outside the indirect table", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 32, TABLE, 0 } },
	  .indirect = { { BUFFERS, 1, NEXT, 2 } },
	  .msg = "descriptor 2 of a table of 2" },
	{ "a loop in the indirect table", .features = INDIRECT_OK,
	  .desc = { { INDIRECT, 32, TABLE, 0 } },
	  .indirect = { { BUFFERS, 1, NEXT, 1 }, { BUFFERS, 1, NEXT, 0 } },
	  .msg = "a chain of more than 8 buffers, or a loop" },
	{ "readable in the table, behind writable outside",
	  .features = INDIRECT_OK,
	  .desc = { { BUFFERS, 1, NEXT | WRITE, 1 },
		    { INDIRECT, 16, TABLE, 0 } },
	  .indirect = { { BUFFERS, 1, 0, 0 } },
	  .msg = "a readable buffer behind a writable one" },
};

START_TEST(virtq__refuses_a_broken_chain)
{
	int rc;

	with(broken[_i].features);
	for (unsigned i = 0; i < COUNT(broken[_i].desc); i++)
		put_desc(DESC, i, broken[_i].desc[i]);
	for (unsigned i = 0; i < COUNT(broken[_i].indirect); i++)
		put_desc(INDIRECT, i, broken[_i].indirect[i]);
	make_available(SIZE, broken[_i].head);
	rc = virtq_pop(&q, &gm, &c, &e);
	ck_assert_msg(rc < 0, "%s: %d", broken[_i].what, rc);
	assert_err(rc, -EPROTO, &e, broken[_i].msg);
}
END_TEST

START_TEST(virtq__refuses_an_index_too_far_ahead)
{
	put16(AVAIL + 2, SIZE);
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	put16(AVAIL + 2, SIZE + 2);
	assert_err(virtq_pop(&q, &gm, &c, &e), -EPROTO, &e,
		   "available idx went from 1 to 10 in a queue of 8 (2.7.6.1)");
	/* An index that went back looks far ahead. */
	put16(AVAIL + 2, 0);
	assert_err(virtq_pop(&q, &gm, &c, &e), -EPROTO, &e, "from 1 to 0");
}
END_TEST

/* --- notifications (2.7.7, 2.7.10) */

START_TEST(virtq__notifies_unless_flags_say_no)
{
	put16(AVAIL + 4 + 2 * SIZE, 1234); /* used_event: must be ignored */
	ck_assert(push(0, 0));
	put16(AVAIL, 1);
	ck_assert(!push(0, 0));
	put16(AVAIL, 0);
	ck_assert(push(0, 0));
}
END_TEST

START_TEST(virtq__notifies_at_used_event)
{
	with(EVENT_IDX);
	put16(AVAIL, 1); /* "MUST ignore the lower bit of flags" */
	put16(AVAIL + 4 + 2 * SIZE, 2);
	ck_assert(!push(0, 0));
	ck_assert(!push(0, 0));
	ck_assert(push(0, 0));
	ck_assert(!push(0, 0));
}
END_TEST

START_TEST(virtq__asks_for_the_next_notification)
{
	with(EVENT_IDX);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	make_available(SIZE, 0);
	ck_assert(virtq_arm(&q));
	ck_assert_int_eq(virtq_pop(&q, &gm, &c, &e), 1);
	ck_assert(!virtq_arm(&q));
	ck_assert_uint_eq(get16(USED + 4 + 8 * SIZE), 1);
}
END_TEST

START_TEST(virtq__leaves_avail_event_alone)
{
	put16(USED + 4 + 8 * SIZE, 0x5555);
	ck_assert(!virtq_arm(&q));
	ck_assert_uint_eq(get16(USED + 4 + 8 * SIZE), 0x5555);
}
END_TEST

/* --- cursors */

static uint8_t bytes[64];
static struct iovec iov[8];

/* 10 readable bytes in segments of 1, 4, 2, 3, then 9 writable ones in 5, 4. */
static void cut(void)
{
	static const uint32_t lens[] = { 1, 4, 2, 3, 5, 4 };
	uint32_t off = 0;

	memset(&c, 0, sizeof(c));
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)('a' + i);
	for (unsigned i = 0; i < COUNT(lens); i++) {
		/* With a gap of one byte between any two. */
		c.seg[c.count++] = (struct virtq_seg){ bytes + off, lens[i] };
		off += lens[i] + 1;
	}
	c.readable = 4;
	c.readable_bytes = 10;
	c.writable_bytes = 9;
}

START_TEST(virtq_cursor__reads_across_segments)
{
	struct virtq_cursor r;
	char got[16] = "";

	cut();
	r = virtq_reader(&c);
	ck_assert_uint_eq(r.left, 10);
	ck_assert_uint_eq(virtq_read(&r, got, 0), 0);
	ck_assert_uint_eq(virtq_read(&r, got, 3), 3);
	ck_assert_str_eq(got, "acd");
	ck_assert_uint_eq(virtq_read(&r, got, sizeof(got) - 1), 7);
	ck_assert_mem_eq(got, "efhiklm", 7);
	ck_assert_uint_eq(r.left, 0);
	ck_assert_uint_eq(virtq_read(&r, got, 1), 0);
}
END_TEST

START_TEST(virtq_cursor__writes_only_what_is_writable)
{
	uint8_t before[sizeof(bytes)];
	struct virtq_cursor w;

	cut();
	memcpy(before, bytes, sizeof(bytes));
	w = virtq_writer(&c);
	ck_assert_uint_eq(virtq_write(&w, "012", 3), 3);
	ck_assert_uint_eq(virtq_write(&w, "3456789XYZ", 10), 6);
	ck_assert_uint_eq(virtq_write(&w, "!", 1), 0);
	memcpy(before + 14, "01234", 5);
	memcpy(before + 20, "5678", 4);
	ck_assert_mem_eq(bytes, before, sizeof(bytes));
}
END_TEST

/* The last byte of a request is its status, wherever it is. */
START_TEST(virtq_cursor__splits_at_any_byte)
{
	for (uint64_t at = 0; at <= 11; at++) {
		struct virtq_cursor rest, front;
		char a[16] = "", b[16] = "";
		size_t n, want = at < 10 ? at : 10;

		cut();
		rest = virtq_reader(&c);
		front = virtq_split(&rest, at);
		ck_assert_uint_eq(front.left, want);
		ck_assert_uint_eq(rest.left, 10 - want);
		n = virtq_read(&front, a, sizeof(a) - 1);
		ck_assert_uint_eq(n, want);
		ck_assert_uint_eq(virtq_read(&rest, b, sizeof(b) - 1), 10 - n);
		strcat(a, b);
		ck_assert_str_eq(a, "acdefhiklm");
	}
}
END_TEST

START_TEST(virtq_cursor__gives_pieces_of_guest_memory)
{
	struct virtq_cursor w, r;

	cut();
	w = virtq_writer(&c);
	virtq_split(&w, 2);
	ck_assert_uint_eq(virtq_iov(&w, 100, iov, 8), 2);
	ck_assert_ptr_eq(iov[0].iov_base, bytes + 16);
	ck_assert_uint_eq(iov[0].iov_len, 3);
	ck_assert_ptr_eq(iov[1].iov_base, bytes + 20);
	ck_assert_uint_eq(iov[1].iov_len, 4);
	ck_assert_uint_eq(virtq_iov(&w, 100, iov, 8), 0);

	/* Up to the end of the table of pieces, and past it. */
	r = virtq_reader(&c);
	ck_assert_uint_eq(virtq_iov(&r, 9, iov, 2), 2);
	ck_assert_uint_eq(r.left, 5);
	ck_assert_uint_eq(virtq_iov(&r, 4, iov, 8), 2);
	ck_assert_uint_eq(iov[1].iov_len, 2);
	ck_assert_uint_eq(r.left, 1);
}
END_TEST

START_TEST(virtq_cursor__of_an_empty_chain_is_at_its_end)
{
	struct virtq_cursor r, w;
	char x = 'x';

	memset(&c, 0, sizeof(c));
	r = virtq_reader(&c);
	w = virtq_writer(&c);
	ck_assert_uint_eq(virtq_read(&r, &x, 1), 0);
	ck_assert_uint_eq(virtq_write(&w, &x, 1), 0);
	ck_assert_uint_eq(virtq_iov(&w, 1, iov, 8), 0);
	ck_assert_uint_eq(virtq_split(&w, 1).left, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_queue");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, driver_teardown);
	tcase_add_loop_test(t, virtq__checks_its_layout, 0,
			    (int)COUNT(layouts));
	tcase_add_test(t, virtq__clears_the_used_flags);
	tcase_add_test(t, virtq__is_empty_at_first);
	tcase_add_test(t, virtq__gives_readable_then_writable);
	tcase_add_test(t, virtq__takes_a_chain_as_long_as_the_queue);
	tcase_add_test(t, virtq__takes_a_buffer_that_ends_with_ram);
	tcase_add_test(t, virtq__leaves_out_empty_buffers);
	tcase_add_test(t, virtq__takes_a_chain_of_4_gib);
	tcase_add_test(t, virtq__goes_round_its_rings);
	tcase_add_test(t, virtq__pops_again_what_was_put_back);
	tcase_add_test(t, virtq__follows_an_indirect_table);
	tcase_add_test(t,
		       virtq__refuses_an_indirect_chain_longer_than_the_queue);
	tcase_add_test(t, virtq__follows_an_indirect_table_at_an_odd_address);
	tcase_add_loop_test(t, virtq__refuses_a_broken_chain, 0,
			    (int)COUNT(broken));
	tcase_add_test(t, virtq__refuses_an_index_too_far_ahead);
	tcase_add_test(t, virtq__notifies_unless_flags_say_no);
	tcase_add_test(t, virtq__notifies_at_used_event);
	tcase_add_test(t, virtq__asks_for_the_next_notification);
	tcase_add_test(t, virtq__leaves_avail_event_alone);
	suite_add_tcase(s, t);
	t = tcase_create("cursors");
	tcase_add_test(t, virtq_cursor__reads_across_segments);
	tcase_add_test(t, virtq_cursor__writes_only_what_is_writable);
	tcase_add_test(t, virtq_cursor__splits_at_any_byte);
	tcase_add_test(t, virtq_cursor__gives_pieces_of_guest_memory);
	tcase_add_test(t, virtq_cursor__of_an_empty_chain_is_at_its_end);
	suite_add_tcase(s, t);
	return s;
}
