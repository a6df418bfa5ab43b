/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's page tables, built by hand in every mode, and hostile ones.
 */
#include "unit/unit.h"
#include "vm/walk.h"
#include "pv/x86.h"

#include <inttypes.h>

#define MIB UINT64_C(0x100000)
#define P   (PTE_P | PTE_RW)
#define NX  (UINT64_C(1) << 63)
#define TOP (64 * MIB) /* where RAM ends */

static struct guest_mem gm;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

static void put(uint64_t gpa, uint64_t entry, size_t size)
{
	assert_ok(guest_mem_write(&gm, gpa, &entry, size, "entry", &e), &e);
}

#define LONG4 CR0_PG | CR0_PE, 0x1000, CR4_PAE, EFER_LMA | EFER_LME
#define LONG5 CR0_PG | CR0_PE, 0x1000, CR4_PAE | CR4_LA57, EFER_LMA | EFER_LME
#define PAE   CR0_PG | CR0_PE, 0x1000, CR4_PAE, 0
#define OLD   CR0_PG | CR0_PE, 0x1000, 0, 0
#define PSE   CR0_PG | CR0_PE, 0x1000, CR4_PSE, 0
#define OFF   CR0_PE, 0x1000, CR4_PAE, 0

static const struct row {
	const char *what;
	struct paging paging;
	struct {
		uint64_t gpa, entry;
	} tables[6];
	uint64_t addr;
	bool mapped;
	uint64_t gpa, run;
} rows[] = {
	{ "off: as it is", { OFF }, { { 0 } }, 0x12345, true, 0x12345, 0xcbb },
	{ "off: no RAM there",
	  { OFF },
	  { { 0 } },
	  0xfffffff0,
	  true,
	  0xfffffff0,
	  0x10 },
	{ "off: 32 bits", { OFF }, { { 0 } }, 0x100000000, false, 0, 0 },
	{ "off: no higher half",
	  { OFF },
	  { { 0 } },
	  0xffffffff81000000,
	  false,
	  0,
	  0 },
	{ "off: long mode not active",
	  { CR0_PE, 0x1000, CR4_PAE, EFER_LME },
	  { { 0 } },
	  0x1000,
	  true,
	  0x1000,
	  0x1000 },

	{ "4 levels, 4K",
	  { LONG4 },
	  { { 0x1000 + 0x1ff * 8, 0x2000 | P },
	    { 0x2000 + 0x1fe * 8, 0x3000 | P },
	    { 0x3000 + 8 * 8, 0x4000 | P },
	    { 0x4000 + 3 * 8, 0x5000 | P | NX } },
	  0xffffffff81003abc,
	  true,
	  0x5abc,
	  0x544 },
	{ "4 levels, 2M",
	  { LONG4 },
	  { { 0x1000 + 0x1ff * 8, 0x2000 | P },
	    { 0x2000 + 0x1fe * 8, 0x3000 | P },
	    { 0x3000 + 8 * 8, 0x1000000 | P | PTE_PS } },
	  0xffffffff81003abc,
	  true,
	  0x1003abc,
	  0x1fc544 },
	{ "4 levels, 2M with PAT in bit 12",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P },
	    { 0x2000, 0x3000 | P },
	    { 0x3000, 0x1001000 | P | PTE_PS } },
	  0x1fffff,
	  true,
	  0x11fffff,
	  1 },
	{ "4 levels, 1G",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P }, { 0x2000 + 8, P | PTE_PS } },
	  0x40000123,
	  true,
	  0x123,
	  0x3ffffedd },
	{ "4 levels: not present at the top",
	  { LONG4 },
	  { { 0 } },
	  0,
	  false,
	  0,
	  0 },
	{ "4 levels: not present in the middle",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P }, { 0x2000, 0x3000 | PTE_RW } },
	  0,
	  false,
	  0,
	  0 },
	{ "4 levels: not present at the end",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P },
	    { 0x2000, 0x3000 | P },
	    { 0x3000, 0x4000 | P },
	    { 0x4000, 0x5000 | PTE_RW } },
	  0,
	  false,
	  0,
	  0 },
	{ "4 levels: a large page where none can be",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P | PTE_PS } },
	  0,
	  false,
	  0,
	  0 },
	{ "4 levels: not canonical",
	  { LONG4 },
	  { { 0x1000 + 0x100 * 8, 0x2000 | P | PTE_PS } },
	  0x0000800000000000,
	  false,
	  0,
	  0 },
	{ "4 levels: the lowest of the higher half",
	  { LONG4 },
	  { { 0x1000 + 0x100 * 8, 0x2000 | P }, { 0x2000, P | PTE_PS } },
	  0xffff800000000000,
	  true,
	  0,
	  PAGE_1G },
	{ "4 levels: PCID and PCD in cr3, XD in the tables",
	  { CR0_PG | CR0_PE, 0x1018, CR4_PAE, EFER_LMA | EFER_LME },
	  { { 0x1000, 0x2000 | P | NX }, { 0x2000, P | PTE_PS | NX } },
	  0x10,
	  true,
	  0x10,
	  PAGE_1G - 0x10 },

	{ "5 levels, 4K",
	  { LONG5 },
	  { { 0x1000 + 0x100 * 8, 0x2000 | P },
	    { 0x2000, 0x3000 | P },
	    { 0x3000, 0x4000 | P },
	    { 0x4000, 0x5000 | P },
	    { 0x5000 + 8, 0x7000 | P } },
	  0xff00000000001010,
	  true,
	  0x7010,
	  0xff0 },
	{ "5 levels: not canonical",
	  { LONG5 },
	  { { 0x1000, 0x2000 | P } },
	  0x0100000000000000,
	  false,
	  0,
	  0 },
	{ "5 levels: what 4 levels cannot address",
	  { LONG5 },
	  { { 0x1000 + 0x20 * 8, 0x2000 | P },
	    { 0x2000, 0x3000 | P },
	    { 0x3000, P | PTE_PS } },
	  0x0020000000000000,
	  true,
	  0,
	  PAGE_1G },

	{ "PAE, 4K",
	  { PAE },
	  { { 0x1000 + 3 * 8, 0x2000 | PTE_P },
	    { 0x2000 + 8 * 8, 0x3000 | P },
	    { 0x3000 + 8, 0x4000 | P } },
	  0xc1001004,
	  true,
	  0x4004,
	  0xffc },
	{ "PAE, 2M",
	  { PAE },
	  { { 0x1000 + 3 * 8, 0x2000 | PTE_P },
	    { 0x2000 + 8 * 8, 0x1000000 | P | PTE_PS } },
	  0xc1001004,
	  true,
	  0x1001004,
	  0x1feffc },
	{ "PAE: pointers on a line of 32 bytes",
	  { CR0_PG | CR0_PE, 0x1028, CR4_PAE, 0 },
	  { { 0x1020, 0x2000 | PTE_P }, { 0x2000, P | PTE_PS } },
	  0x42,
	  true,
	  0x42,
	  0x1fffbe },
	{ "PAE: no pointer", { PAE }, { { 0 } }, 0xc1001004, false, 0, 0 },
	{ "PAE: 32 bits",
	  { PAE },
	  { { 0x1000, 0x2000 | PTE_P }, { 0x2000, P | PTE_PS } },
	  0x100000000,
	  false,
	  0,
	  0 },

	{ "32-bit, 4K",
	  { OLD },
	  { { 0x1000 + 0x304 * 4, 0x2000 | P }, { 0x2000 + 4, 0x3000 | P } },
	  0xc1001800,
	  true,
	  0x3800,
	  0x800 },
	{ "32-bit: no large pages without PSE",
	  { OLD },
	  { { 0x1000, 0x2000 | P | PTE_PS }, { 0x2000, 0x3000 | P } },
	  0x800,
	  true,
	  0x3800,
	  0x800 },
	{ "32-bit, 4M",
	  { PSE },
	  { { 0x1000 + 0x304 * 4, 0x1000000 | P | PTE_PS } },
	  0xc1001800,
	  true,
	  0x1001800,
	  0x3fe800 },
	{ "32-bit, 4M above 4G",
	  { PSE },
	  { { 0x1000, 0x00402000 | P | PTE_PS } },
	  4,
	  true,
	  0x100400004,
	  0x3ffffc },
	{ "32-bit: not present",
	  { OLD },
	  { { 0x1000, 0x2000 | P } },
	  0x800,
	  false,
	  0,
	  0 },

	/*
	 * Hostile: tables outside RAM, at its end, and pointing to themselves.
	 */
	{ "cr3 outside RAM",
	  { CR0_PG | CR0_PE, TOP, CR4_PAE, EFER_LMA },
	  { { 0 } },
	  0,
	  false,
	  0,
	  0 },
	{ "cr3 of all ones",
	  { CR0_PG | CR0_PE, UINT64_MAX, CR4_PAE, EFER_LMA },
	  { { 0 } },
	  0,
	  false,
	  0,
	  0 },
	{ "the last entry of the last page of RAM",
	  { CR0_PG | CR0_PE, TOP - 0x1000, CR4_PAE, EFER_LMA },
	  { { TOP - 8, 0x2000 | P }, { 0x2000, P | PTE_PS } },
	  0xffffff8000000000,
	  true,
	  0,
	  PAGE_1G },
	{ "a table outside RAM",
	  { LONG4 },
	  { { 0x1000, (UINT64_C(1) << 51) | P } },
	  0,
	  false,
	  0,
	  0 },
	{ "a table that contains itself",
	  { LONG4 },
	  { { 0x1000, 0x1000 | P } },
	  0x123,
	  true,
	  0x1123,
	  0xedd },
	{ "a page outside RAM is mapped all the same",
	  { LONG4 },
	  { { 0x1000, 0x2000 | P },
	    { 0x2000, 0x3000 | P },
	    { 0x3000, UINT64_C(0xfee00000) | P | PTE_PS } },
	  0x30,
	  true,
	  0xfee00030,
	  0x1fffd0 },
};

START_TEST(walk__finds)
{
	const struct row *row = &rows[_i];
	bool is_long = row->paging.efer & EFER_LMA;
	size_t size = is_long || (row->paging.cr4 & CR4_PAE) ? 8 : 4;
	uint64_t gpa = 1, run = 1;
	bool mapped;

	for (unsigned i = 0; i < 6 && row->tables[i].gpa; i++)
		put(row->tables[i].gpa, row->tables[i].entry, size);
	mapped = walk_linear(&gm, &row->paging, row->addr, &gpa, &run);
	ck_assert_msg(mapped == row->mapped, "%s: mapped is %d", row->what,
		      mapped);
	if (mapped)
		ck_assert_msg(gpa == row->gpa && run == row->run,
			      "%s: 0x%" PRIx64 ", 0x%" PRIx64 " bytes",
			      row->what, gpa, run);
}
END_TEST

/* Whatever the tables contain: no crash, and each run stays in one page. */
START_TEST(walk__any_tables)
{
	static const struct paging modes[] = {
		{ LONG4 }, { LONG5 }, { PAE }, { OLD }, { PSE }
	};
	uint64_t seed = 88172645463325252u + (uint64_t)_i, gpa, run;

	for (uint64_t at = 0; at < MIB; at += 8) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		/* Mostly present entries, mostly with near addresses. */
		put(at, (seed & 0xfffff) | (seed >> 60 ? P : seed), 8);
	}
	for (unsigned i = 0; i < 20000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		if (!walk_linear(&gm, &modes[i % COUNT(modes)], seed, &gpa,
				 &run))
			continue;
		ck_assert(run > 0 && run <= PAGE_1G);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("walk");
	TCase *tc = tcase_create("walk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, walk__finds, 0, COUNT(rows));
	tcase_add_loop_test(tc, walk__any_tables, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}
