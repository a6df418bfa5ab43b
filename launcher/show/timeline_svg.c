/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/timeline_svg.h"

#include <assert.h>
#include <stdio.h>

#include "show/map_svg.h"
#include "show/scale.h"

/* Columns, and where rows lie in them. */
#define BARS_AT	  (190 * SVG_PX)
#define BARS_W	  (386 * SVG_PX)
#define TIME_END  (652 * SVG_PX)
#define SHARE_END (PICTURE_WIDTH - PICTURE_MARGIN)
#define ROW	  (22 * SVG_PX)
#define BAR	  (12 * SVG_PX)
#define HEAD	  (14 * SVG_PX) /* from a heading to the first row */
#define AXIS	  (18 * SVG_PX) /* room for its numbers */

#define TICKS_MAX 6

#define NAME_MAX_CHARS 24

static const enum svg_class classes[] = {
	[PHASE_LAUNCHER] = SVG_LAUNCHER,
	[PHASE_BESIDES] = SVG_BESIDES,
	[PHASE_GUEST] = SVG_GUEST,
	[PHASE_FAILED] = SVG_FAILED,
};

void phases_add(struct phases *p, const char *name, enum phase_kind kind,
		uint64_t from, uint64_t to)
{
	assert(p->count < PHASES_MAX);
	p->list[p->count++] = (struct phase){ name, kind, from,
					      to > from ? to : from };
}

static uint64_t phases_end(const struct phases *p)
{
	uint64_t end = 1; /* of a scale that has a length */

	for (unsigned i = 0; i < p->count; i++)
		if (p->list[i].to > end)
			end = p->list[i].to;
	return end;
}

static void draw_axis(struct svg *s, const struct scale *scale, int top,
		      int bottom)
{
	uint64_t tick = scale_tick(scale->to, TICKS_MAX);

	for (uint64_t i = 0; i <= scale->to / tick; i++) {
		uint64_t at = i * tick;
		int x = scale_pos(scale, at);
		struct amount text;

		svg_line(s, SVG_GRID, x, top, x, bottom);
		svg_text(s, SVG_FAINT_MID, x, bottom + 14 * SVG_PX,
			 amount_tick(&text, at, scale->to));
	}
}

static void draw_row(struct svg *s, const struct scale *scale,
		     const struct phase *p, uint64_t whole, int y)
{
	int from = scale_pos(scale, p->from), to = scale_pos(scale, p->to);
	int base = y + ROW / 2 + 4 * SVG_PX;
	struct amount text, begin;
	char tip[128], name[64];

	/* Every phase is visible, even if it is short. */
	if (to - from < SVG_PX)
		to = from + SVG_PX;
	snprintf(tip, sizeof(tip), "%s: %s, from %s on", p->name,
		 amount_time(&text, p->to - p->from),
		 amount_time(&begin, p->from));
	snprintf(name, sizeof(name), "%s%s", p->name,
		 p->kind == PHASE_FAILED ? ": failed" : "");
	svg_text_cut(s, SVG_WORDS, PICTURE_MARGIN, base, name, NAME_MAX_CHARS);
	svg_rect(s, classes[p->kind],
		 (struct svg_box){ from, y + (ROW - BAR) / 2, to - from, BAR },
		 tip);
	svg_text(s, SVG_WORDS_END, TIME_END, base,
		 amount_time(&text, p->to - p->from));
	svg_text(s, SVG_FAINT_END, SHARE_END, base,
		 amount_share(&text, p->to - p->from, whole));
}

/* Returns where it ends. @whole: what the shares are of. */
static int draw_phases(struct svg *s, const struct phases *p, const char *title,
		       uint64_t whole, int y)
{
	const struct scale scale = { 0, phases_end(p), BARS_AT, BARS_W };
	int top = y + HEAD + 4 * SVG_PX;
	int bottom = top + (int)p->count * ROW;
	char zoom[32], head[128];
	struct amount span;

	snprintf(head, sizeof(head), "%s: %s", title,
		 amount_time(&span, scale.to));
	svg_text(s, SVG_HEAD, PICTURE_MARGIN, y + 12 * SVG_PX, head);
	if (whole / scale.to > 1) {
		snprintf(zoom, sizeof(zoom), "%llu\xc3\x97",
			 (unsigned long long)(whole / scale.to));
		svg_text(s, SVG_FAINT_END, SHARE_END, y + 12 * SVG_PX, zoom);
	}
	draw_axis(s, &scale, top, bottom);
	for (unsigned i = 0; i < p->count; i++)
		draw_row(s, &scale, &p->list[i], whole, top + (int)i * ROW);
	return bottom + AXIS;
}

int timeline_svg(const struct timeline *t, char **out, struct err *e)
{
	bool ran = t->whole.count;
	uint64_t whole = phases_end(ran ? &t->whole : &t->launcher);
	struct svg s = { 0 };
	int y = 92 * SVG_PX;
	char title[512];

	snprintf(title, sizeof(title), "Boot of %s", picture_name(t->image));
	svg_text_cut(&s, SVG_TITLE, PICTURE_MARGIN, 34 * SVG_PX, title, 60);
	svg_text_cut(&s, SVG_FAINT, PICTURE_MARGIN, 54 * SVG_PX, t->machine,
		     100);
	svg_paragraph(&s, SVG_FAINT, PICTURE_MARGIN, 71 * SVG_PX, t->verdict,
		      100, 2, 16 * SVG_PX);
	y += 16 * SVG_PX;
	if (ran)
		y = draw_phases(&s, &t->whole, "The whole run", whole, y) +
		    16 * SVG_PX;
	y = draw_phases(&s, &t->launcher,
			ran ? "Before the first instruction"
			    : "No instruction was run",
			whole, y);
	if (t->map->count) {
		y += 16 * SVG_PX;
		svg_line(&s, SVG_GRID, PICTURE_MARGIN, y, SHARE_END, y);
		y = map_draw(&s, t->map, y + 16 * SVG_PX);
	}
	return svg_finish(&s, PICTURE_WIDTH, y + PICTURE_MARGIN, title,
			  t->verdict, out, e);
}
