/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bracket expression such as [a-z_] or [^[:space:]], read into the set of
 * bytes that it matches.
 *
 * Must never trust: the text. It ends at a NUL byte, which may be anywhere.
 *
 * Spec: POSIX.1-2017, 9.3.5 "RE Bracket Expression", in the POSIX locale: a
 * byte is a character, and collates by its value. Where POSIX leaves it open,
 * it is read as glibc's regcomp() does.
 */
#ifndef BASE_BRACKET_H
#define BASE_BRACKET_H

#include <stdbool.h>
#include <stdint.h>

struct byte_set {
	uint8_t bits[32];
};

static inline bool byte_set_has(const struct byte_set *s, uint8_t byte)
{
	return s->bits[byte / 8] >> byte % 8 & 1;
}

static inline void byte_set_add(struct byte_set *s, uint8_t byte)
{
	s->bits[byte / 8] |= (uint8_t)(1 << byte % 8);
}

/* Replace @s by its complement. */
void byte_set_invert(struct byte_set *s);

/* Add the bytes that @is, a function of ctype.h, is true for. */
void byte_set_add_class(struct byte_set *s, int (*is)(int c));

/*
 * Read the bracket expression whose '[' is at *@text into @s, which is empty,
 * and move *@text behind its ']'. Returns NULL, or what is wrong with it.
 */
const char *bracket_parse(const char **text, struct byte_set *s);

#endif
