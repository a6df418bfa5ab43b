/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small writer of SVG: rectangles, lines and text, in classes whose colours
 * svg_style.h has for light and dark surroundings.
 *
 * A picture is self-contained: no scripts, no fonts, no references. It is drawn
 * first and gets its head when its height is known. Lengths are
 * in tenths of a pixel; no number in the output comes from floating point or
 * from the locale.
 *
 * Must never trust: text. It is cleaned (clean.h) and escaped here, and only
 * here.
 *
 * Spec: SVG 1.1; XML 1.0.
 */
#ifndef SHOW_SVG_H
#define SHOW_SVG_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "show/svg_style.h"

#define SVG_PX 10 /* units in a pixel */

/* { 0 } is empty. */
struct svg {
	struct buf body;
};

struct svg_box {
	int x, y, w, h;
};

/* @tip: a browser's tooltip, or NULL. */
void svg_rect(struct svg *s, enum svg_class class, struct svg_box box,
	      const char *tip);

void svg_line(struct svg *s, enum svg_class class, int x1, int y1, int x2,
	      int y2);

/* From the left end over to a label at the right one, first level. */
void svg_leader(struct svg *s, int x1, int y1, int x2, int y2);

/* @text from @x on, or up to @x if the class is one of those; its baseline is
 * at @y. */
void svg_text(struct svg *s, enum svg_class class, int x, int y,
	      const char *text);

/* The same with at most @most characters; a longer one ends with an ellipsis,
 * and a browser shows all of it. */
void svg_text_cut(struct svg *s, enum svg_class class, int x, int y,
		  const char *text, unsigned most);

/* @text in up to @lines lines, @step apart, of @most characters, broken at
 * spaces if there are any. */
void svg_paragraph(struct svg *s, enum svg_class class, int x, int y,
		   const char *text, unsigned most, unsigned lines, int step);

/*
 * The whole document, @width by @height, to be freed; what was drawn is
 * released. @title and @desc describe the picture for screen readers. -ENOMEM;
 * *@out is then untouched.
 */
int svg_finish(struct svg *s, int width, int height, const char *title,
	       const char *desc, char **out, struct err *e);

#endif
