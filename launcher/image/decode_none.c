/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No compression: the payload is the ELF itself, and all of it.
 *
 * Page faults take most of the time of a copy to fresh memory, so all CPUs
 * share it.
 */
#include "image/decode.h"
#include "base/thread.h"

#define PIECE ((size_t)4 << 20)

struct copy {
	const uint8_t *in;
	uint8_t *out;
	size_t len;
};

static void copy_nth(void *copy, size_t i)
{
	const struct copy *c = copy;
	size_t off = i * PIECE;
	size_t n = c->len - off < PIECE ? c->len - off : PIECE;

	memcpy(c->out + off, c->in + off, n);
}

int decode_none(struct decode *d, struct err *e)
{
	size_t n = d->in.len < d->enough ? d->in.len : d->enough;

	d->out_len = 0;
	d->in_used = 0;
	if (n > d->cap)
		return decode_too_large(d, "none", e);
	thread_share((n + PIECE - 1) / PIECE, copy_nth,
		     &(struct copy){ d->in.data, d->out, n });
	d->out_len = n;
	d->in_used = n;
	return 0;
}
