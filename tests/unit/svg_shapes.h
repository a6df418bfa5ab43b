/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a picture back: its rectangles and texts, in the few forms that the
 * writer uses. tests/image/pictures checks that it is valid XML.
 */
#ifndef TESTS_UNIT_SVG_SHAPES_H
#define TESTS_UNIT_SVG_SHAPES_H

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define SHAPES_MAX 2048

struct shape {
	char class[16];
	double x, y, w, h;
	char text[160]; /* a rectangle's title, or what is to be read */
	bool is_rect;
	bool titled;
};

struct shapes {
	struct shape list[SHAPES_MAX];
	unsigned count;
	double width, height; /* of the picture */
};

static inline double shape_number(const char *element, const char *name)
{
	char key[16];
	const char *at;

	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(element, key);
	ck_assert_msg(at != NULL, "no %s in %.80s", name, element);
	return strtod(at + strlen(key), NULL);
}

/* The text between @from and @to. */
static inline void shape_text(char *out, size_t size, const char *from,
			      const char *to)
{
	snprintf(out, size, "%.*s", (int)(to - from), from);
}

static inline void shape_read(struct shape *s, const char *line)
{
	const char *title = strstr(line, "<title>");
	const char *end = strchr(line, '\n');

	memset(s, 0, sizeof(*s));
	s->is_rect = line[1] == 'r';
	sscanf(strstr(line, "class=\"") + 7, "%15[^\"]", s->class);
	s->x = shape_number(line, "x");
	s->y = shape_number(line, "y");
	if (s->is_rect) {
		s->w = shape_number(line, "width");
		s->h = shape_number(line, "height");
	}
	s->titled = title && title < end;
	if (s->is_rect && s->titled)
		shape_text(s->text, sizeof(s->text), title + 7,
			   strstr(title, "</title>"));
	else if (s->titled)
		shape_text(s->text, sizeof(s->text),
			   strstr(title, "</title>") + 8,
			   strstr(title, "</text>"));
	else if (!s->is_rect)
		shape_text(s->text, sizeof(s->text), strchr(line, '>') + 1,
			   strstr(line, "</text>"));
}

/* Each element has its own line. */
static inline void shapes_read(struct shapes *all, const char *svg)
{
	all->count = 0;
	ck_assert_int_eq(sscanf(strstr(svg, "viewBox"),
				"viewBox=\"0 0 %lf %lf\"", &all->width,
				&all->height),
			 2);
	for (const char *at = svg; *at; at = strchr(at, '\n') + 1) {
		bool rect = !strncmp(at, "<rect class=\"", 13);

		if (!rect && strncmp(at, "<text class=\"", 13))
			continue;
		/* The page itself has no position. */
		if (!strncmp(at, "<rect class=\"page\"", 18))
			continue;
		ck_assert_uint_lt(all->count, SHAPES_MAX);
		shape_read(&all->list[all->count++], at);
	}
}

/* The one rectangle whose title begins with @begin. */
static inline const struct shape *shape_titled(const struct shapes *all,
					       const char *begin)
{
	const struct shape *found = NULL;

	for (unsigned i = 0; i < all->count; i++) {
		const struct shape *s = &all->list[i];

		if (!s->is_rect || !s->titled ||
		    strncmp(s->text, begin, strlen(begin)))
			continue;
		ck_assert_msg(!found, "two of '%s'", begin);
		found = s;
	}
	ck_assert_msg(found != NULL, "none of '%s'", begin);
	return found;
}

/* The number of texts that are exactly @text. */
static inline unsigned shapes_count_text(const struct shapes *all,
					 const char *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < all->count; i++)
		n += !all->list[i].is_rect && !strcmp(all->list[i].text, text);
	return n;
}

/*
 * Counts visible characters: an entity is one; UTF-8 continuation bytes are
 * none.
 */
static inline double shape_chars(const char *text)
{
	double n = 0;

	for (; *text; text++) {
		if (*text == '&')
			text = strchr(text, ';');
		n += (*text & 0xc0) != 0x80;
	}
	return n;
}

/*
 * Everything is on the page, and no text overlaps another, if each character is
 * as wide as in a wide font.
 */
static inline void shapes_check(const struct shapes *all)
{
	struct box {
		double left, right, top, bottom;
		const char *text;
	} boxes[SHAPES_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < all->count; i++) {
		const struct shape *s = &all->list[i];
		size_t len = strlen(s->class);
		/*
		 * Font sizes of the style sheet: title, head, code, the rest.
		 */
		double size = !strcmp(s->class, "t")   ? 17
			      : !strcmp(s->class, "h") ? 13
			      : !strcmp(s->class, "c") ? 11
						       : 12;
		double w = shape_chars(s->text) * size * 0.58;
		struct box b = { s->x, s->x + w, s->y - size * 0.8,
				 s->y + size * 0.25, s->text };

		if (s->is_rect) {
			ck_assert(s->x >= 0 && s->x + s->w <= all->width);
			ck_assert(s->y >= 0 && s->y + s->h <= all->height);
			ck_assert(s->w > 0 && s->h > 0);
			continue;
		}
		if (!strcmp(s->class, "c") || s->class[len - 1] == 'e') {
			b.left = s->x - w;
			b.right = s->x;
		} else if (!strcmp(s->class, "fm")) {
			b.left = s->x - w / 2;
			b.right = s->x + w / 2;
		}
		ck_assert_msg(b.left >= 0 && b.right <= all->width &&
				      b.bottom <= all->height && b.top >= 0,
			      "'%s' leaves the page", s->text);
		for (unsigned k = 0; k < n; k++)
			ck_assert_msg(b.left >= boxes[k].right ||
					      b.right <= boxes[k].left ||
					      b.top >= boxes[k].bottom ||
					      b.bottom <= boxes[k].top,
				      "'%s' lies on '%s'", s->text,
				      boxes[k].text);
		boxes[n++] = b;
	}
}

#endif
