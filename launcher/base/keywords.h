/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of an option with parts, as devices have them:
 *
 *   FILE[,ro][,id=TEXT]         keys behind something without a key
 *   NAME=FILE[,append]          the same, with two texts in front
 *   cid=N,socket=PATH           keys only
 *
 * Commas separate the parts, and the first "=" of a part ends its key. "\,",
 * "\=" and "\\" stand for a comma, an equals sign and a backslash that belong
 * to a text. Every key is given at most as often as its row says; the order of
 * keys does not matter.
 *
 * Must not trust: the text, which may come from a foreign suite. It is parsed
 * once, in place, and every message is bounded.
 */
#ifndef BASE_KEYWORDS_H
#define BASE_KEYWORDS_H

#include <stdio.h>

#include "base/value.h"

struct keyword {
	const char *name; /* "id" */
	const char *arg;  /* the name of its value: "TEXT"; NULL: a flag */
	struct value value;
	unsigned times; /* how many times it may be given; 0: once */
	bool required;
	const char *help;
};

struct keywords {
	/* The first part, without a key: "FILE"; or NULL. */
	const char *first;
	struct value first_value;
	/* The part after it and "=": "FILE" of NAME=FILE; or NULL. */
	const char *second;
	struct value second_value;
	const struct keyword *keys;
	size_t count; /* at most KEYWORDS_MAX */
};

#define KEYWORDS_MAX 16

/*
 * Parse @text and store its values in the struct at @to. @text is modified, and
 * must live as long as the values, which point into it.
 *
 * Returns 0, or a negative errno with the part that is wrong and what is
 * allowed there; then *@to may have been changed.
 */
int keywords_parse(const struct keywords *k, char *text, void *to,
		   struct err *e);

/*
 * Print @text, which keywords_parse() takes, to @out with @folder in front of
 * every relative path in it. @folder ends with a slash and is not escaped.
 * @text is modified.
 */
void keywords_print_in(const struct keywords *k, char *text, const char *folder,
		       FILE *out);

/* "FILE[,ro][,id=TEXT]" in @buf of @size bytes, cut if that is too small. */
void keywords_usage(const struct keywords *k, char *buf, size_t size);

#endif
