/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zstd: whole frames straight to their destination.
 *
 * Kernels are compressed with a window of 128 MiB. Decoding a frame in one
 * call uses the output itself as the window, so that costs nothing; it needs
 * the frame's end, which is found by walking the block headers. A frame that is
 * decoded only in part uses the streaming interface, whose window is address
 * space that is touched only as far as bytes are decoded.
 *
 * Spec: RFC 8878.
 */
#include "image/decode.h"
#include "base/prefault.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

/* The streaming window may be as large as the largest kernel (2^30). */
#define BEGIN_WINDOW_LOG 30

static int explain(const struct decode *d, size_t ret, struct err *e)
{
	switch (ZSTD_getErrorCode(ret)) {
	case ZSTD_error_dstSize_tooSmall:
		return decode_too_large(d, "zstd", e);
	case ZSTD_error_srcSize_wrong:
		return decode_cut_short(d, "zstd", e);
	case ZSTD_error_memory_allocation:
		return decode_no_memory("zstd", e);
	default:
		return err_set(e, EILSEQ, "zstd: stream is damaged: %s",
			       ZSTD_getErrorName(ret));
	}
}

/* Whether a frame begins here, with data or to be skipped. */
static bool frame_begins(struct bytes b)
{
	uint32_t magic;

	return bytes_le32(b, 0, &magic) &&
	       (magic == ZSTD_MAGICNUMBER ||
		(magic & ZSTD_MAGIC_SKIPPABLE_MASK) ==
			ZSTD_MAGIC_SKIPPABLE_START);
}

/* Decode from the frame at @in on, up to d->enough bytes in all. */
static int decode_begin(struct decode *d, ZSTD_DCtx *ctx, struct bytes from,
			struct err *e)
{
	ZSTD_inBuffer in = { from.data, from.len, 0 };
	ZSTD_outBuffer out = { d->out, d->enough, d->out_len };
	size_t ret;

	ZSTD_DCtx_reset(ctx, ZSTD_reset_session_only);
	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, BEGIN_WINDOW_LOG);
	do {
		size_t moved = in.pos + out.pos;

		ret = ZSTD_decompressStream(ctx, &out, &in);
		d->out_len = out.pos;
		if (ZSTD_isError(ret))
			return explain(d, ret, e);
		if (moved == in.pos + out.pos)
			return decode_cut_short(d, "zstd", e);
	} while (out.pos < out.size &&
		 (ret || frame_begins((struct bytes){ from.data + in.pos,
						      from.len - in.pos })));
	return 0;
}

/* Whether the frame at @b states a size that fits the rest of the buffer. */
static bool fits(const struct decode *d, struct bytes b)
{
	unsigned long long size = ZSTD_getFrameContentSize(b.data, b.len);

	return size != ZSTD_CONTENTSIZE_UNKNOWN &&
	       size != ZSTD_CONTENTSIZE_ERROR && size <= decode_room(d);
}

static int decode_frames(struct decode *d, ZSTD_DCtx *ctx, struct err *e)
{
	bool all = d->enough > d->cap;
	struct bytes left = d->in;

	do {
		size_t n, got;

		if (!all && !fits(d, left))
			return decode_begin(d, ctx, left, e);
		n = ZSTD_findFrameCompressedSize(left.data, left.len);
		if (ZSTD_isError(n))
			return explain(d, n, e);
		got = ZSTD_decompressDCtx(ctx, d->out + d->out_len,
					  decode_room(d), left.data, n);
		if (ZSTD_isError(got))
			return explain(d, got, e);
		d->out_len += got;
		bytes_slice(left, n, left.len - n, &left);
	} while (d->out_len < d->enough && frame_begins(left));
	d->in_used = d->in.len - left.len;
	return 0;
}

int decode_zstd(struct decode *d, struct err *e)
{
	struct prefault ahead;
	ZSTD_DCtx *ctx;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	if (d->in.len >= 4 && !frame_begins(d->in))
		return err_set(e, EILSEQ,
			       "zstd: does not begin with 28 b5 2f fd");
	ctx = ZSTD_createDCtx();
	if (!ctx)
		return decode_no_memory("zstd", e);
	prefault_start(&ahead, d->out, decode_ahead(d));
	rc = decode_frames(d, ctx, e);
	prefault_stop(&ahead);
	ZSTD_freeDCtx(ctx);
	return rc;
}
