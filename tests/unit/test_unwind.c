/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call traces: by ORC in each of its forms, by frame pointers, by guessing; and
 * tables and stacks that lie.
 *
 * The kernel is 64 KiB: code, then the tables of ORC, then stacks.
 */
#include "support/flat_memory.h"
#include "support/orc_builder.h"
#include "unit/unit.h"
#include "autopsy/unwind.h"

#include <inttypes.h>

#define BASE	 UINT64_C(0xffffffff81000000)
#define TEXT_END (BASE + 0x4000)
#define TABLES	 0x4000
#define STACK	 0x8000 /* a task's, of 16 KiB */
#define IRQ	 0xe000 /* an interrupt's */
#define SIZE	 0x10000

/* Functions, 0x100 bytes each. */
#define F(n) (BASE + 0x100 * (n))

static uint8_t bytes[SIZE];
static struct flat_memory flat = { BASE, { bytes, SIZE }, 0 };
static struct memory m;
static struct orc orc;
static struct stack s;

static bool is_text(void *ctx, uint64_t addr)
{
	(void)ctx;
	return addr >= flat.base && addr < flat.base + TABLES;
}

static void setup(void)
{
	memset(bytes, 0, sizeof(bytes));
	/* A call with a distance ends at each function's 0x20th byte, one
	 * through a register at its 0x30th. */
	for (unsigned f = 0; f < 64; f++) {
		bytes[0x100 * f + 0x1b] = 0xe8;
		bytes[0x100 * f + 0x2e] = 0xff;
		bytes[0x100 * f + 0x2f] = 0xd0;
	}
	m = flat_memory(&flat, true);
	orc.count = 0;
}

static void put(uint64_t off, uint64_t word)
{
	memcpy(bytes + off, &word, sizeof(word));
}

static const struct orc *orc_of(void *ctx, uint64_t addr)
{
	(void)ctx, (void)addr;
	return &orc;
}

static void trace(struct unwind_regs r)
{
	const struct unwind u = { &m, orc.count ? orc_of : NULL, is_text,
				  NULL };

	unwind_stack(&u, &r, &s);
}

/* "1+1c 2+20 ?3+30": function and offset of each frame. */
static void expect(const char *want, const char *what)
{
	char got[1024] = "";

	for (unsigned i = 0; i < s.count; i++)
		sprintf(got + strlen(got), "%s%s%" PRIu64 "+%" PRIx64,
			i ? " " : "", s.frames[i].is_guess ? "?" : "",
			(s.frames[i].ip - BASE) / 0x100,
			(s.frames[i].ip - BASE) % 0x100);
	ck_assert_msg(!strcmp(got, want), "%s: %s", what, got);
}

/* ---- ORC */

/* Function 1 calls nothing; 2 has saved bp; 3 finds its frame by bp; 4 is an
 * interrupt's entry; 5 is a program's; 6 ends a thread; 7 has changed its
 * stack; 8 has aligned it by r10; 9 is not known. */
static const struct test_orc_row rows[] = {
	{ F(1), { .sp_reg = ORC_REG_SP, .sp_offset = 8, .type = ORC_CALL } },
	{ F(1) + 0x10,
	  { .sp_reg = ORC_REG_SP, .sp_offset = 24, .type = ORC_CALL } },
	{ F(2),
	  { .sp_reg = ORC_REG_SP,
	    .sp_offset = 16,
	    .bp_reg = ORC_REG_PREV_SP,
	    .bp_offset = -16,
	    .type = ORC_CALL } },
	{ F(3),
	  { .sp_reg = ORC_REG_BP,
	    .sp_offset = 16,
	    .bp_reg = ORC_REG_PREV_SP,
	    .bp_offset = -16,
	    .type = ORC_CALL } },
	{ F(4),
	  { .sp_reg = ORC_REG_SP,
	    .sp_offset = 0,
	    .type = ORC_REGS,
	    .signal = true } },
	{ F(5),
	  { .sp_reg = ORC_REG_SP,
	    .sp_offset = 0,
	    .type = ORC_REGS_PARTIAL,
	    .signal = true } },
	{ F(6), { .type = ORC_END_OF_STACK } },
	{ F(7),
	  { .sp_reg = ORC_REG_SP_INDIRECT, .sp_offset = 8, .type = ORC_CALL } },
	{ F(8),
	  { .sp_reg = ORC_REG_R10,
	    .bp_reg = ORC_REG_UNDEFINED,
	    .type = ORC_CALL } },
	{ F(9), { .type = ORC_UNDEFINED } },
	{ F(10),
	  { .sp_reg = ORC_REG_BP_INDIRECT,
	    .sp_offset = -8,
	    .type = ORC_CALL } },
	{ F(11), { .type = ORC_END_OF_STACK } },
	/* Where the last entry begins, the kernel's code ends. */
	{ F(12), { .sp_reg = ORC_REG_SP, .sp_offset = 8, .type = ORC_CALL } },
};

static void make_orc(int form)
{
	const struct orc_names names = test_orc_build(
		rows, COUNT(rows), form, bytes + TABLES, BASE + TABLES);

	ck_assert(orc_open(&orc, &m, &names));
	ck_assert_int_eq(orc.form, form);
}

#define AT(f) (F(f) + 0x20)

static const struct orc_stack {
	const char *what;
	struct unwind_regs r;
	struct {
		uint64_t off, word;
	} words[12];
	const char *want;
} stacks[] = {
	{ "a call",
	  { .ip = F(1), .sp = BASE + STACK },
	  /* What is on the stack behind its end does not count. */
	  { { STACK, AT(6) }, { STACK + 16, AT(3) } },
	  "1+0 6+20" },
	{ "the instruction decides",
	  { .ip = F(1) + 0x10, .sp = BASE + STACK },
	  { { STACK + 16, AT(6) } },
	  "1+10 6+20" },
	/* The call is the function's last instruction. */
	{ "a call at the end",
	  { .ip = F(1), .sp = BASE + STACK },
	  { { STACK, F(2) }, { STACK + 24, AT(6) } },
	  "1+0 2+0 6+20" },
	{ "bp is saved",
	  { .ip = F(2), .sp = BASE + STACK },
	  { { STACK, BASE + STACK + 0x80 },
	    { STACK + 8, AT(3) },
	    { STACK + 0x88, AT(6) } },
	  "2+0 3+20 6+20" },
	{ "bp is the vCPU's",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 0x80 },
	  { { STACK, AT(3) }, { STACK + 0x88, AT(6) } },
	  "1+0 3+20 6+20" },
	{ "through an interrupt, whose stack is elsewhere",
	  { .ip = F(1), .sp = BASE + IRQ },
	  { { IRQ, AT(4) },
	    { IRQ + 8 + 4 * 8, BASE + STACK + 0x80 }, /* bp */
	    { IRQ + 8 + 16 * 8, F(3) },		      /* ip */
	    { IRQ + 8 + 17 * 8, 0x10 },
	    { IRQ + 8 + 19 * 8, BASE + STACK },
	    { STACK + 0x88, AT(6) } },
	  "1+0 4+20 3+0 6+20" },
	{ "a program's registers",
	  { .ip = F(1), .sp = BASE + STACK },
	  { { STACK, AT(5) },
	    { STACK + 8, 0x401000 },
	    { STACK + 16, 0x33 },
	    { STACK + 48, AT(3) } },
	  "1+0 5+20" },
	{ "what the processor saves",
	  { .ip = F(1), .sp = BASE + IRQ },
	  { { IRQ, AT(5) },
	    { IRQ + 8, F(1) },
	    { IRQ + 16, 0x10 },
	    { IRQ + 32, BASE + STACK },
	    { STACK, AT(6) } },
	  "1+0 5+20 1+0 6+20" },
	{ "another stack",
	  { .ip = F(1), .sp = BASE + IRQ },
	  { { IRQ, AT(7) }, { IRQ + 8, BASE + STACK }, { STACK, AT(6) } },
	  "1+0 7+20 6+20" },
	{ "another stack by bp",
	  { .ip = F(10), .sp = BASE + IRQ, .bp = BASE + IRQ + 0x100 },
	  { { IRQ + 0xf8, BASE + STACK + 8 }, { STACK, AT(6) } },
	  "10+0 6+20" },
	{ "r10 is the vCPU's",
	  { .ip = F(8), .sp = BASE + STACK, .r10 = BASE + STACK + 0x48 },
	  { { STACK + 0x40, AT(6) } },
	  "8+0 6+20" },
	{ "r10 is not known",
	  { .ip = F(1), .sp = BASE + STACK, .r10 = BASE + STACK + 0x48 },
	  { { STACK, AT(8) }, { STACK + 0x40, AT(6) } },
	  "1+0 8+20 ?6+20" },
	{ "a null pointer was called",
	  { .ip = 0, .sp = BASE + STACK },
	  { { STACK, AT(6) } },
	  NULL },
	{ "not known, nothing found",
	  { .ip = F(9), .sp = BASE + STACK },
	  { { STACK, 0x1234 } },
	  "9+0" },
	{ "not known: every call is a guess",
	  { .ip = F(9), .sp = BASE + STACK },
	  { { STACK + 8, AT(3) },
	    { STACK + 16, F(3) + 0x30 },
	    { STACK + 24, F(3) + 0x21 },
	    { STACK + 32, TEXT_END + 0x20 },
	    { STACK + 0x3ff8, AT(6) },
	    { STACK + 0x4000, AT(6) } },
	  "9+0 ?3+20 ?3+30 ?6+20" },
	{ "not a return address",
	  { .ip = F(1), .sp = BASE + STACK },
	  { { STACK, 0x401000 }, { STACK + 8, AT(3) } },
	  "1+0 ?3+20" },
	{ "no stack", { .ip = F(1), .sp = 0x1000 }, { { 0 } }, "1+0" },
	{ "a stack at the end of all addresses",
	  { .ip = F(1), .sp = -8ull },
	  { { 0 } },
	  "1+0" },
	{ "the stack goes down",
	  { .ip = F(3), .sp = BASE + STACK + 0x80, .bp = BASE + STACK },
	  { { STACK + 8, AT(3) }, { STACK + 0x80, AT(2) } },
	  "3+0 ?2+20" },
	/* Their end is where the function is not the kernel's. */
	{ "before the first",
	  { .ip = BASE, .sp = BASE + STACK },
	  { { STACK, AT(3) } },
	  "0+0 ?3+20" },
	{ "behind the last",
	  { .ip = F(13), .sp = BASE + STACK },
	  { { STACK, AT(3) } },
	  "13+0 ?3+20" },
};

static void fill_stack(const struct orc_stack *row)
{
	for (size_t i = 0; i < COUNT(row->words); i++)
		if (row->words[i].off)
			put(row->words[i].off, row->words[i].word);
}

START_TEST(unwind__by_orc)
{
	const struct orc_stack *row = &stacks[_i / 3];

	make_orc(_i % 3);
	fill_stack(row);
	trace(row->r);
	if (row->want)
		expect(row->want, row->what);
	else /* the first frame is not in a function */
		ck_assert(s.count == 2 && s.frames[1].ip == AT(6));
	ck_assert(!s.is_cut);
}
END_TEST

/* A frame that is its own caller, on two stacks in turn. */
START_TEST(unwind__ends)
{
	make_orc(ORC_FROM_6_4);
	put(IRQ, AT(7));
	put(IRQ + 8, BASE + STACK);
	put(STACK, AT(7));
	put(STACK + 8, BASE + IRQ);
	trace((struct unwind_regs){ .ip = F(1), .sp = BASE + IRQ });
	ck_assert_uint_eq(s.count, STACK_FRAMES_MAX);
	ck_assert(s.is_cut);
}
END_TEST

static const struct {
	const char *what;
	uint64_t start_ip, stop_ip, start, stop; /* added to the right ones */
	uint64_t off;
	uint8_t byte;
	bool is32;
} unsound[] = {
	{ .what = "one entry less", .stop = -6ull },
	{ .what = "no entries",
	  .stop_ip = -4ull * COUNT(rows),
	  .stop = -6ull * COUNT(rows) },
	{ .what = "ends first", .stop_ip = -0x1000ull },
	{ .what = "too many", .stop_ip = 4ull << 23, .stop = 6ull << 23 },
	{ .what = "not in memory",
	  .start_ip = -0x100000ull,
	  .stop_ip = -0x100000ull },
	{ .what = "entries not in memory",
	  .start = 0x100000ull,
	  .stop = 0x100000ull },
	{ .what = "not sorted", .off = TABLES + 4 * 3 + 1, .byte = 0x70 },
	{ .what = "of 32 bits", .is32 = true },
};

START_TEST(orc__refuses)
{
	struct orc_names names = test_orc_build(rows, COUNT(rows), ORC_TO_6_2,
						bytes + TABLES, BASE + TABLES);

	names.start_ip += unsound[_i].start_ip;
	names.stop_ip += unsound[_i].stop_ip;
	names.start += unsound[_i].start;
	names.stop += unsound[_i].stop;
	if (unsound[_i].off)
		bytes[unsound[_i].off] = unsound[_i].byte;
	m.is64 = !unsound[_i].is32;
	if (unsound[_i].start) /* found when they are looked at */
		names.header = 1;
	if (orc_open(&orc, &m, &names)) {
		struct orc_entry e;

		ck_assert_msg(!orc_find(&orc, &m, F(1), &e), "%s",
			      unsound[_i].what);
		return;
	}
	ck_assert_uint_eq(orc.count, 0);
}
END_TEST

/* ---- frame pointers */

static const struct {
	const char *what;
	struct unwind_regs r;
	struct {
		uint64_t off, word;
	} words[8];
	const char *want;
} chains[] = {
	{ "two frames",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 16 },
	  { { STACK + 16, BASE + STACK + 64 },
	    { STACK + 24, AT(2) },
	    { STACK + 64, 0 },
	    { STACK + 72, F(3) + 0x30 } },
	  "1+0 2+20 3+30" },
	{ "saved registers",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 16 },
	  { { STACK + 16, (BASE + STACK + 64) | 1 },
	    { STACK + 24, AT(4) },
	    { STACK + 64 + 4 * 8, 0 },
	    { STACK + 64 + 16 * 8, F(5) + 3 },
	    { STACK + 64 + 17 * 8, 0x10 },
	    { STACK + 64 + 18 * 8, 0x202 },
	    { STACK + 64 + 19 * 8, BASE + STACK + 0x200 } },
	  "1+0 4+20 5+3" },
	{ "bp is an odd number, no registers are there",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 17 },
	  { { STACK + 8, AT(4) }, { STACK + 16 + 17 * 8, 0x33 } },
	  "1+0 ?4+20" },
	{ "flags that no processor has",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 17 },
	  { { STACK + 8, AT(4) },
	    { STACK + 16 + 17 * 8, 0x33 },
	    { STACK + 16 + 18 * 8, 0x400202 } },
	  "1+0 ?4+20" },
	{ "a program's registers",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 16 },
	  { { STACK + 16, (BASE + STACK + 64) | 1 },
	    { STACK + 24, AT(4) },
	    { STACK + 64 + 17 * 8, 0x33 },
	    { STACK + 64 + 18 * 8, 0x202 } },
	  "1+0 4+20" },
	{ "not after a call",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 16 },
	  { { STACK + 24, F(2) + 0x21 }, { STACK + 40, AT(3) } },
	  "1+0 ?3+20" },
	{ "bp is not a frame's",
	  { .ip = F(1), .sp = BASE + STACK, .bp = 0x1234 },
	  { { STACK + 40, AT(3) } },
	  "1+0 ?3+20" },
	{ "bp is below the stack",
	  { .ip = F(1), .sp = BASE + STACK + 16, .bp = BASE + STACK },
	  { { STACK + 8, AT(2) } },
	  "1+0" },
	{ "bp is far above the stack",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 0x5000 },
	  { { STACK + 0x5008, AT(2) } },
	  "1+0" },
	{ "a frame is its own caller",
	  { .ip = F(1), .sp = BASE + STACK, .bp = BASE + STACK + 16 },
	  { { STACK + 16, BASE + STACK + 16 }, { STACK + 24, AT(2) } },
	  "1+0 2+20" },
	{ "no frame", { .ip = F(1), .sp = BASE + STACK }, { { 0 } }, "1+0" },
	{ "no frame pointers: every call is a guess",
	  { .ip = F(1), .sp = BASE + STACK },
	  { { STACK + 8, AT(3) }, { STACK + 24, AT(2) + 1 } },
	  "1+0 ?3+20" },
};

START_TEST(unwind__by_frame_pointers)
{
	for (size_t i = 0; i < COUNT(chains[_i].words); i++)
		if (chains[_i].words[i].off)
			put(chains[_i].words[i].off, chains[_i].words[i].word);
	trace(chains[_i].r);
	expect(chains[_i].want, chains[_i].what);
}
END_TEST

/* Words of 4 bytes, in a kernel at: */
#define BASE32	0xc1000000
#define F32(n)	(BASE32 + 0x100 * (n))
#define AT32(n) (F32(n) + 0x20)

/* Registers that an interrupt has saved at 0x40 of the stack, and code that was
 * stopped in function @f. */
#define SAVED(f, code, eflags, sp, bp)                              \
	{ 0x40 + 4 * 5, bp }, { 0x40 + 4 * 12, F32(f) + 3 },        \
		{ 0x40 + 4 * 13, code }, { 0x40 + 4 * 14, eflags }, \
	{                                                           \
		0x40 + 4 * 15, sp                                   \
	}

/* Offsets are those in the stack. */
static const struct {
	const char *what;
	uint32_t bp;
	struct {
		uint32_t off, word;
	} words[12];
	const char *want;
} chains32[] = {
	{ "two frames",
	  BASE32 + STACK + 16,
	  { { 16, BASE32 + STACK + 24 },
	    { 20, AT32(2) },
	    { 24, 0 },
	    { 28, AT32(3) },
	    { 32, 1 },
	    { 36, AT32(4) } },
	  "1+0 2+20 3+20" },
	{ "saved registers",
	  BASE32 + STACK + 16,
	  { { 16, (BASE32 + STACK + 0x40) & ~0x80000000 },
	    { 20, AT32(4) },
	    SAVED(5, 0x60, 0x202, BASE32 + STACK + 0x100,
		  BASE32 + STACK + 0x110),
	    { 0x110, 0 },
	    { 0x114, AT32(6) } },
	  "1+0 4+20 5+3 6+20" },
	{ "saved registers without sp, as up to 5.4",
	  BASE32 + STACK + 16,
	  { { 16, (BASE32 + STACK + 0x40) & ~0x80000000 },
	    { 20, AT32(4) },
	    SAVED(5, 0x60, 0x202, 1234, BASE32 + STACK + 0x90),
	    { 0x90, 0 },
	    { 0x94, AT32(6) } },
	  "1+0 4+20 5+3 6+20" },
	{ "a program's registers",
	  BASE32 + STACK + 16,
	  { { 16, (BASE32 + STACK + 0x40) & ~0x80000000 },
	    { 20, AT32(4) },
	    SAVED(5, 0x73, 0x202, 0x1000, 0) },
	  "1+0 4+20" },
	{ "registers of virtual 8086 mode",
	  BASE32 + STACK + 16,
	  { { 16, (BASE32 + STACK + 0x40) & ~0x80000000 },
	    { 20, AT32(4) },
	    SAVED(5, 0x60, 0x20202, 0x1000, 0) },
	  "1+0 4+20" },
	{ "saved registers where there is no memory",
	  BASE32 + STACK + 16,
	  { { 16, 0x41000000 + SIZE - 8 }, { 20, AT32(4) } },
	  "1+0 4+20" },
	{ "no frame pointers", 0, { { 16, AT32(4) } }, "1+0 ?4+20" },
	{ "bp is a number",
	  BASE32 + STACK + 17,
	  { { 17, 0 }, { 20, AT32(4) } },
	  "1+0 ?4+20" },
};

START_TEST(unwind__by_frame_pointers_of_32_bits)
{
	flat.base = BASE32;
	m.is64 = false;
	for (size_t i = 0; i < COUNT(chains32[_i].words); i++)
		if (chains32[_i].words[i].off)
			memcpy(bytes + STACK + chains32[_i].words[i].off,
			       &chains32[_i].words[i].word, 4);
	trace((struct unwind_regs){
		.ip = F32(1), .sp = BASE32 + STACK, .bp = chains32[_i].bp });
	for (unsigned i = 0; i < s.count; i++)
		s.frames[i].ip += BASE - BASE32;
	expect(chains32[_i].want, chains32[_i].what);
	flat.base = BASE;
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("unwind");
	TCase *tc = tcase_create("unwind");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, unwind__by_orc, 0, 3 * COUNT(stacks));
	tcase_add_test(tc, unwind__ends);
	tcase_add_loop_test(tc, orc__refuses, 0, COUNT(unsound));
	tcase_add_loop_test(tc, unwind__by_frame_pointers, 0, COUNT(chains));
	tcase_add_loop_test(tc, unwind__by_frame_pointers_of_32_bits, 0,
			    COUNT(chains32));
	suite_add_tcase(suite, tc);
	return suite;
}
