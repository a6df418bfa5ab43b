/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* UTF-8's forms of more than one byte, and the smallest value that needs each:
 * longer forms of smaller values are not valid. */
static const struct {
	uint8_t mask, lead;
	uint32_t least;
} forms[] = {
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/*
 * Code points that are not characters, or that change the text around them:
 * some readers of lines end one at U+2028, and some terminals show the text
 * after U+202e backwards.
 */
static const struct {
	uint32_t from, to;
} unfit[] = {
	{ 0x80, 0x9f },	    /* the C1 controls */
	{ 0x2028, 0x2029 }, /* line and paragraph separators */
	{ 0x202a, 0x202e }, /* changes of direction */
	{ 0x2066, 0x2069 }, /* the same */
	{ 0xd800, 0xdfff }, /* surrogates */
	{ 0xfdd0, 0xfdef }, /* noncharacters */
};

static bool printable_rune(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (c >= unfit[i].from && c <= unfit[i].to)
			return false;
	/* The last two of each plane are noncharacters, too; XML cannot hold
	 * those of the first plane, even escaped. */
	return c <= 0x10ffff && (c & 0xfffe) != 0xfffe;
}

size_t clean_step(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;

	if (!len)
		return 0;
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] < 0x7f;
	for (size_t i = 0; i < FORMS; i++) {
		size_t n = i + 2;
		uint32_t c;

		if ((p[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (n > len)
			return 0;
		c = p[0] & ~forms[i].mask;
		for (size_t j = 1; j < n; j++) {
			if ((p[j] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[j] & 0x3f);
		}
		return c >= forms[i].least && printable_rune(c) ? n : 0;
	}
	return 0;
}

void clean_text(char *s)
{
	size_t left = strlen(s);

	while (left) {
		size_t n = clean_step(s, left);

		if (!n) {
			*s = '?';
			n = 1;
		}
		s += n;
		left -= n;
	}
}

char *clean_copy(const char *s)
{
	char *copy = strdup(s);

	if (copy)
		clean_text(copy);
	return copy;
}
