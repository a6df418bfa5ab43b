/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No compression: the payload is the ELF itself, and all of it.
 */
#include "image/decode.h"

int decode_none(struct decode *d, struct err *e)
{
	size_t n = d->in.len < d->enough ? d->in.len : d->enough;

	d->out_len = 0;
	d->in_used = 0;
	if (n > d->cap)
		return decode_too_large(d, "none", e);
	if (n)
		memcpy(d->out, d->in.data, n);
	d->out_len = n;
	d->in_used = n;
	return 0;
}
