/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip: zlib, with a header without name and time.
 */
#include "pack/compress.h"

#include <errno.h>
#include <zlib.h>

#define WINDOW_BITS	15
#define WITH_GZIP_FRAME 16
#define MEMORY_LEVEL	8

int compress_gzip(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e)
{
	z_stream z = { .next_in = (Bytef *)in.data, .avail_in = in.len };
	size_t bound;
	int rc;

	if (deflateInit2(&z, how->level, Z_DEFLATED,
			 WINDOW_BITS + WITH_GZIP_FRAME, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return compress_no_memory("gzip", e);
	bound = deflateBound(&z, in.len);
	z.next_out = buf_extend(out, bound);
	z.avail_out = bound;
	if (!z.next_out)
		rc = compress_no_memory("gzip", e);
	else if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		rc = err_set(e, EINVAL, "gzip: zlib: %s",
			     z.msg ?: "more output than expected");
	else
		rc = 0;
	out->len -= rc ? 0 : z.avail_out;
	deflateEnd(&z);
	return rc;
}
