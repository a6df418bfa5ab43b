/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus: which device claims which range, how accesses are split, and
 * unclaimed accesses.
 */
#include "unit/unit.h"
#include "dev/bus.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#define CALLS_MAX 16

/* A device that records its accesses; each byte reads as its offset. */
struct diary {
	struct {
		uint64_t off, value;
		unsigned size;
		bool write;
	} calls[CALLS_MAX];
	unsigned count;
};

static void note(struct diary *d, uint64_t off, unsigned size, bool write,
		 uint64_t value)
{
	ck_assert_uint_lt(d->count, CALLS_MAX);
	d->calls[d->count].off = off;
	d->calls[d->count].size = size;
	d->calls[d->count].write = write;
	d->calls[d->count++].value = value;
}

static uint64_t diary_read(void *dev, uint64_t off, unsigned size)
{
	uint64_t value = 0;

	note(dev, off, size, false, 0);
	for (unsigned i = 0; i < size; i++)
		value |= (0x10 + off + i) << 8 * i;
	return value;
}

static void diary_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	note(dev, off, size, true, value);
}

static const struct device_ops narrow = {
	.name = "narrow", .width = 1, .read = diary_read, .write = diary_write
};
static const struct device_ops wide = {
	.name = "wide", .width = 4, .read = diary_read, .write = diary_write
};

static struct bus bus;
static struct diary a, b;

static void setup(void)
{
	struct err e;

	bus_init(&bus, "port");
	a = b = (struct diary){ .count = 0 };
	/* The second device has the lower address. */
	assert_ok(bus_add(&bus, 0x200, 8, &wide, &b, &e), &e);
	assert_ok(bus_add(&bus, 0x100, 4, &narrow, &a, &e), &e);
}

static void expect_bytes(const uint8_t *got, const char *want, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_assert_msg(got[i] == (uint8_t)want[i],
			      "byte %u is 0x%02x, not 0x%02x", i, got[i],
			      (uint8_t)want[i]);
}

static const struct {
	uint64_t addr;
	unsigned size;
	const char *bytes;
	unsigned a_calls, b_calls;
} reads[] = {
	{ 0x100, 1, "\x10", 1, 0 },
	{ 0x103, 1, "\x13", 1, 0 },
	/* wider than the device: split, at rising offsets */
	{ 0x100, 4, "\x10\x11\x12\x13", 4, 0 },
	{ 0x101, 2, "\x11\x12", 2, 0 },
	{ 0x200, 4, "\x10\x11\x12\x13", 0, 1 },
	{ 0x200, 8, "\x10\x11\x12\x13\x14\x15\x16\x17", 0, 2 },
	{ 0x206, 2, "\x16\x17", 0, 1 },
	/* partly out of range: the rest reads ones */
	{ 0x103, 4, "\x13\xff\xff\xff", 1, 0 },
	{ 0x207, 4, "\x17\xff\xff\xff", 0, 1 },
	{ 0x205, 4, "\x15\x16\x17\xff", 0, 1 },
	{ 0x202, 8, "\x12\x13\x14\x15\x16\x17\xff\xff", 0, 2 },
	/* no device */
	{ 0x104, 1, "\xff", 0, 0 },
	{ 0xff, 2, "\xff\xff", 0, 0 },
	{ 0, 4, "\xff\xff\xff\xff", 0, 0 },
	{ 0x208, 1, "\xff", 0, 0 },
	{ UINT64_MAX, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0 },
};

START_TEST(bus__read)
{
	uint8_t data[8] = { 0 };

	bus_access(&bus, reads[_i].addr, data, reads[_i].size, false);
	expect_bytes(data, reads[_i].bytes, reads[_i].size);
	ck_assert_uint_eq(a.count, reads[_i].a_calls);
	ck_assert_uint_eq(b.count, reads[_i].b_calls);
	/* No more bytes were filled in than requested. */
	for (unsigned i = reads[_i].size; i < sizeof(data); i++)
		ck_assert_uint_eq(data[i], 0);
}
END_TEST

START_TEST(bus__write_wide_to_a_narrow_device)
{
	uint8_t data[4] = { 0xde, 0xad, 0xbe, 0xef };

	bus_access(&bus, 0x101, data, 4, true);
	ck_assert_uint_eq(a.count, 3); /* the fourth is beyond its ports */
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(a.calls[i].off, i + 1);
		ck_assert_uint_eq(a.calls[i].size, 1);
		ck_assert_uint_eq(a.calls[i].value, data[i]);
		ck_assert(a.calls[i].write);
	}
	expect_bytes(data, "\xde\xad\xbe\xef", 4);
}
END_TEST

START_TEST(bus__write_at_full_width)
{
	uint8_t data[4] = { 0x78, 0x56, 0x34, 0x12 };

	bus_access(&bus, 0x204, data, 4, true);
	ck_assert_uint_eq(b.count, 1);
	ck_assert_uint_eq(b.calls[0].off, 4);
	ck_assert_uint_eq(b.calls[0].size, 4);
	ck_assert_uint_eq(b.calls[0].value, 0x12345678);
}
END_TEST

static const struct {
	uint64_t start, len;
	const char *message; /* NULL: it fits */
} adds[] = {
	{ 0x104, 0xfc, NULL }, /* exactly between the two */
	{ 0, 0x100, NULL },
	{ 0x208, 1, NULL },
	{ UINT64_MAX - 1, 1, NULL },
	{ 0x100, 4, "port 0x100 of extra overlaps narrow" },
	{ 0x103, 1, "port 0x103 of extra overlaps narrow" },
	{ 0xff, 2, "overlaps narrow" },
	{ 0x104, 0xfd, "port 0x104 of extra overlaps wide" },
	{ 0x1ff, 100, "overlaps wide" },
	{ 0x207, 1, "overlaps wide" },
	{ 0, 0x1000, "of extra overlaps" },
};

START_TEST(bus__add)
{
	static const struct device_ops extra = { .name = "extra",
						 .width = 1,
						 .read = diary_read,
						 .write = diary_write };
	struct diary d = { .count = 0 };
	uint8_t byte;
	struct err e;
	int rc = bus_add(&bus, adds[_i].start, adds[_i].len, &extra, &d, &e);

	if (adds[_i].message) {
		assert_err(rc, -EBUSY, &e, adds[_i].message);
		ck_assert_uint_eq(bus.count, 2);
		return;
	}
	assert_ok(rc, &e);
	bus_access(&bus, adds[_i].start, &byte, 1, false);
	bus_access(&bus, adds[_i].start + adds[_i].len - 1, &byte, 1, false);
	ck_assert_uint_eq(d.count, 2);
	/* The other devices still respond. */
	bus_access(&bus, 0x103, &byte, 1, false);
	bus_access(&bus, 0x200, &byte, 1, false);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(b.count, 1);
}
END_TEST

START_TEST(bus__is_full_at_last)
{
	struct err e;
	int rc = 0;

	for (unsigned i = 2; i < BUS_MAX_RANGES; i++)
		assert_ok(bus_add(&bus, 0x1000 + i, 1, &narrow, &a, &e), &e);
	rc = bus_add(&bus, 0x9000, 1, &wide, &b, &e);
	assert_err(rc, -ENOSPC, &e, "port bus is full: no room for wide");
}
END_TEST

START_TEST(bus__counts_what_nobody_answers)
{
	uint8_t data[4] = { 0 };

	for (unsigned i = 0; i < 3; i++)
		bus_access(&bus, 0x500, data, 4, false);
	bus_access(&bus, 0x500, data, 4, true);
	ck_assert_uint_eq(bus.unknown_count, 1);
	ck_assert_uint_eq(bus.unknown[0].addr, 0x500);
	ck_assert_uint_eq(bus.unknown[0].reads, 3);
	ck_assert_uint_eq(bus.unknown[0].writes, 1);
}
END_TEST

START_TEST(bus__counting_is_bounded)
{
	uint8_t data = 0;

	for (unsigned i = 0; i < 2 * BUS_MAX_UNKNOWN; i++)
		bus_access(&bus, 0x8000 + i, &data, 1, i & 1);
	ck_assert_uint_eq(bus.unknown_count, BUS_MAX_UNKNOWN);
	ck_assert_uint_eq(bus.unknown_others, BUS_MAX_UNKNOWN);
	/* An access that the table already holds is still counted. */
	bus_access(&bus, 0x8000, &data, 1, false);
	ck_assert_uint_eq(bus.unknown[0].reads, 2);
	ck_assert_uint_eq(bus.unknown_others, BUS_MAX_UNKNOWN);
}
END_TEST

/*
 * A device that counts how many threads are in it at once. Each thread stays
 * for a while, or until @want of them are inside.
 */
struct room {
	atomic_uint inside, most;
	unsigned want;
};

static uint64_t room_read(void *dev, uint64_t off, unsigned size)
{
	struct room *room = dev;
	unsigned now = atomic_fetch_add(&room->inside, 1) + 1;

	for (unsigned most = room->most; now > most;)
		if (atomic_compare_exchange_weak(&room->most, &most, now))
			break;
	for (unsigned ms = 0; ms < 50 || room->want; ms++) {
		if (room->want && room->most >= room->want)
			break;
		if (ms == 1000)
			break;
		usleep(1000);
	}
	atomic_fetch_sub(&room->inside, 1);
	return off + size;
}

static void room_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	room_read(dev, off, size);
}

static const struct device_ops quiet_room = {
	.name = "room", .width = 1, .read = room_read, .write = room_write
};
static const struct device_ops open_room = { .name = "open",
					     .width = 1,
					     .read = room_read,
					     .write = room_write,
					     .locks_itself = true };

static void *two_bytes(void *addr)
{
	uint8_t data[2];

	bus_access(&bus, *(uint64_t *)addr, data, 2, false);
	return NULL;
}

static void access_at_once(uint64_t first, uint64_t second)
{
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, two_bytes, &first), 0);
	two_bytes(&second);
	pthread_join(other, NULL);
}

START_TEST(bus__one_thread_at_a_time)
{
	struct room room = { .want = 0 };
	struct err e;

	assert_ok(bus_add(&bus, 0x40, 8, &quiet_room, &room, &e), &e);
	access_at_once(0x40, 0x42);
	ck_assert_uint_eq(room.most, 1);
}
END_TEST

/* A blocked write to the terminal must not block other devices' ports. */
START_TEST(bus__leaves_alone_who_locks_itself)
{
	struct room room = { .want = 2 };
	struct err e;

	assert_ok(bus_add(&bus, 0x40, 8, &open_room, &room, &e), &e);
	access_at_once(0x40, 0x42);
	ck_assert_uint_eq(room.most, 2);
}
END_TEST

/* Devices never share a lock, whatever their places in the table. */
START_TEST(bus__locks_each_range_for_itself)
{
	struct room room = { .want = 2 };
	struct err e;

	assert_ok(bus_add(&bus, 0x40, 8, &quiet_room, &room, &e), &e);
	assert_ok(bus_add(&bus, 0x20, 8, &quiet_room, &room, &e), &e);
	access_at_once(0x20, 0x40);
	ck_assert_uint_eq(room.most, 2);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("bus");
	TCase *t = tcase_create("bus");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, bus__read, 0, COUNT(reads));
	tcase_add_test(t, bus__write_wide_to_a_narrow_device);
	tcase_add_test(t, bus__write_at_full_width);
	tcase_add_loop_test(t, bus__add, 0, COUNT(adds));
	tcase_add_test(t, bus__is_full_at_last);
	tcase_add_test(t, bus__counts_what_nobody_answers);
	tcase_add_test(t, bus__counting_is_bounded);
	tcase_add_test(t, bus__one_thread_at_a_time);
	tcase_add_test(t, bus__leaves_alone_who_locks_itself);
	tcase_add_test(t, bus__locks_each_range_for_itself);
	suite_add_tcase(s, t);
	return s;
}
