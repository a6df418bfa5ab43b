/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small inflate: DEFLATE streams, and gzip files around them.
 *
 * For the decompressor stub, which has no library, and for the tests, which
 * compare it with zlib on the host. It keeps only the 32 KiB of output that
 * matches may reach back into; every full window goes to the caller's sink, so
 * no memory for the whole output is needed. All memory is in the caller's
 * struct.
 *
 *   in --> bits --> symbols --> window[32 KiB], a ring --> sink(), in order
 *
 * The input is never trusted: it may end anywhere, distances are checked
 * against the bytes written, and output stops at out_max.
 *
 * Spec: RFC 1951 (DEFLATE), RFC 1952 (gzip).
 */
#ifndef GUEST_LIB_INFLATE_H
#define GUEST_LIB_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "crc32.h"
#include "huffman.h"

#define INFLATE_WINDOW 0x8000

struct inflate {
	/* Filled in by the caller */
	const uint8_t *in;
	size_t in_len;
	size_t out_max; /* more output than this is an error */

	/*
	 * Takes the next @len bytes of output: INFLATE_WINDOW at a time, and
	 * what is left at the end. Returns NULL, or why it cannot go on.
	 */
	const char *(*sink)(void *ctx, const uint8_t *data, size_t len);
	void *sink_ctx;

	/* Results */
	size_t in_pos;	/* just past the last byte that was used */
	size_t out_len; /* delivered to the sink */

	/* Private */
	const char *error;
	uint32_t hold; /* bits that were read but not used, lowest first */
	unsigned hold_bits;
	uint32_t crc;
	struct huffman literals;
	struct huffman distances;
	struct crc32_table crc_table;
	uint8_t window[INFLATE_WINDOW];
};

/* Begin at the first byte of input, with no output yet. */
void inflate_init(struct inflate *s);

/*
 * Decode one DEFLATE stream from in_pos on; inflate_init() comes first.
 * Returns NULL, or what is wrong with it.
 */
const char *inflate_deflate(struct inflate *s);

/*
 * Decode one gzip member from the start, its header, length and CRC included.
 * Bytes after it are not read. Returns NULL, or what is wrong with it.
 */
const char *inflate_gzip(struct inflate *s);

#endif
