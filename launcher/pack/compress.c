/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of compressors; see compress.h. Default levels are those of kernel
 * builds, except where these take too long.
 */
#include "pack/compress.h"

#include <assert.h>
#include <errno.h>

#include "image/format.h"

static int compress_none(struct bytes in, const struct compress_how *how,
			 struct buf *out, struct err *e)
{
	(void)how;
	buf_add(out, in.data, in.len);
	return out->failed ? compress_no_memory("none", e) : 0;
}

const struct compressor compressors[] = {
	{ "gzip", 1, 9, 9, compress_gzip },
	{ "bzip2", 1, 9, 9, compress_bzip2 },
	{ "lzma", 0, 9, 6, compress_lzma },
	{ "xz", 0, 9, 6, compress_xz },
	{ "lzo", 1, 9, 9, compress_lzo },
	{ "lz4", 1, 12, 9, compress_lz4 },
	{ "zstd", 1, 22, 19, compress_zstd },
	{ "none", 0, 0, 0, compress_none },
};
const size_t compressors_count = sizeof(compressors) / sizeof(compressors[0]);

const struct compressor *compressor_by_name(const char *name)
{
	for (size_t i = 0; i < compressors_count; i++)
		if (!strcmp(compressors[i].name, name))
			return &compressors[i];
	return NULL;
}

int compressor_check_level(const struct compressor *c, int level, struct err *e)
{
	if (level >= c->level_min && level <= c->level_max)
		return 0;
	if (!c->level_max)
		return err_set(e, EINVAL, "format %s has no levels", c->name);
	return err_set(e, EINVAL, "format %s has levels %d to %d, not %d",
		       c->name, c->level_min, c->level_max, level);
}

int compress_payload(const struct compressor *c, int level, struct bytes in,
		     struct buf *out, struct err *e)
{
	const struct format *f = format_by_name(c->name);
	const struct compress_how how = {
		.level = level,
		.lzop_flags = LZOP_ADLER32_D,
	};
	int rc;

	assert(f && in.len <= UINT32_MAX);
	rc = c->compress(in, &how, out, e);
	if (!rc && f->size_tail)
		buf_le32(out, (uint32_t)in.len);
	return rc ?: out->failed ? compress_no_memory(c->name, e) : 0;
}

int compress_no_memory(const char *format, struct err *e)
{
	return err_set(e, ENOMEM, "%s: no memory for compressing", format);
}
