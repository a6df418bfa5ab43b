/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xz and its ancestor lzma-alone: liblzma.
 *
 * A reader must allocate a dictionary of the size that the stream states, so
 * the dictionary is at most as large as the input. Kernel decompressors of all
 * versions accept 32 MiB.
 */
#include "pack/compress.h"

#include <errno.h>
#include <lzma.h>

#define DICT_MAX ((uint32_t)32 << 20)
/* lzma's magic requires a multiple of 64 KiB, which smaller dictionaries are
 * not. */
#define DICT_MIN ((uint32_t)64 << 10)

static int set_options(lzma_options_lzma *o, size_t len,
		       const struct compress_how *how, const char *format,
		       struct err *e)
{
	if (lzma_lzma_preset(o, (uint32_t)how->level))
		return err_set(e, EINVAL, "%s: liblzma has no level %d", format,
			       how->level);
	o->dict_size = DICT_MIN;
	while (o->dict_size < len && o->dict_size < DICT_MAX)
		o->dict_size *= 2;
	if (how->window_log)
		o->dict_size = 1u << how->window_log;
	return 0;
}

/* Run an initialised encoder over the whole input, then end it. */
static int run(lzma_stream *z, struct bytes in, struct buf *out,
	       const char *format, struct err *e)
{
	size_t bound = in.len + in.len / 2 + 4096;
	lzma_ret done;

	z->next_in = in.data;
	z->avail_in = in.len;
	z->next_out = buf_extend(out, bound);
	z->avail_out = bound;
	done = z->next_out ? lzma_code(z, LZMA_FINISH) : LZMA_MEM_ERROR;
	if (done == LZMA_STREAM_END)
		out->len -= z->avail_out;
	lzma_end(z);
	if (done == LZMA_MEM_ERROR)
		return compress_no_memory(format, e);
	if (done != LZMA_STREAM_END)
		return err_set(e, EINVAL, "%s: liblzma error %d", format, done);
	return 0;
}

int compress_lzma(struct bytes in, const struct compress_how *how,
		  struct buf *out, struct err *e)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	int rc = set_options(&o, in.len, how, "lzma", e);

	if (rc)
		return rc;
	if (lzma_alone_encoder(&z, &o) != LZMA_OK)
		return compress_no_memory("lzma", e);
	return run(&z, in, out, "lzma", e);
}

int compress_xz(struct bytes in, const struct compress_how *how,
		struct buf *out, struct err *e)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	lzma_filter filters[] = {
		{ .id = LZMA_FILTER_X86 },
		{ .id = LZMA_FILTER_LZMA2, .options = &o },
		{ .id = LZMA_VLI_UNKNOWN },
	};
	int rc = set_options(&o, in.len, how, "xz", e);

	if (rc)
		return rc;
	if (lzma_stream_encoder(&z, filters, LZMA_CHECK_CRC32) != LZMA_OK)
		return compress_no_memory("xz", e);
	return run(&z, in, out, "xz", e);
}
