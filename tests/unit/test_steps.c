/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a step does besides the processor's part. Large steps of repeated string
 * instructions leave the same bytes and registers as one element after the
 * other, up to the end of a page and no further. Also tests flags that the
 * guest has pushed.
 */
#include "unit/unit.h"
#include "debug/pushed_flags.h"
#include "debug/string_insn.h"
#include "pv/x86.h"

#include <stdio.h>

#define MIB  UINT64_C(0x100000)
#define CODE 0x1000
#define DST  0x10000
#define SRC  0x20000

static struct guest_mem gm;
static struct err e;
static struct cpu_regs r;

/* Without paging, a linear address is physical. */
static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	for (unsigned i = 0; i < 0x4000; i++)
		gm.base[SRC + i] = (uint8_t)(i * 13 + i / 256);
	r = (struct cpu_regs){ .rip = CODE, .cr0 = CR0_PE, .code32 = true };
	r.gpr[CPU_RAX] = 0x8877665544332211;
	r.gpr[CPU_RDI] = DST;
	r.gpr[CPU_RSI] = SRC;
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

static void code(const char *bytes, size_t len)
{
	memcpy(gm.base + CODE, bytes, len);
}

static const struct {
	const char *what, *code;
	bool copies, code64;
	unsigned size; /* 0: none of ours */
} insns[] = {
	{ "rep stosb", "\xf3\xaa", false, true, 1 },
	{ "rep stosw", "\x66\xf3\xab", false, true, 2 },
	{ "rep stosw", "\xf3\x66\xab", false, true, 2 },
	{ "rep stosl", "\xf3\xab", false, true, 4 },
	{ "rep stosq", "\xf3\x48\xab", false, true, 8 },
	{ "rep movsb", "\xf3\xa4", true, true, 1 },
	{ "rep movsb, with a REX.W", "\xf3\x48\xa4", true, true, 1 },
	{ "rep movsl", "\xf3\xa5", true, true, 4 },
	{ "rep movsq", "\xf3\x48\xa5", true, true, 8 },
	{ "rep movsl in 32 bits", "\xf3\xa5", true, false, 4 },
	{ "rep stosb in 32 bits", "\xf3\xaa", false, false, 1 },
	{ "dec in 32 bits", "\xf3\x48\xab", false, false, 0 },
	{ "stosb", "\xaa\x90", false, true, 0 },
	{ "repne stosb", "\xf2\xaa", false, true, 0 },
	{ "rep lodsb", "\xf3\xac", false, true, 0 },
	{ "rep cmpsb", "\xf3\xa6", false, true, 0 },
	{ "rep scasb", "\xf3\xae", false, true, 0 },
	{ "rep outsb", "\xf3\x6e", false, true, 0 },
	{ "rep movsb of fs", "\x64\xf3\xa4", false, true, 0 },
	{ "rep stosb with 32-bit addresses", "\x67\xf3\xaa", false, true, 0 },
	{ "pause", "\xf3\x90", false, true, 0 },
	{ "jmp to itself", "\xeb\xfe", false, true, 0 },
	{ "prefixes only", "\xf3\x66\xf3\x66", false, true, 0 },
};

static void set_mode(bool code64)
{
	r.code64 = code64;
	r.code32 = !code64;
}

/* The processor's part: one element, at the address before. */
START_TEST(string_insn__whole)
{
	const unsigned size = insns[_i].size;
	bool done;

	code(insns[_i].code, strlen(insns[_i].code));
	set_mode(insns[_i].code64);
	r.gpr[CPU_RDI] += 8;
	r.gpr[CPU_RSI] += 8;
	r.gpr[CPU_RCX] = 100;
	done = string_insn_rush(&gm, &r);
	ck_assert_msg(done == !!size, "%s: %d", insns[_i].what, done);
	if (!done) {
		ck_assert_uint_eq(r.gpr[CPU_RCX], 100);
		ck_assert_uint_eq(gm.base[DST + 8], 0);
		return;
	}
	/* The last is left. */
	ck_assert_uint_eq(r.gpr[CPU_RCX], 1);
	ck_assert_uint_eq(r.gpr[CPU_RDI], DST + 8 + 99 * size);
	ck_assert_uint_eq(r.gpr[CPU_RSI],
			  SRC + 8 + (insns[_i].copies ? 99 * size : 0));
	ck_assert_uint_eq(r.rip, CODE);
	for (unsigned i = 0; i < 99 * size; i++)
		ck_assert_uint_eq(gm.base[DST + 8 + i],
				  insns[_i].copies ? gm.base[SRC + 8 + i]
						   : 0x11 * (i % size + 1));
	ck_assert_uint_eq(gm.base[DST + 7], 0);
	ck_assert_uint_eq(gm.base[DST + 8 + 99 * size], 0);
}
END_TEST

static const struct {
	const char *code;
	uint64_t dst, src, count; /* offsets */
	uint64_t done;
} pages[] = {
	/* up to the last but one of the page */
	{ "\xf3\xaa", 1, 0, 100000, 4094 },
	{ "\xf3\x48\xab", 8, 0, 100000, 510 },
	{ "\xf3\xaa", 4094, 0, 100000, 1 },
	/* a single one is not worth it */
	{ "\xf3\xaa", 4095, 0, 100000, 0 },
	{ "\xf3\x48\xab", 4088, 0, 100000, 0 },
	/* a page that the processor has not touched */
	{ "\xf3\xaa", 0, 0, 100000, 0 },
	{ "\xf3\xaa", 4096, 0, 100000, 0 },
	{ "\xf3\x48\xab", 4, 0, 100000, 0 },
	/* one that would cross from this page into the next */
	{ "\xf3\x48\xab", 12, 0, 100000, 509 },
	/* whichever page ends first */
	{ "\xf3\xa4", 1, 4000, 100000, 95 },
	{ "\xf3\xa4", 4000, 1, 100000, 95 },
	{ "\xf3\xa4", 1, 0, 100000, 0 },
	/* the count */
	{ "\xf3\xaa", 1, 0, 0, 0 },
	{ "\xf3\xaa", 1, 0, 1, 0 },
	{ "\xf3\xaa", 1, 0, 2, 1 },
	{ "\xf3\xaa", 1, 0, UINT64_MAX, 4094 },
};

START_TEST(string_insn__pages)
{
	bool done;

	code(pages[_i].code, strlen(pages[_i].code));
	set_mode(true);
	r.gpr[CPU_RDI] += pages[_i].dst;
	r.gpr[CPU_RSI] += pages[_i].src;
	r.gpr[CPU_RCX] = pages[_i].count;
	done = string_insn_rush(&gm, &r);
	ck_assert_int_eq(done, pages[_i].done > 0);
	ck_assert_uint_eq(r.gpr[CPU_RCX], pages[_i].count - pages[_i].done);
}
END_TEST

/* Copying onto the following bytes repeats the pattern. */
START_TEST(string_insn__overlap)
{
	code("\xf3\xa4", 2);
	memcpy(gm.base + DST, "abcd", 4);
	r.gpr[CPU_RSI] = DST + 1;
	r.gpr[CPU_RDI] = DST + 4;
	r.gpr[CPU_RCX] = 9;
	ck_assert(string_insn_rush(&gm, &r));
	ck_assert_mem_eq(gm.base + DST, "abcdbcdbcdbc\0", 13);
}
END_TEST

START_TEST(string_insn__downwards)
{
	code("\xf3\xaa", 2);
	r.gpr[CPU_RDI] = DST + 100;
	r.gpr[CPU_RCX] = 50;
	r.rflags = 0x400;
	ck_assert(!string_insn_rush(&gm, &r));
}
END_TEST

START_TEST(string_insn__segment_bases)
{
	code("\xf3\xa4", 2);
	r.es_base = 0x100;
	r.ds_base = 0x200;
	r.gpr[CPU_RDI] = DST - 0x100 + 1;
	r.gpr[CPU_RSI] = SRC - 0x200 + 1;
	r.gpr[CPU_RCX] = 5;
	ck_assert(string_insn_rush(&gm, &r));
	ck_assert_mem_eq(gm.base + DST + 1, gm.base + SRC + 1, 4);
	/* 64-bit code has none */
	set_mode(true);
	r.gpr[CPU_RDI] = DST + 0x1001;
	r.gpr[CPU_RSI] = SRC + 1;
	r.gpr[CPU_RCX] = 5;
	ck_assert(string_insn_rush(&gm, &r));
	ck_assert_mem_eq(gm.base + DST + 0x1001, gm.base + SRC + 1, 4);
}
END_TEST

START_TEST(string_insn__no_memory_there)
{
	code("\xf3\xaa", 2);
	r.gpr[CPU_RDI] = 0xfee00010;
	r.gpr[CPU_RCX] = 100;
	ck_assert(!string_insn_rush(&gm, &r));
	r.gpr[CPU_RDI] = DST + 1;
	r.rip = 0xfee00000;
	ck_assert(!string_insn_rush(&gm, &r));
	r.rip = 64 * MIB - 1;
	ck_assert(!string_insn_rush(&gm, &r));
	ck_assert_uint_eq(r.gpr[CPU_RCX], 100);
}
END_TEST

START_TEST(string_insn__sixteen_bits_are_left_alone)
{
	code("\xf3\xaa", 2);
	r.code32 = false;
	r.gpr[CPU_RDI] = DST + 1;
	r.gpr[CPU_RCX] = 100;
	ck_assert(!string_insn_rush(&gm, &r));
}
END_TEST

static const struct {
	const char *code;
	unsigned len;
} pushes[] = {
	{ "\x9c\x90", 1 }, { "\x66\x9c", 2 }, { "\x48\x9c", 2 },
	{ "\x9d\x9c", 0 }, { "\x66\x9d", 0 }, { "\x90\x9c", 0 },
};

START_TEST(pushed_flags__are_known)
{
	code(pushes[_i].code, 2);
	ck_assert_uint_eq(pushed_flags_here(&gm, CODE), pushes[_i].len);
	/* the last bytes of RAM, and those after them */
	memcpy(gm.base + 64 * MIB - 1, pushes[_i].code, 1);
	ck_assert_uint_eq(pushed_flags_here(&gm, 64 * MIB - 1),
			  pushes[_i].len == 1);
	ck_assert_uint_eq(pushed_flags_here(&gm, 64 * MIB), 0);
}
END_TEST

START_TEST(pushed_flags__lose_the_trap_flag_alone)
{
	memset(gm.base + DST, 0xff, 16);
	r.ss_base = 0x1000;
	r.gpr[CPU_RSP] = DST - 0x1000 + 4;
	pushed_flags_clear_tf(&gm, &r);
	ck_assert_mem_eq(gm.base + DST,
			 "\xff\xff\xff\xff\xff\xfe\xff\xff\xff\xff\xff", 11);
	/* 64-bit code has no base, and nothing may be there */
	set_mode(true);
	r.gpr[CPU_RSP] = DST + 8;
	pushed_flags_clear_tf(&gm, &r);
	ck_assert_uint_eq(gm.base[DST + 9], 0xfe);
	r.gpr[CPU_RSP] = 0xfee00000;
	pushed_flags_clear_tf(&gm, &r);
	r.gpr[CPU_RSP] = UINT64_MAX;
	pushed_flags_clear_tf(&gm, &r);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("steps");
	TCase *tc = tcase_create("string_insn");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, string_insn__whole, 0, COUNT(insns));
	tcase_add_loop_test(tc, string_insn__pages, 0, COUNT(pages));
	tcase_add_test(tc, string_insn__overlap);
	tcase_add_test(tc, string_insn__downwards);
	tcase_add_test(tc, string_insn__segment_bases);
	tcase_add_test(tc, string_insn__no_memory_there);
	tcase_add_test(tc, string_insn__sixteen_bits_are_left_alone);
	tcase_add_loop_test(tc, pushed_flags__are_known, 0, COUNT(pushes));
	tcase_add_test(tc, pushed_flags__lose_the_trap_flag_alone);
	suite_add_tcase(s, tc);
	return s;
}
