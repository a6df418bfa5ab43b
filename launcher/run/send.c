/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/send.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The escape at @text, which begins with a backslash: its length and byte;
 * 0 if it is none. */
static size_t parse_escape(const char *text, uint8_t *byte)
{
	static const char names[] = "nrt\\";
	static const char bytes[] = "\n\r\t\\";
	const char *at = text[1] ? strchr(names, text[1]) : NULL;

	if (at) {
		*byte = (uint8_t)bytes[at - names];
		return 2;
	}
	if (text[1] != 'x' || hex_digit(text[2]) < 0 || hex_digit(text[3]) < 0)
		return 0;
	*byte = (uint8_t)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
	return 4;
}

int send_parse(const char *text, uint8_t *out, size_t *len, struct err *e)
{
	size_t n = 0;

	while (*text) {
		uint8_t byte = (uint8_t)*text;
		size_t step = *text == '\\' ? parse_escape(text, &byte) : 1;

		if (!step)
			return err_set(e, EINVAL,
				       "unknown escape '%.4s' (expected "
				       "\\n, \\r, \\t, \\\\ or \\xNN)",
				       text);
		if (out)
			out[n] = byte;
		n++;
		text += step;
	}
	*len = n;
	return 0;
}

int sender_add(struct sender *s, const char *text, size_t after, struct err *e)
{
	struct send_text t = { .after = after };
	int rc;

	assert(!s->count || s->texts[s->count - 1].after <= after);
	if (s->count == SEND_MAX)
		return err_set(e, E2BIG, "more than %d texts to send",
			       SEND_MAX);
	t.data = malloc(strlen(text) + 1);
	if (!t.data)
		return err_set(e, ENOMEM, "no memory for a text to send");
	rc = send_parse(text, t.data, &t.len, e);
	if (rc) {
		free(t.data);
		return rc;
	}
	s->texts[s->count++] = t;
	return 0;
}

const uint8_t *sender_next(struct sender *s, size_t met, size_t *len)
{
	const struct send_text *t;

	while (s->next < s->count && s->done == s->texts[s->next].len) {
		s->next++;
		s->done = 0;
	}
	if (s->next == s->count || s->texts[s->next].after > met)
		return NULL;
	t = &s->texts[s->next];
	*len = t->len - s->done;
	return t->data + s->done;
}

void sender_took(struct sender *s, size_t n)
{
	s->done += n;
}

bool sender_outlasts(const struct sender *s, size_t expected)
{
	return s->count && s->texts[s->count - 1].after == expected;
}

void sender_release(struct sender *s)
{
	while (s->count)
		free(s->texts[--s->count].data);
}
