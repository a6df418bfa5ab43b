/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip: zlib's inflate, which also checks each member's CRC and size.
 *
 * Like gzip -d this decodes every member that follows, and ignores trailing
 * bytes that do not begin one.
 *
 * Spec: RFC 1952.
 */
#include "image/decode.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

/* 15 bits of window, + 16: a gzip wrapper and nothing else. */
#define GZIP_WINDOW_BITS (15 + 16)

struct gzip {
	z_stream z;
	bool inside; /* a member */
};

/* Whether a member begins here; 1f 9e is the magic of gzip 0.5. */
static bool member_begins(const struct stream *s)
{
	return s->in_left >= 2 && s->in[0] == 0x1f &&
	       (s->in[1] == 0x8b || s->in[1] == 0x9e);
}

/* zlib counts in unsigned int. */
static uInt at_most(size_t n)
{
	return n < INT_MAX ? n : INT_MAX;
}

static int inflate_some(struct gzip *g, struct stream *s)
{
	uInt in = at_most(s->in_left), out = at_most(s->out_left);
	int rc;

	g->z.next_in = s->in;
	g->z.avail_in = in;
	g->z.next_out = s->out;
	g->z.avail_out = out;
	rc = inflate(&g->z, Z_NO_FLUSH);
	s->in += in - g->z.avail_in;
	s->in_left -= in - g->z.avail_in;
	s->out += out - g->z.avail_out;
	s->out_left -= out - g->z.avail_out;
	return rc;
}

/*
 * zlib only knows the newer magic, so it always gets that one; the bytes after
 * it have the same meaning in both.
 */
static void begin_member(struct gzip *g, struct stream *s)
{
	static const uint8_t magic[2] = { 0x1f, 0x8b };
	struct stream m = { magic, sizeof(magic), s->out, s->out_left };
	int rc = inflate_some(g, &m);

	assert(rc == Z_OK && m.in_left == 0 && m.out == s->out);
	(void)rc;
	s->in += sizeof(magic);
	s->in_left -= sizeof(magic);
	g->inside = true;
}

static int step(void *lib, struct stream *s, struct err *e)
{
	struct gzip *g = lib;

	if (!g->inside) {
		if (s->in_left < 2)
			return 0;
		if (!member_begins(s))
			return err_set(e, EILSEQ, "does not begin with 1f 8b");
		begin_member(g, s);
	}
	switch (inflate_some(g, s)) {
	case Z_OK:
	case Z_BUF_ERROR: /* nothing moved */
		return 0;
	case Z_STREAM_END:
		inflateReset(&g->z);
		g->inside = false;
		return !member_begins(s);
	case Z_MEM_ERROR:
		return err_set(e, ENOMEM, "no memory for the window");
	default:
		return err_set(e, EILSEQ, "stream is damaged: %s",
			       g->z.msg ? g->z.msg : "unknown");
	}
}

int decode_gzip(struct decode *d, struct err *e)
{
	struct gzip g = { 0 };
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	if (inflateInit2(&g.z, GZIP_WINDOW_BITS) != Z_OK)
		return decode_no_memory("gzip", e);
	rc = decode_stream(d, "gzip", step, &g, e);
	inflateEnd(&g.z);
	return rc;
}
