/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct word {
	const char *start;
	size_t len;
	bool open; /* it has an open quote */
};

/* The parameter at or after *@p, which moves behind it; false: there is
 * none. */
static bool next_word(const char **p, struct word *w)
{
	while (isspace((unsigned char)**p))
		++*p;
	*w = (struct word){ .start = *p };
	for (; **p && (w->open || !isspace((unsigned char)**p)); ++*p)
		if (**p == '"')
			w->open = !w->open;
	w->len = (size_t)(*p - w->start);
	return w->len;
}

static bool ends_parameters(const struct word *w)
{
	return w->len == 2 && !memcmp(w->start, "--", 2);
}

bool cmdline_has(const char *text, const char *start)
{
	struct word w;

	while (next_word(&text, &w) && !ends_parameters(&w))
		/* "console=ttyS0": the quote may be before the name */
		if (!strncmp(w.start + (*w.start == '"'), start, strlen(start)))
			return true;
	return false;
}

bool cmdline_has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*text) {
		size_t n;

		while (isspace((unsigned char)*text))
			text++;
		for (n = 0; text[n] && !isspace((unsigned char)text[n]);)
			n++;
		if (n == len && !memcmp(text, word, len))
			return true;
		text += n;
	}
	return false;
}

/* Where another parameter can be added to @text: not in an open quote, and not
 * behind "--". */
static const char *find_end(const char *text)
{
	struct word w;

	while (next_word(&text, &w))
		if (w.open || ends_parameters(&w))
			break;
	return w.start;
}

static bool wants_console(const char *text, const char *console, uint64_t max)
{
	const char *p = text;
	struct word w;

	return next_word(&p, &w) && !cmdline_has(text, "console=") &&
	       strlen(text) + strlen(" ") + strlen(console) <= max;
}

int cmdline_add_console(const char *text, const char *console, uint64_t max,
			char **whole, struct err *e)
{
	size_t size = strlen(text) + sizeof(" ") + strlen(console);
	const char *end = find_end(text);
	char *p = malloc(size);

	if (!p)
		return err_set(e, ENOMEM, "no memory for the command line");
	*whole = p;
	if (!wants_console(text, console, max)) {
		strcpy(p, text);
		return 0;
	}
	p = mempcpy(p, text, (size_t)(end - text));
	if (p > *whole && !isspace((unsigned char)p[-1]))
		*p++ = ' ';
	p = stpcpy(p, console);
	if (*end)
		*p++ = ' ';
	strcpy(p, end);
	return 0;
}
