/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified kernel images: which sections count, and which of their bytes.
 */
#include <errno.h>
#include <stdlib.h>

#include "image/uki.h"
#include "support/uki_builder.h"
#include "unit/image_file.h"

/* What the last parse() read from. */
static struct bytes kept;

static int parse(struct uki *u, struct err *e)
{
	tight_free(kept);
	kept = tight(file.data, file.len);
	return uki_parse(u, kept, e);
}

static bool is(struct bytes part, const char *text)
{
	return part.len == strlen(text) && !memcmp(part.data, text, part.len);
}

static const struct test_pe_section plain[] = {
	{ ".text", "code", 4, 0 },
	{ ".cmdline", "one", 3, 0 },
	{ ".initrd", "two", 3, 0 },
	{ ".linux", "three", 5, 0 },
};
enum { TEXT, CMDLINE, INITRD, LINUX };

static void build_plain(void)
{
	file.len = 0;
	pe_build(0, plain, COUNT(plain), &file);
}

START_TEST(uki__finds_its_parts)
{
	struct err e = ERR_EMPTY;
	struct uki u;

	build_plain();
	assert_ok(parse(&u, &e), &e);
	ck_assert(is(u.kernel, "three"));
	ck_assert(is(u.initrd, "two"));
	ck_assert(is(u.cmdline, "one"));
	ck_assert_uint_eq(u.pe.machine, PE_MACHINE_AMD64);
	ck_assert_uint_eq(u.pe.count, 4);
	ck_assert_str_eq(u.pe.sections[CMDLINE].name, ".cmdline");
	ck_assert_uint_eq(u.pe.sections[CMDLINE].virtual_size, 3);
	ck_assert_uint_eq(u.pe.sections[CMDLINE].raw_size, 512);
	ck_assert_uint_eq(u.pe.sections[LINUX].off, file.len - 512);
}
END_TEST

/* A changed field of a section, and its resulting bytes. */
static const struct {
	unsigned field;
	uint32_t value;
	size_t len;
} sizes[] = {
	{ PE_SECTION_VIRTUAL_SIZE, 4, 4 },
	{ PE_SECTION_VIRTUAL_SIZE, 512, 512 },
	/* larger in memory than in the file: unneeded zeros */
	{ PE_SECTION_VIRTUAL_SIZE, 513, 512 },
	{ PE_SECTION_VIRTUAL_SIZE, UINT32_MAX, 512 },
	/* old linkers leave it 0 */
	{ PE_SECTION_VIRTUAL_SIZE, 0, 512 },
	/* padding may be missing at the end of the file, and be left out */
	{ PE_SECTION_RAW_SIZE, 5, 5 },
	{ PE_SECTION_RAW_SIZE, 3, 3 },
	{ PE_SECTION_RAW_SIZE, UINT32_MAX, 5 },
};

START_TEST(uki__takes_the_smaller_size)
{
	struct err e = ERR_EMPTY;
	struct uki u;

	build_plain();
	elf_patch(&file, pe_section_field(LINUX, sizes[_i].field), 4,
		  sizes[_i].value);
	assert_ok(parse(&u, &e), &e);
	ck_assert_uint_eq(u.kernel.len, sizes[_i].len);
	ck_assert_mem_eq(u.kernel.data, "three", u.kernel.len < 5 ? 3 : 5);
}
END_TEST

static const struct {
	size_t off;
	unsigned width;
	uint32_t value;
	int rc;
	const char *message;
} broken[] = {
	{ 0, 1, 'X', -EINVAL, "not a PE file: no \"MZ\"" },
	{ PE_LFANEW, 4, 0xfffffff0, -EINVAL,
	  "e_lfanew 0xfffffff0 puts the PE header past the file" },
	{ PE_COFF, 1, 'X', -EINVAL, "no \"PE\" at e_lfanew 0x80" },
	{ PE_SECTIONS, 2, 97, -EINVAL, "97 sections exceed the limit of 96" },
	{ PE_SECTIONS, 2, 96, -EINVAL, "96 section headers at 0x188 end past" },
	{ PE_SECTIONS, 2, 3, -ENOEXEC,
	  "this is an EFI or Windows program (a PE file for x86-64) without a "
	  ".linux section, not a kernel" },
	{ PE_OPTIONAL, 2, 0xffff, -EINVAL, "4 section headers at 0x10097 end" },
};

START_TEST(uki__refuses_broken_headers)
{
	struct uki u, before;
	struct err e = ERR_EMPTY;

	memset(&u, 0x5c, sizeof(u));
	before = u;
	build_plain();
	elf_patch(&file, broken[_i].off, broken[_i].width, broken[_i].value);
	assert_err(parse(&u, &e), broken[_i].rc, &e, broken[_i].message);
	ck_assert_mem_eq(&u, &before, sizeof(u));
}
END_TEST

START_TEST(uki__refuses_sections_out_of_place)
{
	const struct {
		unsigned section, field;
		uint32_t value;
		const char *message;
	} rows[] = {
		{ LINUX, PE_SECTION_RAW_OFF, 0xfffffff0,
		  "section .linux: PointerToRawData 0xfffffff0 + 0x5 bytes "
		  "ends past the file (0xc00 bytes)" },
		{ LINUX, PE_SECTION_RAW_OFF, 0xc00 - 4, "ends past the file" },
		{ TEXT, PE_SECTION_RAW_OFF, 0xc00, "section .text: Pointer" },
		{ CMDLINE, PE_SECTION_RAW_OFF, 0x227,
		  "section .cmdline: PointerToRawData 0x227 is within the "
		  "headers, which end at 0x228" },
		{ CMDLINE, PE_SECTION_RAW_OFF, 0, "is within the headers" },
		{ INITRD, PE_SECTION_RAW_OFF, 0x602,
		  "section .initrd (0x602, 0x3 bytes) overlaps section "
		  ".cmdline (0x600, 0x3 bytes)" },
		{ LINUX, PE_SECTION_RAW_OFF, 0x404, NULL },
		{ LINUX, PE_SECTION_RAW_OFF, 0x403, "overlaps section .text" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct uki u;
		int rc;

		build_plain();
		elf_patch(&file,
			  pe_section_field(rows[i].section, rows[i].field), 4,
			  rows[i].value);
		rc = parse(&u, &e);
		if (rows[i].message)
			assert_err(rc, -EINVAL, &e, rows[i].message);
		else
			assert_ok(rc, &e);
	}
}
END_TEST

START_TEST(uki__cut_anywhere_is_an_error)
{
	struct err e = ERR_EMPTY;
	struct uki u;
	size_t full;

	build_plain();
	full = file.len;
	for (size_t len = 0; len < full; len++) {
		int rc;

		file.len = len;
		rc = parse(&u, &e);
		/* The last section is 5 bytes long; the rest is padding. */
		if (len < full - 512 + 5)
			assert_err(rc, -EINVAL, &e, "PE file");
		else
			assert_ok(rc, &e);
	}
}
END_TEST

START_TEST(uki__refuses_a_part_that_is_there_twice)
{
	static const char *const names[] = { ".linux", ".initrd", ".cmdline" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct test_pe_section twice[] = {
			{ ".linux", "kernel", 6, 0 },
			{ names[i], "one", 3, 0 },
			{ names[i], "two", 3, 0 },
		};
		struct err e = ERR_EMPTY;
		struct uki u;

		file.len = 0;
		pe_build(0, twice, 3, &file);
		assert_err(parse(&u, &e), -EINVAL, &e, "duplicate section .");
		assert_err(0, 0, &e, names[i]);
	}
}
END_TEST

START_TEST(uki__takes_the_first_profile)
{
	static const struct test_pe_section sections[] = {
		{ ".linux", "kernel", 6, 0 },	{ ".cmdline", "base", 4, 0 },
		{ ".initrd", "initrd", 6, 0 },	{ ".profile", "ID=a", 4, 0 },
		{ ".cmdline", "first", 5, 0 },	{ ".profile", "ID=b", 4, 0 },
		{ ".cmdline", "second", 6, 0 }, { ".initrd", "other", 5, 0 },
	};
	struct err e = ERR_EMPTY;
	struct uki u;

	file.len = 0;
	pe_build(0, sections, COUNT(sections), &file);
	assert_ok(parse(&u, &e), &e);
	ck_assert(is(u.kernel, "kernel"));
	ck_assert(is(u.initrd, "initrd"));
	ck_assert(is(u.cmdline, "first"));
}
END_TEST

static const struct {
	const char *raw;
	size_t len;
	const char *text; /* NULL: none */
} cmdlines[] = {
	{ "ro quiet", 8, "ro quiet" },
	{ "ro quiet\n", 9, "ro quiet" },
	{ " \tro\nquiet \r\n", 13, "ro quiet" },
	{ "ro\0quiet", 8, "ro" },
	{ "ro\x1b[2J", 6, "ro [2J" },
	{ "r\xc3\xb6", 3, "r\xc3\xb6" },
	{ "\n", 1, "" },
	{ "\0x", 2, "" },
	{ "", 0, NULL },
};

START_TEST(uki__command_line_is_text)
{
	const struct test_pe_section sections[] = {
		{ ".cmdline", cmdlines[_i].raw, (uint32_t)cmdlines[_i].len, 0 },
		{ ".linux", "kernel", 6, 0 },
	};
	struct err e = ERR_EMPTY;
	char *text = NULL;
	struct uki u;

	file.len = 0;
	pe_build(0, sections, COUNT(sections), &file);
	assert_ok(parse(&u, &e), &e);
	assert_ok(uki_cmdline(&u, &text, &e), &e);
	if (cmdlines[_i].text)
		ck_assert_str_eq(text, cmdlines[_i].text);
	else
		ck_assert_ptr_null(text);
	free(text);
}
END_TEST

START_TEST(uki__command_line_is_bounded)
{
	static char raw[UKI_CMDLINE_MAX + 1];
	struct test_pe_section sections[] = {
		{ ".cmdline", raw, UKI_CMDLINE_MAX, 0 },
		{ ".linux", "kernel", 6, 0 },
	};
	struct err e = ERR_EMPTY;
	char *text = NULL;
	struct uki u;

	memset(raw, 'x', sizeof(raw));
	file.len = 0;
	pe_build(0, sections, COUNT(sections), &file);
	assert_ok(parse(&u, &e), &e);
	assert_ok(uki_cmdline(&u, &text, &e), &e);
	ck_assert_uint_eq(strlen(text), UKI_CMDLINE_MAX);
	free(text);
	sections[0].size++;
	file.len = 0;
	pe_build(0, sections, COUNT(sections), &file);
	assert_ok(parse(&u, &e), &e);
	assert_err(uki_cmdline(&u, &text, &e), -E2BIG, &e,
		   "section .cmdline: 65537 bytes exceed the limit of 65536");
}
END_TEST

/* ---- as an image */

static const char *const kernels[] = { "bzImage", "ELF", "compressed ELF" };

static void build_uki(const char *kind)
{
	struct buf kernel = { 0 }, initrd = { 0 };

	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	if (!strcmp(kind, "bzImage"))
		bzimage_of_elf(&elf, "gzip", &kernel);
	else if (!strcmp(kind, "ELF"))
		buf_add(&kernel, elf.data, elf.len);
	else
		payload_compress("xz", elf.data, elf.len, &kernel, false);
	buf_add(&initrd, "070701", 6);
	uki_build(&kernel, &initrd, "root=/dev/vda quiet", &file);
	buf_release(&kernel);
	buf_release(&initrd);
}

START_TEST(uki__is_an_image_of_the_kernel_in_it)
{
	struct err e = ERR_EMPTY;
	struct image img;

	build_uki(kernels[_i]);
	assert_ok(open_file(&img, &e), &e);
	ck_assert(img.is_uki);
	ck_assert_str_eq(image_kind_name(img.kind), kernels[_i]);
	ck_assert_ptr_eq(img.bytes.data, img.uki.kernel.data);
	ck_assert_uint_eq(img.bytes.len, img.uki.kernel.len);
	ck_assert_uint_eq(img.whole.len, file.len);
	ck_assert(is(img.uki.initrd, "070701"));
	ck_assert(is(img.uki.cmdline, "root=/dev/vda quiet"));
	/* Counted from the start of the file. */
	ck_assert_ptr_eq(held.data + img.payload.file_off,
			 img.payload.stream.data);
	decodes_to_elf(&img);
	image_close(&img);
}
END_TEST

START_TEST(uki__names_what_is_no_kernel_in_it)
{
	static const struct {
		const char *kernel;
		size_t len;
		const char *message;
	} rows[] = {
		{ "070701 and so on", 16,
		  "section .linux: this is a cpio archive" },
		{ "nothing known", 13, "section .linux: not a bzImage: 13" },
		{ "MZ again", 8, "section .linux: not a bzImage: 8 bytes" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf kernel = { 0 };
		struct err e = ERR_EMPTY;
		struct image img;

		buf_add(&kernel, rows[i].kernel, rows[i].len);
		file.len = 0;
		uki_build(&kernel, NULL, NULL, &file);
		assert_err(open_file(&img, &e), -EINVAL, &e, rows[i].message);
		buf_release(&kernel);
	}
}
END_TEST

START_TEST(uki__other_pe_files_are_named)
{
	static const struct test_pe_section section = { ".text", "x", 1, 0 };
	struct err e = ERR_EMPTY;
	struct image img;

	file.len = 0;
	pe_build(0xaa64, &section, 1, &file);
	assert_err(open_file(&img, &e), -EINVAL, &e,
		   "this is an EFI or Windows program (a PE file for arm64) "
		   "without a .linux section");
	ck_assert_ptr_null(strstr(e.msg, "bzImage"));
	/* A DOS program. */
	file.len = 0;
	buf_add(&file, "MZ", 2);
	memset(buf_extend(&file, 0x400), 0, 0x400);
	assert_err(open_file(&img, &e), -EINVAL, &e,
		   "not a compressed ELF: no format's magic; not a unified "
		   "kernel image: not a PE file: no \"PE\" at e_lfanew 0x0");
}
END_TEST

static void teardown(void)
{
	tight_free(kept);
	kept = (struct bytes){ 0 };
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("uki");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, uki__finds_its_parts);
	tcase_add_loop_test(t, uki__takes_the_smaller_size, 0, COUNT(sizes));
	tcase_add_loop_test(t, uki__refuses_broken_headers, 0, COUNT(broken));
	tcase_add_test(t, uki__refuses_sections_out_of_place);
	tcase_add_test(t, uki__cut_anywhere_is_an_error);
	tcase_add_test(t, uki__refuses_a_part_that_is_there_twice);
	tcase_add_test(t, uki__takes_the_first_profile);
	tcase_add_loop_test(t, uki__command_line_is_text, 0, COUNT(cmdlines));
	tcase_add_test(t, uki__command_line_is_bounded);
	tcase_add_loop_test(t, uki__is_an_image_of_the_kernel_in_it, 0,
			    COUNT(kernels));
	tcase_add_test(t, uki__names_what_is_no_kernel_in_it);
	tcase_add_test(t, uki__other_pe_files_are_named);
	suite_add_tcase(s, t);
	return s;
}
