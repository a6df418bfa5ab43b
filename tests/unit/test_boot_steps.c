/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All steps from an image to the first instruction: what is in guest memory
 * afterwards, and where the first vCPU starts.
 */
#include "unit/unit.h"
#include "boot/boot.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* The builder puts the PVH entry past the kernel's text, which is invalid. */
#define PVH_ENTRY (SMALL_KERNEL_TEXT_PADDR + 0x50)

static struct guest_mem gm;
static struct e820 map;
static struct buf elf, file;
static struct image img;
static struct boot_request req;
static struct boot_result r;
static struct err e;

static void move_pvh_entry(void)
{
	static const uint64_t from = SMALL_KERNEL_PVH_ENTRY;
	uint8_t *at = memmem(elf.data, elf.len, &from, sizeof(from));

	ck_assert_ptr_nonnull(at);
	elf_patch(&elf, (size_t)(at - elf.data), 8, PVH_ENTRY);
}

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	e820_build(&map, &gm);
	elf_small_kernel(&elf, false);
	move_pvh_entry();
	req = (struct boot_request){
		.img = &img, .gm = &gm, .map = &map, .cmdline = "quiet"
	};
}

static void teardown(void)
{
	image_close(&img);
	buf_release(&elf);
	buf_release(&file);
	guest_mem_release(&gm);
}

static void bzimage(const char *format)
{
	bzimage_of_elf(&elf, format, &file);
}

static int prepare(void)
{
	assert_ok(image_from_bytes(&img, (struct bytes){ file.data, file.len },
				   &e),
		  &e);
	return boot_prepare(&req, &r, &e);
}

/*
 * Every PT_LOAD of the ELF is loaded as its headers say, moved by @delta, with
 * zeroed bss.
 */
static void expect_segments(uint64_t delta)
{
	const Elf64_Ehdr *h = (const void *)elf.data;
	const Elf64_Phdr *p = (const void *)(elf.data + h->e_phoff);

	for (unsigned i = 0; i < h->e_phnum; i++) {
		const uint8_t *at = gm.base + p[i].p_paddr + delta;

		if (p[i].p_type != PT_LOAD)
			continue;
		ck_assert(!memcmp(at, elf.data + p[i].p_offset, p[i].p_filesz));
		for (uint64_t j = p[i].p_filesz; j < p[i].p_memsz; j++)
			ck_assert_uint_eq(at[j], 0);
	}
}

static const char *const payloads[] = { "gzip", "bzip2", "lzma", "xz",
					"lzo",	"lz4",	 "zstd", "none" };

START_TEST(boot__pvh_of_every_payload)
{
	bzimage(payloads[_i]);
	assert_ok(prepare(), &e);
	ck_assert_int_eq(r.plan.chosen, BOOT_PVH);
	ck_assert_int_eq(r.cpu.mode, CPU_PROT32);
	ck_assert_uint_eq(r.cpu.rip, PVH_ENTRY);
	ck_assert_uint_eq(r.decoded, elf.len);
	expect_segments(0);
	/* It asks for room past the end of its segments, and gets it. */
	ck_assert_uint_eq(r.kernel.gpa, SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(r.kernel.size, 0x2000000);
	ck_assert_str_eq((char *)gm.base + r.cmdline.gpa, "quiet");
}
END_TEST

static void plain_elf(void)
{
	buf_add(&file, elf.data, elf.len);
}

static void packed_elf(void)
{
	payload_compress("xz", elf.data, elf.len, &file, false);
}

/* More data after the segments than guest memory could hold. */
static void add_debug_information(void)
{
	uint8_t *at = buf_extend(&elf, 80 * MIB);

	ck_assert_ptr_nonnull(at);
	memset(at, 0, 80 * MIB);
}

static void large_plain_elf(void)
{
	add_debug_information();
	plain_elf();
}

static void large_packed_elf(void)
{
	add_debug_information();
	payload_compress("lz4", elf.data, elf.len, &file, false);
}

static void large_bzimage(void)
{
	add_debug_information();
	bzimage("lz4");
}

static void gzip_bzimage(void)
{
	bzimage("gzip");
}

static void no_payload(void)
{
	bzimage_build(&(struct test_bzimage){ .payload_rest = 5000 }, &file);
}

static void patched(unsigned off, unsigned width, uint64_t value)
{
	no_payload();
	elf_patch(&file, off, width, value);
}

static void not_relocatable(void)
{
	patched(HDR_RELOCATABLE_KERNEL, 1, 0);
}

/*
 * Its preferred address is not RAM: it is placed as low as its alignment
 * allows.
 */
static void pref_outside(void)
{
	patched(HDR_PREF_ADDRESS, 8, 0x40000000);
	elf_patch(&file, HDR_INIT_SIZE, 4, 0);
}

static const struct {
	void (*make)(void);
	const char *protocol;
	int chosen;
	enum cpu_mode mode;
	uint64_t rip, low, high; /* and what the kernel takes */
} ways[] = {
	{ plain_elf, NULL, BOOT_PVH, CPU_PROT32, PVH_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0 },
	{ plain_elf, "elf64", BOOT_ELF64, CPU_LONG64, SMALL_KERNEL_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0 },
	{ packed_elf, NULL, BOOT_PVH, CPU_PROT32, PVH_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0 },
	{ large_plain_elf, NULL, BOOT_PVH, CPU_PROT32, PVH_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0 },
	{ large_packed_elf, NULL, BOOT_PVH, CPU_PROT32, PVH_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0 },
	{ large_bzimage, NULL, BOOT_PVH, CPU_PROT32, PVH_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0x3000000 },
	{ gzip_bzimage, "elf64", BOOT_ELF64, CPU_LONG64, SMALL_KERNEL_ENTRY,
	  SMALL_KERNEL_TEXT_PADDR, 0x3000000 },
	/* at pref_address, and then the entry's offset */
	{ gzip_bzimage, "linux64", BOOT_LINUX64, CPU_LONG64, 0x1000200,
	  0x1000000, 0x3000000 },
	{ gzip_bzimage, "linux32", BOOT_LINUX32, CPU_PROT32, 0x1000000,
	  0x1000000, 0x3000000 },
	{ no_payload, NULL, BOOT_LINUX64, CPU_LONG64, 0x1000200, 0x1000000,
	  0x3000000 },
	/* where the header says; it decompresses to its favourite place */
	{ not_relocatable, NULL, BOOT_LINUX64, CPU_LONG64, 0x100200, 0x100000,
	  0x3000000 },
};

START_TEST(boot__enters)
{
	ways[_i].make();
	req.protocol = ways[_i].protocol;
	assert_ok(prepare(), &e);
	ck_assert_int_eq((int)r.plan.chosen, ways[_i].chosen);
	ck_assert_int_eq(r.cpu.mode, ways[_i].mode);
	ck_assert_msg(r.cpu.rip == ways[_i].rip, "rip 0x%" PRIx64, r.cpu.rip);
	ck_assert_uint_eq(r.kernel.gpa, ways[_i].low);
	if (ways[_i].high)
		ck_assert_uint_eq(r.kernel.gpa + r.kernel.size, ways[_i].high);
	if (ways[_i].chosen <= BOOT_ELF32)
		expect_segments(0);
	else
		ck_assert(!memcmp(gm.base + ways[_i].low,
				  file.data + img.hdr.code_off,
				  file.len - img.hdr.code_off));
}
END_TEST

/* GNU ld aligns PHYS32_ENTRY to 4, not to 8. */
static void merged_notes(void)
{
	static const uint8_t text[0x100] = { 0xf4 };
	struct buf notes = { 0 };

	elf_note(&notes, "GNU", 5, "0123456789abcdef", 16, 8);
	elf_note(&notes, "Xen", 6, "tst", 4, 4);
	elf_note(&notes, "Xen", 18, "\x50\0\0\1", 4, 4);
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .paddr = SMALL_KERNEL_TEXT_PADDR,
		  .data = text,
		  .filesz = sizeof(text) },
		{ .type = PT_NOTE,
		  .data = notes.data,
		  .filesz = notes.len,
		  .align = 8 },
	};
	elf_build(&(struct test_elf){ .entry = SMALL_KERNEL_ENTRY,
				      .segments = segments,
				      .segments_count = 2 },
		  &file);
	buf_release(&notes);
}

START_TEST(boot__pvh_of_notes_packed_to_4_in_a_segment_aligned_to_8)
{
	merged_notes();
	assert_ok(prepare(), &e);
	ck_assert_int_eq(r.plan.chosen, BOOT_PVH);
	ck_assert_uint_eq(r.cpu.rip, PVH_ENTRY);
	ck_assert_str_eq(r.warning.msg, "");
}
END_TEST

/* The boot works, but warns: another entry may be the right one. */
START_TEST(boot__warns_of_notes_that_cannot_be_read)
{
	static const uint8_t owner[] = "Xen";
	uint8_t *at = memmem(elf.data, elf.len, owner, sizeof(owner));

	ck_assert_ptr_nonnull(at);
	elf_patch(&elf, (size_t)(at - elf.data) - 8, 4, 0x1000); /* descsz */
	plain_elf();
	assert_ok(prepare(), &e);
	ck_assert_int_eq(r.plan.chosen, BOOT_ELF64);
	ck_assert_ptr_nonnull(strstr(r.warning.msg,
				     "elf64 was chosen without some of the "
				     "kernel's notes, which cannot be read: "
				     "PT_NOTE 2: note at 0x0: descsz 0x1000"));
}
END_TEST

/* The same for an entry that is present but invalid. */
START_TEST(boot__warns_of_an_entry_note_that_is_malformed)
{
	static const uint8_t owner[] = "Xen";
	uint8_t *at = memmem(elf.data, elf.len, owner, sizeof(owner));

	ck_assert_ptr_nonnull(at);
	elf_patch(&elf, (size_t)(at - elf.data) - 8, 4, 7); /* descsz */
	plain_elf();
	assert_ok(prepare(), &e);
	ck_assert_int_eq(r.plan.chosen, BOOT_ELF64);
	ck_assert_ptr_nonnull(
		strstr(r.warning.msg, "PHYS32_ENTRY: descsz 7 is neither"));
}
END_TEST

/* A unified kernel image that contains the small kernel. */
static void make_uki(const char *initrd)
{
	struct buf kernel = { 0 }, part = { 0 };

	bzimage_of_elf(&elf, "gzip", &kernel);
	buf_add(&part, initrd, strlen(initrd));
	uki_build(&kernel, &part, "of the image", &file);
	buf_release(&kernel);
	buf_release(&part);
}

static void expect_initrd(const char *text)
{
	ck_assert_uint_eq(r.initrd.size, strlen(text));
	ck_assert_mem_eq(gm.base + r.initrd.gpa, text, strlen(text));
}

START_TEST(boot__runs_the_kernel_of_a_unified_image)
{
	static const char *const protocols[] = { "pvh", "elf64", "linux64",
						 "linux16" };

	for (size_t i = 0; i < COUNT(protocols); i++) {
		file.len = 0;
		make_uki("the initrd of the image");
		req.protocol = protocols[i];
		assert_ok(prepare(), &e);
		expect_initrd("the initrd of the image");
		/* The caller chooses the command line. */
		ck_assert_str_eq((char *)gm.base + r.cmdline.gpa, "quiet");
		if (i < 2)
			expect_segments(0);
		image_close(&img);
	}
}
END_TEST

START_TEST(boot__an_initrd_replaces_that_of_a_unified_image)
{
	char path[] = "./test_boot.XXXXXX";
	struct input initrd = INPUT_EMPTY;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "another", 7), 7);
	close(fd);
	make_uki("the initrd of the image");
	assert_ok(input_open(&initrd, path, &e), &e);
	req.initrds = &initrd;
	req.initrds_count = 1;
	assert_ok(prepare(), &e);
	input_close(&initrd);
	unlink(path);
	expect_initrd("another");
}
END_TEST

static void init_size_too_large(void)
{
	patched(HDR_INIT_SIZE, 4, 48 * MIB + 1);
}

static void low_code(void)
{
	not_relocatable();
	elf_patch(&file, HDR_CODE32_START, 4, 0xfffff);
}

static void high_code(void)
{
	not_relocatable();
	elf_patch(&file, HDR_CODE32_START, 4, 0xfffffff0);
}

static void cut_payload(void)
{
	gzip_bzimage();
	file.len -= 0x200;
}

static void flipped_payload(void)
{
	gzip_bzimage();
	file.data[file.len - 0x100 - 40] ^= 1;
}

static const struct {
	void (*make)(void);
	const char *protocol, *cmdline, *message;
} refused[] = {
	{ init_size_too_large, NULL, NULL,
	  "the image needs 0x3000001 bytes at 0x1000000 (init_size)" },
	{ pref_outside, NULL, NULL, "(init_size), RAM below 4 GiB ends" },
	{ low_code, NULL, NULL, "code32_start 0xfffff is below 1 MiB" },
	{ high_code, NULL, NULL, "bytes at 0xfffffff0 (init_size)" },
	{ cut_payload, NULL, NULL, "ends past the file" },
	{ cut_payload, "linux64", NULL, "ends past the file" },
	{ flipped_payload, NULL, NULL, "gzip" },
	{ plain_elf, "linux16", NULL, "--boot linux16 does not fit" },
	{ gzip_bzimage, "elf32", NULL, "--boot elf32 does not fit" },
};

START_TEST(boot__refuses)
{
	int rc;

	refused[_i].make();
	req.protocol = refused[_i].protocol;
	rc = prepare();
	ck_assert_int_lt(rc, 0);
	assert_err(rc, rc, &e, refused[_i].message);
}
END_TEST

/* Exactly the room that it asks for is enough. */
START_TEST(boot__init_size_to_the_end_of_ram)
{
	patched(HDR_INIT_SIZE, 4, 48 * MIB);
	assert_ok(prepare(), &e);
	ck_assert_uint_eq(r.kernel.gpa + r.kernel.size, 64 * MIB);
}
END_TEST

/* An ELF is already unpacked: it starts even if RAM ends before init_size. */
START_TEST(boot__init_size_past_the_end_of_ram)
{
	gzip_bzimage();
	elf_patch(&file, HDR_INIT_SIZE, 4, 48 * MIB + 1);
	req.protocol = "elf64";
	assert_ok(prepare(), &e);
	ck_assert_uint_eq(r.kernel.gpa + r.kernel.size, 64 * MIB);
}
END_TEST

/* A relocatable kernel linked outside RAM: its entry moves with it. */
START_TEST(boot__moves_a_relocatable_kernel)
{
	static const uint64_t high = 0x20000000;
	Elf64_Ehdr *h = (void *)elf.data;
	Elf64_Phdr *p = (void *)(elf.data + h->e_phoff);

	for (unsigned i = 0; i < h->e_phnum; i++)
		p[i].p_paddr += high;
	h->e_entry += high;
	gzip_bzimage();
	req.protocol = "elf64";
	assert_ok(prepare(), &e);
	/* kernel_alignment is 2 MiB: as low as that allows */
	ck_assert_uint_eq(r.cpu.rip, 0x200040);
	ck_assert_uint_eq(r.kernel.gpa, 0x200000);
	ck_assert_uint_eq(r.delta, 0x200000 - 0x1000000 - high);
	expect_segments(r.delta);
}
END_TEST

/* The plan is reported even if a later step fails. */
START_TEST(boot__plan_survives_a_failure)
{
	static char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	gzip_bzimage();
	req.cmdline = text;
	assert_err(prepare(), -E2BIG, &e, "the command line has 2999 bytes");
	ck_assert(r.plan.possible);
	ck_assert_int_eq(r.plan.chosen, BOOT_PVH);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("boot_steps");
	TCase *t = tcase_create("boot");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, boot__pvh_of_every_payload, 0, COUNT(payloads));
	tcase_add_loop_test(t, boot__enters, 0, COUNT(ways));
	tcase_add_test(
		t, boot__pvh_of_notes_packed_to_4_in_a_segment_aligned_to_8);
	tcase_add_test(t, boot__warns_of_notes_that_cannot_be_read);
	tcase_add_test(t, boot__warns_of_an_entry_note_that_is_malformed);
	tcase_add_test(t, boot__runs_the_kernel_of_a_unified_image);
	tcase_add_test(t, boot__an_initrd_replaces_that_of_a_unified_image);
	tcase_add_loop_test(t, boot__refuses, 0, COUNT(refused));
	tcase_add_test(t, boot__init_size_to_the_end_of_ram);
	tcase_add_test(t, boot__init_size_past_the_end_of_ram);
	tcase_add_test(t, boot__moves_a_relocatable_kernel);
	tcase_add_test(t, boot__plan_survives_a_failure);
	suite_add_tcase(s, t);
	return s;
}
