/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/map_panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "show/labels.h"
#include "show/scale.h"

/* Columns of a panel, from its left edge. */
#define STRIP_AT  (8 * SVG_PX)
#define STRIP_W	  (46 * SVG_PX)
#define INSET	  (10 * SVG_PX) /* of what lies in RAM */
#define STRIP_END (STRIP_AT + STRIP_W)
#define SWATCH_AT (STRIP_END + 24 * SVG_PX)
#define SWATCH	  (8 * SVG_PX)
#define NAME_AT	  (SWATCH_AT + 13 * SVG_PX)
#define ADDR_END  (PANEL_WIDTH - 66 * SVG_PX)
#define TICK	  (5 * SVG_PX)
#define STRIP_TOP (40 * SVG_PX)

/* What a character takes in the widest of usual fonts. */
#define NAME_CHAR 70
#define ADDR_CHAR 67

#define TICKS_MAX 16

#define ITEMS_MAX (MEMORY_MAP_MAX + 4)

/* Something to draw: a range, or a window of which there is more elsewhere. */
struct item {
	uint64_t gpa, size;
	enum svg_class class;
	const char *name;
	bool told;
	bool named;
	int top, bottom;
};

struct items {
	struct item list[ITEMS_MAX];
	unsigned count;
	struct scale scale;
};

/* clang-format off */
static const enum svg_class classes[RANGE_KINDS] = {
	[RANGE_RAM] = SVG_RAM, [RANGE_RESERVED] = SVG_RESERVED,
	[RANGE_HOLE] = SVG_HOLE, [RANGE_TEXT] = SVG_TEXT,
	[RANGE_RODATA] = SVG_RODATA, [RANGE_DATA] = SVG_DATA,
	[RANGE_INIT] = SVG_INIT, [RANGE_BSS] = SVG_BSS,
	[RANGE_IMAGE] = SVG_IMAGE, [RANGE_ROOM] = SVG_ROOM,
	[RANGE_INITRD] = SVG_INITRD, [RANGE_TABLE] = SVG_TABLE,
	[RANGE_DEVICE] = SVG_DEVICE, [RANGE_ENTRY] = SVG_ENTRY,
};
/* clang-format on */

enum svg_class map_kind_class(enum range_kind kind)
{
	return classes[kind];
}

/* Whether all of it lies in @w. */
static bool inside(uint64_t gpa, uint64_t size, const struct map_window *w)
{
	return gpa >= w->from && gpa < w->to && size <= w->to - gpa;
}

/* Whether a window within the panel's shows it, larger. */
static bool shown_elsewhere(const struct map_panel *p, uint64_t gpa,
			    uint64_t size)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->windows[i].within == &p->windows[p->which] &&
		    inside(gpa, size, &p->windows[i]))
			return true;
	return false;
}

static void add_item(struct items *all, const struct map_window *w,
		     struct item item)
{
	uint64_t end = item.gpa + item.size;
	struct item *i = &all->list[all->count++];

	*i = item;
	i->top = scale_pos(&all->scale,
			   item.gpa < w->from ? w->from : item.gpa);
	i->bottom = scale_pos(&all->scale, end > w->to ? w->to : end);
	/* Everything is visible, even if it is small. */
	if (i->bottom - i->top < SVG_PX)
		i->bottom = i->top + SVG_PX;
	if (i->bottom > all->scale.at + all->scale.len) {
		i->bottom = all->scale.at + all->scale.len;
		i->top = i->bottom - SVG_PX;
	}
}

static bool overlaps(const struct map_range *r, const struct map_window *w)
{
	return r->gpa < w->to &&
	       (r->gpa >= w->from || r->size > w->from - r->gpa);
}

static void collect(struct items *all, const struct map_panel *p)
{
	const struct map_window *w = &p->windows[p->which];

	for (unsigned i = 0; i < p->map->count; i++) {
		const struct map_range *r = &p->map->list[i];
		bool told = range_is_told(r->kind);
		bool here = inside(r->gpa, r->size, w) &&
			    !shown_elsewhere(p, r->gpa, r->size);

		/* Ranges that a larger window names are background here. */
		if (!here && !(told && overlaps(r, w)))
			continue;
		add_item(all, w,
			 (struct item){ .gpa = r->gpa,
					.size = r->size,
					.class = map_kind_class(r->kind),
					.name = r->name,
					.told = told,
					.named = here });
	}
	for (unsigned i = 0; i < p->count; i++) {
		const struct map_window *part = &p->windows[i];

		if (part->within == w)
			add_item(all, w,
				 (struct item){ .gpa = part->from,
						.size = part->to - part->from,
						.class = SVG_ZOOM,
						.name = part->name,
						.named = true });
	}
}

static void draw_strip(struct svg *s, const struct items *all, bool told, int x)
{
	for (unsigned n = 0; n < all->count; n++) {
		const struct item *i = &all->list[n];
		int inset = told ? 0 : INSET;
		struct amount size;
		char tip[128];

		if (i->told != told)
			continue;
		snprintf(tip, sizeof(tip),
			 "%s: 0x%" PRIx64 " to 0x%" PRIx64 ", %s", i->name,
			 i->gpa, i->gpa + i->size,
			 amount_bytes(&size, i->size));
		svg_rect(s, i->class,
			 (struct svg_box){ x + STRIP_AT + inset, i->top,
					   STRIP_W - inset,
					   i->bottom - i->top },
			 i->named ? tip : NULL);
	}
}

/*
 * The middle of what can be seen of @i: of the largest part that nothing is
 * drawn over. What is told is drawn first, all others over it. Each turn looks
 * at one part, from @at:
 *
 *   i->top    +--------+ <- at
 *             |        |    a part that is seen; it may be empty
 *             | +----+ | <- stop: the first of the others begins
 *             | |    | |
 *             | +----+ | <- next: it ends, which is the next turn's @at
 *             |        |
 *   i->bottom +--------+
 */
static int anchor(const struct items *all, const struct item *i)
{
	int best = 0, at = i->top, middle = (i->top + i->bottom) / 2;

	if (!i->told)
		return middle;
	while (at < i->bottom) {
		int stop = i->bottom, next = i->bottom;

		/* Up to the beginning of the next one, and on from its end. */
		for (unsigned n = 0; n < all->count; n++) {
			const struct item *o = &all->list[n];

			if (o->told || o->bottom <= at || o->top > stop)
				continue;
			if (o->top < stop || o->bottom > next)
				next = o->bottom;
			stop = o->top > at ? o->top : at;
		}
		if (stop - at > best) {
			best = stop - at;
			middle = at + best / 2;
		}
		at = next > at ? next : i->bottom;
	}
	return middle;
}

/* The entry first, which has no size to count by. */
static int by_size(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a;
	const struct item *y = *(const struct item *const *)b;
	bool entry = x->class == SVG_ENTRY;

	if (entry != (y->class == SVG_ENTRY))
		return entry ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

struct line {
	const struct item *item;
	struct label label;
};

static int by_anchor(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->label.want != y->label.want)
		return x->label.want < y->label.want ? -1 : 1;
	return x->item->gpa < y->item->gpa ? -1 : x->item->gpa > y->item->gpa;
}

/* The ranges to name, as many as there is room for: the largest. */
static unsigned choose_lines(const struct items *all, struct line *lines,
			     unsigned *left_out)
{
	const struct item *named[ITEMS_MAX];
	unsigned count = 0, n;

	for (unsigned i = 0; i < all->count; i++)
		if (all->list[i].named)
			named[count++] = &all->list[i];
	qsort(named, count, sizeof(*named), by_size);
	n = count > PANEL_LINES ? PANEL_LINES - 1 : count;
	*left_out = count - n;
	for (unsigned i = 0; i < n; i++)
		lines[i] = (struct line){ named[i],
					  { anchor(all, named[i]), 0 } };
	qsort(lines, n, sizeof(*lines), by_anchor);
	return n;
}

static void draw_line(struct svg *s, const struct line *l, int x)
{
	const struct item *i = l->item;
	int y = l->label.at;
	struct svg_box swatch = { x + SWATCH_AT, y - SWATCH / 2, SWATCH,
				  SWATCH };
	struct amount size;
	char addr[24];
	int room;

	room = ADDR_END - NAME_AT -
	       snprintf(addr, sizeof(addr), "0x%" PRIx64, i->gpa) * ADDR_CHAR;
	svg_leader(s, x + STRIP_END, l->label.want, swatch.x, y);
	svg_rect(s, i->class, swatch, NULL);
	svg_rect(s, SVG_FRAME, swatch, NULL);
	y += 4 * SVG_PX;
	svg_text_cut(s, SVG_WORDS, x + NAME_AT, y, i->name,
		     (unsigned)(room / NAME_CHAR));
	svg_text(s, SVG_CODE_END, x + ADDR_END, y, addr);
	if (i->size)
		svg_text(s, SVG_WORDS_END, x + PANEL_WIDTH, y,
			 amount_bytes(&size, i->size));
}

static void draw_lines(struct svg *s, const struct items *all, int x)
{
	struct line lines[PANEL_LINES];
	struct label labels[PANEL_LINES];
	unsigned left_out;
	unsigned n = choose_lines(all, lines, &left_out);
	int low = all->scale.at + PANEL_STEP / 2;
	int high = all->scale.at + all->scale.len - PANEL_STEP / 2;
	char more[64];

	_Static_assert(PANEL_LINES <= LABELS_MAX, "all can be placed");
	for (unsigned i = 0; i < n; i++)
		labels[i] = lines[i].label;
	labels_spread(labels, n, PANEL_STEP, low,
		      left_out ? high - PANEL_STEP : high);
	for (unsigned i = 0; i < n; i++) {
		lines[i].label = labels[i];
		draw_line(s, &lines[i], x);
	}
	if (!left_out)
		return;
	snprintf(more, sizeof(more), "and %u more", left_out);
	svg_text(s, SVG_FAINT, x + NAME_AT, high + 4 * SVG_PX, more);
}

static void draw_ticks(struct svg *s, const struct items *all, uint64_t tick,
		       int x)
{
	const struct scale *scale = &all->scale;
	uint64_t first = (tick - scale->from % tick) % tick;
	uint64_t span = scale->to - scale->from;
	uint64_t count = span < first ? 0 : (span - first) / tick + 1;

	for (uint64_t i = 0; i < count; i++) {
		int y = scale_pos(scale, scale->from + first + i * tick);

		svg_line(s, SVG_TICK, x + STRIP_AT - TICK, y, x + STRIP_AT, y);
	}
}

/* Its range, what a tick stands for, and how much it is enlarged. */
static void draw_head(struct svg *s, const struct map_panel *p, uint64_t tick,
		      int x, int y)
{
	const struct map_window *w = &p->windows[p->which];
	const struct map_window *whole = &p->windows[0];
	uint64_t zoom = (whole->to - whole->from) / (w->to - w->from);
	struct amount size, each;
	char text[128];

	svg_text(s, SVG_HEAD, x, y + 12 * SVG_PX, w->title);
	snprintf(text, sizeof(text), "%s from 0x%" PRIx64 ", a tick every %s",
		 amount_bytes(&size, w->to - w->from), w->from,
		 amount_bytes(&each, tick));
	svg_text(s, SVG_FAINT, x, y + 28 * SVG_PX, text);
	if (w == whole)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 "\xc3\x97", zoom);
	svg_text(s, SVG_FAINT_END, x + PANEL_WIDTH, y + 12 * SVG_PX, text);
}

void map_panel_draw(struct svg *s, const struct map_panel *p, int x, int y)
{
	const struct map_window *w = &p->windows[p->which];
	uint64_t tick = scale_tick2(w->to - w->from, TICKS_MAX);
	struct items all = {
		.scale = { w->from, w->to, y + STRIP_TOP, PANEL_STRIP },
	};

	collect(&all, p);
	draw_head(s, p, tick, x, y);
	draw_strip(s, &all, true, x);
	draw_strip(s, &all, false, x);
	svg_rect(s, SVG_FRAME,
		 (struct svg_box){ x + STRIP_AT, y + STRIP_TOP, STRIP_W,
				   PANEL_STRIP },
		 NULL);
	draw_ticks(s, &all, tick, x);
	draw_lines(s, &all, x);
}
