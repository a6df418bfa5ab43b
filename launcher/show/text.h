/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as text: titled sections of aligned keys, in at most TEXT_WIDTH
 * columns.
 *
 *   Title
 *     key               words that go on until the right edge is
 *                       reached and then hang here
 *
 * Text is broken at spaces; a word wider than a line is broken anywhere.
 * Columns are counted in bytes, so a line with other than ASCII characters may
 * be narrower, but not wider.
 *
 * Must never trust: what is printed; see clean.h.
 */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define TEXT_WIDTH  100
#define TEXT_INDENT 2  /* of keys and tables */
#define TEXT_VALUES 22 /* the column where values begin */

struct text {
	FILE *out;
	unsigned col;	 /* bytes on the current line */
	unsigned hang;	 /* where the next line goes on */
	unsigned spaces; /* in front of the word below */
	unsigned len;	 /* of the word */
	/* Held back until it is complete: a call may add to it. */
	char word[TEXT_WIDTH];
	bool started; /* something was printed: titles are set apart */
};

void text_init(struct text *t, FILE *out);

/* Begin a section, and end the one before with an empty line. */
void text_title(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Begin a line with @key; what follows is its value. */
void text_key(struct text *t, const char *key);

/* Go to @col, on a new line if there is text up to it; later lines hang
 * there. */
void text_cell(struct text *t, unsigned col);

/* Print words, wrapped; spaces are kept except at a line's end. A word goes
 * on from one call to the next unless there is a space in between. */
void text_words(struct text *t, const char *words);

/* The same, formatted; cut at 2 KiB. */
void text_say(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A key and its value, which is all of it. */
void text_pair(struct text *t, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "8088320 bytes (7.7 MiB)" */
void text_size(struct text *t, uint64_t bytes);

/* End the current line if there is one. */
void text_end(struct text *t);

/*
 * Have @show write a report about @about, and leave it in *@out, a string to
 * be freed. -ENOMEM, also where @show returns false; *@out is then untouched.
 */
int text_make(bool (*show)(struct text *t, const void *about),
	      const void *about, char **out, struct err *e);

#endif
