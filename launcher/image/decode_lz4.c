/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lz4 legacy frames: independent blocks of 8 MiB, which are decoded in
 * parallel.
 *
 *   | magic | size | block | size | block | ... | magic | size | block ...
 *             LE32   -> 8 MiB       -> 8 MiB      ^ another frame
 *
 * Except for the last one of a frame, the compressor makes blocks that decode
 * to exactly 8 MiB, so block i of a frame belongs at i * 8 MiB. That is tried
 * first, on all CPUs; a block after a shorter one is decoded again at the right
 * place. The frame has no end mark: it ends with the input.
 *
 * Spec: lz4 frame format, "Legacy frame"; Linux, lib/decompress_unlz4.c.
 */
#include "image/decode.h"
#include "base/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <lz4.h>

#define MAGIC	  0x184c2102u
#define BLOCK_MAX ((size_t)8 << 20)

/* Blocks that are decoded together: 1 GiB, more than a kernel has. */
#define BATCH 128

/* The number of compressed bytes from which several threads are faster. */
#define WORTH_THREADS (1u << 20)

struct block {
	struct bytes src;
	int got; /* decoded bytes at i * 8 MiB, or negative */
};

struct batch {
	struct block block[BATCH];
	size_t n;
	uint8_t *out;
	size_t room;
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int decode_block(struct bytes src, uint8_t *out, size_t room)
{
	return LZ4_decompress_safe((const char *)src.data, (char *)out, src.len,
				   min(room, BLOCK_MAX));
}

/* Decode only the first @want bytes of a block. */
static int decode_part(struct bytes src, uint8_t *out, size_t want)
{
	return LZ4_decompress_safe_partial((const char *)src.data, (char *)out,
					   src.len, want, want);
}

static void decode_nth(void *batch, size_t i)
{
	struct batch *b = batch;
	size_t off = i * BLOCK_MAX;

	b->block[i].got = -1;
	if (off < b->room)
		b->block[i].got = decode_block(b->block[i].src, b->out + off,
					       b->room - off);
}

/*
 * The library has the same error for a damaged block and for one that needs
 * more room. If the part that fits can be decoded, it needs more room.
 */
static int explain(struct decode *d, struct bytes src, struct err *e)
{
	size_t room = decode_room(d);

	if (room < BLOCK_MAX &&
	    decode_part(src, d->out + d->out_len, room) == (int)room)
		return decode_too_large(d, "lz4", e);
	return err_set(e, EILSEQ, "lz4: block at 0x%zx is damaged",
		       (size_t)(src.data - d->in.data));
}

/* The block that reaches past d->enough, up to there. */
static int decode_last(const struct decode *d, struct bytes src)
{
	size_t want = min(d->enough - d->out_len, BLOCK_MAX);

	return d->enough <= d->cap ? decode_part(src, d->out + d->out_len, want)
				   : -1;
}

/* Check what the threads decoded, and decode blocks at a wrong place again. */
static int settle(struct decode *d, const struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n && d->out_len < d->enough; i++) {
		uint8_t *out = d->out + d->out_len;
		int got = b->block[i].got;

		if (got < 0 || out != b->out + i * BLOCK_MAX)
			got = decode_block(b->block[i].src, out,
					   decode_room(d));
		if (got < 0)
			got = decode_last(d, b->block[i].src);
		if (got < 0)
			return explain(d, b->block[i].src, e);
		d->out_len += got;
	}
	return 0;
}

/*
 * Collect at most @max blocks of one frame, from *off on.
 */
static int scan(struct batch *b, struct bytes in, size_t *off, size_t max,
		struct err *e)
{
	b->n = 0;
	while (b->n < max && *off < in.len) {
		uint32_t size;

		if (!bytes_le32(in, *off, &size))
			return err_set(e, ENODATA,
				       "lz4: cut short in the "
				       "block size at 0x%zx",
				       *off);
		if (size == MAGIC) {
			*off += 4;
			if (b->n)
				return 0;
			continue;
		}
		if (size == 0 || size > LZ4_COMPRESSBOUND(BLOCK_MAX))
			return err_set(
				e, EILSEQ,
				"lz4: block size %" PRIu32 " at 0x%zx is "
				"not between 1 and %zu",
				size, *off, LZ4_COMPRESSBOUND(BLOCK_MAX));
		if (!bytes_slice(in, *off + 4, size, &b->block[b->n].src))
			return err_set(e, ENODATA,
				       "lz4: block of %" PRIu32
				       " bytes at 0x%zx ends past the stream "
				       "(%zu bytes)",
				       size, *off + 4, in.len);
		*off += 4 + (size_t)size;
		b->n++;
	}
	return 0;
}

/* On all CPUs, unless the threads would cost more than they save: a stream of
 * tiny frames must not start one for every few bytes. */
static void decode_batch(struct batch *b)
{
	size_t bytes = 0;

	for (size_t i = 0; i < b->n; i++)
		bytes += b->block[i].src.len;
	if (bytes >= WORTH_THREADS) {
		thread_share(b->n, decode_nth, b);
		return;
	}
	for (size_t i = 0; i < b->n; i++)
		decode_nth(b, i);
}

static int decode_blocks(struct decode *d, size_t *off, struct err *e)
{
	struct batch b;

	while (*off < d->in.len && d->out_len < d->enough) {
		size_t most = (d->enough - d->out_len - 1) / BLOCK_MAX + 1;
		int rc = scan(&b, d->in, off, min(most, BATCH), e);

		if (rc)
			return rc;
		b.out = d->out + d->out_len;
		b.room = decode_room(d);
		decode_batch(&b);
		rc = settle(d, &b, e);
		if (rc)
			return rc;
	}
	return 0;
}

int decode_lz4(struct decode *d, struct err *e)
{
	uint32_t magic;
	size_t off = 4;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	if (!bytes_le32(d->in, 0, &magic))
		return decode_cut_short(d, "lz4", e);
	if (magic != MAGIC)
		return err_set(e, EILSEQ,
			       "lz4: does not begin with 02 21 4c 18");
	rc = decode_blocks(d, &off, e);
	if (!rc)
		d->in_used = off;
	return rc;
}
