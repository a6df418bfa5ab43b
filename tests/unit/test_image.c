/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a file is identified, and where its payload is found.
 */
#include <errno.h>
#include <unistd.h>

#include "unit/image_file.h"

START_TEST(image__finds_and_decodes_every_payload_format)
{
	for (size_t i = 0; i < formats_count; i++) {
		const char *name = formats[i].name;
		struct err e = ERR_EMPTY;
		struct image img;

		build(name);
		assert_ok(open_file(&img, &e), &e);
		ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
		ck_assert_msg(img.has_payload, "%s: %s", name,
			      img.no_payload.msg);
		ck_assert_str_eq(img.no_payload.msg, "");
		ck_assert_str_eq(img.payload.format->name, name);
		ck_assert_uint_eq(img.payload.file_off, CODE_OFF + GAP);
		ck_assert_ptr_eq(img.payload.stream.data,
				 held.data + CODE_OFF + GAP);
		ck_assert_uint_eq(img.payload.stream.len,
				  img.hdr.payload_length -
					  (formats[i].size_tail ? 4 : 0));
		ck_assert(img.payload.has_size);
		ck_assert_uint_eq(img.payload.size, elf.len);
		ck_assert_uint_eq(img.head.entry, SMALL_KERNEL_ENTRY);
		ck_assert_uint_eq(img.head.segments_count,
				  SMALL_KERNEL_SEGMENTS);
		decodes_to_elf(&img);
		image_close(&img);
	}
}
END_TEST

START_TEST(image__goes_by_hdrs_and_not_by_what_comes_first)
{
	struct err e = ERR_EMPTY;
	struct image img;

	build("gzip");
	memcpy(file.data, "MZ", 2);
	assert_ok(open_file(&img, &e), &e);
	ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
	image_close(&img);
	memcpy(file.data,
	       "\x7f"
	       "ELF",
	       4);
	assert_ok(open_file(&img, &e), &e);
	ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
	ck_assert(img.has_payload);
	image_close(&img);
}
END_TEST

START_TEST(image__takes_plain_elfs)
{
	for (int is32 = 0; is32 <= 1; is32++) {
		struct err e = ERR_EMPTY;
		struct image img;

		elf.len = 0;
		elf_small_kernel(&elf, is32);
		assert_ok(open_bytes(&img, elf.data, elf.len, &e), &e);
		ck_assert_int_eq(img.kind, IMAGE_ELF);
		ck_assert_str_eq(image_kind_name(img.kind), "ELF");
		ck_assert(img.has_payload);
		ck_assert_str_eq(img.payload.format->name, "none");
		ck_assert_uint_eq(img.payload.file_off, 0);
		ck_assert(img.payload.has_size);
		ck_assert_uint_eq(img.payload.size, elf.len);
		ck_assert_int_eq(img.head.is64, !is32);
		decodes_to_elf(&img);
		image_close(&img);
	}
}
END_TEST

START_TEST(image__takes_compressed_elfs_and_ignores_what_follows_them)
{
	for (size_t i = 0; i < formats_count; i++) {
		const char *name = formats[i].name;
		bool none = !strcmp(name, "none");
		struct err e = ERR_EMPTY;
		struct image img;

		elf.len = file.len = 0;
		elf_small_kernel(&elf, false);
		payload_compress(name, elf.data, elf.len, &file, false);
		/* An lz4 stream has no end mark: nothing can follow it. */
		if (!none && strcmp(name, "lz4"))
			buf_add(&file, "\0\0\0\0\0", 5);
		assert_ok(open_file(&img, &e), &e);
		ck_assert_int_eq(img.kind,
				 none ? IMAGE_ELF : IMAGE_COMPRESSED_ELF);
		ck_assert_int_eq(img.payload.has_size, none);
		decodes_to_elf(&img);
		image_close(&img);
	}
}
END_TEST

START_TEST(image__keeps_the_reasons_of_all_loaders)
{
	struct buf text = { 0 };
	struct image img, before;
	struct err e = ERR_EMPTY;

	memset(&img, 0x5c, sizeof(img));
	before = img;
	payload_compress("gzip", "some text\n", 10, &text, false);
	const struct {
		const void *data;
		size_t len;
		const char *msg;
	} rows[] = {
		{ "", 0,
		  "not a bzImage: 0 bytes are too few for a setup header, "
		  "whose version lies at 0x206; "
		  "not an ELF: begins with nothing; "
		  "not a compressed ELF: no format's magic" },
		{ "some text\n", 10, "not an ELF: begins with 73 6f 6d 65; " },
		{ "so", 2, "not an ELF: begins with 73 6f; " },
		{ "\x7f"
		  "ELF",
		  4, "not a kernel's ELF: cut short after 4" },
		{ text.data, text.len,
		  "not a compressed ELF: gzip data, but what it holds is not "
		  "an ELF (begins with 73 6f 6d 65)" },
		{ text.data, 5, "not a compressed ELF: gzip" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_err(open_bytes(&img, rows[i].data, rows[i].len, &e),
			   -EINVAL, &e, rows[i].msg);
		ck_assert_ptr_eq(strstr(e.msg, "not a bzImage: "), e.msg);
		ck_assert_ptr_nonnull(strstr(e.msg, "; not a compressed ELF"));
		ck_assert_mem_eq(&img, &before, sizeof(img));
	}
	/* A setup header with one fault is reported, whatever else is tried. */
	build("gzip");
	elf_patch(&file, HDR_BOOT_FLAG, 2, 0);
	assert_err(open_file(&img, &e), -EINVAL, &e,
		   "not a bzImage: boot_flag is 0x0000, not 0xaa55; not an "
		   "ELF: begins with 00 00 00 00");
	buf_release(&text);
}
END_TEST

START_TEST(image__without_a_usable_payload_says_why)
{
	build("zstd");
	const size_t at = CODE_OFF + GAP;
	const struct {
		size_t off;
		size_t width;
		uint64_t v;
		const char *msg;
	} rows[] = {
		{ HDR_VERSION, 2, 0x207,
		  "boot protocol 2.07 has no payload fields, 2.08 is the "
		  "first" },
		{ HDR_JUMP + 1, 1, 0x24f - 0x202,
		  "header ends at 0x24f, before payload_length" },
		{ HDR_PAYLOAD_LENGTH, 4, 0, "payload_length is 0" },
		{ HDR_PAYLOAD_OFFSET, 4, UINT32_MAX,
		  "payload_offset 0xffffffff + payload_length 0x" },
		{ HDR_PAYLOAD_OFFSET, 4, GAP + 0x101,
		  "payload_offset 0x3cd + payload_length 0x" },
		{ HDR_PAYLOAD_LENGTH, 4, UINT32_MAX,
		  "payload_offset 0x2cc + payload_length 0xffffffff, from "
		  "0xa00 on, ends past the file" },
		{ HDR_PAYLOAD_LENGTH, 4, file.len - at + 1, "ends past" },
		{ HDR_PAYLOAD_OFFSET, 4, GAP - 1,
		  "payload begins with 90 28 b5 2f, which is not a known "
		  "format" },
		{ HDR_PAYLOAD_LENGTH, 4, 3,
		  "payload begins with 28 b5 2f, which is not" },
		{ HDR_PAYLOAD_LENGTH, 4, 7,
		  "payload_length 0x7 is too short for zstd data and its "
		  "size" },
		{ HDR_PAYLOAD_LENGTH, 4, 8, "zstd" },
		{ at, 4, 0xefbeadde, "payload begins with de ad be ef" },
		{ at, 4, 0x00088b1f, "gzip" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct image img;
		size_t len = 77;

		build("zstd");
		elf_patch(&file, rows[i].off, rows[i].width, rows[i].v);
		assert_ok(open_file(&img, &e), &e);
		ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
		ck_assert(!img.has_payload);
		ck_assert_ptr_null(img.payload.format);
		assert_err(0, 0, &img.no_payload, rows[i].msg);
		assert_err(decode(&img, elf.len, &len, &e), -EINVAL, &e,
			   "no payload: ");
		assert_err(0, 0, &e, rows[i].msg);
		ck_assert_uint_eq(len, 77);
		image_close(&img);
	}
}
END_TEST

START_TEST(image__payload_may_end_with_the_file)
{
	struct buf payload = { 0 };
	struct err e = ERR_EMPTY;
	struct image img;

	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	payload_compress("lz4", elf.data, elf.len, &payload, true);
	bzimage_build(&(struct test_bzimage){ .payload = &payload }, &file);
	assert_ok(open_file(&img, &e), &e);
	ck_assert_msg(img.has_payload, "%s", img.no_payload.msg);
	decodes_to_elf(&img);
	image_close(&img);
	buf_release(&payload);
}
END_TEST

START_TEST(image__payload_that_is_no_kernel_is_told)
{
	struct err e = ERR_EMPTY;
	struct image img;

	/* Not an ELF. */
	elf.len = file.len = 0;
	buf_add(&elf, "initramfs", 9);
	bzimage_of_elf(&elf, "xz", &file);
	assert_ok(open_file(&img, &e), &e);
	ck_assert_str_eq(img.no_payload.msg,
			 "xz data, but what it holds is not an ELF (begins "
			 "with 69 6e 69 74)");
	image_close(&img);

	/* An ELF for another machine. */
	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	elf_patch(&elf, offsetof(Elf64_Ehdr, e_machine), 2, 183);
	bzimage_of_elf(&elf, "lzo", &file);
	assert_ok(open_file(&img, &e), &e);
	ck_assert_str_eq(img.no_payload.msg,
			 "this is lzo data of an ELF for AArch64 (e_machine is "
			 "183, not EM_386 or EM_X86_64), not an x86 kernel");
	image_close(&img);
}
END_TEST

START_TEST(image__cut_anywhere_is_an_error_or_an_image_without_payload)
{
	build("xz");
	for (size_t len = 0; len < file.len; len++) {
		struct err e = ERR_EMPTY;
		struct image img;
		int rc = open_bytes(&img, file.data, len, &e);

		if (len < CODE_OFF) {
			assert_err(rc, -EINVAL, &e, "not a bzImage: ");
			continue;
		}
		assert_ok(rc, &e);
		/* Up to 0x100 bytes after the payload may be missing. */
		ck_assert_int_eq(img.has_payload, len >= file.len - 0x100);
		if (!img.has_payload)
			assert_err(0, 0, &img.no_payload, "ends past the file");
		image_close(&img);
	}
}
END_TEST

START_TEST(image_open__maps_a_file_and_names_it_in_errors)
{
	char path[] = "./test_image.XXXXXX";
	struct err e = ERR_EMPTY;
	struct image img = { 0 };
	int fd;

	image_close(&img); /* the empty image */
	build("lzma");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file.data, file.len), (ssize_t)file.len);
	assert_ok(image_open(&img, path, &e), &e);
	ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
	decodes_to_elf(&img);
	image_close(&img);
	ck_assert_ptr_null(img.bytes.data);

	ck_assert_int_eq(ftruncate(fd, 9), 0);
	assert_err(image_open(&img, path, &e), -EINVAL, &e,
		   ": not a bzImage: 9 bytes are too few");
	ck_assert_int_eq(strncmp(e.msg, path, strlen(path)), 0);
	close(fd);
	unlink(path);
	assert_err(image_open(&img, path, &e), -ENOENT, &e, path);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("image");
	TCase *t = tcase_create("all");

	tcase_add_test(t, image__finds_and_decodes_every_payload_format);
	tcase_add_test(t, image__goes_by_hdrs_and_not_by_what_comes_first);
	tcase_add_test(t, image__takes_plain_elfs);
	tcase_add_test(
		t, image__takes_compressed_elfs_and_ignores_what_follows_them);
	tcase_add_test(t, image__keeps_the_reasons_of_all_loaders);
	tcase_add_test(t, image__without_a_usable_payload_says_why);
	tcase_add_test(t, image__payload_may_end_with_the_file);
	tcase_add_test(t, image__payload_that_is_no_kernel_is_told);
	tcase_add_test(
		t, image__cut_anywhere_is_an_error_or_an_image_without_payload);
	tcase_add_test(t, image_open__maps_a_file_and_names_it_in_errors);
	suite_add_tcase(s, t);
	return s;
}
