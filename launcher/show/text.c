/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/memstream.h"

#define SAY_MAX 2048

void text_init(struct text *t, FILE *out)
{
	*t = (struct text){ .out = out };
}

static void newline(struct text *t)
{
	fputc('\n', t->out);
	t->col = 0;
}

static void pad(struct text *t, unsigned col)
{
	for (; t->col < col; t->col++)
		fputc(' ', t->out);
}

/* Print the held word, on the next line if this one has no room. */
static void flush_word(struct text *t)
{
	if (!t->len)
		return;
	if (t->col + t->spaces + t->len > TEXT_WIDTH) {
		t->spaces = 0;
		if (t->col > t->hang)
			newline(t);
		pad(t, t->hang);
	}
	pad(t, t->col + t->spaces);
	fwrite(t->word, 1, t->len, t->out);
	t->col += t->len;
	t->spaces = 0;
	t->len = 0;
	t->started = true;
}

static void add_to_word(struct text *t, const char *s, size_t n)
{
	/* No line has room for more: the word is broken here. */
	if (t->hang + t->len + n > TEXT_WIDTH)
		flush_word(t);
	memcpy(t->word + t->len, s, n);
	t->len += n;
}

void text_words(struct text *t, const char *words)
{
	size_t left = strlen(words);

	while (left) {
		size_t n = clean_step(words, left);

		if (*words == ' ') {
			flush_word(t);
			if (t->spaces < TEXT_WIDTH)
				t->spaces++;
		} else {
			add_to_word(t, n ? words : "?", n ? n : 1);
		}
		words += n ? n : 1;
		left -= n ? n : 1;
	}
}

void text_end(struct text *t)
{
	flush_word(t);
	if (t->col)
		newline(t);
	t->hang = 0;
	t->spaces = 0;
}

static void text_vsay(struct text *t, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void text_vsay(struct text *t, const char *fmt, va_list ap)
{
	char buf[SAY_MAX];

	vsnprintf(buf, sizeof(buf), fmt, ap);
	text_words(t, buf);
}

void text_say(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vsay(t, fmt, ap);
	va_end(ap);
}

void text_title(struct text *t, const char *fmt, ...)
{
	va_list ap;

	text_end(t);
	if (t->started)
		newline(t);
	t->hang = TEXT_INDENT;
	va_start(ap, fmt);
	text_vsay(t, fmt, ap);
	va_end(ap);
	text_end(t);
}

void text_cell(struct text *t, unsigned col)
{
	flush_word(t);
	if (t->col && t->col >= col)
		newline(t);
	pad(t, col);
	t->spaces = 0;
	t->hang = col;
}

void text_key(struct text *t, const char *key)
{
	text_end(t);
	text_cell(t, TEXT_INDENT);
	text_words(t, key);
	text_cell(t, TEXT_VALUES);
}

void text_pair(struct text *t, const char *key, const char *fmt, ...)
{
	va_list ap;

	text_key(t, key);
	va_start(ap, fmt);
	text_vsay(t, fmt, ap);
	va_end(ap);
	text_end(t);
}

void text_size(struct text *t, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double n = bytes / 1024.0;
	const char *u = units;

	text_say(t, "%llu byte%s", (unsigned long long)bytes,
		 bytes == 1 ? "" : "s");
	if (bytes < 1024)
		return;
	/* What would be rounded up to 1024.0 belongs to the next unit. */
	for (; n >= 1023.95 && u[1]; u++)
		n /= 1024;
	text_say(t, " (%.1f %ciB)", n, *u);
}

int text_make(bool (*show)(struct text *t, const void *about),
	      const void *about, char **out, struct err *e)
{
	struct text t;
	struct memstream *m;
	char *buf = NULL;
	FILE *stream = memstream_open(&m);
	bool good = false;

	if (stream) {
		text_init(&t, stream);
		good = show(&t, about);
		buf = memstream_close(m, stream, NULL);
	}
	if (!good || !buf) {
		free(buf);
		return err_set(e, ENOMEM, "no memory for the report");
	}
	*out = buf;
	return 0;
}
