/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decompressor stub's own inflate, on the host: compared with zlib on valid
 * and damaged streams, and on streams built bit by bit that each break one rule
 * of RFC 1951 or RFC 1952.
 */
#include "unit/unit.h"
#include "support/payloads.h"
#include "../../guest/lib/inflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define RAW_DEFLATE (-15)
#define GZIP	    (15 + 16)
#define KIB	    ((size_t)1024)

/* Collects what the sink receives. */
static const char *collect(void *ctx, const uint8_t *data, size_t len)
{
	buf_add(ctx, data, len);
	return NULL;
}

static const char *refuse(void *ctx, const uint8_t *data, size_t len)
{
	return "the sink is full";
}

/* The bytes end where the allocation ends, so that ASan sees an overrun. */
static const char *run(const void *in, size_t len, bool is_gzip, size_t max,
		       struct buf *out)
{
	static struct inflate s;
	uint8_t *exact = malloc(len ? len : 1);
	const char *error;

	memset(&s, 0xa5, sizeof(s));
	memcpy(exact, in, len);
	s.in = exact;
	s.in_len = len;
	s.out_max = max;
	s.sink = collect;
	s.sink_ctx = out;
	inflate_init(&s);
	error = is_gzip ? inflate_gzip(&s) : inflate_deflate(&s);
	if (!error)
		ck_assert_uint_eq(s.out_len, out->len);
	free(exact);
	return error;
}

static void zlib_compress(const void *in, size_t len, int window, int level,
			  int strategy, struct buf *out)
{
	z_stream z = { 0 };

	ck_assert_int_eq(
		deflateInit2(&z, level, Z_DEFLATED, window, 9, strategy), Z_OK);
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	z.avail_out = (uInt)deflateBound(&z, len) + 256;
	z.next_out = buf_extend(out, z.avail_out);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len -= z.avail_out;
	deflateEnd(&z);
}

/* 0 if zlib reaches the end of a stream within @max bytes of output. */
static int zlib_decompress(const void *in, size_t len, int window, size_t max,
			   struct buf *out)
{
	z_stream z = { 0 };
	int rc;

	ck_assert_int_eq(inflateInit2(&z, window), Z_OK);
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)len;
	z.next_out = buf_extend(out, max + 1);
	z.avail_out = (uInt)max + 1;
	rc = inflate(&z, Z_FINISH);
	out->len = z.total_out;
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.total_out <= max ? 0 : -1;
}

enum content { ZEROS, TEXT, NOISE };

static uint8_t *make_content(enum content kind, size_t len)
{
	uint8_t *p = calloc(1, len + 1);
	uint32_t seed = 1;

	if (kind == TEXT)
		payload_fill(p, len, 7);
	for (size_t i = 0; kind == NOISE && i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
	return p;
}

static void check_round_trip(enum content kind, size_t len, int level,
			     int strategy)
{
	struct buf in = { 0 }, out = { 0 };
	uint8_t *want = make_content(kind, len);
	const char *error;

	zlib_compress(want, len, GZIP, level, strategy, &in);
	error = run(in.data, in.len, true, len, &out);
	ck_assert_msg(!error, "%zu bytes, level %d, strategy %d: %s", len,
		      level, strategy, error);
	ck_assert_uint_eq(out.len, len);
	ck_assert(!len || !memcmp(out.data, want, len));
	buf_release(&in);
	buf_release(&out);
	free(want);
}

START_TEST(inflate__decodes_what_zlib_makes)
{
	static const size_t sizes[] = { 0,
					1,
					2,
					257,
					32 * KIB - 1,
					32 * KIB,
					32 * KIB + 1,
					64 * KIB,
					1000 * KIB };
	static const struct {
		int level, strategy;
	} ways[] = {
		{ 0, Z_DEFAULT_STRATEGY },
		{ 1, Z_DEFAULT_STRATEGY },
		{ 6, Z_DEFAULT_STRATEGY },
		{ 9, Z_DEFAULT_STRATEGY },
		{ 9, Z_FIXED },
		{ 9, Z_HUFFMAN_ONLY },
		{ 9, Z_RLE },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
			for (int kind = ZEROS; kind <= NOISE; kind++)
				check_round_trip(kind, sizes[i], ways[w].level,
						 ways[w].strategy);
}
END_TEST

/* Both accept with the same bytes, or both refuse. */
static void check_agreement(const uint8_t *in, size_t len, bool is_gzip,
			    size_t max)
{
	struct buf ours = { 0 }, zlibs = { 0 };
	const char *error = run(in, len, is_gzip, max, &ours);
	int rc = zlib_decompress(in, len, is_gzip ? GZIP : RAW_DEFLATE, max,
				 &zlibs);

	ck_assert_msg(!error == !rc, "zlib: %d, here: %s", rc, error);
	if (!error) {
		ck_assert_uint_eq(ours.len, zlibs.len);
		ck_assert(!ours.len ||
			  !memcmp(ours.data, zlibs.data, ours.len));
	}
	buf_release(&ours);
	buf_release(&zlibs);
}

START_TEST(inflate__agrees_with_zlib_on_damaged_streams)
{
	size_t len = 3 * KIB, max = 40 * KIB;
	uint8_t *text = make_content(TEXT, len);
	uint32_t seed = 12345;

	for (int level = 0; level <= 9; level += 3) {
		struct buf in = { 0 };

		zlib_compress(text, len, RAW_DEFLATE, level, 0, &in);
		for (int i = 0; i < 3000; i++) {
			size_t at;

			seed = seed * 1664525 + 1013904223;
			/* Mostly where the code lengths are. */
			at = (seed >> 8) % (i & 1 ? in.len : 100);
			in.data[at] ^= (uint8_t)(1u << (seed & 7));
			check_agreement(in.data, in.len, false, max);
			if (i % 3)
				in.data[at] ^= (uint8_t)(1u << (seed & 7));
		}
		buf_release(&in);
	}
	free(text);
}
END_TEST

START_TEST(inflate__agrees_with_zlib_on_noise)
{
	uint32_t seed = 99;

	for (int i = 0; i < 20000; i++) {
		uint8_t in[200];

		for (size_t k = 0; k < sizeof(in); k++) {
			seed = seed * 1664525 + 1013904223;
			in[k] = (uint8_t)(seed >> 24);
		}
		/* Half of them start a dynamic block; the others are random. */
		if (i & 1)
			in[0] = (uint8_t)((in[0] & ~7) | 5);
		check_agreement(in, sizeof(in), false, 64 * KIB);
	}
}
END_TEST

START_TEST(inflate__rejects_a_stream_cut_anywhere)
{
	struct buf in = { 0 };
	size_t len = 2 * KIB;
	uint8_t *text = make_content(TEXT, len);

	zlib_compress(text, len, GZIP, 9, 0, &in);
	for (size_t cut = 0; cut < in.len; cut++) {
		struct buf out = { 0 };
		const char *error = run(in.data, cut, true, len, &out);

		ck_assert_msg(error && strstr(error, "ends too early"),
			      "cut to %zu of %zu: %s", cut, in.len, error);
		buf_release(&out);
	}
	buf_release(&in);
	free(text);
}
END_TEST

START_TEST(inflate__leaves_what_follows_alone)
{
	struct buf in = { 0 }, out = { 0 };
	static struct inflate s;
	size_t end;

	zlib_compress("hello", 5, GZIP, 9, 0, &in);
	end = in.len;
	buf_add(&in, "trailing bytes", 14);
	s = (struct inflate){ .in = in.data,
			      .in_len = in.len,
			      .out_max = 5,
			      .sink = collect,
			      .sink_ctx = &out };
	ck_assert_ptr_null(inflate_gzip(&s));
	ck_assert_uint_eq(s.in_pos, end);
	buf_release(&in);
	buf_release(&out);
}
END_TEST

START_TEST(inflate__stops_at_the_ceiling)
{
	struct buf in = { 0 }, out = { 0 };
	size_t len = 100 * KIB;
	uint8_t *zeros = make_content(ZEROS, len);
	const char *error;

	zlib_compress(zeros, len, GZIP, 9, 0, &in);
	ck_assert_ptr_null(run(in.data, in.len, true, len, &out));
	out.len = 0;
	error = run(in.data, in.len, true, len - 1, &out);
	ck_assert_str_eq(error,
			 "the decompressed data is longer than it should be");
	ck_assert_uint_lt(out.len, len);
	out.len = 0;
	ck_assert_ptr_nonnull(run(in.data, in.len, true, 0, &out));
	ck_assert_uint_eq(out.len, 0);
	buf_release(&in);
	buf_release(&out);
	free(zeros);
}
END_TEST

START_TEST(inflate__passes_on_what_the_sink_says)
{
	struct buf in = { 0 };
	static struct inflate s;

	zlib_compress("hello", 5, GZIP, 9, 0, &in);
	s = (struct inflate){
		.in = in.data, .in_len = in.len, .out_max = 5, .sink = refuse
	};
	ck_assert_str_eq(inflate_gzip(&s), "the sink is full");
	buf_release(&in);
}
END_TEST

/*
 * DEFLATE streams written as text, bit by bit in reading order; blanks have no
 * meaning. Numbers start with their lowest bit.
 */
static void bits_to_bytes(const char *bits, struct buf *out)
{
	unsigned n = 0;

	for (; *bits; bits++) {
		if (*bits == ' ')
			continue;
		if (n % 8 == 0)
			*buf_extend(out, 1) = 0;
		out->data[n / 8] |= (uint8_t)((*bits - '0') << (n % 8));
		n++;
	}
}

#define DYNAMIC	  "1 01 "
#define FIXED	  "1 10 "
#define STORED	  "1 00 00000 "
#define BYTE_A	  "10010001 " /* the literal 'a' in the fixed code */
#define LENGTH_3  "0000001 "
#define END_FIXED "0000000"

/*
 * A dynamic block's 257 + 0 literal and 1 + 0 distance lengths, written in a
 * code length code in which 0, 1, 16 and 18 all have two bits: the order of
 * the 18 lengths up to that of symbol 1 is 16 17 18 0 8 7 9 6 10 5 11 4 12 3
 * 13 2 14 1.
 */
#define COUNTS_257_1 "00000 00000 "
#define CODE_0_1_16_18                                                      \
	"0111 010 000 010 010 000 000 000 000 000 000 000 000 000 000 000 " \
	"000 000 010 "
/* The same with 2 in place of 16. */
#define CODE_0_1_2_18                                                       \
	"0111 000 000 010 010 000 000 000 000 000 000 000 000 000 000 000 " \
	"010 000 010 "
#define SYM_2	  "10 "
#define SYM_0	  "00 "
#define SYM_1	  "01 "
#define SYM_16	  "10 "
#define SYM_18	  "11 "
#define ZEROS_138 SYM_18 "1111111 "
#define ZEROS_117 SYM_18 "0101011 "
#define ZEROS_118 SYM_18 "1101011 "
#define ZEROS_121 SYM_18 "0111011 "

static const struct {
	const char *bits;
	const char *message; /* NULL: decodes */
} streams[] = {
	{ FIXED END_FIXED, NULL },
	{ FIXED BYTE_A LENGTH_3 "00000 " END_FIXED, NULL },
	{ "1 11", "there is no such block type" },
	{ STORED "1000000000000000 0111111111111111 10000110", NULL },
	{ STORED "1000000000000000 1111111111111111 10000110",
	  "a stored block's length does not match its check" },
	{ FIXED "11000110 " END_FIXED, "there is no such length code" },
	{ FIXED BYTE_A LENGTH_3 "11110 " END_FIXED,
	  "there is no such distance code" },
	{ FIXED LENGTH_3 "00000 " END_FIXED,
	  "a distance reaches back too far" },
	{ FIXED BYTE_A LENGTH_3 "00001 " END_FIXED,
	  "a distance reaches back too far" },
	{ DYNAMIC "01111 00000 0000", "there are too many codes" },
	{ DYNAMIC "00000 01111 0000", "there are too many codes" },
	/*
	 * Three codes of one bit are too many; one code of two bits is too few.
	 */
	{ DYNAMIC COUNTS_257_1 "0000 100 100 100 000",
	  "the code length code is not complete" },
	{ DYNAMIC COUNTS_257_1 "0000 010 000 000 000",
	  "the code length code is not complete" },
	/* Only end-of-block has a code, of one bit: 0. */
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 ZEROS_138 ZEROS_118 SYM_1 SYM_0
	  "0",
	  NULL },
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 ZEROS_138 ZEROS_118 SYM_1 SYM_0
	  "1111 1111 1111 1111",
	  "there is no such length code" },
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 SYM_16 "00 " ZEROS_138 ZEROS_118,
	  "a code length is missing" },
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 ZEROS_138 ZEROS_138,
	  "there are too many code lengths" },
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 ZEROS_138 ZEROS_121,
	  "there are too many code lengths" },
	/* A code of two bits and one of one bit leave a two-bit code unused. */
	{ DYNAMIC COUNTS_257_1 CODE_0_1_2_18 ZEROS_138 ZEROS_117 SYM_2 SYM_1
		  SYM_0 "0",
	  "the literal code is not complete" },
	/* 138 + 118 + 2 zeros: end-of-block has no code. */
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 ZEROS_138 ZEROS_118 SYM_0 SYM_1
	  "0",
	  "the literal code is not complete" },
	/* Three codes of one bit among the literals. */
	{ DYNAMIC COUNTS_257_1 CODE_0_1_16_18 SYM_1 SYM_1 SYM_18
	  "0011111 " ZEROS_118 SYM_0 SYM_0 SYM_0 SYM_0 SYM_1 SYM_0 "0",
	  "the literal code is not complete" },
};

START_TEST(inflate__knows_the_rules)
{
	struct buf in = { 0 }, out = { 0 };
	const char *error;

	bits_to_bytes(streams[_i].bits, &in);
	error = run(in.data, in.len, false, KIB, &out);
	if (streams[_i].message)
		ck_assert_str_eq(error ? error : "no error",
				 streams[_i].message);
	else
		ck_assert_msg(!error, "%s", error);
	out.len = 0;
	ck_assert_int_eq(
		!zlib_decompress(in.data, in.len, RAW_DEFLATE, KIB, &out),
		!streams[_i].message);
	buf_release(&in);
	buf_release(&out);
}
END_TEST

/* A gzip file with every optional part of the header. */
static void make_gzip(struct buf *out)
{
	static const uint8_t header[] = { 0x1f, 0x8b, 8, 0x1e, 1,   2,	 3,
					  4,	0,    3, 2,    0,   'x', 'y',
					  'n',	'a',  0, 'c',  'o', 0 };
	uint32_t crc = (uint32_t)crc32(0, header, sizeof(header));
	struct buf body = { 0 };

	buf_add(out, header, sizeof(header));
	*buf_extend(out, 1) = (uint8_t)crc;
	*buf_extend(out, 1) = (uint8_t)(crc >> 8);
	zlib_compress("hello", 5, RAW_DEFLATE, 9, 0, &body);
	buf_add(out, body.data, body.len);
	buf_release(&body);
	buf_le32(out, (uint32_t)crc32(0, (const Bytef *)"hello", 5));
	buf_le32(out, 5);
}

#define FROM_END 0x1000

static const struct {
	size_t at;
	uint8_t flip;
	const char *message; /* NULL: decodes */
} gzips[] = {
	{ 4, 0, NULL },
	{ 0, 1, "not gzip: the magic number is wrong" },
	{ 1, 1, "not gzip: the magic number is wrong" },
	{ 2, 1, "not a known kind of gzip" },
	{ 3, 0x20, "not a known kind of gzip" },
	{ 4, 1, "the gzip header's CRC is wrong" },
	{ 11, 0x80, "the gzip header ends too early" },
	{ FROM_END + 8, 1, "the CRC of the decompressed data is wrong" },
	{ FROM_END + 4, 1, "the length of the decompressed data is wrong" },
	{ FROM_END + 1, 1, "the length of the decompressed data is wrong" },
};

START_TEST(gzip__checks_header_and_trailer)
{
	struct buf in = { 0 }, out = { 0 };
	size_t at = gzips[_i].at;
	const char *error;

	make_gzip(&in);
	if (at >= FROM_END)
		at = in.len - (at - FROM_END);
	in.data[at] ^= gzips[_i].flip;
	error = run(in.data, in.len, true, KIB, &out);
	if (gzips[_i].message)
		ck_assert_str_eq(error ? error : "no error", gzips[_i].message);
	else
		ck_assert_msg(!error, "%s", error);
	check_agreement(in.data, in.len, true, KIB);
	buf_release(&in);
	buf_release(&out);
}
END_TEST

START_TEST(crc32__is_zlibs)
{
	static struct crc32_table table;
	uint8_t *noise = make_content(NOISE, 300);

	crc32_table_init(&table);
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; len < 260; len++)
			ck_assert_uint_eq(crc32_update(&table, (uint32_t)from,
						       noise + from, len),
					  crc32(from, noise + from, (uInt)len));
	free(noise);
}
END_TEST

#define ROWS(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *unit_suite(void)
{
	Suite *s = suite_create("inflate");
	TCase *t = tcase_create("inflate");

	tcase_add_test(t, inflate__decodes_what_zlib_makes);
	tcase_add_test(t, inflate__agrees_with_zlib_on_damaged_streams);
	tcase_add_test(t, inflate__agrees_with_zlib_on_noise);
	tcase_add_test(t, inflate__rejects_a_stream_cut_anywhere);
	tcase_add_test(t, inflate__leaves_what_follows_alone);
	tcase_add_test(t, inflate__stops_at_the_ceiling);
	tcase_add_test(t, inflate__passes_on_what_the_sink_says);
	tcase_add_loop_test(t, inflate__knows_the_rules, 0, ROWS(streams));
	tcase_add_loop_test(t, gzip__checks_header_and_trailer, 0, ROWS(gzips));
	tcase_add_test(t, crc32__is_zlibs);
	suite_add_tcase(s, t);
	return s;
}
