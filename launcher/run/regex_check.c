/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/regex_check.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * How many parts have been seen, with every repeat written out:
 *
 *   a ( b c ) {2,3}
 *     |     |
 *     last  all     what is repeated is all - last parts
 */
struct count {
	size_t all;
	size_t last;		      /* of these, those before the last one */
	size_t open[REGEX_BYTES_MAX]; /* before each '(' without its ')' */
	size_t depth;
};

/* Behind the bracket expression at @p: []abc], [^]a], [[:alpha:]_]. */
static const char *skip_brackets(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	p += *p == ']';
	while (*p && *p != ']') {
		const char *end = NULL;

		if (*p == '[' && p[1] && strchr(":.=", p[1]))
			end = strchr(p + 2, ']');
		p = end ? end + 1 : p + 1;
	}
	return *p ? p + 1 : p;
}

/* Behind the part at @p, which is not its end. */
static const char *skip_part(const char *p)
{
	if (*p == '[')
		return skip_brackets(p);
	return p + (*p == '\\' && p[1] ? 2 : 1);
}

/* The digit of the first back-reference in @p, or 0. */
static char find_back_reference(const char *p)
{
	for (; *p; p = skip_part(p))
		if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
			return p[1];
	return 0;
}

/* A number of a repeat; more than may stand there is all the same. */
static size_t number(const char **p)
{
	size_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		if (n <= RE_DUP_MAX)
			n = 10 * n + (size_t)(**p - '0');
	return n;
}

/* If a repeat is at *@p, how many copies it makes, and *@p behind it; 0. */
static size_t read_repeat(const char **p)
{
	const char *q = *p;
	size_t from, to;

	if (*q == '+' || *q == '*' || *q == '?') {
		++*p;
		return *q == '+' ? 2 : 1;
	}
	if (*q++ != '{')
		return 0;
	from = number(&q);
	to = from;
	if (*q == ',') {
		q++;
		/* {n,}: as often, and then any number of times more */
		to = *q == '}' ? from + 1 : number(&q);
	}
	if (*q != '}')
		return 0;
	*p = q + 1;
	to = to > from ? to : from;
	return to ?: 1;
}

static void count_part(struct count *c, char first)
{
	c->last = c->all++;
	if (first == '(')
		c->open[c->depth++] = c->last;
	else if (first == ')' && c->depth)
		c->last = c->open[--c->depth];
}

/* The parts of @p, which has at most REGEX_BYTES_MAX bytes; beyond what is
 * allowed, those up to there. */
static size_t count_parts(const char *p)
{
	struct count c = { 0 };

	while (*p && c.all <= REGEX_PARTS_MAX) {
		bool counts = *p == '*' || *p == '?';
		size_t copies = read_repeat(&p);

		if (copies) {
			c.all = c.last + (c.all - c.last) * copies + counts;
			continue;
		}
		count_part(&c, *p);
		p = skip_part(p);
	}
	return c.all;
}

int regex_check(const char *regex, struct err *e)
{
	char digit;
	size_t parts;

	if (strlen(regex) > REGEX_BYTES_MAX)
		return err_set(e, E2BIG,
			       "a regular expression of %zu bytes; %d are "
			       "allowed",
			       strlen(regex), REGEX_BYTES_MAX);
	digit = find_back_reference(regex);
	if (digit)
		return err_set(e, EINVAL,
			       "'%s': the back-reference \\%c is not allowed",
			       regex, digit);
	parts = count_parts(regex);
	if (parts > REGEX_PARTS_MAX)
		return err_set(e, E2BIG,
			       "a regular expression of %zu parts and more, "
			       "its repeats written out; %d are allowed: '%s'",
			       parts, REGEX_PARTS_MAX, regex);
	return 0;
}
