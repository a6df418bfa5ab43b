/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xz and its ancestor lzma-alone: liblzma, under a memory limit.
 *
 * The stream's header chooses the dictionary, which liblzma allocates and fills
 * independently of the output limit, so the dictionary has its own limit.
 * Kernels from 6.12 on need 128 MiB.
 *
 * Spec: The .xz File Format; Linux, scripts/xz_wrap.sh (x86 BCJ + LZMA2,
 * crc32). lzma-alone: LZMA SDK, lzma.txt.
 */
#include "image/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <lzma.h>

/* Room for a 128 MiB dictionary and the rest of the decoder. */
#define MEMORY_LIMIT ((uint64_t)192 << 20)

static const uint8_t xz_magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

static int explain(lzma_stream *z, lzma_ret ret, struct err *e)
{
	switch (ret) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* nothing moved */
		return 0;
	case LZMA_STREAM_END:
		return 1;
	case LZMA_MEM_ERROR:
		return err_set(e, ENOMEM, "no memory for the dictionary");
	case LZMA_MEMLIMIT_ERROR:
		return err_set(e, ENOMEM,
			       "the dictionary needs %" PRIu64
			       " bytes of memory, the limit is %" PRIu64,
			       lzma_memusage(z), MEMORY_LIMIT);
	case LZMA_FORMAT_ERROR:
		return err_set(e, EILSEQ, "header is damaged");
	case LZMA_OPTIONS_ERROR:
		return err_set(e, EILSEQ,
			       "header asks for an unknown filter or option");
	default:
		return err_set(e, EILSEQ, "stream is damaged");
	}
}

static int step(void *lib, struct stream *s, struct err *e)
{
	lzma_stream *z = lib;
	lzma_ret ret;

	z->next_in = s->in;
	z->avail_in = s->in_left;
	z->next_out = s->out;
	z->avail_out = s->out_left;
	ret = lzma_code(z, LZMA_RUN);
	*s = (struct stream){ z->next_in, z->avail_in, z->next_out,
			      z->avail_out };
	return explain(z, ret, e);
}

int decode_lzma(struct decode *d, struct err *e)
{
	lzma_stream z = LZMA_STREAM_INIT;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	if (lzma_alone_decoder(&z, MEMORY_LIMIT) != LZMA_OK)
		return decode_no_memory("lzma", e);
	rc = decode_stream(d, "lzma", step, &z, e);
	lzma_end(&z);
	return rc;
}

/*
 * Like xz -d: one more stream may follow, after zero padding in multiples of
 * four bytes. Anything else is not part of this stream.
 */
static bool another_stream(struct stream *s)
{
	static const uint8_t zeros[4];
	struct bytes left = { s->in, s->in_left };

	while (bytes_start_with(left, zeros, sizeof(zeros)))
		bytes_slice(left, 4, left.len - 4, &left);
	if (!bytes_start_with(left, xz_magic, sizeof(xz_magic)))
		return false;
	s->in = left.data;
	s->in_left = left.len;
	return true;
}

static int step_xz(void *lib, struct stream *s, struct err *e)
{
	int rc = step(lib, s, e);

	if (rc <= 0 || !another_stream(s))
		return rc;
	/* Reuse the memory, for the beginning of another stream. */
	return explain(lib, lzma_stream_decoder(lib, MEMORY_LIMIT, 0), e);
}

int decode_xz(struct decode *d, struct err *e)
{
	lzma_stream z = LZMA_STREAM_INIT;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	if (lzma_stream_decoder(&z, MEMORY_LIMIT, 0) != LZMA_OK)
		return decode_no_memory("xz", e);
	rc = decode_stream(d, "xz", step_xz, &z, e);
	lzma_end(&z);
	return rc;
}
