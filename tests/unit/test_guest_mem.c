/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: which guest-physical ranges have a pointer, what zeroing leaves
 * alone, and the guest's map of it.
 */
#include "unit/unit.h"
#include "vm/e820.h"
#include "vm/guest_mem.h"

#include <errno.h>
#include <inttypes.h>

#define KIB UINT64_C(1024)
#define MIB (KIB << 10)
#define GIB (MIB << 10)

#define NONE UINT64_MAX

static const struct {
	uint64_t size;
	uint64_t gpa;
	uint64_t len;
	uint64_t at; /* offset in the mapping, or NONE */
} pointers[] = {
	/* all of it lies below the hole */
	{ 64 * MIB, 0, 64 * MIB, 0 },
	{ 64 * MIB, 0, 64 * MIB + 1, NONE },
	{ 64 * MIB, 64 * MIB - 1, 1, 64 * MIB - 1 },
	{ 64 * MIB, 64 * MIB - 1, 2, NONE },
	{ 64 * MIB, 64 * MIB, 0, 64 * MIB },
	{ 64 * MIB, 64 * MIB, 1, NONE },
	{ 64 * MIB, 64 * MIB + 1, 0, NONE },
	{ 64 * MIB, 0, 0, 0 },
	{ 64 * MIB, 0, UINT64_MAX, NONE },
	{ 64 * MIB, UINT64_MAX, 1, NONE },
	{ 64 * MIB, UINT64_MAX, UINT64_MAX, NONE },
	{ 64 * MIB, 4 * MIB, UINT64_MAX - 4 * MIB + 1, NONE },
	{ 64 * MIB, 4 * GIB, 1, NONE },
	/* exactly up to the hole */
	{ 3 * GIB, 0, 3 * GIB, 0 },
	{ 3 * GIB, 3 * GIB - 4, 4, 3 * GIB - 4 },
	{ 3 * GIB, 3 * GIB - 4, 5, NONE },
	{ 3 * GIB, 4 * GIB, 1, NONE },
	/* one page past it */
	{ 3 * GIB + 4 * KIB, 3 * GIB, 1, NONE },
	{ 3 * GIB + 4 * KIB, 4 * GIB, 4 * KIB, 3 * GIB },
	{ 3 * GIB + 4 * KIB, 4 * GIB, 4 * KIB + 1, NONE },
	/* on both sides, but never across */
	{ 6 * GIB, 3 * GIB - 1, 1, 3 * GIB - 1 },
	{ 6 * GIB, 3 * GIB - 1, 2, NONE },
	{ 6 * GIB, 3 * GIB, 1, NONE },
	{ 6 * GIB, 4 * GIB - 1, 1, NONE },
	{ 6 * GIB, 4 * GIB - 1, 2, NONE },
	{ 6 * GIB, 3 * GIB - 1, 1 * GIB + 2, NONE },
	{ 6 * GIB, 4 * GIB, 1, 3 * GIB },
	{ 6 * GIB, 4 * GIB, 3 * GIB, 3 * GIB },
	{ 6 * GIB, 4 * GIB, 3 * GIB + 1, NONE },
	{ 6 * GIB, 7 * GIB - 1, 1, 6 * GIB - 1 },
	{ 6 * GIB, 7 * GIB, 0, 6 * GIB },
	{ 6 * GIB, 7 * GIB, 1, NONE },
	{ 6 * GIB, 7 * GIB - 1, UINT64_MAX, NONE },
};

START_TEST(guest_mem__pointer_or_none)
{
	struct guest_mem gm;
	struct err e;
	uint8_t *p;

	assert_ok(guest_mem_init(&gm, pointers[_i].size, &e), &e);
	p = guest_mem_ptr(&gm, pointers[_i].gpa, pointers[_i].len);
	if (pointers[_i].at == NONE)
		ck_assert_ptr_null(p);
	else
		ck_assert_ptr_eq(p, gm.base + pointers[_i].at);
	guest_mem_release(&gm);
}
END_TEST

/* Whole pages of a range go, and read as zeros; bytes around them stay. With a
 * second mapping, they are gone in both. */
static const struct {
	uint64_t off, len, want;
} discards[] = {
	{ 2 * MIB, 2 * MIB, 2 * MIB },
	{ 2 * MIB + 4 * KIB, 8 * KIB, 8 * KIB },
	{ 2 * MIB + 1, 8 * KIB, 4 * KIB },
	{ 2 * MIB + 1, 8 * KIB - 1, 4 * KIB },
	{ 2 * MIB + 1, 4 * KIB - 2, 0 },
	{ 2 * MIB + 1, 4 * KIB, 0 },
	{ 2 * MIB, 0, 0 },
	{ 60 * MIB, 4 * MIB, 4 * MIB },
};

static void discard(struct guest_mem *gm, int row)
{
	uint64_t off = discards[row].off, len = discards[row].len;
	uint64_t zeros = 0, wrong = 0;

	memset(gm->base + 2 * MIB, 1, 62 * MIB);
	ck_assert_uint_eq(guest_mem_discard(gm, gm->base + off, len),
			  discards[row].want);
	for (uint64_t i = 2 * MIB; i < 64 * MIB; i++) {
		bool inside = i >= off && i < off + len;

		zeros += !gm->base[i];
		wrong += !gm->base[i] && !inside;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(zeros, discards[row].want);
}

START_TEST(guest_mem__discards_whole_pages)
{
	struct guest_mem gm;
	struct err e;

	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	discard(&gm, _i);
	guest_mem_release(&gm);
	assert_ok(guest_mem_init_twice(&gm, 64 * MIB, &e), &e);
	discard(&gm, _i);
	ck_assert_uint_eq(gm.view[discards[_i].off + discards[_i].len / 2],
			  gm.base[discards[_i].off + discards[_i].len / 2]);
	guest_mem_release(&gm);
}
END_TEST

static const struct {
	uint64_t size;
	uint64_t low, high;
} sizes[] = {
	{ 64 * MIB, 64 * MIB, 0 },
	{ 256 * MIB + 4 * KIB, 256 * MIB + 4 * KIB, 0 },
	{ 3 * GIB, 3 * GIB, 0 },
	{ 3 * GIB + 4 * KIB, 3 * GIB, 4 * KIB },
	{ 6 * GIB, 3 * GIB, 3 * GIB },
	{ 512 * GIB, 3 * GIB, 509 * GIB },
};

START_TEST(guest_mem__of_every_size)
{
	struct guest_mem gm;
	struct err e;

	assert_ok(guest_mem_init(&gm, sizes[_i].size, &e), &e);
	ck_assert_uint_eq(gm.low_size, sizes[_i].low);
	ck_assert_uint_eq(gm.high_size, sizes[_i].high);
	ck_assert_uint_eq(guest_mem_size(&gm), sizes[_i].size);
	/* The first and last byte exist, and are zero at the start. */
	ck_assert_uint_eq(gm.base[0], 0);
	ck_assert_uint_eq(gm.base[sizes[_i].size - 1], 0);
	gm.base[sizes[_i].size - 1] = 1;
	/* A huge page can back every 2 MiB of the guest. */
	ck_assert_uint_eq((uintptr_t)gm.base % (2 * MIB), 0);
	guest_mem_release(&gm);
	guest_mem_release(&gm);
	ck_assert_ptr_null(gm.base);
}
END_TEST

static const struct {
	uint64_t size;
	const char *message;
} wrong_sizes[] = {
	{ 0, "memory size 0 is outside 64M to 512G" },
	{ 64 * MIB - 4 * KIB, "is outside 64M to 512G" },
	{ 512 * GIB + 4 * KIB, "is outside 64M to 512G" },
	{ UINT64_MAX, "is outside 64M to 512G" },
	{ 64 * MIB + 1, "memory size 67108865 is not a multiple of 4K" },
	{ 64 * MIB + 2 * KIB, "is not a multiple of 4K" },
};

START_TEST(guest_mem__refuses_the_size)
{
	struct guest_mem gm = { 0 };
	struct err e;
	int rc = guest_mem_init(&gm, wrong_sizes[_i].size, &e);

	assert_err(rc, -EINVAL, &e, wrong_sizes[_i].message);
	ck_assert_ptr_null(gm.base);
}
END_TEST

START_TEST(guest_mem__copies_and_refuses)
{
	struct guest_mem gm;
	char back[4] = "";
	struct err e;
	int rc;

	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	assert_ok(guest_mem_write(&gm, 64 * MIB - 4, "abc", 4, "x", &e), &e);
	assert_ok(guest_mem_read(&gm, 64 * MIB - 4, back, 4, "x", &e), &e);
	ck_assert_str_eq(back, "abc");
	rc = guest_mem_write(&gm, 64 * MIB - 3, "abc", 4, "boot_params", &e);
	assert_err(rc, -EFAULT, &e,
		   "boot_params: 4 bytes at guest-physical 0x3fffffd are not "
		   "all RAM (RAM ends at 0x4000000)");
	rc = guest_mem_read(&gm, UINT64_MAX, back, 4, "it", &e);
	assert_err(rc, -EFAULT, &e, "guest-physical 0xffffffffffffffff");
	guest_mem_release(&gm);
	assert_ok(guest_mem_init(&gm, 5 * GIB, &e), &e);
	rc = guest_mem_write(&gm, 3 * GIB - 1, "ab", 2, "it", &e);
	assert_err(rc, -EFAULT, &e,
		   "(RAM ends at 0x180000000, with a hole from 3 to 4 GiB)");
	guest_mem_release(&gm);
}
END_TEST

/* Pages above 1 MiB are dropped, those below are cleared. */
static const struct {
	uint64_t gpa, len;
} zeros[] = {
	{ 5 * MIB, 0 },
	{ 5 * MIB, 1 },
	{ 5 * MIB + 1, 4 * KIB },
	{ 5 * MIB + 4095, 2 },
	{ 5 * MIB, 1 * MIB - 1 },
	{ 5 * MIB, 1 * MIB },
	{ 5 * MIB + 1, 1 * MIB },
	{ 5 * MIB - 1, 1 * MIB + 1 },
	{ 5 * MIB + 77, 3 * MIB + 4321 },
	{ 5 * MIB, 4 * MIB },
};

START_TEST(guest_mem__zero_what_was_asked_and_no_more)
{
	const uint64_t lo = 4 * MIB, hi = 10 * MIB;
	struct guest_mem gm;
	struct err e;

	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	memset(gm.base + lo, 0xa5, hi - lo);
	guest_mem_zero(&gm, zeros[_i].gpa, zeros[_i].len);
	for (uint64_t at = lo; at < hi; at++) {
		bool inside = at >= zeros[_i].gpa &&
			      at - zeros[_i].gpa < zeros[_i].len;

		if (gm.base[at] != (inside ? 0 : 0xa5))
			ck_abort_msg("0x%02x at 0x%" PRIx64, gm.base[at], at);
	}
	guest_mem_release(&gm);
}
END_TEST

START_TEST(guest_mem__zero_at_the_end_of_ram)
{
	struct guest_mem gm;
	struct err e;

	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	memset(gm.base + 60 * MIB, 0xa5, 4 * MIB);
	guest_mem_zero(&gm, 64 * MIB, 0);
	guest_mem_zero(&gm, 61 * MIB, 3 * MIB);
	ck_assert_uint_eq(gm.base[61 * MIB - 1], 0xa5);
	ck_assert_uint_eq(gm.base[61 * MIB], 0);
	ck_assert_uint_eq(gm.base[64 * MIB - 1], 0);
	guest_mem_release(&gm);
}
END_TEST

/* The first megabyte is the same in every machine. */
#define LOW_ENTRIES                                                  \
	{ 0, 0x9fc00, E820_RAM }, { 0x9fc00, 0x400, E820_RESERVED }, \
	{                                                            \
		0xe0000, 0x20000, E820_RESERVED                      \
	}

static const struct {
	uint64_t size;
	struct e820_entry want[6];
	unsigned count;
} maps[] = {
	{ 64 * MIB, { LOW_ENTRIES, { 1 * MIB, 63 * MIB, E820_RAM } }, 4 },
	{ 3 * GIB, { LOW_ENTRIES, { 1 * MIB, 3071 * MIB, E820_RAM } }, 4 },
	{ 3 * GIB + 4 * KIB,
	  { LOW_ENTRIES,
	    { 1 * MIB, 3071 * MIB, E820_RAM },
	    { 4 * GIB, 4 * KIB, E820_RAM } },
	  5 },
	{ 6 * GIB,
	  { LOW_ENTRIES,
	    { 1 * MIB, 3071 * MIB, E820_RAM },
	    { 4 * GIB, 3 * GIB, E820_RAM } },
	  5 },
};

START_TEST(e820__tells_all_ram)
{
	struct e820 map = { .count = 7 };
	struct guest_mem gm;
	struct err e;

	assert_ok(guest_mem_init(&gm, maps[_i].size, &e), &e);
	e820_build(&map, &gm);
	ck_assert_uint_eq(map.count, maps[_i].count);
	for (unsigned i = 0; i < map.count; i++) {
		const struct e820_entry *got = &map.entries[i];
		const struct e820_entry *want = &maps[_i].want[i];

		ck_assert_msg(got->addr == want->addr &&
				      got->size == want->size &&
				      got->type == want->type,
			      "entry %u: 0x%" PRIx64 "+0x%" PRIx64 " %u", i,
			      got->addr, got->size, got->type);
	}
	guest_mem_release(&gm);
}
END_TEST

START_TEST(guest_mem__counts_what_was_touched)
{
	struct guest_mem gm;
	struct err e;
	uint64_t one;

	assert_ok(guest_mem_init(&gm, 6 * GIB, &e), &e);
	ck_assert_uint_eq(guest_mem_touched(&gm), 0);
	*(uint8_t *)guest_mem_ptr(&gm, 5 * MIB, 1) = 1;
	one = guest_mem_touched(&gm);
	ck_assert(one >= 4 * KIB && one <= 2 * MIB); /* a huge page, maybe */
	*(uint8_t *)guest_mem_ptr(&gm, 7 * GIB - 1, 1) = 1;
	ck_assert_uint_eq(guest_mem_touched(&gm), 2 * one);
	guest_mem_release(&gm);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("guest_mem");
	TCase *t = tcase_create("guest_mem");

	tcase_add_loop_test(t, guest_mem__discards_whole_pages, 0,
			    (int)COUNT(discards));
	tcase_add_loop_test(t, guest_mem__pointer_or_none, 0, COUNT(pointers));
	tcase_add_loop_test(t, guest_mem__of_every_size, 0, COUNT(sizes));
	tcase_add_loop_test(t, guest_mem__refuses_the_size, 0,
			    COUNT(wrong_sizes));
	tcase_add_test(t, guest_mem__copies_and_refuses);
	tcase_add_loop_test(t, guest_mem__zero_what_was_asked_and_no_more, 0,
			    COUNT(zeros));
	tcase_add_test(t, guest_mem__zero_at_the_end_of_ram);
	tcase_add_test(t, guest_mem__counts_what_was_touched);
	tcase_add_loop_test(t, e820__tells_all_ram, 0, COUNT(maps));
	suite_add_tcase(s, t);
	return s;
}
