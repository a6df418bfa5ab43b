/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zstd: libzstd, one frame with a checksum.
 *
 * The frame has the form for input from a pipe, because a kernel's build calls
 * the tool that way: it does not state its content size, so readers rely on the
 * window size.
 */
#include "pack/compress.h"

#include <errno.h>
#include <zstd.h>

static int run(ZSTD_CCtx *c, struct bytes in, const struct compress_how *how,
	       struct buf *out, struct err *e)
{
	size_t bound = ZSTD_compressBound(in.len), got;
	uint8_t *to = buf_extend(out, bound);

	if (!to)
		return compress_no_memory("zstd", e);
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, how->level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, (int)how->window_log);
	got = ZSTD_compress2(c, to, bound, in.data, in.len);
	if (ZSTD_isError(got))
		return err_set(e, EINVAL, "zstd: %s", ZSTD_getErrorName(got));
	out->len -= bound - got;
	return 0;
}

int compress_zstd(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	int rc = c ? run(c, in, how, out, e) : compress_no_memory("zstd", e);

	ZSTD_freeCCtx(c);
	return rc;
}
