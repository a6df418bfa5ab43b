/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "payloads.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Tests only: a helper that fails makes the test pointless. */
#define MUST(claim)              \
	do {                     \
		if (!(claim))    \
			abort(); \
	} while (0)

uint8_t *buf_extend(struct buf *b, size_t len)
{
	if (b->room - b->len < len) {
		b->room = b->len + len > 2 * b->room ? b->len + len
						     : 2 * b->room;
		b->data = realloc(b->data, b->room);
		MUST(b->data);
	}
	b->len += len;
	return b->data + b->len - len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len)
		memcpy(buf_extend(b, len), data, len);
}

void buf_le32(struct buf *b, uint32_t v)
{
	uint8_t le[4] = { v, v >> 8, v >> 16, v >> 24 };

	buf_add(b, le, sizeof(le));
}

void buf_be32(struct buf *b, uint32_t v)
{
	buf_le32(b, __builtin_bswap32(v));
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

static void gzip(const void *in, size_t len, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)in, .avail_in = len };
	size_t bound;

	MUST(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
	     Z_OK);
	bound = deflateBound(&z, len);
	z.next_out = buf_extend(out, bound);
	z.avail_out = bound;
	MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->len -= z.avail_out;
	deflateEnd(&z);
}

static void bzip2(const void *in, size_t len, struct buf *out)
{
	unsigned n = len + len / 100 + 600;
	char *dst = (char *)buf_extend(out, n);
	unsigned done = n;

	MUST(BZ2_bzBuffToBuffCompress(dst, &done, (char *)in, len, 9, 0, 0) ==
	     BZ_OK);
	out->len -= n - done;
}

/* Run an encoder that is set up over the whole input. */
static void lzma_run(lzma_stream *z, const void *in, size_t len,
		     struct buf *out)
{
	size_t bound = len + len / 2 + 4096;

	z->next_in = in;
	z->avail_in = len;
	z->next_out = buf_extend(out, bound);
	z->avail_out = bound;
	MUST(lzma_code(z, LZMA_FINISH) == LZMA_STREAM_END);
	out->len -= z->avail_out;
	lzma_end(z);
}

static void lzma(const void *in, size_t len, struct buf *out)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;

	MUST(!lzma_lzma_preset(&o, 1));
	MUST(lzma_alone_encoder(&z, &o) == LZMA_OK);
	lzma_run(&z, in, len, out);
}

void payload_xz(const void *in, size_t len, unsigned log, struct buf *out)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	lzma_filter filters[] = {
		{ .id = LZMA_FILTER_X86 },
		{ .id = LZMA_FILTER_LZMA2, .options = &o },
		{ .id = LZMA_VLI_UNKNOWN },
	};

	MUST(!lzma_lzma_preset(&o, 1));
	o.dict_size = 1u << log;
	MUST(lzma_stream_encoder(&z, filters, LZMA_CHECK_CRC32) == LZMA_OK);
	lzma_run(&z, in, len, out);
}

static void xz(const void *in, size_t len, struct buf *out)
{
	payload_xz(in, len, 23, out);
}

static uint32_t lzo_sum(uint32_t flags, uint32_t crc32, const void *p, size_t n)
{
	return flags & crc32 ? lzo_crc32(0, p, n) : lzo_adler32(1, p, n);
}

static void lzo_block(const uint8_t *src, size_t n, uint32_t flags,
		      struct buf *out)
{
	uint8_t *packed = malloc(n + n / 16 + 64 + 3);
	void *work = malloc(LZO1X_999_MEM_COMPRESS);
	lzo_uint got;

	MUST(packed && work);
	MUST(lzo1x_999_compress(src, n, packed, &got, work) == LZO_E_OK);
	if (got >= n) {
		memcpy(packed, src, n);
		got = n;
		flags &= ~(LZOP_ADLER32_C | LZOP_CRC32_C);
	}
	buf_be32(out, n);
	buf_be32(out, got);
	if (flags & LZOP_ADLER32_D)
		buf_be32(out, lzo_adler32(1, src, n));
	if (flags & LZOP_CRC32_D)
		buf_be32(out, lzo_crc32(0, src, n));
	if (flags & LZOP_ADLER32_C)
		buf_be32(out, lzo_adler32(1, packed, got));
	if (flags & LZOP_CRC32_C)
		buf_be32(out, lzo_crc32(0, packed, got));
	buf_add(out, packed, got);
	free(packed);
	free(work);
}

void payload_lzo(const void *in, size_t len, uint32_t flags, struct buf *out)
{
	static const uint8_t magic[] = { 0x89, 'L',  'Z',  'O', 0,
					 0x0d, 0x0a, 0x1a, 0x0a };
	static const uint8_t before_flags[] = {
		0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, /* version, lib, needed */
		3,    9,			    /* LZO1X-999, level */
	};
	static const uint8_t after_flags[] = {
		0, 0,	0x81, 0xa4,		/* mode 0100644 */
		0, 0,	0,    0,    0, 0, 0, 0, /* time */
		1, 'k',				/* name */
	};
	const size_t max = 256 << 10;
	size_t begin;

	MUST(lzo_init() == LZO_E_OK);
	buf_add(out, magic, sizeof(magic));
	begin = out->len;
	buf_add(out, before_flags, sizeof(before_flags));
	buf_be32(out, flags);
	buf_add(out, after_flags, sizeof(after_flags));
	buf_be32(out, lzo_sum(flags, LZOP_HEADER_CRC32, out->data + begin,
			      out->len - begin));
	if (flags & LZOP_EXTRA_FIELD) {
		begin = out->len;
		buf_be32(out, 3);
		buf_add(out, "abc", 3);
		buf_be32(out, lzo_sum(flags, LZOP_HEADER_CRC32,
				      out->data + begin, out->len - begin));
	}
	for (size_t off = 0, n; off < len; off += n) {
		n = len - off < max ? len - off : max;
		lzo_block((const uint8_t *)in + off, n, flags, out);
	}
	buf_be32(out, 0);
}

/* As `lzop -9` does it. */
static void lzo(const void *in, size_t len, struct buf *out)
{
	payload_lzo(in, len, LZOP_ADLER32_D, out);
}

/* A legacy frame: see launcher/image/decode_lz4.c. */
static void lz4(const void *in, size_t len, struct buf *out)
{
	const size_t max = 8 << 20;

	buf_le32(out, 0x184c2102);
	for (size_t off = 0, n; off < len; off += n) {
		int bound, got;
		uint8_t *dst;

		n = len - off < max ? len - off : max;
		bound = LZ4_compressBound(n);
		buf_le32(out, 0);
		dst = buf_extend(out, bound);
		got = LZ4_compress_default((const char *)in + off, (char *)dst,
					   n, bound);
		MUST(got > 0);
		out->len -= bound + 4;
		buf_le32(out, got);
		out->len += got;
	}
}

void payload_zstd(const void *in, size_t len, int log, struct buf *out)
{
	size_t bound = ZSTD_compressBound(len), got;
	ZSTD_CCtx *c = ZSTD_createCCtx();
	void *dst = buf_extend(out, bound);

	MUST(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 9);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	/* As from a pipe, like a kernel build: the frame does not state its
	 * size, so the window is what was asked for. */
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log);
	got = ZSTD_compress2(c, dst, bound, in, len);
	MUST(!ZSTD_isError(got));
	out->len -= bound - got;
	ZSTD_freeCCtx(c);
}

static void zstd(const void *in, size_t len, struct buf *out)
{
	payload_zstd(in, len, 0, out);
}

static const struct {
	const char *name;
	void (*compress)(const void *in, size_t len, struct buf *out);
	bool tail;
} compressors[] = {
	{ "gzip", gzip, false }, { "bzip2", bzip2, true },
	{ "lzma", lzma, true },	 { "xz", xz, true },
	{ "lzo", lzo, true },	 { "lz4", lz4, true },
	{ "zstd", zstd, true },	 { "none", (void *)0, false },
};

int payload_compress(const char *format, const void *in, size_t len,
		     struct buf *out, bool kernel_tail)
{
	for (size_t i = 0; i < sizeof(compressors) / sizeof(compressors[0]);
	     i++) {
		if (strcmp(compressors[i].name, format))
			continue;
		if (compressors[i].compress)
			compressors[i].compress(in, len, out);
		else
			buf_add(out, in, len);
		if (kernel_tail && compressors[i].tail)
			buf_le32(out, len);
		return 0;
	}
	return -1;
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

void payload_fill(void *data, size_t len, uint32_t seed)
{
	uint8_t words[64][8], *p = data;
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < sizeof(words); i++)
		words[i / 8][i % 8] = next_random(&x);
	/* A text of random words, sometimes cut. */
	while (len) {
		uint32_t r = next_random(&x);
		size_t n = r & 0x700 ? 8 : r >> 12 & 7;

		if (n > len)
			n = len;
		memcpy(p, words[r & 63], n);
		p += n;
		len -= n;
	}
}
