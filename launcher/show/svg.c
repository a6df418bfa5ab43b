/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/svg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

static void put(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

/* Only our own text and numbers; no foreign strings. */
static void say(struct buf *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct buf *out, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(out, text);
}

/* ' x="12.5"' */
static void put_length(struct buf *out, const char *name, int v)
{
	unsigned size = v < 0 ? 0u - (unsigned)v : (unsigned)v;

	say(out, " %s=\"%s%u", name, v < 0 ? "-" : "", size / SVG_PX);
	if (size % SVG_PX)
		say(out, ".%u", size % SVG_PX);
	put(out, "\"");
}

static const struct {
	char c;
	const char *instead;
} escapes[] = {
	{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
	{ '"', "&quot;" }, { '\'', "&#39;" },
};

static void put_char(struct buf *out, const char *c, size_t len)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++)
		if (len == 1 && escapes[i].c == *c) {
			put(out, escapes[i].instead);
			return;
		}
	buf_add(out, c, len);
}

/* At most @most characters of @text; other bytes become '?'. */
static bool put_text(struct buf *out, const char *text, unsigned most)
{
	size_t left = strlen(text);

	for (; left && most; most--) {
		size_t n = clean_step(text, left);

		if (n)
			put_char(out, text, n);
		else
			put(out, "?");
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	return !left;
}

static void put_element(struct buf *out, const char *name, const char *text)
{
	say(out, "<%s>", name);
	put_text(out, text, -1u);
	say(out, "</%s>", name);
}

void svg_rect(struct svg *s, enum svg_class class, struct svg_box box,
	      const char *tip)
{
	struct buf *out = &s->body;

	say(out, "<rect class=\"%s\"", svg_looks[class].name);
	put_length(out, "x", box.x);
	put_length(out, "y", box.y);
	put_length(out, "width", box.w);
	put_length(out, "height", box.h);
	if (tip) {
		put(out, ">");
		put_element(out, "title", tip);
		put(out, "</rect>\n");
	} else {
		put(out, "/>\n");
	}
}

void svg_line(struct svg *s, enum svg_class class, int x1, int y1, int x2,
	      int y2)
{
	struct buf *out = &s->body;

	say(out, "<line class=\"%s\"", svg_looks[class].name);
	put_length(out, "x1", x1);
	put_length(out, "y1", y1);
	put_length(out, "x2", x2);
	put_length(out, "y2", y2);
	put(out, "/>\n");
}

void svg_leader(struct svg *s, int x1, int y1, int x2, int y2)
{
	int third = (x2 - x1) / 3;

	svg_line(s, SVG_LEADER, x1, y1, x1 + third, y1);
	svg_line(s, SVG_LEADER, x1 + third, y1, x2, y2);
}

static void begin_text(struct svg *s, enum svg_class class, int x, int y)
{
	struct buf *out = &s->body;

	say(out, "<text class=\"%s\"", svg_looks[class].name);
	put_length(out, "x", x);
	put_length(out, "y", y);
	put(out, ">");
}

void svg_text(struct svg *s, enum svg_class class, int x, int y,
	      const char *text)
{
	begin_text(s, class, x, y);
	put_text(&s->body, text, -1u);
	put(&s->body, "</text>\n");
}

static unsigned count_chars(const char *text)
{
	size_t left = strlen(text);
	unsigned count = 0;

	while (left) {
		size_t n = clean_step(text, left);

		text += n ? n : 1;
		left -= n ? n : 1;
		count++;
	}
	return count;
}

void svg_text_cut(struct svg *s, enum svg_class class, int x, int y,
		  const char *text, unsigned most)
{
	if (count_chars(text) <= most) {
		svg_text(s, class, x, y, text);
		return;
	}
	begin_text(s, class, x, y);
	put_element(&s->body, "title", text);
	put_text(&s->body, text, most - 1);
	put(&s->body, "\xe2\x80\xa6</text>\n");
}

/* How many bytes of @text a line of @most characters takes: all of it, or
 * up to the last space, or as many as there is room for. */
static size_t line_bytes(const char *text, unsigned most)
{
	size_t left = strlen(text), at = 0, space = 0;

	for (; left && most; most--) {
		size_t n = clean_step(text + at, left);

		if (text[at] == ' ')
			space = at;
		at += n ? n : 1;
		left -= n ? n : 1;
	}
	return !left || text[at] == ' ' || !space ? at : space;
}

void svg_paragraph(struct svg *s, enum svg_class class, int x, int y,
		   const char *text, unsigned most, unsigned lines, int step)
{
	for (; lines && *text; lines--) {
		size_t n = line_bytes(text, most);
		char *line = strndup(text, n);

		if (lines == 1)
			svg_text_cut(s, class, x, y, text, most);
		else if (line)
			svg_text(s, class, x, y, line);
		else
			s->body.failed = true;
		free(line);
		text += n + strspn(text + n, " ");
		y += step;
	}
}

static void put_head(struct buf *out, int width, int height, const char *title,
		     const char *desc)
{
	put(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	say(out, " viewBox=\"0 0 %d %d\" width=\"100%%\"", width / SVG_PX,
	    height / SVG_PX);
	put(out, " role=\"img\" aria-labelledby=\"title desc\">\n"
		 "<title id=\"title\">");
	put_text(out, title, -1u);
	put(out, "</title>\n<desc id=\"desc\">");
	put_text(out, desc, -1u);
	put(out, "</desc>\n");
	svg_style(out);
	svg_patterns(out);
	say(out, "<rect class=\"%s\" width=\"%d\" height=\"%d\"/>\n",
	    svg_looks[SVG_PAGE].name, width / SVG_PX, height / SVG_PX);
}

int svg_finish(struct svg *s, int width, int height, const char *title,
	       const char *desc, char **out, struct err *e)
{
	static const char end[] = "</svg>\n";
	struct svg whole = { 0 };
	bool failed;

	put_head(&whole.body, width, height, title, desc);
	buf_add(&whole.body, s->body.data, s->body.len);
	buf_add(&whole.body, end, sizeof(end));
	failed = s->body.failed || whole.body.failed;
	buf_release(&s->body);
	if (failed) {
		buf_release(&whole.body);
		return err_set(e, ENOMEM, "no memory for the picture");
	}
	*out = (char *)whole.body.data;
	return 0;
}
