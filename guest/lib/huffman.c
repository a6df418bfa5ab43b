/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Canonical Huffman codes; see huffman.h.
 */
#include "huffman.h"

/* Sort the symbols by code: by length, then by value. */
static void sort_symbols(struct huffman *h, const uint8_t *lengths, unsigned n)
{
	uint16_t next[HUFFMAN_BITS_MAX + 1];

	next[1] = 0;
	for (unsigned len = 1; len < HUFFMAN_BITS_MAX; len++)
		next[len + 1] = (uint16_t)(next[len] + h->count[len]);
	for (unsigned sym = 0; sym < n; sym++)
		if (lengths[sym])
			h->symbols[next[lengths[sym]]++] = (uint16_t)sym;
}

/* The next code of @len bits, counting in bit-reversed order. */
static unsigned reversed_next(unsigned code, unsigned len)
{
	unsigned bit = 1u << (len - 1);

	while (code & bit)
		bit >>= 1;
	return bit ? (code & (bit - 1)) | bit : 0;
}

/*
 * Codes arrive with their first bit lowest, so a code of n bits owns every
 * index whose low n bits are the code reversed.
 */
static void fill_fast(struct huffman *h)
{
	unsigned size = 1u << h->fast_bits, code = 0, index = 0;

	for (unsigned i = 0; i < size; i++)
		h->fast[i] = 0;
	for (unsigned len = 1; len <= h->fast_bits; len++)
		for (unsigned k = 0; k < h->count[len]; k++, index++) {
			unsigned entry = (unsigned)h->symbols[index] << 4 | len;

			for (unsigned i = code; i < size; i += 1u << len)
				h->fast[i] = (uint16_t)entry;
			code = reversed_next(code, len);
		}
}

int huffman_build(struct huffman *h, const uint8_t *lengths, unsigned n,
		  unsigned fast_bits)
{
	int left = 1;

	for (unsigned len = 0; len <= HUFFMAN_BITS_MAX; len++)
		h->count[len] = 0;
	for (unsigned sym = 0; sym < n; sym++)
		h->count[lengths[sym]]++;
	h->count[0] = 0;
	for (unsigned len = 1; len <= HUFFMAN_BITS_MAX; len++) {
		left = left * 2 - h->count[len];
		if (left < 0)
			return left;
	}
	h->fast_bits = (uint8_t)fast_bits;
	sort_symbols(h, lengths, n);
	fill_fast(h);
	return left;
}

/*
 * Codes of one length are consecutive numbers: `first` is the lowest code of
 * the length looked at, `index` the place of its symbol.
 */
int huffman_decode_long(const struct huffman *h, uint32_t bits, unsigned *len)
{
	unsigned code = 0, first = 0, index = 0;

	for (unsigned n = 1; n <= HUFFMAN_BITS_MAX; n++, bits >>= 1) {
		unsigned count = h->count[n];

		code |= bits & 1;
		if (code < first + count) {
			*len = n;
			return h->symbols[index + code - first];
		}
		index += count;
		first = (first + count) << 1;
		code <<= 1;
	}
	return -1;
}
