/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bzip2: libbz2, which checks the CRC of each block and of the stream.
 *
 * Like bzip2 -d this decodes every stream that follows, and ignores trailing
 * bytes that do not begin one.
 *
 * Spec: the bzip2 manual.
 */
#include "image/decode.h"

#include <bzlib.h>
#include <errno.h>
#include <limits.h>

struct bzip2 {
	bz_stream z;
	bool open; /* z needs BZ2_bzDecompressEnd() */
};

/* libbz2 counts in unsigned int. */
static unsigned at_most(size_t n)
{
	return n < INT_MAX ? n : INT_MAX;
}

static int begin_stream(struct bzip2 *b, struct err *e)
{
	b->z = (bz_stream){ 0 };
	if (BZ2_bzDecompressInit(&b->z, 0, 0) != BZ_OK)
		return err_set(e, ENOMEM, "no memory for the decoder");
	b->open = true;
	return 0;
}

static void end_stream(struct bzip2 *b)
{
	if (b->open)
		BZ2_bzDecompressEnd(&b->z);
	b->open = false;
}

static int decompress_some(struct bzip2 *b, struct stream *s)
{
	unsigned in = at_most(s->in_left), out = at_most(s->out_left);
	int rc;

	b->z.next_in = (char *)s->in;
	b->z.avail_in = in;
	b->z.next_out = (char *)s->out;
	b->z.avail_out = out;
	rc = BZ2_bzDecompress(&b->z);
	s->in += in - b->z.avail_in;
	s->in_left -= in - b->z.avail_in;
	s->out += out - b->z.avail_out;
	s->out_left -= out - b->z.avail_out;
	return rc;
}

static int step(void *lib, struct stream *s, struct err *e)
{
	struct bzip2 *b = lib;
	int rc = b->open ? 0 : begin_stream(b, e);

	if (rc)
		return rc;
	switch (decompress_some(b, s)) {
	case BZ_OK:
		return 0;
	case BZ_STREAM_END:
		end_stream(b);
		return s->in_left < 3 || memcmp(s->in, "BZh", 3);
	case BZ_MEM_ERROR:
		return err_set(e, ENOMEM, "no memory for a block");
	case BZ_DATA_ERROR_MAGIC:
		return err_set(e, EILSEQ, "does not begin with BZh1 to BZh9");
	default:
		return err_set(e, EILSEQ, "stream is damaged");
	}
}

int decode_bzip2(struct decode *d, struct err *e)
{
	struct bzip2 b = { .open = false };
	int rc = decode_stream(d, "bzip2", step, &b, e);

	end_stream(&b);
	return rc;
}
