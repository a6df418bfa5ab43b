/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Canonical Huffman codes as DEFLATE uses them: from code lengths to a table,
 * from bits to a symbol.
 *
 * Codes of up to `fast_bits` bits, nearly all of them, are one look-up; the
 * few longer ones are counted out length by length. The lengths come from the
 * compressed stream and may be anything.
 *
 * Spec: RFC 1951, section 3.2.2.
 */
#ifndef GUEST_LIB_HUFFMAN_H
#define GUEST_LIB_HUFFMAN_H

#include <stdint.h>

#define HUFFMAN_BITS_MAX      15
#define HUFFMAN_SYMBOLS_MAX   288
#define HUFFMAN_FAST_BITS_MAX 10

struct huffman {
	uint16_t count[HUFFMAN_BITS_MAX + 1];	   /* codes of each length */
	uint16_t symbols[HUFFMAN_SYMBOLS_MAX];	   /* in order of their codes */
	uint16_t fast[1 << HUFFMAN_FAST_BITS_MAX]; /* symbol << 4 | length, or
						    * 0: see `count` */
	uint8_t fast_bits;
};

/*
 * Build the code from the lengths of @n symbols (0: not used).
 *
 * Returns the codes of HUFFMAN_BITS_MAX bits that are left over: 0 for a
 * complete code, negative for an impossible one, which must not be used.
 */
int huffman_build(struct huffman *h, const uint8_t *lengths, unsigned n,
		  unsigned fast_bits);

/* For codes that are not in `fast`; call huffman_decode() instead. */
int huffman_decode_long(const struct huffman *h, uint32_t bits, unsigned *len);

/*
 * Returns the symbol at the low end of @bits, of which HUFFMAN_BITS_MAX are
 * valid, and its length in *@len; -1 if no code starts like this.
 */
static inline int huffman_decode(const struct huffman *h, uint32_t bits,
				 unsigned *len)
{
	unsigned entry = h->fast[bits & ((1u << h->fast_bits) - 1)];

	if (!entry)
		return huffman_decode_long(h, bits, len);
	*len = entry & 15;
	return (int)(entry >> 4);
}

#endif
