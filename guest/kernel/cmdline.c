/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words on the command line: they choose the claims that are tested and the
 * way the run ends.
 */
#include "boot.h"
#include "lib/string.h"

bool word_is(const struct word *w, const char *name)
{
	return strlen(name) == w->len && !memcmp(w->text, name, w->len);
}

/* The next word from @at on, or an empty one at the end. */
static struct word next_word(const char *at)
{
	struct word w;

	while (*at == ' ')
		at++;
	w.text = at;
	while (*at && *at != ' ')
		at++;
	w.len = (size_t)(at - w.text);
	return w;
}

bool cmdline_has(const struct boot *b, const char *name)
{
	struct word w = next_word(b->cmdline);

	for (; w.len; w = next_word(w.text + w.len))
		if (word_is(&w, name))
			return true;
	return false;
}

bool cmdline_value_nth(const struct boot *b, const char *name, unsigned nth,
		       struct word *value)
{
	struct word w = next_word(b->cmdline);
	size_t n = strlen(name);

	for (; w.len; w = next_word(w.text + w.len)) {
		if (w.len <= n || w.text[n] != '=' || memcmp(w.text, name, n))
			continue;
		if (nth--)
			continue;
		*value = (struct word){ w.text + n + 1, w.len - n - 1 };
		return true;
	}
	return false;
}

bool cmdline_value(const struct boot *b, const char *name, struct word *value)
{
	return cmdline_value_nth(b, name, 0, value);
}

bool cmdline_number(const struct boot *b, const char *name, uint64_t *n)
{
	struct word w;

	if (!cmdline_value(b, name, &w))
		return false;
	*n = 0;
	for (size_t i = 0; i < w.len; i++)
		*n = *n * 10 + (unsigned)(w.text[i] - '0');
	return true;
}
