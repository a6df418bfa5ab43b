/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel receives at its first instruction: boot_params and the PVH
 * start info at the offsets of their specs, page tables, registers.
 *
 * Offsets are written as boot.rst, zero-page.rst and start_info.h have them,
 * not taken from the headers under test.
 */
#include "unit/unit.h"
#include "boot/entry.h"
#include "vm/layout.h"

#include <inttypes.h>

#define MIB (UINT64_C(1) << 20)

static struct guest_mem gm;
static struct e820 map;
static struct image img;
static uint8_t file[4096];
static struct boot_handover h;
static struct cpu_entry cpu;
static struct err e;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	e820_build(&map, &gm);
	/* A header without zero bytes. */
	for (unsigned i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i % 255 + 1);
	img = (struct image){ .kind = IMAGE_BZIMAGE,
			      .bytes = { file, sizeof(file) },
			      .hdr = { .header_end = 0x26c } };
	h = (struct boot_handover){
		.gm = &gm,
		.img = &img,
		.map = &map,
		.cmdline = { 0x20000, 14 },
		.initrd = { 0x3f00000, 0x12345 },
		.rsdp = 0xe0000,
		.entry = 0x1000040,
	};
}

static void teardown(void)
{
	guest_mem_release(&gm);
}

static uint64_t at(uint64_t gpa, unsigned width)
{
	uint64_t v = 0;

	assert_ok(guest_mem_read(&gm, gpa, &v, width, "test", &e), &e);
	return v;
}

static uint64_t bp(unsigned off, unsigned width)
{
	return at(LAYOUT_BOOT_PARAMS + off, width);
}

/* zero-page.rst: e820_entries at 0x1e8, the table of 20 bytes at 0x2d0. */
static void expect_e820(void)
{
	ck_assert_uint_eq(bp(0x1e8, 1), map.count);
	for (unsigned i = 0; i < map.count; i++) {
		unsigned off = 0x2d0 + 20 * i;

		ck_assert_uint_eq(bp(off, 8), map.entries[i].addr);
		ck_assert_uint_eq(bp(off + 8, 8), map.entries[i].size);
		ck_assert_uint_eq(bp(off + 16, 4), map.entries[i].type);
	}
	ck_assert_uint_eq(bp(0x2d0 + 20 * map.count, 8), 0);
}

/* Fields a loader fills in (boot.rst): offset, width, value. */
static const struct {
	unsigned off, width;
	uint64_t want;
} filled[] = {
	{ 0x210, 1, 0xff },	 /* type_of_loader: undefined */
	{ 0x218, 4, 0x3f00000 }, /* ramdisk_image */
	{ 0x21c, 4, 0x12345 },	 /* ramdisk_size */
	{ 0x228, 4, 0x20000 },	 /* cmd_line_ptr */
	{ 0x070, 8, 0xe0000 },	 /* acpi_rsdp_addr */
	{ 0x0c0, 4, 0 },	 /* ext_ramdisk_image */
	{ 0x0c4, 4, 0 },	 /* ext_ramdisk_size */
	{ 0x0c8, 4, 0 },	 /* ext_cmd_line_ptr */
	{ 0x1ef, 1, 0 },	 /* sentinel */
};

static bool is_filled(unsigned off)
{
	for (unsigned i = 0; i < COUNT(filled); i++)
		if (off >= filled[i].off &&
		    off < filled[i].off + filled[i].width)
			return true;
	return (off >= 0x1e8 && off < 0x1e9) ||
	       (off >= 0x2d0 && off < 0x2d0 + 20 * map.count);
}

static const struct {
	size_t header_end, file_len;
	unsigned copied_to; /* just past the last header byte */
} headers[] = {
	{ 0x26c, 4096, 0x26c }, /* 2.15 */
	{ 0x22c, 4096, 0x22c }, /* 2.02 */
	{ 0x290, 4096, 0x290 }, /* as far as boot_params has room */
	{ 0x291, 4096, 0x290 },
	{ 0x301, 4096, 0x290 },	 /* the most that byte 0x201 can say */
	{ 0x26c, 0x250, 0x250 }, /* never past the file */
	{ 0x26c, 0x1f1, 0x1f1 },
	{ 0x26c, 0x100, 0x1f1 },
	{ 0x202, 4096, 0x202 },
};

START_TEST(boot_params__copy_the_header_and_no_more)
{
	unsigned end = headers[_i].copied_to;

	img.hdr.header_end = headers[_i].header_end;
	img.bytes.len = headers[_i].file_len;
	memset(gm.base + LAYOUT_BOOT_PARAMS, 0xee, 0x1000);
	assert_ok(boot_params_write(&h, &e), &e);
	for (unsigned off = 0; off < 0x1000; off++) {
		uint8_t want = off >= 0x1f1 && off < end ? file[off] : 0;

		if (!is_filled(off) && bp(off, 1) != want)
			ck_abort_msg("0x%03x is 0x%02x, not 0x%02x", off,
				     (unsigned)bp(off, 1), want);
	}
	for (unsigned i = 0; i < COUNT(filled); i++)
		ck_assert_uint_eq(bp(filled[i].off, filled[i].width),
				  filled[i].want);
	expect_e820();
	/* The next structure belongs to someone else. */
	ck_assert_uint_eq(at(LAYOUT_BOOT_PARAMS + 0x1000, 8), 0);
}
END_TEST

START_TEST(boot_params__say_where_the_code_lies)
{
	assert_ok(boot_params_write(&h, &e), &e);
	ck_assert_uint_eq(bp(0x214, 1), file[0x214]);
	h.code_gpa = 0x2000000;
	assert_ok(boot_params_write(&h, &e), &e);
	ck_assert_uint_eq(bp(0x214, 4), 0x2000000);
}
END_TEST

START_TEST(boot_params__of_an_elf)
{
	img = (struct image){ .kind = IMAGE_ELF,
			      .bytes = { file, sizeof(file) } };
	assert_ok(boot_params_write(&h, &e), &e);
	ck_assert_uint_eq(bp(0x1fe, 2), 0xaa55);
	ck_assert_uint_eq(bp(0x202, 4), 0x53726448); /* "HdrS" */
	ck_assert_uint_eq(bp(0x206, 2), 0x20f);
	ck_assert_uint_eq(bp(0x211, 1), 1); /* LOADED_HIGH, no KASLR_FLAG */
	for (unsigned i = 0; i < COUNT(filled); i++)
		ck_assert_uint_eq(bp(filled[i].off, filled[i].width),
				  filled[i].want);
	expect_e820();
}
END_TEST

START_TEST(boot_params__without_initrd)
{
	h.initrd = (struct boot_range){ 0 };
	assert_ok(boot_params_write(&h, &e), &e);
	ck_assert_uint_eq(bp(0x218, 4), 0);
	ck_assert_uint_eq(bp(0x21c, 4), 0);
}
END_TEST

/* start_info.h: 56 bytes of version 1. */
START_TEST(pvh__start_info)
{
	const uint64_t si = LAYOUT_PVH;
	uint64_t mods, memmap;

	assert_ok(entry_pvh(&h, &cpu, &e), &e);
	ck_assert_uint_eq(cpu.rbx, si);
	ck_assert_uint_eq(at(si + 0, 4), 0x336ec578);
	ck_assert_uint_eq(at(si + 4, 4), 1);
	ck_assert_uint_eq(at(si + 8, 4), 0); /* flags */
	ck_assert_uint_eq(at(si + 12, 4), 1);
	mods = at(si + 16, 8);
	ck_assert_uint_eq(at(si + 24, 8), 0x20000);
	ck_assert_uint_eq(at(si + 32, 8), 0xe0000);
	memmap = at(si + 40, 8);
	ck_assert_uint_eq(at(si + 48, 4), map.count);
	ck_assert_uint_eq(at(si + 52, 4), 0);
	/* the module: 32 bytes */
	ck_assert_uint_eq(at(mods + 0, 8), 0x3f00000);
	ck_assert_uint_eq(at(mods + 8, 8), 0x12345);
	ck_assert_uint_eq(at(mods + 16, 8), 0);
	ck_assert_uint_eq(at(mods + 24, 8), 0);
	/* the map: 24 bytes an entry */
	for (unsigned i = 0; i < map.count; i++) {
		ck_assert_uint_eq(at(memmap + 24 * i, 8), map.entries[i].addr);
		ck_assert_uint_eq(at(memmap + 24 * i + 8, 8),
				  map.entries[i].size);
		ck_assert_uint_eq(at(memmap + 24 * i + 16, 4),
				  map.entries[i].type);
		ck_assert_uint_eq(at(memmap + 24 * i + 20, 4), 0);
	}
}
END_TEST

START_TEST(pvh__without_initrd)
{
	h.initrd = (struct boot_range){ 0 };
	assert_ok(entry_pvh(&h, &cpu, &e), &e);
	ck_assert_uint_eq(at(LAYOUT_PVH + 12, 4), 0);
	ck_assert_uint_eq(at(LAYOUT_PVH + 16, 8), 0);
}
END_TEST

/* A map with the maximum number of entries must not overlap boot_params. */
START_TEST(pvh__largest_memory_map)
{
	for (unsigned i = 0; i < E820_MAX_ENTRIES; i++)
		map.entries[i] = (struct e820_entry){ i * MIB, MIB, 1 };
	map.count = E820_MAX_ENTRIES;
	assert_ok(entry_pvh(&h, &cpu, &e), &e);
	ck_assert_uint_le(at(LAYOUT_PVH + 40, 8) + 24 * E820_MAX_ENTRIES,
			  LAYOUT_BOOT_PARAMS);
	ck_assert_uint_eq(at(LAYOUT_BOOT_PARAMS, 8), 0);
}
END_TEST

/* pvh.pandoc: 32-bit protected mode, EBX. */
START_TEST(pvh__registers)
{
	assert_ok(entry_pvh(&h, &cpu, &e), &e);
	ck_assert_int_eq(cpu.mode, CPU_PROT32);
	ck_assert_uint_eq(cpu.rip, 0x1000040);
	ck_assert_uint_eq(cpu.rsi, 0);
	ck_assert_uint_eq(cpu.cr3, 0);
	ck_assert_mem_eq(gm.base + cpu.gdt, boot_gdt32, sizeof(boot_gdt32));
}
END_TEST

/* boot.rst, 64-bit protocol: RSI, paging, CS 0x10, DS 0x18. */
START_TEST(linux64__registers)
{
	assert_ok(entry_linux64(&h, &cpu, &e), &e);
	ck_assert_int_eq(cpu.mode, CPU_LONG64);
	ck_assert_uint_eq(cpu.rip, 0x1000040);
	ck_assert_uint_eq(cpu.rsi, LAYOUT_BOOT_PARAMS);
	ck_assert_uint_eq(bp(0x228, 4), 0x20000);
	/* code at 0x10: long mode, executable; data at 0x18 */
	ck_assert_uint_eq(at(cpu.gdt + 0x10, 8), 0x00af9b000000ffff);
	ck_assert_uint_eq(at(cpu.gdt + 0x18, 8), 0x00cf93000000ffff);
}
END_TEST

START_TEST(linux32__registers)
{
	assert_ok(entry_linux32(&h, &cpu, &e), &e);
	ck_assert_int_eq(cpu.mode, CPU_PROT32);
	ck_assert_uint_eq(cpu.rip, 0x1000040);
	ck_assert_uint_eq(cpu.rsi, LAYOUT_BOOT_PARAMS);
	ck_assert_uint_eq(cpu.rbx, 0);
	ck_assert_uint_eq(at(cpu.gdt + 0x10, 8), 0x00cf9b000000ffff);
	ck_assert_uint_eq(at(cpu.gdt + 0x18, 8), 0x00cf93000000ffff);
}
END_TEST

/* Walk the tables as the processor does (SDM 4.5), 2 MiB pages. */
static uint64_t translate(uint64_t cr3, uint64_t va)
{
	uint64_t entry = at(cr3 + (va >> 39 & 511) * 8, 8);

	if (!(entry & 1))
		return UINT64_MAX;
	ck_assert_uint_eq(entry & 3, 3);
	entry = at((entry & ~UINT64_C(0xfff)) + (va >> 30 & 511) * 8, 8);
	if (!(entry & 1))
		return UINT64_MAX;
	ck_assert_uint_eq(entry & 0x83, 3);
	entry = at((entry & ~UINT64_C(0xfff)) + (va >> 21 & 511) * 8, 8);
	ck_assert_uint_eq(entry & 0x83, 0x83);
	return (entry & ~UINT64_C(0x1fffff)) + (va & 0x1fffff);
}

START_TEST(linux64__identity_map)
{
	assert_ok(entry_linux64(&h, &cpu, &e), &e);
	for (uint64_t va = 0; va < UINT64_C(1) << 32; va += 0x1ff123)
		ck_assert_uint_eq(translate(cpu.cr3, va), va);
	ck_assert_uint_eq(translate(cpu.cr3, 0xffffffff), 0xffffffff);
	ck_assert_uint_eq(translate(cpu.cr3, UINT64_C(1) << 32), UINT64_MAX);
	ck_assert_uint_eq(translate(cpu.cr3, UINT64_C(1) << 39), UINT64_MAX);
}
END_TEST

/* Structures must not overlap: each one is intact afterwards. */
START_TEST(linux64__structures_do_not_overlap)
{
	static const struct {
		uint64_t start, end;
	} ranges[] = {
		{ LAYOUT_GDT, LAYOUT_GDT + BOOT_GDT_SIZE },
		{ LAYOUT_PVH, LAYOUT_PVH + 56 },
		{ LAYOUT_PVH_MODLIST, LAYOUT_PVH_MODLIST + 32 },
		{ LAYOUT_PVH_MEMMAP,
		  LAYOUT_PVH_MEMMAP + 24 * E820_MAX_ENTRIES },
		{ LAYOUT_BOOT_PARAMS, LAYOUT_BOOT_PARAMS + 0x1000 },
		{ LAYOUT_STACK - 0x1000, LAYOUT_STACK },
		{ LAYOUT_PAGE_TABLES, LAYOUT_PAGE_TABLES + 6 * 0x1000 },
		{ LAYOUT_CMDLINE, LAYOUT_CMDLINE + LAYOUT_CMDLINE_MAX },
		{ LOWMEM_END, LEGACY_START },
		{ LAYOUT_ACPI, LAYOUT_ACPI + LAYOUT_ACPI_ROOM },
		{ HIMEM_START, UINT64_MAX },
	};

	for (unsigned i = 1; i < COUNT(ranges); i++)
		ck_assert_msg(ranges[i - 1].end <= ranges[i].start,
			      "0x%" PRIx64 " runs into 0x%" PRIx64,
			      ranges[i - 1].start, ranges[i].start);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("entry");
	TCase *t = tcase_create("entry");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, boot_params__copy_the_header_and_no_more, 0,
			    COUNT(headers));
	tcase_add_test(t, boot_params__say_where_the_code_lies);
	tcase_add_test(t, boot_params__of_an_elf);
	tcase_add_test(t, boot_params__without_initrd);
	tcase_add_test(t, pvh__start_info);
	tcase_add_test(t, pvh__without_initrd);
	tcase_add_test(t, pvh__largest_memory_map);
	tcase_add_test(t, pvh__registers);
	tcase_add_test(t, linux64__registers);
	tcase_add_test(t, linux32__registers);
	tcase_add_test(t, linux64__identity_map);
	tcase_add_test(t, linux64__structures_do_not_overlap);
	suite_add_tcase(s, t);
	return s;
}
