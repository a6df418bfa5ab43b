/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/bracket.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const char unclosed[] = "missing ']'";

void byte_set_invert(struct byte_set *s)
{
	for (size_t i = 0; i < sizeof(s->bits); i++)
		s->bits[i] = (uint8_t)~s->bits[i];
}

void byte_set_add_class(struct byte_set *s, int (*is)(int c))
{
	for (int c = 0; c < 256; c++)
		if (is(c))
			byte_set_add(s, (uint8_t)c);
}

static const struct {
	const char *name;
	int (*is)(int c);
} classes[] = {
	{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
	{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
	{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
	{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

static const char *add_class(struct byte_set *s, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (strlen(classes[i].name) == len &&
		    !memcmp(classes[i].name, name, len)) {
			byte_set_add_class(s, classes[i].is);
			return NULL;
		}
	return "unknown character class";
}

/* One item of the brackets. */
struct element {
	uint8_t byte;
	bool bounds; /* it may begin or end a range */
};

/*
 * [:alpha:], [=a=] or [.a.] at *@p. In the POSIX locale, equivalence classes
 * and collating symbols are single characters. A class goes into @s.
 */
static const char *read_symbol(const char **p, struct byte_set *s,
			       struct element *found)
{
	const char end[] = { (*p)[1], ']', '\0' };
	const char *name = *p + 2;
	const char *behind = strstr(name, end);

	if (!behind)
		return unclosed;
	*p = behind + 2;
	*found = (struct element){ (uint8_t)*name, *end == '.' };
	if (*end == ':')
		return add_class(s, name, (size_t)(behind - name));
	if (behind - name != 1)
		return "a collating element of several characters";
	byte_set_add(s, found->byte);
	return NULL;
}

static bool is_symbol(const char *p)
{
	return *p == '[' && p[1] && strchr(":=.", p[1]);
}

/* @hyphen: a hyphen may be here, not only at the end of the brackets */
static const char *read_element(const char **p, bool hyphen, struct byte_set *s,
				struct element *found)
{
	if (!**p)
		return unclosed;
	if (is_symbol(*p))
		return read_symbol(p, s, found);
	if (**p == '-' && !hyphen && (*p)[1] != ']')
		return "misplaced '-' in brackets";
	*found = (struct element){ (uint8_t) * *p, true };
	byte_set_add(s, found->byte);
	++*p;
	return NULL;
}

static bool is_range(const char *p)
{
	return *p == '-' && p[1] != ']';
}

/* The rest of the range that begins with @from, its hyphen at *@p. */
static const char *read_range(const char **p, struct byte_set *s,
			      struct element from)
{
	struct element to;
	const char *why;

	++*p;
	why = read_element(p, true, s, &to);
	if (why)
		return why;
	if (!to.bounds || from.byte > to.byte)
		return "invalid range in brackets";
	for (unsigned c = from.byte; c <= to.byte; c++)
		byte_set_add(s, (uint8_t)c);
	return NULL;
}

const char *bracket_parse(const char **text, struct byte_set *s)
{
	const char *p = *text + 1;
	bool inverted = *p == '^';
	bool first = true;

	p += inverted;
	/* A ']' at the start is one of the bytes. */
	do {
		struct element found;
		const char *why = read_element(&p, first, s, &found);

		if (!why && found.bounds && is_range(p))
			why = read_range(&p, s, found);
		if (why)
			return why;
		first = false;
	} while (*p != ']');
	if (inverted)
		byte_set_invert(s);
	*text = p + 1;
	return NULL;
}
