/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lzop files: liblzo2's LZO1X in a container that the library cannot read, so
 * the container is read here.
 *
 *   | magic 9 | header ... | checksum | block | block | ... | 0 |
 *   block: | decoded size | size | checksums, as flags say | data |
 *
 * All numbers are big-endian. A block whose two sizes are equal is stored.
 *
 * Spec: lzop 1.04, the fields as `lzop --info` names them; Linux,
 * lib/decompress_unlzo.c.
 */
#include "image/decode.h"
#include "base/prefault.h"

#include <errno.h>
#include <inttypes.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>

/* The largest block that lzop writes or reads. */
#define BLOCK_MAX (64u << 20)

/* Header versions: the first with additional fields, and the last that readers
 * must support. */
#define VERSION_FIRST 0x0900
#define VERSION_NEWER 0x0940
#define VERSION_LAST  0x1040

enum {
	ADLER32_D = 0x0001, /* checksums of decoded and compressed blocks */
	ADLER32_C = 0x0002,
	EXTRA_FIELD = 0x0040,
	CRC32_D = 0x0100,
	CRC32_C = 0x0200,
	MULTIPART = 0x0400,
	FILTER = 0x0800,
	HEADER_CRC32 = 0x1000,
};

static const uint8_t magic[9] = { 0x89, 'L',  'Z',  'O', 0x00,
				  0x0d, 0x0a, 0x1a, 0x0a };

/* The stream, and the position in it; a read past the end is remembered and
 * reported once. */
struct cursor {
	struct bytes in;
	size_t off;
	bool ended;
};

static struct bytes take(struct cursor *c, size_t n)
{
	struct bytes b = { 0 };

	if (!bytes_slice(c->in, c->off, n, &b))
		c->ended = true;
	c->off += b.len;
	return b;
}

static uint32_t take_u8(struct cursor *c)
{
	struct bytes b = take(c, 1);

	return b.len ? b.data[0] : 0;
}

static uint32_t take_be16(struct cursor *c)
{
	uint32_t high = take_u8(c);

	return high << 8 | take_u8(c);
}

static uint32_t take_be32(struct cursor *c)
{
	uint32_t high = take_be16(c);

	return high << 16 | take_be16(c);
}

/* The bytes read since @begin. */
static struct bytes since(const struct cursor *c, size_t begin)
{
	struct bytes b = { 0 };

	bytes_slice(c->in, begin, c->off - begin, &b);
	return b;
}

static int cut_short(const struct cursor *c, const char *in, struct err *e)
{
	return err_set(e, ENODATA,
		       "lzo: stream of %zu bytes is cut short in a %s",
		       c->in.len, in);
}

static int check_sum(const char *of, const struct cursor *c, uint32_t found,
		     uint32_t stated, struct err *e)
{
	if (found == stated)
		return 0;
	return err_set(e, EILSEQ,
		       "lzo: %s before 0x%zx has checksum 0x%08" PRIx32
		       ", not 0x%08" PRIx32 " as stated",
		       of, c->off, found, stated);
}

/* Header checksums are Adler-32 or CRC-32, as a flag says. */
static int check_header_sum(struct cursor *c, struct bytes b, uint32_t flags,
			    struct err *e)
{
	uint32_t stated = take_be32(c);

	if (c->ended)
		return cut_short(c, "header", e);
	return check_sum("header", c,
			 flags & HEADER_CRC32 ? lzo_crc32(0, b.data, b.len)
					      : lzo_adler32(1, b.data, b.len),
			 stated, e);
}

struct header {
	uint32_t version, version_needed, method, flags;
};

static struct header take_header(struct cursor *c)
{
	struct header h = { .version = take_be16(c) };
	bool newer = h.version >= VERSION_NEWER;

	take(c, 2); /* the library's version */
	h.version_needed = newer ? take_be16(c) : h.version;
	h.method = take_u8(c);
	take(c, newer ? 1 : 0); /* level */
	h.flags = take_be32(c);
	take(c, h.flags & FILTER ? 4 : 0);
	take(c, newer ? 12 : 8); /* mode, time */
	take(c, take_u8(c));	 /* name */
	return h;
}

static int check_header(const struct header *h, struct err *e)
{
	if (h->version < VERSION_FIRST || h->version_needed > VERSION_LAST)
		return err_set(e, EILSEQ,
			       "lzo: header version 0x%x, needing 0x%x, is not "
			       "within 0x%x to 0x%x",
			       h->version, h->version_needed, VERSION_FIRST,
			       VERSION_LAST);
	if (h->method < 1 || h->method > 3)
		return err_set(e, EILSEQ, "lzo: method %u is not 1, 2 or 3",
			       h->method);
	if (h->flags & (MULTIPART | FILTER))
		return err_set(e, EILSEQ,
			       "lzo: flags 0x%x ask for a filter or for "
			       "several parts, which are not supported",
			       h->flags);
	return 0;
}

static int read_header(struct cursor *c, uint32_t *flags, struct err *e)
{
	struct bytes m = take(c, sizeof(magic));
	size_t begin = c->off;
	struct header h;
	int rc;

	if (!c->ended && !bytes_start_with(m, magic, sizeof(magic)))
		return err_set(e, EILSEQ,
			       "lzo: does not begin with 89 4c 5a 4f 00");
	h = take_header(c);
	*flags = h.flags;
	rc = check_header_sum(c, since(c, begin), h.flags, e)
		     ?: check_header(&h, e);
	if (rc || !(h.flags & EXTRA_FIELD))
		return rc;
	begin = c->off;
	take(c, take_be32(c));
	return check_header_sum(c, since(c, begin), h.flags, e);
}

/* The checksums of one form of a block, if the flags say that they exist. */
struct sums {
	bool has_adler, has_crc;
	uint32_t adler, crc;
};

static struct sums take_sums(struct cursor *c, bool has_adler, bool has_crc)
{
	struct sums s = { has_adler, has_crc, 0, 0 };

	if (has_adler)
		s.adler = take_be32(c);
	if (has_crc)
		s.crc = take_be32(c);
	return s;
}

static int check_sums(const char *of, const struct cursor *c, struct bytes b,
		      const struct sums *s, struct err *e)
{
	int rc = 0;

	if (s->has_adler)
		rc = check_sum(of, c, lzo_adler32(1, b.data, b.len), s->adler,
			       e);
	if (!rc && s->has_crc)
		rc = check_sum(of, c, lzo_crc32(0, b.data, b.len), s->crc, e);
	return rc;
}

struct block {
	size_t decoded;		   /* 0: the end mark, and nothing follows */
	struct sums before, after; /* decoding */
	struct bytes data;
};

static int read_block(struct cursor *c, uint32_t flags, struct block *b,
		      struct err *e)
{
	size_t size;
	bool stored;

	*b = (struct block){ .decoded = take_be32(c) };
	if (!b->decoded)
		return c->ended ? cut_short(c, "block", e) : 0;
	size = take_be32(c);
	if (c->ended)
		return cut_short(c, "block", e);
	if (b->decoded > BLOCK_MAX || size > b->decoded || !size)
		return err_set(e, EILSEQ,
			       "lzo: block before 0x%zx has sizes %zu and %zu, "
			       "not 1 <= size <= decoded size <= %u",
			       c->off, size, b->decoded, BLOCK_MAX);
	/* A stored block is its own decoded form and has only one pair. */
	stored = size == b->decoded;
	b->after = take_sums(c, flags & ADLER32_D, flags & CRC32_D);
	b->before = take_sums(c, !stored && flags & ADLER32_C,
			      !stored && flags & CRC32_C);
	b->data = take(c, size);
	return c->ended ? cut_short(c, "block", e)
			: check_sums("block", c, b->data, &b->before, e);
}

/* Decode one block to @out, where there is room for all of it. */
static int expand(const struct cursor *c, const struct block *b, uint8_t *out,
		  struct err *e)
{
	lzo_uint n = b->decoded;

	if (b->data.len == b->decoded)
		memcpy(out, b->data.data, b->decoded);
	else if (lzo1x_decompress_safe(b->data.data, b->data.len, out, &n,
				       NULL) != LZO_E_OK ||
		 n != b->decoded)
		return err_set(e, EILSEQ, "lzo: block before 0x%zx is damaged",
			       c->off);
	return check_sums("decoded block", c, (struct bytes){ out, b->decoded },
			  &b->after, e);
}

/*
 * The beginning of a block that does not fit, if only that part is wanted: the
 * whole block is decoded to another buffer, because a part cannot be decoded.
 */
static int expand_part(struct decode *d, const struct cursor *c,
		       const struct block *b, struct err *e)
{
	size_t n = d->enough - d->out_len;
	uint8_t *aside = malloc(b->decoded);
	int rc;

	if (!aside)
		return decode_no_memory("lzo", e);
	rc = expand(c, b, aside, e);
	if (!rc) {
		memcpy(d->out + d->out_len, aside, n);
		d->out_len += n;
	}
	free(aside);
	return rc;
}

static int decode_blocks(struct decode *d, struct cursor *c, uint32_t flags,
			 struct err *e)
{
	while (d->out_len < d->enough) {
		struct block b;
		int rc = read_block(c, flags, &b, e);

		if (rc || !b.decoded)
			return rc;
		if (b.decoded <= decode_room(d)) {
			rc = expand(c, &b, d->out + d->out_len, e);
			if (!rc)
				d->out_len += b.decoded;
		} else if (d->enough <= d->cap) {
			rc = expand_part(d, c, &b, e);
		} else {
			rc = decode_too_large(d, "lzo", e);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int decode_files(struct decode *d, struct err *e)
{
	struct cursor c = { .in = d->in };
	uint32_t flags = 0;

	/* Like lzop -d: another file may follow. */
	do {
		int rc = read_header(&c, &flags, e)
				 ?: decode_blocks(d, &c, flags, e);

		if (rc)
			return rc;
	} while (d->out_len < d->enough &&
		 bytes_has(c.in, c.off, sizeof(magic)) &&
		 !memcmp(c.in.data + c.off, magic, sizeof(magic)));
	d->in_used = c.off;
	return 0;
}

int decode_lzo(struct decode *d, struct err *e)
{
	struct prefault ahead;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	prefault_start(&ahead, d->out, decode_ahead(d));
	rc = decode_files(d, e);
	prefault_stop(&ahead);
	return rc;
}
