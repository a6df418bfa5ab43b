/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/map_svg.h"

#include <stdio.h>
#include <string.h>

#include "show/map_panel.h"
#include "show/scale.h"

#define GUTTER	(PICTURE_WIDTH - 2 * PICTURE_MARGIN - 2 * PANEL_WIDTH)
#define ROW_GAP (18 * SVG_PX)

#define SMALL_END 0x10000 /* parts below it are too small for the MiB */

enum { WHOLE, KERNEL, FIRST_MIB, SMALL, WINDOWS };

/* A kernel's parts, and the room it has to itself. */
static bool is_kernel(const struct map_range *r)
{
	return r->kind >= RANGE_TEXT && r->kind <= RANGE_ROOM &&
	       r->gpa >= HIMEM_START;
}

static void find_whole(const struct memory_map *map, struct map_window *w)
{
	*w = (struct map_window){ "The whole address space", NULL, 0,
				  GUEST_MEM_HIGH, NULL };
	for (unsigned i = 0; i < map->count; i++) {
		const struct map_range *r = &map->list[i];

		if (range_is_told(r->kind) && r->gpa + r->size > w->to)
			w->to = r->gpa + r->size;
	}
}

/* False if there is none. */
static bool find_kernel(const struct memory_map *map,
			const struct map_window *whole, struct map_window *w)
{
	*w = (struct map_window){ "The kernel", "kernel: see there", UINT64_MAX,
				  0, whole };
	for (unsigned i = 0; i < map->count; i++) {
		const struct map_range *r = &map->list[i];

		if (!is_kernel(r))
			continue;
		if (r->gpa < w->from)
			w->from = r->gpa;
		if (r->gpa + r->size > w->to)
			w->to = r->gpa + r->size;
	}
	return w->from < w->to;
}

const char *picture_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!strcmp(path, "-"))
		return "standard input";
	return slash && slash[1] ? slash + 1 : path;
}

void map_words_make(struct map_words *w, const char *path, uint64_t mem,
		    const char *protocol)
{
	struct amount size;

	snprintf(w->title, sizeof(w->title), "Guest memory of %s",
		 picture_name(path));
	snprintf(w->below, sizeof(w->below),
		 "%s of RAM, the kernel entered by %s; addresses run downwards",
		 amount_bytes(&size, mem), protocol);
}

int map_draw(struct svg *s, const struct memory_map *map, int y)
{
	struct map_window windows[WINDOWS];
	const int right = PICTURE_MARGIN + PANEL_WIDTH + GUTTER;
	const int below = y + PANEL_HEIGHT + ROW_GAP;
	const struct {
		unsigned which;
		int x, y;
	} places[WINDOWS] = {
		{ WHOLE, PICTURE_MARGIN, y },
		{ KERNEL, right, y },
		{ FIRST_MIB, PICTURE_MARGIN, below },
		{ SMALL, right, below },
	};
	bool kernel;

	find_whole(map, &windows[WHOLE]);
	kernel = find_kernel(map, &windows[WHOLE], &windows[KERNEL]);
	/* A window outside of all strips has none. */
	if (!kernel)
		windows[KERNEL].within = NULL;
	windows[FIRST_MIB] =
		(struct map_window){ "The first MiB", "first MiB: see below", 0,
				     HIMEM_START, &windows[WHOLE] };
	windows[SMALL] = (struct map_window){ "The first 64 KiB",
					      "first 64 KiB: see there", 0,
					      SMALL_END, &windows[FIRST_MIB] };
	for (unsigned i = 0; i < WINDOWS; i++) {
		struct map_panel panel = { map, windows, WINDOWS,
					   places[i].which };

		if (places[i].which != KERNEL || kernel)
			map_panel_draw(s, &panel, places[i].x, places[i].y);
		else
			svg_text(s, SVG_FAINT, right, y + 12 * SVG_PX,
				 "No kernel was loaded.");
	}
	return below + PANEL_HEIGHT;
}

int map_svg(const struct memory_map *map, const char *title, const char *words,
	    char **out, struct err *e)
{
	struct svg s = { 0 };
	int end;

	svg_text_cut(&s, SVG_TITLE, PICTURE_MARGIN, 34 * SVG_PX, title, 60);
	svg_text_cut(&s, SVG_FAINT, PICTURE_MARGIN, 54 * SVG_PX, words, 100);
	end = map_draw(&s, map, 74 * SVG_PX);
	return svg_finish(&s, PICTURE_WIDTH, end + PICTURE_MARGIN, title, words,
			  out, e);
}
