/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breakpoints in guest memory: set and removed without a trace, whatever the
 * guest does to the bytes; and memory that is mapped twice.
 */
#include "unit/unit.h"
#include "debug/breaks.h"
#include "pv/x86.h"

#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdlib.h>

#define MIB  UINT64_C(0x100000)
#define INT3 0xcc

static struct guest_mem gm;
static struct breaks b;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init_twice(&gm, 64 * MIB, &e), &e);
	b = (struct breaks){ .gm = &gm };
	for (unsigned i = 0; i < 64; i++)
		gm.base[0x1000 + i] = (uint8_t)i;
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

static void plant(void)
{
	assert_ok(breaks_plant(&b, &e), &e);
}

static void lift(void)
{
	assert_ok(breaks_lift(&b, &e), &e);
}

static void insert(uint64_t addr, uint64_t gpa)
{
	assert_ok(breaks_insert(&b, addr, gpa, &e), &e);
}

START_TEST(breaks__plants_and_lifts)
{
	insert(0x81001003, 0x1003);
	insert(0x81001005, 0x1005);
	ck_assert_uint_eq(gm.base[0x1003], 3);
	plant();
	plant();
	ck_assert_mem_eq(gm.base + 0x1002, "\x02\xcc\x04\xcc\x06", 5);
	ck_assert_mem_eq(gm.view + 0x1002, "\x02\xcc\x04\xcc\x06", 5);
	lift();
	lift();
	ck_assert_mem_eq(gm.base + 0x1002, "\x02\x03\x04\x05\x06", 5);
}
END_TEST

START_TEST(breaks__same_twice_is_one)
{
	insert(0x3, 0x1003);
	insert(0x3, 0x1003);
	ck_assert_uint_eq(b.count, 1);
	breaks_remove(&b, 0x3);
	breaks_remove(&b, 0x3);
	ck_assert_uint_eq(b.count, 0);
	plant();
	ck_assert_uint_eq(gm.base[0x1003], 3);
}
END_TEST

/* One byte with two addresses: it stays planted when one is removed. */
START_TEST(breaks__two_addresses_of_one_byte)
{
	insert(0x1003, 0x1003);
	insert(0x81001003, 0x1003);
	plant();
	lift();
	ck_assert_uint_eq(gm.base[0x1003], 3);
	breaks_remove(&b, 0x1003);
	ck_assert(breaks_at(&b, 0x1003));
	plant();
	ck_assert_uint_eq(gm.base[0x1003], INT3);
	lift();
	ck_assert_uint_eq(gm.base[0x1003], 3);
}
END_TEST

START_TEST(breaks__what_the_guest_writes_stays)
{
	insert(0x3, 0x1003);
	plant();
	gm.base[0x1003] = 0x90;
	lift();
	ck_assert_uint_eq(gm.base[0x1003], 0x90);
	plant();
	ck_assert_uint_eq(gm.base[0x1003], INT3);
	lift();
	ck_assert_uint_eq(gm.base[0x1003], 0x90);
}
END_TEST

START_TEST(breaks__an_int3_of_the_guest_stays)
{
	gm.base[0x1003] = INT3;
	insert(0x3, 0x1003);
	plant();
	lift();
	ck_assert_uint_eq(gm.base[0x1003], INT3);
}
END_TEST

START_TEST(breaks__last_byte_of_ram)
{
	insert(0x3, 64 * MIB - 1);
	assert_err(breaks_insert(&b, 0x4, 64 * MIB, &e), -EFAULT, &e,
		   "0x4 is at guest-physical 0x4000000, which is not RAM");
	plant();
	ck_assert_uint_eq(gm.base[64 * MIB - 1], INT3);
	lift();
	ck_assert_uint_eq(gm.base[64 * MIB - 1], 0);
}
END_TEST

START_TEST(breaks__no_more_than_the_limit)
{
	for (unsigned i = 0; i < SOFT_BREAKS_MAX; i++)
		insert(0x2000 + i, 0x2000 + i);
	assert_err(breaks_insert(&b, 0x3000, 0x3000, &e), -ENOSPC, &e,
		   "256 software breakpoints");
	/* one of them again is none more */
	insert(0x2000, 0x2000);
	plant();
	lift();
	for (unsigned i = 0; i < SOFT_BREAKS_MAX; i++)
		ck_assert_uint_eq(gm.base[0x2000 + i], 0);
}
END_TEST

START_TEST(breaks__knows_byte_and_page)
{
	insert(0x1, 0x1fff);
	ck_assert(breaks_at(&b, 0x1fff) && !breaks_at(&b, 0x1ffe));
	ck_assert(breaks_on_page(&b, 0x1000) && breaks_on_page(&b, 0x1fff));
	ck_assert(!breaks_on_page(&b, 0x2000) && !breaks_on_page(&b, 0xfff));
}
END_TEST

START_TEST(breaks__debug_registers)
{
	struct hw_break hw = { .addr = 0x1000, .len = 1 };

	for (unsigned i = 0; i < HW_BREAKS; i++) {
		hw.addr = 0x1000 + i;
		assert_ok(breaks_insert_hw(&b, &hw, &e), &e);
		assert_ok(breaks_insert_hw(&b, &hw, &e), &e);
	}
	ck_assert(breaks_hw_at(&b, 0x1000) && !breaks_hw_at(&b, 0x1004));
	hw.addr = 0x2000;
	assert_err(breaks_insert_hw(&b, &hw, &e), -ENOSPC, &e,
		   "all 4 debug registers");
	hw.addr = 0x1001;
	breaks_remove_hw(&b, &hw);
	ck_assert(!breaks_hw_at(&b, 0x1001));
	hw = (struct hw_break){ 0x2000, 4, HW_BREAK_WRITE };
	assert_ok(breaks_insert_hw(&b, &hw, &e), &e);
	ck_assert(!breaks_hw_at(&b, 0x2000));
}
END_TEST

static sigjmp_buf fault;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(fault, 1);
}

/* What KVM would read from a byte: -1 if it has no access. */
static int seen(uint64_t gpa)
{
	if (sigsetjmp(fault, 1))
		return -1;
	return ((volatile uint8_t *)gm.view)[gpa];
}

START_TEST(breaks__by_page)
{
	signal(SIGSEGV, on_fault);
	b.by_page = true;
	insert(0x3, 0x1003);
	insert(0x5, 0x1005);
	ck_assert_int_eq(seen(0x1003), 3);
	plant();
	ck_assert_int_eq(seen(0x1000), -1);
	ck_assert_int_eq(seen(0x1fff), -1);
	ck_assert_int_eq(seen(0xfff), 0);
	ck_assert_int_eq(seen(0x2000), 0);
	/* ours */
	ck_assert_uint_eq(gm.base[0x1003], 3);
	gm.base[0x1003] = 7;
	lift();
	ck_assert_int_eq(seen(0x1003), 7);
	/* one of two on a page is gone, the page is still taken */
	breaks_remove(&b, 0x3);
	plant();
	ck_assert_int_eq(seen(0x1005), -1);
	lift();
	ck_assert_int_eq(seen(0x1005), 5);
}
END_TEST

START_TEST(guest_mem__twice_is_the_same)
{
	gm.base[0] = 1;
	gm.base[64 * MIB - 1] = 2;
	ck_assert_ptr_ne(gm.base, gm.view);
	ck_assert_uint_eq(gm.view[0], 1);
	ck_assert_uint_eq(gm.view[64 * MIB - 1], 2);
	ck_assert_uint_eq((uintptr_t)gm.view % (2 * MIB), 0);
	gm.view[5 * MIB] = 3;
	ck_assert_uint_eq(gm.base[5 * MIB], 3);
	/* zeroed in both, be it by giving pages back */
	guest_mem_zero(&gm, 1 * MIB, 60 * MIB);
	ck_assert_uint_eq(gm.base[5 * MIB], 0);
	ck_assert_uint_eq(gm.view[5 * MIB], 0);
	ck_assert_uint_eq(gm.view[64 * MIB - 1], 2);
}
END_TEST

START_TEST(guest_mem__twice_has_the_same_limits)
{
	struct guest_mem none = { 0 };

	assert_err(guest_mem_init_twice(&none, 1 * MIB, &e), -EINVAL, &e,
		   "64M to 512G");
	ck_assert_ptr_null(none.base);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_breaks");
	TCase *tc = tcase_create("breaks");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, breaks__plants_and_lifts);
	tcase_add_test(tc, breaks__same_twice_is_one);
	tcase_add_test(tc, breaks__two_addresses_of_one_byte);
	tcase_add_test(tc, breaks__what_the_guest_writes_stays);
	tcase_add_test(tc, breaks__an_int3_of_the_guest_stays);
	tcase_add_test(tc, breaks__last_byte_of_ram);
	tcase_add_test(tc, breaks__no_more_than_the_limit);
	tcase_add_test(tc, breaks__knows_byte_and_page);
	tcase_add_test(tc, breaks__debug_registers);
	tcase_add_test(tc, breaks__by_page);
	tcase_add_test(tc, guest_mem__twice_is_the_same);
	tcase_add_test(tc, guest_mem__twice_has_the_same_limits);
	suite_add_tcase(s, tc);
	return s;
}
