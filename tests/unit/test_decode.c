/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quirks of the formats that a library reads whole: old magics, memory limits,
 * unusual but valid streams.
 */
#include "unit/job.h"

#include <lzma.h>
#include <zstd.h>

#define LEN 2000

static void fill(uint8_t *want, size_t len)
{
	payload_fill(want, len, 7);
}

START_TEST(gzip__old_magic_is_gzip)
{
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("gzip", want, LEN, &b, false);
	b.data[1] = 0x9e;
	expect_decoded("gzip", &b, want, LEN, b.len);
	buf_release(&b);
}
END_TEST

START_TEST(gzip__says_what_is_damaged)
{
	static const struct change rows[] = {
		{ 1, { 0x8c }, 1, -EILSEQ, "does not begin with 1f 8b" },
		{ 2, { 9 }, 1, -EILSEQ, "unknown compression method" },
		{ 3, { 0xe0 }, 1, -EILSEQ, "unknown header flags set" },
	};
	uint8_t want[LEN];
	struct buf b = { 0 };
	struct change sum = { 0, { 0 }, 1, -EILSEQ, "incorrect data check" };

	fill(want, LEN);
	payload_compress("gzip", want, LEN, &b, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_change("gzip", &b, LEN, &rows[i]);
	sum.off = b.len - 8;
	sum.bytes[0] = ~b.data[sum.off];
	expect_change("gzip", &b, LEN, &sum);
	sum.off = b.len - 4;
	sum.bytes[0] = ~b.data[sum.off];
	sum.msg = "incorrect length check";
	expect_change("gzip", &b, LEN, &sum);
	buf_release(&b);
}
END_TEST

START_TEST(gzip__second_member_that_is_cut_is_cut_short)
{
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("gzip", want, LEN, &b, false);
	buf_add(&b, "\x1f\x8b\x08", 3);
	expect_error("gzip", &b, LEN, -ENODATA, "cut short, after 2000");
	buf_release(&b);
}
END_TEST

/* A LZMA2 dictionary of 2 << (code / 2 + 11) bytes, for even codes. */
static void xz_set_dictionary(struct buf *b, uint8_t code)
{
	uint8_t *header = b->data + 12;
	size_t len = (header[0] + 1) * 4u, i = 2;
	uint32_t crc;

	while (header[i] != LZMA_FILTER_LZMA2 || header[i + 1] != 1)
		ck_assert_uint_lt(++i, len);
	header[i + 2] = code;
	crc = lzma_crc32(header, len - 4, 0);
	memcpy(header + len - 4, &crc, 4);
}

START_TEST(xz__dictionary_up_to_the_limit)
{
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_xz(want, LEN, 16, &b);
	xz_set_dictionary(&b, 30); /* 128 MiB */
	expect_decoded("xz", &b, want, LEN, b.len);
	xz_set_dictionary(&b, 32); /* 256 MiB */
	expect_error("xz", &b, LEN, -ENOMEM,
		     "bytes of memory, the limit is 201326592");
	buf_release(&b);
}
END_TEST

START_TEST(lzma__dictionary_up_to_the_limit)
{
	static const uint8_t within[4] = { 0, 0, 0, 8 };
	static const uint8_t beyond[4] = { 0, 0, 0, 16 };
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("lzma", want, LEN, &b, false);
	memcpy(b.data + 1, within, 4);
	expect_decoded("lzma", &b, want, LEN, b.len);
	memcpy(b.data + 1, beyond, 4);
	expect_error("lzma", &b, LEN, -ENOMEM,
		     "bytes of memory, the limit is 201326592");
	buf_release(&b);
}
END_TEST

START_TEST(lzma__header_may_state_the_size)
{
	uint8_t want[LEN];
	uint64_t size = LEN;
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("lzma", want, LEN, &b, false);
	memcpy(b.data + 5, &size, 8);
	expect_decoded("lzma", &b, want, LEN, b.len);
	buf_release(&b);
}
END_TEST

START_TEST(xz__zero_padding_between_streams)
{
	uint8_t want[2 * LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	memcpy(want + LEN, want, LEN);
	payload_compress("xz", want, LEN, &b, false);
	buf_add(&b, "\0\0\0\0\0\0\0\0", 8);
	payload_compress("xz", want, LEN, &b, false);
	expect_decoded("xz", &b, want, 2 * LEN, b.len);
	buf_release(&b);
}
END_TEST

START_TEST(zstd__window_of_128_mib)
{
	uint8_t want[LEN];
	struct buf b = { 0 };
	struct job j;

	fill(want, LEN);
	payload_zstd(want, LEN, 27, &b);
	expect_decoded("zstd", &b, want, LEN, b.len);
	job_run(&j, "zstd", b.data, b.len, 100, 100);
	assert_ok(j.rc, &j.e);
	ck_assert_uint_eq(j.d.out_len, 100);
	ck_assert(!memcmp(j.d.out, want, 100));
	job_release(&j);
	buf_release(&b);
}
END_TEST

START_TEST(zstd__skippable_frames_are_skipped)
{
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	for (int i = 0; i < 2; i++) {
		buf_le32(&b, ZSTD_MAGIC_SKIPPABLE_START + i);
		buf_le32(&b, 5);
		buf_add(&b, "hello", 5);
		payload_compress("zstd", want + i * LEN / 2, LEN / 2, &b,
				 false);
	}
	expect_decoded("zstd", &b, want, LEN, b.len);
	buf_release(&b);
}
END_TEST

START_TEST(zstd__other_magic_is_damage)
{
	static const struct change row = { 0,
					   { 0x27, 0xb5, 0x2f, 0xfd },
					   4,
					   -EILSEQ,
					   "does not begin with 28 b5 2f fd" };
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("zstd", want, LEN, &b, false);
	expect_change("zstd", &b, LEN, &row); /* zstd 0.7's */
	buf_release(&b);
}
END_TEST

Suite *unit_suite(void)
{
	const TTest *const each[] = {
		gzip__old_magic_is_gzip,
		gzip__says_what_is_damaged,
		gzip__second_member_that_is_cut_is_cut_short,
		xz__dictionary_up_to_the_limit,
		lzma__dictionary_up_to_the_limit,
		lzma__header_may_state_the_size,
		xz__zero_padding_between_streams,
		zstd__window_of_128_mib,
		zstd__skippable_frames_are_skipped,
		zstd__other_magic_is_damage,
	};
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		tcase_add_test(t, each[i]);
	suite_add_tcase(s, t);
	return s;
}
