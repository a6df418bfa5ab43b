/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decompressor stub's inflate, compared with zlib: both accept the bytes
 * with the same output, or both refuse them.
 *
 * The first byte says whether a gzip file or a raw DEFLATE stream follows.
 */
#include "fuzz/fuzz.h"
#include "../../guest/lib/inflate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OUT_MAX	    (256 * 1024)
#define RAW_DEFLATE (-15)
#define GZIP	    (15 + 16)

struct output {
	uint8_t data[OUT_MAX];
	size_t len;
};

static const char *collect(void *ctx, const uint8_t *data, size_t len)
{
	struct output *o = ctx;

	memcpy(o->data + o->len, data, len);
	o->len += len;
	return NULL;
}

static int zlib_decompress(const uint8_t *in, size_t len, int window,
			   struct output *o)
{
	uint8_t one_more;
	z_stream z = { .next_in = (Bytef *)in,
		       .avail_in = (uInt)len,
		       .next_out = o->data,
		       .avail_out = OUT_MAX };
	int rc;

	if (inflateInit2(&z, window) != Z_OK)
		abort();
	rc = inflate(&z, Z_NO_FLUSH);
	if (rc == Z_OK && !z.avail_out) {
		/* Full: the end of the stream may follow without output. */
		z.next_out = &one_more;
		z.avail_out = 1;
		rc = inflate(&z, Z_NO_FLUSH);
	}
	o->len = z.total_out;
	inflateEnd(&z);
	return rc == Z_STREAM_END && o->len <= OUT_MAX ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct output ours, zlibs;
	static struct inflate s;
	const char *error;
	int rc;

	if (!size)
		return 0;
	ours.len = 0;
	s.in = data + 1;
	s.in_len = size - 1;
	s.out_max = OUT_MAX;
	s.sink = collect;
	s.sink_ctx = &ours;
	inflate_init(&s);
	error = data[0] & 1 ? inflate_gzip(&s) : inflate_deflate(&s);
	rc = zlib_decompress(data + 1, size - 1,
			     data[0] & 1 ? GZIP : RAW_DEFLATE, &zlibs);
	if (!error != !rc ||
	    (!error && (ours.len != zlibs.len ||
			memcmp(ours.data, zlibs.data, ours.len)))) {
		fprintf(stderr, "zlib: %d, %zu bytes; here: %s, %zu bytes\n",
			rc, zlibs.len, error ? error : "fine", ours.len);
		abort();
	}
	return 0;
}

static void seed(const char *name, int window, int level, int strategy)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog"
				   " and the lazy dog jumps over the quick fox";
	uint8_t out[512] = { window == GZIP };
	z_stream z = { .next_in = (Bytef *)text,
		       .avail_in = sizeof(text),
		       .next_out = out + 1,
		       .avail_out = sizeof(out) - 1 };

	if (deflateInit2(&z, level, Z_DEFLATED, window, 9, strategy) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	fuzz_seed(name, out, 1 + z.total_out);
	deflateEnd(&z);
}

void fuzz_seeds(void)
{
	seed("gzip", GZIP, 9, Z_DEFAULT_STRATEGY);
	seed("dynamic", RAW_DEFLATE, 9, Z_HUFFMAN_ONLY);
	seed("fixed", RAW_DEFLATE, 9, Z_FIXED);
	seed("stored", RAW_DEFLATE, 0, Z_DEFAULT_STRATEGY);
}
