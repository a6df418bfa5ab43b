/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions with a bounded cost. The time for each byte of text, and
 * the memory, are proportional to the size of the expression, for any text and
 * any expression. A text is matched piece by piece; no byte is read twice.
 *
 * Must never trust: the expression and the text.
 *
 * Spec: POSIX.1-2017, 9.4 "Extended Regular Expressions", in the POSIX locale
 * (a byte is a character), and of glibc's additions \w \W \s \S \b \B \< \>
 * \` \'. There are no back-references: they cannot be matched in linear time.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define REGEX_BYTES_MAX 4096

/*
 * A part is a character, a bracket expression, a parenthesis or an operator.
 * A part in {n,m} counts as often as it is repeated.
 */
#define REGEX_PARTS_MAX 4096

/* An expression, and its state in a text. */
struct regex;

/*
 * Compile @text into a new *@r, at the start of an empty text. -EINVAL: it is
 * not a regular expression, or has a back-reference; -E2BIG: it has more bytes
 * or parts than are allowed; -ENOMEM. *@r is then untouched.
 */
int regex_compile(struct regex **r, const char *text, struct err *e);

/* @r may be NULL. */
void regex_free(struct regex *r);

/* Whether regex_compile() would accept @text; same returns. */
int regex_check(const char *text, struct err *e);

/* Start with an empty text. */
void regex_restart(struct regex *r);

/* The text goes on with these @len bytes. */
void regex_feed(struct regex *r, const char *bytes, size_t len);

/* Whether a part of the text matches, if the text ends here. It may go on. */
bool regex_matches(struct regex *r);

/* Whether a part of the complete @text matches. */
bool regex_matches_text(struct regex *r, const char *text);

#endif
