/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What inspect says about an image is what run does with it.
 *
 * The test covers images of every kind, unusual headers, each protocol, and
 * little and much memory; support/plan_run.h says what is compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pv/bootparam.h"
#include "show/inspect.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/plan_run.h"
#include "support/uki_builder.h"
#include "unit/unit.h"

#define MIB (UINT64_C(1) << 20)

static struct buf elf, file;
static const char *about;

static void setup(void)
{
	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	/* The builder's PHYS32_ENTRY is past its text. */
	elf_patch(&elf, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 8,
		  0x100);
	elf_patch(&elf, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz), 8,
		  0x100);
}

static void teardown(void)
{
	buf_release(&elf);
	buf_release(&file);
}

static struct kaslr_wish wish; /* KASLR_OFF */

/* One image, protocol and memory size. */
static void compare(const char *protocol, uint64_t mem)
{
	struct plan_run_result r;
	struct guest_mem gm;
	struct err e = ERR_EMPTY;
	struct plan_run t = { .file = { file.data, file.len },
			      .protocol = protocol,
			      .gm = &gm,
			      .wish = wish };

	assert_ok(guest_mem_init(&gm, mem, &e), &e);
	if (plan_run(&t, &r))
		ck_assert_msg(!r.differs && !r.other_reason,
			      "%s, --boot %s, %" PRIu64 "M: %s", about,
			      protocol, mem >> 20, r.text);
	guest_mem_release(&gm);
}

static void compare_all(void)
{
	compare("auto", 256 * MIB);
	compare("auto", 64 * MIB);
	for (unsigned p = 0; p < BOOT_PROTOCOLS; p++)
		compare(boot_protocols[p].name, 64 * MIB);
}

/* ---- images of every kind */

static const char *const forms[] = { "gzip", "bzip2", "lzma", "xz",
				     "lzo",  "lz4",   "zstd", "none" };

START_TEST(plan__is_run_of_every_payload)
{
	about = forms[_i];
	bzimage_of_elf(&elf, about, &file);
	compare_all();
	file.len = 0;
	payload_compress(about, elf.data, elf.len, &file, false);
	compare_all();
}
END_TEST

static const uint16_t versions[] = { 0x200, 0x201, 0x202, 0x203, 0x204,
				     0x205, 0x206, 0x207, 0x208, 0x209,
				     0x20a, 0x20b, 0x20c, 0x20d, 0x20f };

START_TEST(plan__is_run_of_every_version)
{
	static const size_t codes[] = { 0, 1, 0x200, 0x201, 0x80000, 0x80001 };

	about = "version";
	for (size_t i = 0; i < COUNT(codes); i++)
		for (int high = 0; high <= 1; high++) {
			file.len = 0;
			bzimage_build(
				&(struct test_bzimage){
					.version = versions[_i],
					.payload_rest = codes[i] },
				&file);
			elf_patch(&file, HDR_LOADFLAGS, 1, high);
			elf_patch(&file, HDR_CODE32_START, 4, 0);
			compare_all();
		}
}
END_TEST

static const uint64_t values[] = {
	0,	    1,		 0xfffff,    0x100000,
	0x1000000,  0x3ffff00,	 0x3ffffff,  0x4000000,
	0xffffff0,  0xbffffff0,	 0xfffff000, UINT64_C(1) << 32,
	0x10000040, 0x200000000, UINT64_MAX, UINT64_MAX - 0xfff,
};

/* A field of the plain ELF's header, or of one of its segments. */
START_TEST(plan__is_run_of_odd_segments)
{
	static const struct {
		size_t off;
		const char *name;
	} fields[] = {
		{ offsetof(Elf64_Ehdr, e_entry), "e_entry" },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_paddr),
		  "p_paddr" },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz),
		  "p_memsz" },
		{ sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) +
			  offsetof(Elf64_Phdr, p_paddr),
		  "p_paddr of 1" },
		{ sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) +
			  offsetof(Elf64_Phdr, p_memsz),
		  "p_memsz of 1" },
	};
	struct buf sound = { 0 };

	buf_add(&sound, elf.data, elf.len);
	for (size_t i = 0; i < COUNT(fields); i++) {
		elf.len = file.len = 0;
		buf_add(&elf, sound.data, sound.len);
		elf_patch(&elf, fields[i].off, 8, values[_i]);
		about = fields[i].name;
		buf_add(&file, elf.data, elf.len);
		compare_all();
		/* In a bzImage, which may be relocated. */
		file.len = 0;
		bzimage_of_elf(&elf, "none", &file);
		compare_all();
	}
	buf_release(&sound);
}
END_TEST

/* As with debug information: more data after the segments than memory. */
START_TEST(plan__is_run_of_a_file_larger_than_memory)
{
	about = "padded ELF";
	buf_add(&file, elf.data, elf.len);
	memset(buf_extend(&file, 66 * MIB), 0, 66 * MIB);
	compare("auto", 64 * MIB);
	compare("auto", 256 * MIB);
	compare("elf64", 64 * MIB);
}
END_TEST

static const struct {
	unsigned off, width;
	uint64_t value;
} in_ukis[] = {
	{ HDR_INITRD_ADDR_MAX, 4, 0x7fffffff },
	{ HDR_INITRD_ADDR_MAX, 4, 0x100ffe },
	{ HDR_INITRD_ADDR_MAX, 4, 0x101fff },
	{ HDR_CMDLINE_SIZE, 4, 4 },
	{ HDR_CMDLINE_SIZE, 4, 5 },
};

/* A unified image: its initrd needs a place, its command line must fit. */
START_TEST(plan__is_run_of_unified_images)
{
	struct buf kernel = { 0 }, initrd = { 0 };

	buf_add(&initrd, "initrd", 6);
	bzimage_of_elf(&elf, "none", &kernel);
	elf_patch(&kernel, in_ukis[_i].off, in_ukis[_i].width,
		  in_ukis[_i].value);
	about = "unified image";
	uki_build(&kernel, &initrd, "quiet", &file);
	compare_all();
	buf_release(&kernel);
	buf_release(&initrd);
}
END_TEST

/* ---- random places */

/* The words that are moved are at the beginning of the text. */
static const uint32_t lists[] = { 0, 0x81000008, 0, 0x81000020, 0, 0x81000030 };

static void build_random(size_t list_words)
{
	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	buf_add(&elf, lists, list_words * sizeof(*lists));
	bzimage_of_elf(&elf, "lz4", &file);
	elf_patch(&file, HDR_SETUP_DATA, 8, 0);
}

START_TEST(plan__is_run_at_random_places)
{
	about = "random place";
	for (size_t words = 0; words <= COUNT(lists); words++) {
		build_random(words);
		wish = (struct kaslr_wish){ KASLR_SEED, (uint64_t)_i };
		compare_all();
	}
	wish = (struct kaslr_wish){ KASLR_OFF, 0 };
	compare_all();
}
END_TEST

/* The place of a run is another one, the rest is not. */
START_TEST(plan__is_run_with_kaslr_auto)
{
	const struct inspect_want want = { .mem = 256 * MIB,
					   .kaslr = { KASLR_AUTO, 0 } };
	struct inspection in;
	struct err e = ERR_EMPTY;

	build_random(COUNT(lists));
	assert_ok(inspection_from_bytes(&in, "image",
					(struct bytes){ file.data, file.len },
					&want, &e),
		  &e);
	ck_assert_str_eq(in.no_plan.msg, "");
	ck_assert_int_eq((int)in.plan.chosen, BOOT_ELF64);
	ck_assert(in.kaslr.virt_moved && in.kaslr.random_seed);
	ck_assert_ptr_nonnull(strstr(in.plan.fits[BOOT_ELF64].reason,
				     "tell the kernel that its place is "
				     "random"));
	inspection_close(&in);
}
END_TEST

/* ---- headers of every oddity */

static uint64_t state;

/* xorshift64: the same numbers in every run. */
static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const struct {
	unsigned off, width;
} header_fields[] = {
	{ HDR_SETUP_SECTS, 1 },	       { HDR_SYSSIZE, 4 },
	{ HDR_JUMP + 1, 1 },	       { HDR_VERSION, 2 },
	{ HDR_LOADFLAGS, 1 },	       { HDR_CODE32_START, 4 },
	{ HDR_INITRD_ADDR_MAX, 4 },    { HDR_KERNEL_ALIGNMENT, 4 },
	{ HDR_RELOCATABLE_KERNEL, 1 }, { HDR_XLOADFLAGS, 2 },
	{ HDR_CMDLINE_SIZE, 4 },       { HDR_PAYLOAD_OFFSET, 4 },
	{ HDR_PAYLOAD_LENGTH, 4 },     { HDR_PREF_ADDRESS, 8 },
	{ HDR_INIT_SIZE, 4 },
};

/* Small, large, near a limit, or arbitrary. */
static uint64_t odd_value(void)
{
	static const uint64_t limits[] = { 0,	       0x100000,  0x200000,
					   0x1000000,  64 * MIB,  256 * MIB,
					   0xc0000000, UINT32_MAX };
	uint64_t n = random_number();

	switch (n >> 60 & 3) {
	case 0:
		return n & 0xff;
	case 1:
		return limits[n % COUNT(limits)];
	case 2:
		return limits[n % COUNT(limits)] + (n >> 32 & 0xffff) - 0x8000;
	}
	return n;
}

static void odd_header(void)
{
	static char text[200];
	unsigned changes = 1 + random_number() % 4;
	size_t used = 0;

	file.len = 0;
	if (random_number() & 1)
		bzimage_of_elf(&elf, "none", &file);
	else
		bzimage_build(&(struct test_bzimage){ .payload_rest = 0x900 },
			      &file);
	text[0] = '\0';
	for (unsigned i = 0; i < changes; i++) {
		size_t f = random_number() % COUNT(header_fields);
		uint64_t v = odd_value();

		elf_patch(&file, header_fields[f].off, header_fields[f].width,
			  v);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "0x%x=0x%" PRIx64 " ",
					 header_fields[f].off, v);
	}
	about = text;
}

#define ODD_LOTS 8

START_TEST(plan__is_run_of_odd_headers)
{
	state = 0x9e3779b97f4a7c15 + (uint64_t)_i;
	for (int i = 0; i < 40; i++) {
		odd_header();
		compare_all();
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("plan_run");
	TCase *t = tcase_create("plan_run");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, plan__is_run_of_every_payload, 0, COUNT(forms));
	tcase_add_loop_test(t, plan__is_run_of_every_version, 0,
			    COUNT(versions));
	tcase_add_loop_test(t, plan__is_run_of_odd_segments, 0, COUNT(values));
	tcase_add_test(t, plan__is_run_of_a_file_larger_than_memory);
	tcase_add_loop_test(t, plan__is_run_of_unified_images, 0,
			    COUNT(in_ukis));
	tcase_add_loop_test(t, plan__is_run_at_random_places, 0, 8);
	tcase_add_test(t, plan__is_run_with_kaslr_auto);
	tcase_add_loop_test(t, plan__is_run_of_odd_headers, 0, ODD_LOTS);
	suite_add_tcase(s, t);
	return s;
}
