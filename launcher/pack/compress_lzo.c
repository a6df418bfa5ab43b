/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lzop files: liblzo2's LZO1X-999 in the container that decode_lzo.c pictures.
 * All of its numbers are big-endian.
 */
#include "pack/compress.h"

#include <errno.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>

#define BLOCK_SIZE ((size_t)256 << 10)
/* lzodoc: the expansion of incompressible data. */
#define PACKED_MAX (BLOCK_SIZE + BLOCK_SIZE / 16 + 64 + 3)

static uint32_t header_sum(uint32_t flags, const struct buf *out, size_t begin)
{
	const uint8_t *p = out->data + begin;
	size_t n = out->len - begin;

	if (out->failed)
		return 0;
	return flags & LZOP_HEADER_CRC32 ? lzo_crc32(0, p, n)
					 : lzo_adler32(1, p, n);
}

static void add_header(const struct compress_how *how, struct buf *out)
{
	static const uint8_t magic[] = { 0x89, 'L',  'Z',  'O', 0,
					 0x0d, 0x0a, 0x1a, 0x0a };
	static const uint8_t versions[] = {
		0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, /* own, library's, needed */
	};
	static const uint8_t after_flags[] = {
		0, 0, 0x81, 0xa4,	      /* mode 0100644 */
		0, 0, 0,    0,	  0, 0, 0, 0, /* time */
		0,			      /* length of the name */
	};
	const uint8_t method[] = { 3 /* LZO1X-999 */, (uint8_t)how->level };
	uint32_t flags = how->lzop_flags;
	size_t begin;

	buf_add(out, magic, sizeof(magic));
	begin = out->len;
	buf_add(out, versions, sizeof(versions));
	buf_add(out, method, sizeof(method));
	buf_be32(out, flags);
	buf_add(out, after_flags, sizeof(after_flags));
	buf_be32(out, header_sum(flags, out, begin));
	if (!(flags & LZOP_EXTRA_FIELD))
		return;
	begin = out->len;
	buf_be32(out, (uint32_t)how->lzop_extra.len);
	buf_add(out, how->lzop_extra.data, how->lzop_extra.len);
	buf_be32(out, header_sum(flags, out, begin));
}

/* One block and its frame. A block that does not shrink is stored
 * uncompressed. */
static void add_block(struct bytes src, struct bytes packed, uint32_t flags,
		      struct buf *out)
{
	if (packed.len >= src.len) {
		packed = src;
		flags &= ~(uint32_t)(LZOP_ADLER32_C | LZOP_CRC32_C);
	}
	buf_be32(out, (uint32_t)src.len);
	buf_be32(out, (uint32_t)packed.len);
	if (flags & LZOP_ADLER32_D)
		buf_be32(out, lzo_adler32(1, src.data, src.len));
	if (flags & LZOP_CRC32_D)
		buf_be32(out, lzo_crc32(0, src.data, src.len));
	if (flags & LZOP_ADLER32_C)
		buf_be32(out, lzo_adler32(1, packed.data, packed.len));
	if (flags & LZOP_CRC32_C)
		buf_be32(out, lzo_crc32(0, packed.data, packed.len));
	buf_add(out, packed.data, packed.len);
}

static int add_blocks(struct bytes in, const struct compress_how *how,
		      uint8_t *packed, void *work, struct buf *out,
		      struct err *e)
{
	for (size_t off = 0, n; off < in.len; off += n) {
		struct bytes src;
		lzo_uint got = 0;
		int rc;

		n = in.len - off < BLOCK_SIZE ? in.len - off : BLOCK_SIZE;
		bytes_slice(in, off, n, &src);
		rc = lzo1x_999_compress_level(src.data, n, packed, &got, work,
					      NULL, 0, NULL, how->level);
		if (rc != LZO_E_OK)
			return err_set(e, EINVAL, "lzo: liblzo2 error %d", rc);
		add_block(src, (struct bytes){ packed, got }, how->lzop_flags,
			  out);
	}
	return 0;
}

int compress_lzo(struct bytes in, const struct compress_how *how,
		 struct buf *out, struct err *e)
{
	uint8_t *packed = malloc(PACKED_MAX);
	void *work = malloc(LZO1X_999_MEM_COMPRESS);
	int rc;

	if (lzo_init() != LZO_E_OK) {
		rc = err_set(e, EINVAL, "lzo: liblzo2 does not fit this host");
	} else if (!packed || !work) {
		rc = compress_no_memory("lzo", e);
	} else {
		add_header(how, out);
		rc = add_blocks(in, how, packed, work, out, e);
		buf_be32(out, 0);
	}
	free(packed);
	free(work);
	return rc ?: out->failed ? compress_no_memory("lzo", e) : 0;
}
