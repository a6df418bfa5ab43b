/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest's console, as a line on a terminal.
 *
 * Beyond not crashing: the line and the cursor stay within their buffer; bytes
 * that are reported as unchanged are unchanged; reading the line each time it
 * changes or ends costs at most a small multiple of the console's bytes; and
 * the line after a newline starts empty.
 */
#include "fuzz/fuzz.h"
#include "base/term_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 300

static void claim(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[ROOM], before[ROOM];
	size_t looked = 0;
	struct term_line t;

	term_line_init(&t, text, sizeof(text));
	for (size_t i = 0; i < size; i++) {
		if (term_line_next(&t, data[i]) != LINE_STAYS)
			looked += t.len;
		memcpy(before, text, sizeof(text));
		t.same = t.len;
		term_line_put(&t, data[i]);
		claim(t.len < ROOM && t.at < ROOM && strlen(text) == t.len);
		claim(t.same <= t.len && !memcmp(text, before, t.same));
	}
	/* Six bytes can move the cursor by 131 columns. */
	claim(looked <= 24 * size);
	term_line_put(&t, '\n');
	term_line_put(&t, 'x');
	claim(!strcmp(text, "x"));
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"abc\r\033[Kd\033[2;1Hx\033[31mred\033[m\r\n",
		"\033]0;title\007a\033P1\033\\b\033(Bc\033c",
		"\342\226\210b\b\bX\033[4C\033[2D\033[9Gz\033[1K\033[2J",
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		fuzz_seed((char[]){ (char)('a' + i), '\0' }, seeds[i],
			  strlen(seeds[i]));
}
