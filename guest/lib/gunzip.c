/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gzip file around a DEFLATE stream: header, CRC-32 and length.
 *
 *   1f 8b 08 FLG  MTIME XFL OS | extra | name | comment | crc16 | DEFLATE |
 *   CRC32 of the output | its length modulo 2^32
 *
 * Spec: RFC 1952.
 */
#include <stdbool.h>

#include "inflate.h"

#define GZIP_HEADER_LEN	 10
#define GZIP_TRAILER_LEN 8
#define METHOD_DEFLATE	 8

#define FLAG_HCRC     0x02
#define FLAG_EXTRA    0x04
#define FLAG_NAME     0x08
#define FLAG_COMMENT  0x10
#define FLAG_RESERVED 0xe0

static const char ends_early[] = "the gzip header ends too early";

static uint32_t little_endian(const uint8_t *p, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static size_t left(const struct inflate *s)
{
	return s->in_len - s->in_pos;
}

static const char *skip_extra(struct inflate *s)
{
	size_t len;

	if (left(s) < 2)
		return ends_early;
	len = little_endian(s->in + s->in_pos, 2);
	s->in_pos += 2;
	if (left(s) < len)
		return ends_early;
	s->in_pos += len;
	return NULL;
}

static const char *skip_string(struct inflate *s)
{
	while (left(s))
		if (!s->in[s->in_pos++])
			return NULL;
	return ends_early;
}

static const char *check_header_crc(struct inflate *s)
{
	uint32_t crc = crc32_update(&s->crc_table, 0, s->in, s->in_pos);

	if (left(s) < 2)
		return ends_early;
	if (little_endian(s->in + s->in_pos, 2) != (crc & 0xffff))
		return "the gzip header's CRC is wrong";
	s->in_pos += 2;
	return NULL;
}

static const char *parse_header(struct inflate *s)
{
	const char *error = NULL;
	uint8_t flags;

	if (s->in_len < GZIP_HEADER_LEN)
		return ends_early;
	if (s->in[0] != 0x1f || s->in[1] != 0x8b)
		return "not gzip: the magic number is wrong";
	flags = s->in[3];
	if (s->in[2] != METHOD_DEFLATE || (flags & FLAG_RESERVED))
		return "not a known kind of gzip";
	s->in_pos = GZIP_HEADER_LEN;
	if (flags & FLAG_EXTRA)
		error = skip_extra(s);
	if (!error && (flags & FLAG_NAME))
		error = skip_string(s);
	if (!error && (flags & FLAG_COMMENT))
		error = skip_string(s);
	if (!error && (flags & FLAG_HCRC))
		error = check_header_crc(s);
	return error;
}

static const char *check_trailer(struct inflate *s)
{
	const uint8_t *p = s->in + s->in_pos;

	if (left(s) < GZIP_TRAILER_LEN)
		return "the gzip trailer ends too early";
	s->in_pos += GZIP_TRAILER_LEN;
	if (little_endian(p, 4) != s->crc)
		return "the CRC of the decompressed data is wrong";
	if (little_endian(p + 4, 4) != (uint32_t)s->out_len)
		return "the length of the decompressed data is wrong";
	return NULL;
}

const char *inflate_gzip(struct inflate *s)
{
	const char *error;

	inflate_init(s);
	error = parse_header(s);
	if (!error)
		error = inflate_deflate(s);
	if (!error)
		error = check_trailer(s);
	return error;
}
