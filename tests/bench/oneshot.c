/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each decoding library alone, from memory to memory: the least that decoding
 * can cost.
 *
 * One call if the library has one. No library function reads lz4's legacy frame
 * or lzop's file, so their blocks are decoded here one after the other, with the
 * checks that their own tools make. The launcher has decoded the same input
 * before, so it is trusted.
 */
#include "bench/bench.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define LZ4_BLOCK ((size_t)8 << 20)

static size_t gzip(struct bytes in, uint8_t *out, size_t cap)
{
	z_stream z = { .next_in = in.data,
		       .avail_in = in.len,
		       .next_out = out,
		       .avail_out = cap };

	if (inflateInit2(&z, 15 + 16) != Z_OK ||
	    inflate(&z, Z_FINISH) != Z_STREAM_END)
		return 0;
	inflateEnd(&z);
	return cap - z.avail_out;
}

static size_t bzip2(struct bytes in, uint8_t *out, size_t cap)
{
	unsigned n = cap;

	if (BZ2_bzBuffToBuffDecompress((char *)out, &n, (char *)in.data, in.len,
				       0, 0) != BZ_OK)
		return 0;
	return n;
}

static size_t lzma(struct bytes in, uint8_t *out, size_t cap)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret ret;

	z.next_in = in.data;
	z.avail_in = in.len;
	z.next_out = out;
	z.avail_out = cap;
	if (lzma_alone_decoder(&z, UINT64_MAX) != LZMA_OK)
		return 0;
	ret = lzma_code(&z, LZMA_FINISH);
	lzma_end(&z);
	return ret == LZMA_STREAM_END ? cap - z.avail_out : 0;
}

static size_t xz(struct bytes in, uint8_t *out, size_t cap)
{
	uint64_t limit = UINT64_MAX;
	size_t in_pos = 0, out_pos = 0;

	if (lzma_stream_buffer_decode(&limit, 0, NULL, in.data, &in_pos, in.len,
				      out, &out_pos, cap) != LZMA_OK)
		return 0;
	return out_pos;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/*
 * lzop's default output: 34 bytes and the name, a checksum, then blocks of two
 * sizes, the decoded bytes' Adler-32 and data.
 */
static size_t lzo(struct bytes in, uint8_t *out, size_t cap)
{
	const uint8_t *p = in.data + 38 + in.data[33];
	size_t done = 0;

	for (uint32_t size; (size = be32(p)) != 0;) {
		uint32_t packed = be32(p + 4), sum = be32(p + 8);
		lzo_uint n = size;

		if (size > cap - done)
			return 0;
		if (packed == size)
			memcpy(out + done, p + 12, size);
		else if (lzo1x_decompress_safe(p + 12, packed, out + done, &n,
					       NULL) != LZO_E_OK)
			return 0;
		if (lzo_adler32(1, out + done, size) != sum)
			return 0;
		done += size;
		p += 12 + packed;
	}
	return done;
}

static size_t lz4(struct bytes in, uint8_t *out, size_t cap)
{
	size_t done = 0;
	uint32_t size;

	for (size_t off = 4; bytes_le32(in, off, &size); off += 4 + size) {
		size_t room = cap - done < LZ4_BLOCK ? cap - done : LZ4_BLOCK;
		int n = LZ4_decompress_safe((const char *)in.data + off + 4,
					    (char *)out + done, size, room);

		if (n < 0)
			return 0;
		done += n;
	}
	return done;
}

static size_t zstd(struct bytes in, uint8_t *out, size_t cap)
{
	size_t n = ZSTD_decompress(out, cap, in.data, in.len);

	return ZSTD_isError(n) ? 0 : n;
}

static size_t none(struct bytes in, uint8_t *out, size_t cap)
{
	memcpy(out, in.data, in.len);
	return in.len;
}

static const struct {
	const char *name;
	size_t (*decode)(struct bytes in, uint8_t *out, size_t cap);
} libraries[] = {
	{ "gzip", gzip }, { "bzip2", bzip2 }, { "lzma", lzma },
	{ "xz", xz },	  { "lzo", lzo },     { "lz4", lz4 },
	{ "zstd", zstd }, { "none", none },
};

size_t oneshot_decode(const struct payload *p, uint8_t *out, size_t cap)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		size_t n;

		if (strcmp(libraries[i].name, p->format->name))
			continue;
		n = libraries[i].decode(p->stream, out, cap);
		if (!n || n > cap)
			bench_die("%s: the library cannot decode it",
				  p->format->name);
		return n;
	}
	bench_die("%s: no library is known for it", p->format->name);
}
