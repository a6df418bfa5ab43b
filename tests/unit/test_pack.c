/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing: what the image says of itself is true.
 */
#include "unit/packed.h"
#include "image/image.h"
#include "pv/notes.h"
#include "pv/stub.h"

#include <stdlib.h>
#include <zlib.h>

#define SECTOR 512
#define PAGE   0x1000

static void pack_small(bool is32, const char *format, struct buf *elf,
		       struct buf *out)
{
	struct err e = ERR_EMPTY;
	int rc;

	elf_small_kernel(elf, is32);
	rc = pack(elf, format, NULL, out, &e);
	assert_ok(rc, &e);
	strip(elf);
}

START_TEST(pack__every_format_holds_the_elf)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	uint8_t *decoded;
	struct image img;
	size_t len;

	pack_small(false, formats[_i].name, &elf, &out);
	decoded = malloc(elf.len);
	assert_ok(image_from_bytes(&img, buf_bytes(&out), &e), &e);
	ck_assert_int_eq(img.kind, IMAGE_BZIMAGE);
	ck_assert_msg(img.has_payload, "%s", img.no_payload.msg);
	ck_assert_str_eq(img.payload.format->name, formats[_i].name);
	ck_assert(img.payload.has_size);
	ck_assert_uint_eq(img.payload.size, elf.len);
	assert_ok(image_decode(&img, decoded, elf.len, &len, &e), &e);
	ck_assert_uint_eq(len, elf.len);
	ck_assert_mem_eq(decoded, elf.data, len);
	free(decoded);
	image_close(&img);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

/* boot.rst's fields for the builder's kernel from 0x1000000 to 0x1202000. */
START_TEST(pack__header_fields_follow_the_elf)
{
	bool is32 = _i;
	struct buf elf = { 0 }, out = { 0 };
	uint64_t image_len, image_pages, end = 0;
	size_t code;

	pack_small(is32, "gzip", &elf, &out);
	for (unsigned i = 0; i < SMALL_KERNEL_SEGMENTS; i++) {
		size_t ph = is32 ? 52 + i * 32 : 64 + i * 56;
		uint64_t paddr = elf_peek(&elf, ph + (is32 ? 12 : 24),
					  is32 ? 4 : 8);
		uint64_t memsz = elf_peek(&elf, ph + (is32 ? 20 : 40),
					  is32 ? 4 : 8);

		if (elf_peek(&elf, ph, 4) == PT_LOAD && paddr + memsz > end)
			end = paddr + memsz;
	}
	code = (elf_peek(&out, 0x1f1, 1) + 1) * SECTOR;
	image_len = out.len - code;
	image_pages = (image_len + PAGE - 1) / PAGE * PAGE;

	ck_assert_uint_eq(elf_peek(&out, 0x1fe, 2), 0xaa55);
	ck_assert_uint_eq(elf_peek(&out, 0x202, 4), 0x53726448);
	ck_assert_uint_eq(elf_peek(&out, 0x206, 2), 0x020f);
	ck_assert_uint_eq(elf_peek(&out, 0x1f4, 4) * 16, image_len);
	ck_assert_uint_eq(elf_peek(&out, 0x230, 4), 0x200000);
	ck_assert_uint_eq(elf_peek(&out, 0x234, 1), 1);
	ck_assert_uint_eq(elf_peek(&out, 0x235, 1), 21);
	ck_assert_uint_eq(elf_peek(&out, 0x236, 2), is32 ? 0 : 1);
	ck_assert_uint_eq(elf_peek(&out, 0x258, 8), SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(elf_peek(&out, 0x260, 4),
			  (end - SMALL_KERNEL_TEXT_PADDR + PAGE - 1) / PAGE *
					  PAGE +
				  image_pages + STUB_WORK_SIZE + PAGE);
	ck_assert_uint_eq(peek_code(&out, elf_peek(&out, 0x268, 4), 4),
			  0x506f544c);

	ck_assert_uint_eq(peek_code(&out, STUB_INFO_IMAGE_LEN, 4), image_len);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_PAYLOAD_OFFSET, 4),
			  elf_peek(&out, 0x248, 4));
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_PAYLOAD_LEN, 4),
			  elf_peek(&out, 0x24c, 4));
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_ELF_LEN, 4), elf.len);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_DEST_START, 4),
			  SMALL_KERNEL_TEXT_PADDR);
	ck_assert_uint_eq(peek_code(&out, STUB_INFO_DEST_END, 4), end);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__file_ends_in_its_checksum)
{
	struct buf elf = { 0 }, out = { 0 };

	pack_small(false, "gzip", &elf, &out);
	/* zlib inverts at the end: the remainder itself is 0. */
	ck_assert_uint_eq(crc32(0, out.data, out.len), 0xffffffff);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__same_bytes_every_time)
{
	struct buf elf = { 0 }, one = { 0 }, two = { 0 };
	struct err e = ERR_EMPTY;

	pack_small(false, formats[_i].name, &elf, &one);
	/* After something else, and from other memory. */
	buf_add(&two, "before", 6);
	assert_ok(pack(&elf, formats[_i].name, NULL, &two, &e), &e);
	ck_assert_uint_eq(one.len, two.len - 6);
	ck_assert_mem_eq(one.data, two.data + 6, one.len);
	buf_release(&elf);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

static void version_is(const struct buf *image, const char *want)
{
	size_t off = SECTOR + elf_peek(image, 0x20e, 2);
	const char *text = (const char *)image->data + off;

	ck_assert_uint_le(off + SETUP_VERSION_MAX, image->len);
	ck_assert_str_eq(text, want);
	for (size_t i = strlen(want); i < SETUP_VERSION_MAX; i++)
		ck_assert_int_eq(text[i], 0);
}

#define BY "packed by launcher " LAUNCHER_VERSION

START_TEST(pack__version_is_the_kernels_where_it_says)
{
	struct buf elf = { 0 }, out = { 0 }, note = { 0 };
	struct err e = ERR_EMPTY;
	struct test_segment segments[2];

	pack_small(false, "none", &elf, &out);
	version_is(&out, BY);
	buf_release(&elf);
	buf_release(&out);

	elf_note(&note, "Linux", LINUX_ELFNOTE_BUILD_SALT, "6.1.0-9-test", 13,
		 4);
	segments[0] = (struct test_segment){ .type = PT_LOAD,
					     .paddr = 0x1000000,
					     .vaddr = 0x1000000,
					     .data = "code",
					     .filesz = 4 };
	segments[1] = (struct test_segment){ .type = PT_NOTE,
					     .data = note.data,
					     .filesz = note.len,
					     .align = 4 };
	elf_build(&(struct test_elf){ .entry = 0x1000000,
				      .segments = segments,
				      .segments_count = 2 },
		  &elf);
	assert_ok(pack(&elf, "none", NULL, &out, &e), &e);
	version_is(&out, "6.1.0-9-test (" BY ")");
	buf_release(&out);

	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = "5.4 (somebody)" },
		       &out, &e),
		  &e);
	version_is(&out, "5.4 (somebody)");
	buf_release(&out);
	buf_release(&note);
	buf_release(&elf);
}
END_TEST

START_TEST(pack__longest_version_keeps_its_end)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;
	char longest[SETUP_VERSION_MAX], longer[SETUP_VERSION_MAX + 1];

	memset(longest, 'v', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memset(longer, 'v', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	elf_small_kernel(&elf, false);
	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = longer }, &out, &e),
		  &e);
	version_is(&out, longest);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

START_TEST(pack__keeps_what_another_image_said)
{
	struct buf elf = { 0 }, out = { 0 };
	struct err e = ERR_EMPTY;

	elf_small_kernel(&elf, false);
	assert_ok(pack(&elf, "none",
		       &(struct pack_request){ .version = "",
					       .cmdline_size = 255,
					       .initrd_addr_max = 0x37ffffff },
		       &out, &e),
		  &e);
	ck_assert_uint_eq(elf_peek(&out, 0x238, 4), 255);
	ck_assert_uint_eq(elf_peek(&out, 0x22c, 4), 0x37ffffff);
	buf_release(&elf);
	buf_release(&out);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("pack");
	TCase *t = tcase_create("pack");

	tcase_add_loop_test(t, pack__every_format_holds_the_elf, 0,
			    (int)formats_count);
	tcase_add_loop_test(t, pack__header_fields_follow_the_elf, 0, 2);
	tcase_add_test(t, pack__file_ends_in_its_checksum);
	tcase_add_loop_test(t, pack__same_bytes_every_time, 0,
			    (int)formats_count);
	tcase_add_test(t, pack__version_is_the_kernels_where_it_says);
	tcase_add_test(t, pack__longest_version_keeps_its_end);
	tcase_add_test(t, pack__keeps_what_another_image_said);
	suite_add_tcase(s, t);
	return s;
}
