/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest prints on a terminal, and what the terminal answers.
 *
 * Beyond not crashing: it does not matter in which pieces the bytes come; no
 * more answers are awaited than questions could have been asked; and what is
 * kept of the input is input, in order.
 *
 * Input: 1 byte, how many bytes the guest prints, in units of 1/256 of the
 * rest; 1 byte, the length of a piece; what the guest prints; what is typed
 * while it runs, and after that.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/tty_answers.h"

#define HEAD	2
#define QUEUE	4096 /* what a terminal holds, and a pipe at least */
#define ASK_MIN 2    /* the bytes of the shortest question: ESC Z */

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void in_pieces(struct tty_answers *t,
		      void (*feed)(struct tty_answers *, const uint8_t *,
				   size_t),
		      struct bytes b, size_t piece)
{
	for (size_t at = 0; at < b.len; at += piece)
		feed(t, b.data + at, b.len - at < piece ? b.len - at : piece);
}

static bool same(const struct tty_answers *a, const struct tty_answers *b)
{
	return a->missing == b->missing && a->out.state == b->out.state &&
	       a->in.state == b->in.state;
}

/* Whether the bytes of @kept are in @typed, in this order. */
static bool is_part(const struct tty_kept *kept, struct bytes typed)
{
	size_t at = 0;

	for (size_t i = 0; i < typed.len && at < kept->len; i++)
		at += typed.data[i] == kept->bytes[at];
	return at == kept->len;
}

/* All of it has come, and no more can: nothing is waited for. */
static void take(struct tty_answers *t, struct bytes typed)
{
	struct tty_kept kept;
	int ends[2];

	if (typed.len > QUEUE)
		typed.len = QUEUE;
	claim(!pipe(ends));
	claim(write(ends[1], typed.data, typed.len) == (ssize_t)typed.len);
	close(ends[1]);
	tty_answers_take(t, ends[0], &kept);
	close(ends[0]);
	claim(kept.len <= sizeof(kept.bytes) && is_part(&kept, typed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tty_answers whole = { 0 }, pieces = { 0 };
	struct bytes out, in;
	size_t piece;

	if (size < HEAD)
		return -1;
	piece = 1 + data[1];
	out = (struct bytes){ data + HEAD, (size - HEAD) * data[0] / 256 };
	in = (struct bytes){ out.data + out.len, size - HEAD - out.len };

	tty_answers_output(&whole, out.data, out.len);
	in_pieces(&pieces, tty_answers_output, out, piece);
	claim(same(&whole, &pieces) && whole.missing <= out.len / ASK_MIN);
	tty_answers_input(&whole, in.data, in.len / 2);
	in_pieces(&pieces, tty_answers_input,
		  (struct bytes){ in.data, in.len / 2 }, piece);
	claim(same(&whole, &pieces));
	take(&whole,
	     (struct bytes){ in.data + in.len / 2, in.len - in.len / 2 });
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"\x80\x01\x1b[6n\x1b[c\x1b[?62;c\x1b[24;80R",
		"\x80\x10\x1b]11;?\a\x1bZtyped\x1b]11;rgb:0/0/0\x1b\\",
		"\xc0\x03\x1bP+q544e\x1b\\\xc2\x9b\x36nab\x1bP1+r544e\x1b\\",
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		fuzz_seed((char[]){ (char)('a' + i), '\0' }, seeds[i],
			  strlen(seeds[i]));
}
