/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding a damaged payload, or one that its image describes wrongly.
 */
#include <errno.h>

#include "unit/image_file.h"

START_TEST(image_decode__holds_the_payload_to_its_stated_size)
{
	for (size_t i = 0; i < formats_count; i++) {
		const char *name = formats[i].name;
		size_t size_at, size;

		if (!formats[i].size_tail)
			continue;
		build(name);
		size = elf.len;
		size_at = CODE_OFF + GAP +
			  elf_peek(&file, HDR_PAYLOAD_LENGTH, 4) - 4;
		ck_assert_uint_eq(elf_peek(&file, size_at, 4), size);
		const struct {
			uint32_t stated;
			size_t cap;
			int rc;
			const char *msg;
		} rows[] = {
			{ size, size - 1, -EFBIG, "the ceiling is " },
			{ 0xffffffff, size, -EFBIG,
			  "payload states a decoded size of 4294967295 bytes, "
			  "the ceiling is " },
			{ 0xffffffff, 1ull << 40, -EFBIG,
			  "the ceiling is 1073741824" },
			{ size + 1, size + 1, -EILSEQ,
			  "but its size field says " },
			{ size - 1, size, -EILSEQ,
			  "payload decodes to more than the " },
			{ 0, size, -EILSEQ, "more than the 0 bytes its size" },
		};

		for (size_t j = 0; j < COUNT(rows); j++) {
			struct err e = ERR_EMPTY;
			struct image img;
			uint8_t *out = malloc(size + 1);
			size_t len = 77;

			elf_patch(&file, size_at, 4, rows[j].stated);
			assert_ok(open_file(&img, &e), &e);
			ck_assert(img.has_payload);
			assert_err(
				image_decode(&img, out, rows[j].cap, &len, &e),
				rows[j].rc, &e, rows[j].msg);
			ck_assert_uint_eq(len, 77);
			image_close(&img);
			free(out);
		}
	}
}
END_TEST

/* More than the first look decodes, whatever the block size. */
#define LARGE 1100000
static void build_large(const char *format)
{
	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	payload_fill(buf_extend(&elf, LARGE), LARGE, 1);
	bzimage_of_elf(&elf, format, &file);
}

START_TEST(image_decode__refuses_a_wrong_gzip_size)
{
	struct err e = ERR_EMPTY;
	struct image img;
	size_t size_at, len;

	build_large("gzip");
	size_at = CODE_OFF + GAP + elf_peek(&file, HDR_PAYLOAD_LENGTH, 4) - 4;
	ck_assert_uint_eq(elf_peek(&file, size_at, 4), elf.len);
	elf_patch(&file, size_at, 4, elf.len + 1);
	assert_ok(open_file(&img, &e), &e);
	assert_err(decode(&img, elf.len + 1, &len, &e), -EILSEQ, &e, "gzip: ");
	image_close(&img);
	elf_patch(&file, size_at, 4, elf.len - 1);
	assert_ok(open_file(&img, &e), &e);
	assert_err(decode(&img, elf.len, &len, &e), -EILSEQ, &e,
		   "payload decodes to more than the ");
	assert_err(decode(&img, elf.len - 2, &len, &e), -EFBIG, &e,
		   "payload states a decoded size of");
	image_close(&img);
}
END_TEST

/* Decoding finds damage that the first look cannot see. */
START_TEST(image_decode__finds_damage_behind_the_beginning)
{
	for (size_t i = 0; i < formats_count; i++) {
		struct err e = ERR_EMPTY;
		struct image img;
		size_t len;

		/* lz4 has no checksum, and nothing is wrong with any byte of
		 * an ELF that is not packed. */
		if (!strcmp(formats[i].name, "lz4") ||
		    !strcmp(formats[i].name, "none"))
			continue;
		build_large(formats[i].name);
		assert_ok(open_file(&img, &e), &e);
		decodes_to_elf(&img);
		image_close(&img);
		file.data[CODE_OFF + GAP +
			  elf_peek(&file, HDR_PAYLOAD_LENGTH, 4) * 19 / 20] ^=
			8;
		assert_ok(open_file(&img, &e), &e);
		ck_assert_msg(img.has_payload, "%s", img.no_payload.msg);
		ck_assert_msg(decode(&img, elf.len, &len, &e),
			      "%s: damage not found", formats[i].name);
		image_close(&img);
	}
}
END_TEST

static void try_image(void)
{
	struct err e = ERR_EMPTY;
	struct image img;
	size_t len;

	if (open_file(&img, &e)) {
		ck_assert_str_ne(e.msg, "");
		return;
	}
	if (!img.has_payload) {
		ck_assert_str_ne(img.no_payload.msg, "");
	} else {
		ck_assert(bytes_has(held, img.payload.file_off,
				    img.payload.stream.len));
		decode(&img, 2 * elf.len, &len, &e);
	}
	image_close(&img);
}

START_TEST(image_decode__survives_extremes_of_every_header_field)
{
	for (unsigned off = HDR_START; off < 0x26c; off++)
		for (unsigned width = 1; width <= 4; width *= 2)
			for (unsigned i = 0; i < EXTREMES; i++) {
				build("lz4");
				elf_patch(&file, off, width, extreme(i, width));
				try_image();
			}
}
END_TEST

START_TEST(image_decode__survives_a_flipped_bit_in_any_payload)
{
	for (size_t i = 0; i < formats_count; i++) {
		size_t end;

		build(formats[i].name);
		end = CODE_OFF + GAP + elf_peek(&file, HDR_PAYLOAD_LENGTH, 4);
		for (size_t off = CODE_OFF + GAP; off < end; off++) {
			file.data[off] ^= 1u << off % 8;
			try_image();
			file.data[off] ^= 1u << off % 8;
		}
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("image_decode");
	TCase *t = tcase_create("all");

	tcase_add_test(t, image_decode__holds_the_payload_to_its_stated_size);
	tcase_add_test(t, image_decode__refuses_a_wrong_gzip_size);
	tcase_add_test(t, image_decode__finds_damage_behind_the_beginning);
	tcase_add_test(t,
		       image_decode__survives_extremes_of_every_header_field);
	tcase_add_test(t, image_decode__survives_a_flipped_bit_in_any_payload);
	suite_add_tcase(s, t);
	return s;
}
