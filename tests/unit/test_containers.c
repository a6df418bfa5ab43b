/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two containers that are parsed here and not by a library, lzop's and
 * lz4's, and the threads that decode lz4.
 */
#include "unit/job.h"

#include <dlfcn.h>
#include <pthread.h>

#define LEN 2000

/*
 * An lzop file without a name, by offset: magic 9, header 25, checksum 4; then
 * the first block: decoded size 4, size 4, checksums.
 */
#define LZO_HEADER 9
#define LZO_SUM	   (LZO_HEADER + 25)
#define LZO_BLOCK  (LZO_SUM + 4)

static void fill(uint8_t *want, size_t len)
{
	payload_fill(want, len, 7);
}

START_TEST(lzo__every_combination_of_checksums)
{
	static const uint32_t flags[] = { LZOP_ADLER32_D,   LZOP_ADLER32_C,
					  LZOP_CRC32_D,	    LZOP_CRC32_C,
					  LZOP_EXTRA_FIELD, LZOP_HEADER_CRC32 };
	uint8_t want[LEN];

	fill(want, LEN);
	for (int i = 0; i < 1 << ARRAY_LEN(flags); i++) {
		uint32_t set = 0;
		struct buf b = { 0 };

		for (size_t bit = 0; bit < ARRAY_LEN(flags); bit++)
			set |= i >> bit & 1 ? flags[bit] : 0;
		payload_lzo(want, LEN, set, &b);
		expect_decoded("lzo", &b, want, LEN, b.len);
		buf_release(&b);
	}
}
END_TEST

START_TEST(lzo__damaged_checksum_is_found)
{
	static const struct {
		uint32_t flag;
		const char *msg;
	} rows[] = {
		{ LZOP_ADLER32_D, "decoded block" },
		{ LZOP_CRC32_D, "decoded block" },
		{ LZOP_ADLER32_C, "lzo: block" },
		{ LZOP_CRC32_C, "lzo: block" },
	};
	struct change c = { LZO_BLOCK + 8, { 0 }, 1, -EILSEQ, NULL };
	uint8_t want[LEN];

	fill(want, LEN);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };

		payload_lzo(want, LEN, rows[i].flag, &b);
		c.bytes[0] = ~b.data[c.off];
		c.msg = rows[i].msg;
		expect_change("lzo", &b, LEN, &c);
		buf_release(&b);
	}
}
END_TEST

/* Change the header of an lzop file and correct its checksum. */
static void lzo_header(struct buf *b, const struct change *c)
{
	uint32_t a = 1, sum = 0;

	memcpy(b->data + c->off, c->bytes, c->n);
	for (size_t i = LZO_HEADER; i < LZO_SUM; i++) {
		a = (a + b->data[i]) % 65521;
		sum = (sum + a) % 65521;
	}
	sum = __builtin_bswap32(sum << 16 | a);
	memcpy(b->data + LZO_SUM, &sum, 4);
}

START_TEST(lzo__header_fields_are_checked)
{
	static const struct change rows[] = {
		{ 0, { 0x88 }, 1, -EILSEQ, "does not begin with 89 4c 5a" },
		{ 9, { 0x08, 0xff }, 2, -EILSEQ, "" }, /* older layout */
		{ 13,
		  { 0x10, 0x41 },
		  2,
		  -EILSEQ,
		  "version 0x1040, needing 0x1041" },
		{ 15, { 0 }, 1, -EILSEQ, "method 0 is not 1, 2 or 3" },
		{ 15, { 4 }, 1, -EILSEQ, "method 4 is not 1, 2 or 3" },
		{ 19, { 0x04 }, 1, -EILSEQ, "flags 0x401 ask for" },
	};
	uint8_t want[LEN];

	fill(want, LEN);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };

		payload_lzo(want, LEN, LZOP_ADLER32_D, &b);
		lzo_header(&b, &rows[i]);
		expect_error("lzo", &b, LEN, rows[i].rc, rows[i].msg);
		buf_release(&b);
	}
}
END_TEST

START_TEST(lzo__block_sizes_are_checked)
{
	static const struct change rows[] = {
		{ LZO_BLOCK, { 0x04, 0, 0, 1 }, 4, -EILSEQ, "67108865" },
		{ LZO_BLOCK, { 0, 0, 0, 1 }, 4, -EILSEQ, "and 1, not" },
		{ LZO_BLOCK + 4,
		  { 0, 0, 0, 0 },
		  4,
		  -EILSEQ,
		  "sizes 0 and 2000" },
		{ LZO_BLOCK + 4, { 0, 0, 0, 9 }, 4, -EILSEQ, "is damaged" },
		{ LZO_BLOCK, { 0, 0, 0x07, 0xcf }, 4, -EILSEQ, "is damaged" },
		{ LZO_BLOCK, { 0x04, 0, 0, 0 }, 4, -EFBIG, "ceiling of 2000" },
	};
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_lzo(want, LEN, LZOP_ADLER32_D, &b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_change("lzo", &b, LEN, &rows[i]);
	buf_release(&b);
}
END_TEST

START_TEST(lzo__block_shorter_than_stated_is_damage)
{
	static const uint8_t stated[4] = { 0, 0, 0x07, 0xd1 };
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	/* Without a checksum, which would detect it first. */
	payload_lzo(want, LEN, 0, &b);
	memcpy(b.data + LZO_BLOCK, stated, sizeof(stated));
	expect_error("lzo", &b, LEN + 1, -EILSEQ, "is damaged");
	buf_release(&b);
}
END_TEST

START_TEST(lz4__block_sizes_are_checked)
{
	static const struct change rows[] = {
		{ 0, { 0x03 }, 1, -EILSEQ, "does not begin with 02 21 4c 18" },
		{ 4, { 0, 0, 0, 0 }, 4, -EILSEQ, "block size 0 at 0x4" },
		{ 4, { 0, 0, 0, 1 }, 4, -EILSEQ, "block size 16777216 at 0x4" },
		{ 4,
		  { 0, 0, 0x10, 0 },
		  4,
		  -ENODATA,
		  "block of 1048576 bytes at 0x8 ends past the stream" },
		{ 8, { 0, 0, 0, 0 }, 4, -EILSEQ, "block at 0x8 is damaged" },
	};
	uint8_t want[LEN];
	struct buf b = { 0 };

	fill(want, LEN);
	payload_compress("lz4", want, LEN, &b, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_change("lz4", &b, LEN, &rows[i]);
	buf_release(&b);
}
END_TEST

/* A frame whose blocks decode to the given sizes. */
static size_t lz4_blocks(struct buf *b, uint8_t *want, const size_t *sizes,
			 size_t n)
{
	size_t total = 0;

	buf_le32(b, 0x184c2102);
	for (size_t i = 0; i < n; i++) {
		struct buf one = { 0 };

		payload_fill(want + total, sizes[i], i);
		payload_compress("lz4", want + total, sizes[i], &one, false);
		buf_add(b, one.data + 4, one.len - 4);
		buf_release(&one);
		total += sizes[i];
	}
	return total;
}

START_TEST(lz4__short_blocks_in_the_middle)
{
	static const size_t rows[][5] = {
		{ 100, 100, 100, 100, 100 },
		{ 8 * MIB, 1, 8 * MIB, 8 * MIB, 5 },
		{ 1, 8 * MIB, 8 * MIB, 8 * MIB, 8 * MIB },
		{ 8 * MIB, 8 * MIB, 8 * MIB, 8 * MIB - 1, 1 },
	};
	uint8_t *want = malloc(41 * MIB);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };
		size_t len = lz4_blocks(&b, want, rows[i], 5);

		expect_decoded("lz4", &b, want, len, b.len);
		expect_error("lz4", &b, len - 1, -EFBIG, "ceiling");
		buf_release(&b);
	}
	free(want);
}
END_TEST

START_TEST(lz4__more_blocks_than_a_batch)
{
	static const size_t sizes[150] = { [0 ... 149] = 77 };
	uint8_t want[2 * 150 * 77];
	struct buf b = { 0 };
	size_t len = lz4_blocks(&b, want, sizes, 150);

	len += lz4_blocks(&b, want + len, sizes, 150);
	buf_le32(&b, 0x184c2102); /* and a frame without blocks */
	expect_decoded("lz4", &b, want, len, b.len);
	buf_release(&b);
}
END_TEST

START_TEST(lz4__block_that_decodes_to_more_than_8_mib)
{
	struct buf b = { 0 }, one = { 0 };

	/* A literal 0, then one match at offset 1 that is 8 MiB long. */
	buf_add(&one, "\x1f\0\1\0", 4);
	for (size_t n = 0; n < 8 * MIB / 255 + 2; n++)
		buf_add(&one, "\xff", 1);
	buf_add(&one, "\0\x50\0\0\0\0\0", 7);
	buf_le32(&b, 0x184c2102);
	buf_le32(&b, one.len);
	buf_add(&b, one.data, one.len);
	expect_error("lz4", &b, 16 * MIB, -EILSEQ, "block at 0x8 is damaged");
	expect_error("lz4", &b, MIB, -EFBIG, "ceiling");
	buf_release(&one);
	buf_release(&b);
}
END_TEST

/* Replaces libc's in the whole program; see no_threads. */
static bool no_threads;

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *),
		   void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		    void *) = dlsym(RTLD_NEXT, "pthread_create");

	return no_threads ? EAGAIN : real(t, a, fn, arg);
}

START_TEST(format__decodes_without_threads)
{
	uint8_t *want = malloc(20 * MIB);
	const char *name = formats[_i].name;
	/* If no thread can be started, decoding still works. */
	size_t len = strcmp(name, "lz4") ? 5 * MIB : 20 * MIB;
	struct buf b = { 0 };

	payload_fill(want, len, 5);
	payload_compress(name, want, len, &b, false);
	no_threads = true;
	expect_decoded(name, &b, want, len, b.len);
	no_threads = false;
	buf_release(&b);
	free(want);
}
END_TEST

Suite *unit_suite(void)
{
	const TTest *const each[] = {
		lzo__every_combination_of_checksums,
		lzo__damaged_checksum_is_found,
		lzo__header_fields_are_checked,
		lzo__block_sizes_are_checked,
		lzo__block_shorter_than_stated_is_damage,
		lz4__block_sizes_are_checked,
		lz4__short_blocks_in_the_middle,
		lz4__more_blocks_than_a_batch,
		lz4__block_that_decodes_to_more_than_8_mib,
	};
	Suite *s = suite_create("containers");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		tcase_add_test(t, each[i]);
	tcase_add_loop_test(t, format__decodes_without_threads, 0,
			    formats_count);
	suite_add_tcase(s, t);
	return s;
}
