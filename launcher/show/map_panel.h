/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One strip of guest memory, to scale, with a line of text for everything in
 * it.
 *
 *   Title                                   addresses run downwards;
 *   its range, and what a tick stands for   each line of words is as near to
 *   -.----.                                 its part of the strip as the
 *    |    |                                 others allow
 *   -|####|--. [] name      0x1000  24 KiB
 *    |    |   \[] name     0x20000    15 B
 *
 * Must never trust: where ranges lie, and how many there are.
 */
#ifndef SHOW_MAP_PANEL_H
#define SHOW_MAP_PANEL_H

#include "vm/memory_map.h"
#include "show/svg.h"

#define PANEL_WIDTH  (340 * SVG_PX)
#define PANEL_STRIP  (300 * SVG_PX) /* its height */
#define PANEL_HEIGHT (PANEL_STRIP + 52 * SVG_PX)
#define PANEL_STEP   (17 * SVG_PX) /* from one line of text to the next */

/* How many lines of text there is room for; if there are more, the smallest
 * ranges have no line. */
#define PANEL_LINES (PANEL_STRIP / PANEL_STEP)

/* A part of guest memory with a strip of its own. */
struct map_window {
	const char *title;
	const char *name; /* where it is one part of a larger one */
	uint64_t from, to;
	const struct map_window *within; /* NULL: it is the whole memory */
};

/* What is drawn in a window: the ranges in it that are not in a smaller window,
 * and those windows. */
struct map_panel {
	const struct memory_map *map;
	const struct map_window *windows; /* all there are, the whole first */
	unsigned count;
	unsigned which;
};

void map_panel_draw(struct svg *s, const struct map_panel *p, int x, int y);

/* How a kind of range is drawn. */
enum svg_class map_kind_class(enum range_kind kind);

#endif
