/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stopped guest's log: found in its image and through page tables, those of
 * its vCPUs and its own.
 */
#include "support/log_builder.h"
#include "unit/unit.h"
#include "outcome/autopsy.h"
#include "pv/x86.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>

/* Where the parts of the kernel are. */
#define PADDR  0x1000000
#define DELTA  0x800000
#define TABLE  0x100000 /* init_top_pgt's offset */
#define ELSE   0x200000 /* of page tables, and what they map */
#define FIVE   0x38	/* __pgtable_l5_enabled's offset */
#define FAR    UINT64_C(0xffff888000000000)
#define MIB    UINT64_C(0x100000)
#define LONG4  .cr0 = CR0_PG | CR0_PE, .cr4 = CR4_PAE, .efer = EFER_LMA
#define IN_RAM (PADDR + DELTA)

static struct elf_segment segments[] = {
	{ .type = PT_LOAD,
	  .vaddr = TEST_LOG_BASE64,
	  .paddr = PADDR,
	  .memsz = 4 * MIB },
};
static const struct kernel_elf kernel = { .is64 = true,
					  .segments = segments,
					  .segments_count = 1 };

/* The names as a System.map has them. */
#define MAP                                         \
	"ffffffff82a00000 d prb\n"                  \
	"ffffffff82a00028 B vmcoreinfo_data\n"      \
	"ffffffff82a00030 B vmcoreinfo_size\n"      \
	"ffffffff82a00038 D __pgtable_l5_enabled\n" \
	"ffffffff82b00000 D init_top_pgt\n"

static const struct test_log_record records[] = {
	{ .prio = 6, .ts_ns = 0, .text = "first" },
	{ .prio = 0, .text = "Kernel panic - not syncing: one" },
	{ .prio = 0, .text = "Kernel panic - not syncing: two" },
	{ .prio = 1, .text = "BUG: a fault" },
	{ .prio = 6, .text = "last" },
};

static struct guest_mem gm;
static struct symbols symbols;
static struct autopsy a;
static struct vcpu_result results[2];
static struct err e;

static void put(uint64_t gpa, const void *data, size_t len)
{
	assert_ok(guest_mem_write(&gm, gpa, data, len, "test", &e), &e);
}

static void put_word(uint64_t gpa, uint64_t v)
{
	put(gpa, &v, sizeof(v));
}

/* A kernel with a log, and a guest that has not set up page tables. */
static void setup(void)
{
	struct test_log t = { .buf_size = 4096,
			      .records = records,
			      .records_count = COUNT(records) };
	struct buf built = { 0 };

	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	test_log_build(&t, &built);
	put(IN_RAM, built.data, built.len);
	buf_release(&built);
	symbols = (struct symbols){
		.kernel = &kernel,
		.delta = DELTA,
		.map.bytes = { (const uint8_t *)MAP, strlen(MAP) },
	};
	memset(results, 0, sizeof(results));
	a = (struct autopsy){
		.symbols = &symbols, .gm = &gm, .results = results, .cpus = 2
	};
}

static void teardown(void)
{
	autopsy_release(&a);
	guest_mem_release(&gm);
}

static void expect_log(void)
{
	char line[64];

	ck_assert_msg(autopsy_log(&a, &e) != NULL, "%s", e.msg);
	ck_assert_uint_eq(a.log.records, COUNT(records));
	ck_assert(autopsy_log_line(&a, 0, line, sizeof(line)));
	ck_assert_str_eq(line, "[    0.000000] last");
	ck_assert(autopsy_log_line(&a, 4, line, sizeof(line)));
	ck_assert_str_eq(line, "[    0.000000] first");
	ck_assert(!autopsy_log_line(&a, 5, line, sizeof(line)));
	ck_assert(autopsy_panic(&a, line, sizeof(line)));
	ck_assert_str_eq(line,
			 "[    0.000000] Kernel panic - not syncing: one");
	ck_assert(autopsy_complaint(&a, line, 20));
	ck_assert_str_eq(line, "[    0.000000] BUG:");
}

/* The image needs no page tables: there are none. */
START_TEST(autopsy__log_in_the_image)
{
	expect_log();
}
END_TEST

/* Map 2 MiB at @vaddr to @gpa, by tables at @cr3. */
static void map(uint64_t cr3, bool five_levels, uint64_t vaddr, uint64_t gpa)
{
	if (five_levels) {
		put_word(cr3 + (vaddr >> 48 & 511) * 8,
			 (ELSE + 0x3000) | PTE_P);
		cr3 = ELSE + 0x3000;
	}
	put_word(cr3 + (vaddr >> 39 & 511) * 8, (ELSE + 0x1000) | PTE_P);
	put_word(ELSE + 0x1000 + (vaddr >> 30 & 511) * 8,
		 (ELSE + 0x2000) | PTE_P);
	put_word(ELSE + 0x2000 + (vaddr >> 21 & 511) * 8, gpa | PTE_P | PTE_PS);
}

/* The ring's text where only page tables lead. */
static void move_text(void)
{
	const uint64_t data = IN_RAM + TEST_LOG_RING + 48;
	uint64_t texts;

	assert_ok(guest_mem_read(&gm, data, &texts, 8, "test", &e), &e);
	memcpy(guest_mem_ptr(&gm, 2 * ELSE, 4096),
	       guest_mem_ptr(&gm, texts - TEST_LOG_BASE64 + IN_RAM, 4096),
	       4096);
	put_word(data, FAR);
}

static const struct {
	const char *what;
	struct vcpu_where where[2];
	uint64_t tables; /* the ones that map it */
	bool found;
	bool five_levels; /* as the kernel's own variable says */
} tables[] = {
	{ "a vCPU's",
	  { { .known = true, .cr3 = ELSE, LONG4 } },
	  ELSE,
	  true,
	  false },
	{ "the second vCPU's",
	  { { .known = true, .cr3 = 0x5000, LONG4 },
	    { .known = true, .cr3 = ELSE, LONG4 } },
	  ELSE,
	  true,
	  false },
	{ "the kernel's own",
	  { { .known = true, .cr3 = 0x5000, LONG4 } },
	  IN_RAM + TABLE,
	  true,
	  false },
	{ "no vCPU has paging",
	  { { .known = true, .cr3 = ELSE, .cr0 = CR0_PE } },
	  ELSE,
	  false,
	  false },
	{ "what is left after a reset",
	  { { .known = true, .was_reset = true, .cr3 = ELSE, LONG4 } },
	  ELSE,
	  false,
	  false },
	{ "it was reset, the kernel's own",
	  { { .known = true, .was_reset = true, .cr3 = 0x5000, LONG4 } },
	  IN_RAM + TABLE,
	  true,
	  false },
	{ "its BIOS resets it, the kernel's own",
	  { { .known = true, .cr3 = 0x5000 } },
	  IN_RAM + TABLE,
	  true,
	  false },
	{ "it was reset, the kernel's own of five levels",
	  { { .known = true, .was_reset = true } },
	  IN_RAM + TABLE,
	  true,
	  true },
	{ "tables outside of memory",
	  { { .known = true, .cr3 = 1ull << 50, LONG4 } },
	  ELSE,
	  false,
	  false },
};

START_TEST(autopsy__log_through_page_tables)
{
	results[0].where = tables[_i].where[0];
	results[1].where = tables[_i].where[1];
	move_text();
	map(tables[_i].tables, tables[_i].five_levels, FAR, 2 * ELSE);
	put_word(IN_RAM + FIVE, tables[_i].five_levels);
	if (tables[_i].found)
		expect_log();
	else
		ck_assert_ptr_null(autopsy_log(&a, &e));
}
END_TEST

/* Names of code only: the note says where the log is. */
START_TEST(autopsy__log_by_the_note)
{
	static const char names[] = "ffffffff82b00000 T start\n";
	static const char text[] =
		"OSRELEASE=6.1.0\n"
		"SYMBOL(prb)=ffffffff82a00000\n"
		"OFFSET(printk_ringbuffer.text_data_ring)=40\n";
	const uint32_t head[3] = { 11, sizeof(text) - 1, 0 };

	symbols.map.bytes = (struct bytes){ (const uint8_t *)names,
					    sizeof(names) - 1 };
	/* What only looks like one. */
	put(50 * MIB, head, sizeof(head));
	put(50 * MIB + 12, "VMCOREINFO", 11);
	put(51 * MIB + 4, head, sizeof(head));
	put(51 * MIB + 16, "VMCOREINFO", 11);
	if (_i) {
		ck_assert_ptr_null(autopsy_log(&a, &e));
		return;
	}
	put(52 * MIB, head, sizeof(head));
	put(52 * MIB + 12, "VMCOREINFO", 11);
	put(52 * MIB + 24, text, sizeof(text));
	expect_log();
	ck_assert_uint_eq(a.info.len, sizeof(text) - 1);
}
END_TEST

/* The kernel has moved, and the guest has reset the machine: what it says about
 * itself leads to its page tables. */
static const struct {
	const char *base;
	uint64_t five_levels;
	bool found;
} said[] = {
	/* init_top_pgt at 64 MiB of the image is where the test has it */
	{ "-40894464", 0, true },  { "-40894464", 1, true },
	{ "", 0, false },	   { "-", 0, false },
	{ "-4089446x", 0, false }, { "-99999999999999999999", 0, false },
	{ "40894464", 0, false },
};

START_TEST(autopsy__log_by_what_the_kernel_says)
{
	char text[256];
	uint32_t head[3] = { 11, 0, 0 };

	symbols.moved = true;
	results[0].where = (struct vcpu_where){ .known = true };
	head[1] = (uint32_t)snprintf(text, sizeof(text),
				     "OSRELEASE=6.1.0\n"
				     "SYMBOL(prb)=%" PRIx64 "\n"
				     "SYMBOL(init_top_pgt)=ffffffff84000000\n"
				     "NUMBER(phys_base)=%s\n"
				     "NUMBER(pgtable_l5_enabled)=%" PRIu64 "\n",
				     TEST_LOG_BASE64, said[_i].base,
				     said[_i].five_levels);
	put(52 * MIB, head, sizeof(head));
	put(52 * MIB + 12, "VMCOREINFO", 11);
	put(52 * MIB + 24, text, head[1]);
	map(IN_RAM + TABLE, said[_i].five_levels, TEST_LOG_BASE64, IN_RAM);
	if (said[_i].found)
		expect_log();
	else
		ck_assert_ptr_null(autopsy_log(&a, &e));
}
END_TEST

START_TEST(autopsy__log_without_a_guest)
{
	char line[64];

	a.gm = NULL;
	ck_assert_ptr_null(autopsy_log(&a, &e));
	ck_assert_str_eq(e.msg, "there is no guest that has run a kernel");
	ck_assert(!autopsy_log_line(&a, 0, line, sizeof(line)));
	ck_assert(!autopsy_panic(&a, line, sizeof(line)));
	ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(autopsy__log_of_a_kernel_whose_place_is_not_known)
{
	symbols.moved = true;
	ck_assert_ptr_null(autopsy_log(&a, &e));
	ck_assert_str_eq(e.msg, "neither a VMCOREINFO nor names say where the "
				"kernel's log is");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("autopsy");
	TCase *tc = tcase_create("autopsy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, autopsy__log_in_the_image);
	tcase_add_loop_test(tc, autopsy__log_through_page_tables, 0,
			    COUNT(tables));
	tcase_add_loop_test(tc, autopsy__log_by_the_note, 0, 2);
	tcase_add_loop_test(tc, autopsy__log_by_what_the_kernel_says, 0,
			    COUNT(said));
	tcase_add_test(tc, autopsy__log_without_a_guest);
	tcase_add_test(tc, autopsy__log_of_a_kernel_whose_place_is_not_known);
	suite_add_tcase(s, tc);
	return s;
}
