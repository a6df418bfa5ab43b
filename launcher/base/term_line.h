/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of text as a terminal would show it: overwritten text is gone, and
 * escape sequences are not shown.
 *
 * Must never trust: the bytes. The stored part of a line and of a sequence is
 * bounded, and an incomplete sequence ends with its line, so that it cannot
 * hide later text.
 *
 * A line never wraps, but the cursor does not go beyond the text and 132
 * columns. A character has one column. Bytes above 0x7f are UTF-8, not control
 * characters.
 *
 * Spec: ECMA-48 (control sequences and strings), as implemented by xterm and
 * the Linux console.
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
	size_t same;	/* how many bytes have not changed since it was set */
	size_t written; /* bytes since the last LINE_CHANGES */
	int state;
	unsigned number; /* the first of a control sequence */
};

/* What the next byte does to the line. */
enum term_change {
	LINE_STAYS,   /* it may grow */
	LINE_CHANGES, /* a part of it will be removed */
	LINE_ENDS,
};

/* An empty line, in @room bytes at @text. */
void term_line_init(struct term_line *t, char *text, size_t room);

/*
 * What term_line_put() with this byte would do. A change is only reported if
 * the number of bytes since the last report is at least the length of the line.
 * So the cost of examining each reported line is proportional to the output.
 */
enum term_change term_line_next(const struct term_line *t, uint8_t byte);

/* The next byte of output. One that ends the line leaves an empty one. */
void term_line_put(struct term_line *t, uint8_t byte);

#endif
