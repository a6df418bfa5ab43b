/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every decoder with hostile streams: it must not crash or write past the
 * ceiling, and its results must agree with each other.
 *
 * The first byte chooses the decoder, the second the operation; the rest is the
 * stream.
 */
#include "fuzz/fuzz.h"
#include "support/payloads.h"
#include "image/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Ceilings near the seeds' decoded sizes; the last crosses lz4's blocks. */
static const struct {
	size_t cap, enough;
} asked[] = {
	{ 65536, SIZE_MAX }, { 0, SIZE_MAX },	    { 1500, SIZE_MAX },
	{ 1499, SIZE_MAX },  { 4096, 4096 },	    { 100, 1 },
	{ 65536, 1500 },     { 9 << 20, SIZE_MAX },
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static void check(const struct decode *d, int rc, const struct err *e)
{
	bool known = rc == 0 || rc == -EILSEQ || rc == -ENODATA ||
		     rc == -EFBIG || rc == -ENOMEM;

	if (!known || d->out_len > d->cap || (rc && !e->msg[0]))
		abort();
	if (!rc && d->in_used > d->in.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct format *f;
	struct decode d = { 0 };
	struct err e = ERR_EMPTY;
	uint8_t *out;

	if (size < 2)
		return 0;
	f = &formats[data[0] % formats_count];
	d.cap = asked[data[1] % ASKED].cap;
	d.enough = asked[data[1] % ASKED].enough;
	d.expect = d.cap;
	d.in = (struct bytes){ data + 2, size - 2 };
	/* Of exactly the size, so that the sanitizer guards the ceiling. */
	out = d.out = malloc(d.cap);
	check(&d, f->decode(&d, &e), &e);
	free(out);
	return 0;
}

void fuzz_seeds(void)
{
	uint8_t text[1500];

	payload_fill(text, sizeof(text), 1);
	for (size_t i = 0; i < formats_count; i++)
		for (size_t how = 0; how < ASKED; how++) {
			uint8_t head[2] = { i, how };
			struct buf b = { 0 };
			char name[64];

			buf_add(&b, head, sizeof(head));
			payload_compress(formats[i].name, text, sizeof(text),
					 &b, how & 1);
			snprintf(name, sizeof(name), "%s-%zu", formats[i].name,
				 how);
			fuzz_seed(name, b.data, b.len);
			buf_release(&b);
		}
}
