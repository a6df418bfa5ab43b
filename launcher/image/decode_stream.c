/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output limit, the early stop and truncated streams, for all libraries
 * that decode in steps.
 *
 * Output is decoded in pieces that fit a core's cache, so the library's
 * checksum reads it from the cache. When the buffer is full, the stream may
 * still have a trailer to check, so it gets a spare byte outside the caller's
 * buffer; a stream that writes this byte exceeds the limit.
 */
#include "image/decode.h"
#include "base/prefault.h"

#include <errno.h>

#define PIECE ((size_t)256 << 10)

int decode_too_large(const struct decode *d, const char *format, struct err *e)
{
	return err_set(e, EFBIG,
		       "%s: decodes to more than the ceiling of %zu bytes",
		       format, d->cap);
}

int decode_cut_short(const struct decode *d, const char *format, struct err *e)
{
	return err_set(e, ENODATA,
		       "%s: stream of %zu bytes is cut short, after %zu "
		       "decoded bytes",
		       format, d->in.len, d->out_len);
}

int decode_no_memory(const char *format, struct err *e)
{
	return err_set(e, ENOMEM, "%s: no memory for the decoder", format);
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int run(struct decode *d, const char *format, stream_step step,
	       void *lib, struct err *e)
{
	struct stream s = { .in = d->in.data, .in_left = d->in.len };
	int rc = 0;

	while (!rc && d->out_len < d->enough) {
		size_t in_before = s.in_left, room = decode_room(d), got;
		uint8_t spare;

		room = min(room, min(PIECE, d->enough - d->out_len));
		s.out = room ? d->out + d->out_len : &spare;
		s.out_left = room ? room : 1;
		rc = step(lib, &s, e);
		got = (room ? room : 1) - s.out_left;
		if (got && !room)
			return decode_too_large(d, format, e);
		d->out_len += got;
		if (!rc && !got && s.in_left == in_before)
			return decode_cut_short(d, format, e);
	}
	d->in_used = d->in.len - s.in_left;
	return rc < 0 ? err_prefix(e, rc, "%s", format) : 0;
}

int decode_stream(struct decode *d, const char *format, stream_step step,
		  void *lib, struct err *e)
{
	struct prefault ahead;
	int rc;

	d->out_len = 0;
	d->in_used = 0;
	prefault_start(&ahead, d->out, decode_ahead(d));
	rc = run(d, format, step, lib, e);
	prefault_stop(&ahead);
	return rc;
}
