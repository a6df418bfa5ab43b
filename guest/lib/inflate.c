/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DEFLATE; see inflate.h.
 *
 * The first error, here or in the sink, is kept in s->error, which loops over
 * symbols check once in each turn. After the end of the input, zero bits are
 * read until the use of one of them is noticed.
 */
#include <stdbool.h>

#include "inflate.h"

#define WINDOW_MASK (INFLATE_WINDOW - 1)

#define LITERALS_FAST_BITS  10
#define DISTANCES_FAST_BITS 8
#define LENGTHS_FAST_BITS   7 /* no code length code is longer */

#define LITERALS_MAX  286 /* of a dynamic block; 286 and 287 do not exist */
#define DISTANCES_MAX 30
#define END_OF_BLOCK  256

/* One string instruction where the processor may be interpreted. */
static inline void copy_forward(uint8_t *to, const uint8_t *from, size_t n)
{
#if __STDC_HOSTED__
	while (n--)
		*to++ = *from++;
#else
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
#endif
}

static const char ends_early[] = "the compressed data ends too early";

/* Has a bit been used that the input does not have? */
static bool is_past_end(const struct inflate *s)
{
	return s->in_pos > s->in_len &&
	       s->in_pos - s->in_len > s->hold_bits / 8;
}

/* An error after made-up bits is not an error in the stream. */
static void fail(struct inflate *s, const char *error)
{
	if (!s->error)
		s->error = is_past_end(s) ? ends_early : error;
}

/* At most one byte is left: take it, then zeros. */
static void refill_at_end(struct inflate *s)
{
	if (s->in_pos < s->in_len)
		s->hold |= (uint32_t)s->in[s->in_pos] << s->hold_bits;
	else if (is_past_end(s))
		fail(s, ends_early);
	s->in_pos += 2;
}

/* Have at least 16 bits, the length of the longest code or field. */
static inline void refill(struct inflate *s)
{
	if (s->hold_bits >= 16)
		return;
	if (s->in_len >= 2 && s->in_pos <= s->in_len - 2) {
		const uint8_t *p = s->in + s->in_pos;

		s->hold |= ((uint32_t)p[0] | (uint32_t)p[1] << 8)
			   << s->hold_bits;
		s->in_pos += 2;
	} else {
		refill_at_end(s);
	}
	s->hold_bits += 16;
}

static inline void drop_bits(struct inflate *s, unsigned n)
{
	s->hold >>= n;
	s->hold_bits -= n;
}

static inline uint32_t take_bits(struct inflate *s, unsigned n)
{
	uint32_t v;

	refill(s);
	v = s->hold & ((1u << n) - 1);
	drop_bits(s, n);
	return v;
}

/* -1: there is no such code. */
static inline int take_symbol(struct inflate *s, const struct huffman *h)
{
	unsigned len;
	int sym;

	refill(s);
	sym = huffman_decode(h, s->hold, &len);
	if (sym >= 0)
		drop_bits(s, len);
	return sym;
}

/* Forget the rest of the byte and give whole bytes back to the input. */
static void align_to_byte(struct inflate *s)
{
	if (is_past_end(s))
		fail(s, ends_early);
	s->in_pos -= s->hold_bits / 8;
	s->hold = 0;
	s->hold_bits = 0;
}

static void deliver(struct inflate *s, size_t len)
{
	const char *error = NULL;

	if (len > s->out_max - s->out_len)
		error = "the decompressed data is longer than it should be";
	if (!error) {
		s->crc = crc32_update(&s->crc_table, s->crc, s->window, len);
		error = s->sink(s->sink_ctx, s->window, len);
	}
	if (error)
		fail(s, error);
	s->out_len += len;
}

/*
 * `at` is the place in the window, out_len what was delivered before it: the
 * window is delivered whenever it is full, so both together are the length.
 */
static inline size_t advance(struct inflate *s, size_t at, size_t n)
{
	at += n;
	if (at < INFLATE_WINDOW)
		return at;
	deliver(s, INFLATE_WINDOW);
	return 0;
}

static size_t copy_match(struct inflate *s, size_t at, size_t len, size_t dist)
{
	if (dist > s->out_len && dist > s->out_len + at) {
		fail(s, "a distance reaches back too far");
		return at;
	}
	while (len && !s->error) {
		size_t from = (at - dist) & WINDOW_MASK, n = len;

		if (n > INFLATE_WINDOW - at)
			n = INFLATE_WINDOW - at;
		if (n > INFLATE_WINDOW - from)
			n = INFLATE_WINDOW - from;
		copy_forward(s->window + at, s->window + from, n);
		len -= n;
		at = advance(s, at, n);
	}
	return at;
}

/* RFC 1951, 3.2.5: length and distance codes, their bases and extra bits. */
static size_t take_length(struct inflate *s, unsigned code)
{
	static const uint16_t base[29] = { 3,	4,   5,	  6,   7,  8,  9,  10,
					   11,	13,  15,  17,  19, 23, 27, 31,
					   35,	43,  51,  59,  67, 83, 99, 115,
					   131, 163, 195, 227, 258 };
	static const uint8_t extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1,
					   1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
					   4, 4, 4, 4, 5, 5, 5, 5, 0 };

	return base[code] + take_bits(s, extra[code]);
}

static size_t take_distance(struct inflate *s, unsigned code)
{
	static const uint16_t base[30] = {
		1,    2,    3,	  4,	5,    7,    9,	  13,	 17,	25,
		33,   49,   65,	  97,	129,  193,  257,  385,	 513,	769,
		1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577
	};
	static const uint8_t extra[30] = {
		0, 0, 0, 0, 1, 1, 2, 2,	 3,  3,	 4,  4,	 5,  5,	 6,
		6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13
	};

	return base[code] + take_bits(s, extra[code]);
}

/* One literal or match. Returns false at the end of the block. */
static inline bool step(struct inflate *s, size_t *at)
{
	int sym = take_symbol(s, &s->literals);
	size_t len;

	if (sym >= 0 && sym < END_OF_BLOCK) {
		s->window[*at] = (uint8_t)sym;
		*at = advance(s, *at, 1);
		return true;
	}
	if (sym == END_OF_BLOCK)
		return false;
	if (sym < 0 || sym >= LITERALS_MAX) {
		fail(s, "there is no such length code");
		return false;
	}
	len = take_length(s, (unsigned)sym - END_OF_BLOCK - 1);
	sym = take_symbol(s, &s->distances);
	if (sym < 0 || sym >= DISTANCES_MAX) {
		fail(s, "there is no such distance code");
		return false;
	}
	*at = copy_match(s, *at, len, take_distance(s, (unsigned)sym));
	return true;
}

static size_t coded_block(struct inflate *s, size_t at)
{
	while (!s->error && step(s, &at))
		;
	return at;
}

static size_t stored_block(struct inflate *s, size_t at)
{
	unsigned len, check;

	drop_bits(s, s->hold_bits & 7);
	len = take_bits(s, 16);
	check = take_bits(s, 16);
	align_to_byte(s);
	if (!s->error && len != (check ^ 0xffff))
		fail(s, "a stored block's length does not match its check");
	while (len && !s->error) {
		size_t n = len;

		if (n > INFLATE_WINDOW - at)
			n = INFLATE_WINDOW - at;
		if (n > s->in_len - s->in_pos) {
			fail(s, "the compressed data ends too early");
			break;
		}
		copy_forward(s->window + at, s->in + s->in_pos, n);
		s->in_pos += n;
		len -= (unsigned)n;
		at = advance(s, at, n);
	}
	return at;
}

static size_t fixed_block(struct inflate *s, size_t at)
{
	uint8_t lengths[HUFFMAN_SYMBOLS_MAX];

	for (unsigned i = 0; i < HUFFMAN_SYMBOLS_MAX; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	huffman_build(&s->literals, lengths, HUFFMAN_SYMBOLS_MAX,
		      LITERALS_FAST_BITS);
	for (unsigned i = 0; i < 32; i++)
		lengths[i] = 5;
	huffman_build(&s->distances, lengths, 32, DISTANCES_FAST_BITS);
	return coded_block(s, at);
}

/* The code in which the two codes' lengths are written. */
static void length_code(struct inflate *s, unsigned n)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[19] = { 0 };

	for (unsigned i = 0; i < n; i++)
		lengths[order[i]] = (uint8_t)take_bits(s, 3);
	if (huffman_build(&s->distances, lengths, 19, LENGTHS_FAST_BITS))
		fail(s, "the code length code is not complete");
}

/* One length, or a run of them. Returns how many there are now. */
static unsigned take_lengths(struct inflate *s, uint8_t *lengths, unsigned have,
			     unsigned total)
{
	int sym = take_symbol(s, &s->distances);
	unsigned repeat;
	uint8_t value = 0;

	if (sym >= 0 && sym < 16) {
		lengths[have] = (uint8_t)sym;
		return have + 1;
	}
	if (sym < 0 || (sym == 16 && !have)) {
		fail(s, "a code length is missing");
		return have;
	}
	if (sym == 16)
		value = lengths[have - 1];
	repeat = sym == 16   ? 3 + take_bits(s, 2)
		 : sym == 17 ? 3 + take_bits(s, 3)
			     : 11 + take_bits(s, 7);
	if (repeat > total - have) {
		fail(s, "there are too many code lengths");
		return have;
	}
	while (repeat--)
		lengths[have++] = value;
	return have;
}

/*
 * A code may be incomplete only if it is a single code of one bit, or empty for
 * distances that never occur. zlib has the same rule.
 */
static bool is_usable(const struct huffman *h, int left)
{
	unsigned codes = 0;

	for (unsigned len = 1; len <= HUFFMAN_BITS_MAX && left >= 0; len++)
		codes += h->count[len];
	return left == 0 ||
	       (left > 0 && (!codes || (codes == 1 && h->count[1] == 1)));
}

static size_t dynamic_block(struct inflate *s, size_t at)
{
	uint8_t lengths[LITERALS_MAX + DISTANCES_MAX];
	unsigned literals = 257 + take_bits(s, 5);
	unsigned distances = 1 + take_bits(s, 5);
	unsigned total = literals + distances, have = 0;
	int left;

	if (literals > LITERALS_MAX || distances > DISTANCES_MAX) {
		fail(s, "there are too many codes");
		return at;
	}
	length_code(s, 4 + take_bits(s, 4));
	while (have < total && !s->error)
		have = take_lengths(s, lengths, have, total);
	if (s->error)
		return at;

	left = huffman_build(&s->literals, lengths, literals,
			     LITERALS_FAST_BITS);
	if (!lengths[END_OF_BLOCK] || !is_usable(&s->literals, left)) {
		fail(s, "the literal code is not complete");
		return at;
	}
	left = huffman_build(&s->distances, lengths + literals, distances,
			     DISTANCES_FAST_BITS);
	if (!is_usable(&s->distances, left)) {
		fail(s, "the distance code is not complete");
		return at;
	}
	return coded_block(s, at);
}

void inflate_init(struct inflate *s)
{
	s->in_pos = s->out_len = 0;
	s->error = NULL;
	s->hold = s->hold_bits = s->crc = 0;
	crc32_table_init(&s->crc_table);
}

const char *inflate_deflate(struct inflate *s)
{
	bool is_last = false;
	size_t at = 0;

	while (!is_last && !s->error) {
		is_last = take_bits(s, 1);
		switch (take_bits(s, 2)) {
		case 0:
			at = stored_block(s, at);
			break;
		case 1:
			at = fixed_block(s, at);
			break;
		case 2:
			at = dynamic_block(s, at);
			break;
		default:
			fail(s, "there is no such block type");
		}
	}
	align_to_byte(s);
	if (!s->error && at)
		deliver(s, at);
	return s->error;
}
