/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to image/decode_*.c and format.c: the decoders of the format table
 * and what they share.
 *
 * Every decoder keeps the contract of `struct format` in format.h. Those
 * whose library works in steps (gzip, bzip2, lzma, xz) hand decode_stream()
 * the step and get the contract from it.
 */
#ifndef IMAGE_DECODE_H
#define IMAGE_DECODE_H

#include "image/format.h"

int decode_gzip(struct decode *d, struct err *e);
int decode_bzip2(struct decode *d, struct err *e);
int decode_lzma(struct decode *d, struct err *e);
int decode_xz(struct decode *d, struct err *e);
int decode_lzo(struct decode *d, struct err *e);
int decode_lz4(struct decode *d, struct err *e);
int decode_zstd(struct decode *d, struct err *e);
int decode_none(struct decode *d, struct err *e);

/* The rest of the output buffer. */
static inline size_t decode_room(const struct decode *d)
{
	return d->cap - d->out_len;
}

/* How much of the output to prefault (base/prefault.h) for this job. */
static inline size_t decode_ahead(const struct decode *d)
{
	size_t n = d->expect < d->cap ? d->expect : d->cap;

	return n < d->enough ? n : d->enough;
}

/* -EFBIG, -ENODATA and -ENOMEM, with the same text for every format. */
int decode_too_large(const struct decode *d, const char *format, struct err *e);
int decode_cut_short(const struct decode *d, const char *format, struct err *e);
int decode_no_memory(const char *format, struct err *e);

/* What one step of a decoding library may read and write. */
struct stream {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

/*
 * One call of a decoding library, which advances *@s.
 *
 * Returns 0 to be called again, 1 at the end of the stream, or an error. A step
 * that advances neither in nor out means that the input is truncated.
 */
typedef int (*stream_step)(void *lib, struct stream *s, struct err *e);

/* Drive @step over d->in into d->out. */
int decode_stream(struct decode *d, const char *format, stream_step step,
		  void *lib, struct err *e);

#endif
