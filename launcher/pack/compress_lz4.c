/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lz4 legacy frames: liblz4 in the container that decode_lz4.c pictures.
 */
#include "pack/compress.h"

#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>

#define MAGIC	   0x184c2102
#define BLOCK_SIZE ((size_t)8 << 20)

static int compress_block(const char *src, char *to, int n, int bound,
			  int level)
{
	if (level < LZ4HC_CLEVEL_MIN)
		return LZ4_compress_default(src, to, n, bound);
	return LZ4_compress_HC(src, to, n, bound, level);
}

/* | size | block |: the size is filled in once the block is compressed. */
static int add_block(const uint8_t *src, size_t n, int level, struct buf *out,
		     struct err *e)
{
	int bound = LZ4_compressBound((int)n), got;
	size_t begin = out->len;

	if (!buf_extend(out, 4 + (size_t)bound))
		return compress_no_memory("lz4", e);
	got = compress_block((const char *)src, (char *)out->data + begin + 4,
			     (int)n, bound, level);
	if (got <= 0)
		return err_set(e, EINVAL, "lz4: liblz4 error %d", got);
	out->len = begin;
	buf_le32(out, (uint32_t)got);
	out->len += (size_t)got;
	return 0;
}

int compress_lz4(struct bytes in, const struct compress_how *how,
		 struct buf *out, struct err *e)
{
	int rc = 0;

	buf_le32(out, MAGIC);
	for (size_t off = 0, n; !rc && off < in.len; off += n) {
		n = in.len - off < BLOCK_SIZE ? in.len - off : BLOCK_SIZE;
		rc = add_block(in.data + off, n, how->level, out, e);
	}
	return rc ?: out->failed ? compress_no_memory("lz4", e) : 0;
}
