/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tests' interface to the compressors of `launcher pack`: it handles
 * errors, and sets parameters that a kernel's build would not use.
 */
#include "payloads.h"

#include <stdio.h>
#include <stdlib.h>

/* Levels for the round trips: fast enough for many of them. */
static const struct {
	const char *format;
	int level;
} levels[] = {
	{ "gzip", 9 }, { "bzip2", 9 }, { "lzma", 1 }, { "xz", 1 },
	{ "lzo", 8 },  { "lz4", 1 },   { "zstd", 9 }, { "none", 0 },
};

static int level_of(const char *format)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strcmp(levels[i].format, format))
			return levels[i].level;
	return 0;
}

/* If a helper fails, the test is pointless. */
static void must(int rc, const struct err *e)
{
	if (!rc)
		return;
	fprintf(stderr, "tests/support: %s\n", e->msg);
	abort();
}

/* With custom parameters. */
static void compress(const char *format, const void *in, size_t len,
		     struct compress_how how, struct buf *out)
{
	const struct compressor *c = compressor_by_name(format);
	struct err e = ERR_EMPTY;

	how.level = level_of(format);
	must(c->compress((struct bytes){ in, len }, &how, out, &e), &e);
}

void payload_zstd(const void *in, size_t len, int log, struct buf *out)
{
	compress("zstd", in, len,
		 (struct compress_how){ .window_log = (unsigned)log }, out);
}

void payload_xz(const void *in, size_t len, unsigned log, struct buf *out)
{
	compress("xz", in, len, (struct compress_how){ .window_log = log },
		 out);
}

void payload_lzo(const void *in, size_t len, uint32_t flags, struct buf *out)
{
	const struct compress_how how = {
		.lzop_flags = flags,
		.lzop_extra = { (const uint8_t *)"abc", 3 },
	};

	compress("lzo", in, len, how, out);
}

int payload_compress(const char *format, const void *in, size_t len,
		     struct buf *out, bool kernel_tail)
{
	const struct compressor *c = compressor_by_name(format);
	struct err e = ERR_EMPTY;

	if (!c)
		return -1;
	if (kernel_tail)
		must(compress_payload(c, level_of(format),
				      (struct bytes){ in, len }, out, &e),
		     &e);
	else
		compress(format, in, len,
			 (struct compress_how){ .lzop_flags = LZOP_ADLER32_D },
			 out);
	return 0;
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
