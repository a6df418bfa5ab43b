/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of text as a terminal would show it: what is written over is gone,
 * and escape sequences show nothing.
 *
 * Must never trust: the bytes. What is kept of a line and of a sequence is
 * bounded, and a sequence that was cut short ends with its line at the latest,
 * so that it cannot hide what comes later.
 *
 * A line never wraps, but the cursor does not go beyond the text and 132
 * columns. A character has one column. Bytes above 0x7f are taken for UTF-8,
 * never for control characters.
 *
 * Spec: ECMA-48 (control sequences and strings), and what xterm and the Linux
 * console make of it.
 */
#ifndef BASE_TERM_LINE_H
#define BASE_TERM_LINE_H

#include <stddef.h>
#include <stdint.h>

struct term_line {
	char *text;  /* what is shown, NUL-terminated */
	size_t room; /* bytes of it, the NUL included; more are dropped */
	size_t len;
	size_t at;	/* the cursor; it may be past the end */
	size_t same;	/* so many bytes have not changed since it was set */
	size_t written; /* bytes since the last LINE_CHANGES */
	int state;
	unsigned number; /* the first of a control sequence */
};

/* What the next byte does to the line as it is shown now. */
enum term_change {
	LINE_STAYS,   /* it may grow */
	LINE_CHANGES, /* something of it is about to go */
	LINE_ENDS,
};

/* An empty line, in @room bytes at @text. */
void term_line_init(struct term_line *t, char *text, size_t room);

/*
 * What term_line_put() with this byte would do. That a line changes is only
 * told if as many bytes have been written since it was last told as the line
 * has now. So the cost of looking at the line whenever it changes or ends is in
 * proportion to the output.
 */
enum term_change term_line_next(const struct term_line *t, uint8_t byte);

/* The next byte of output. One that ends the line leaves an empty one. */
void term_line_put(struct term_line *t, uint8_t byte);

#endif
