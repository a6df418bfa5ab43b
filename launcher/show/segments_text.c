/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The segment table, with columns as wide as their contents.
 *
 *   type  flags    offset               vaddr      paddr  ...
 *   LOAD  r-x    0x200000  0xffffffff81000000  0x1000000  ...
 *
 * Numbers chosen to be wide can make that wider than a line. Then every
 * segment becomes a line of its own, with the column's name before each
 * number.
 */
#include "show/segments_text.h"

#include <stdio.h>
#include <string.h>

#include "show/names.h"

#define COLUMNS	     8
#define TEXT_COLUMNS 2 /* the first ones: flush left */
#define GAP	     2

static const char *const titles[COLUMNS] = {
	"type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align",
};

struct row {
	char cells[COLUMNS][sizeof(struct name_buf)];
};

static void fill_row(struct row *r, const struct elf_segment *s)
{
	const uint64_t numbers[] = { s->off,	s->vaddr, s->paddr,
				     s->filesz, s->memsz, s->align };
	struct name_buf buf;
	const char *type = segment_type_name(s->type, &buf);

	/* "PT_" says nothing in a table of segments. */
	type += !strncmp(type, "PT_", 3) ? 3 : 0;
	snprintf(r->cells[0], sizeof(r->cells[0]), "%s", type);
	segment_flags_name(s->flags, &buf);
	memcpy(r->cells[1], buf.text, sizeof(r->cells[1]));
	for (unsigned i = TEXT_COLUMNS; i < COLUMNS; i++)
		snprintf(r->cells[i], sizeof(r->cells[i]), "0x%llx",
			 (unsigned long long)numbers[i - TEXT_COLUMNS]);
}

struct widths {
	unsigned of[COLUMNS];
	unsigned total;
};

static void measure(struct widths *w, const struct kernel_elf *k)
{
	struct row r;

	w->total = TEXT_INDENT + GAP * (COLUMNS - 1);
	for (unsigned c = 0; c < COLUMNS; c++)
		w->of[c] = strlen(titles[c]);
	for (unsigned i = 0; i < k->segments_count; i++) {
		fill_row(&r, &k->segments[i]);
		for (unsigned c = 0; c < COLUMNS; c++)
			if (strlen(r.cells[c]) > w->of[c])
				w->of[c] = strlen(r.cells[c]);
	}
	for (unsigned c = 0; c < COLUMNS; c++)
		w->total += w->of[c];
}

static void show_cell(struct text *t, const char *cell, unsigned c,
		      const struct widths *w)
{
	if (c)
		text_say(t, "%*s", GAP, "");
	text_say(t, c < TEXT_COLUMNS ? "%-*s" : "%*s", (int)w->of[c], cell);
}

static void show_table(struct text *t, const struct kernel_elf *k,
		       const struct widths *w)
{
	struct row r;

	text_cell(t, TEXT_INDENT);
	for (unsigned c = 0; c < COLUMNS; c++)
		show_cell(t, titles[c], c, w);
	text_end(t);
	for (unsigned i = 0; i < k->segments_count; i++) {
		fill_row(&r, &k->segments[i]);
		text_cell(t, TEXT_INDENT);
		for (unsigned c = 0; c < COLUMNS; c++)
			show_cell(t, r.cells[c], c, w);
		text_end(t);
	}
}

static void show_list(struct text *t, const struct kernel_elf *k)
{
	struct row r;

	for (unsigned i = 0; i < k->segments_count; i++) {
		fill_row(&r, &k->segments[i]);
		text_key(t, r.cells[0]);
		text_say(t, "%s", r.cells[1]);
		for (unsigned c = TEXT_COLUMNS; c < COLUMNS; c++)
			text_say(t, ", %s %s", titles[c], r.cells[c]);
		text_end(t);
	}
}

void segments_text(struct text *t, const struct kernel_elf *k)
{
	struct widths w;

	text_title(t, "Segments (%u)", k->segments_count);
	measure(&w, k);
	if (w.total <= TEXT_WIDTH)
		show_table(t, k, &w);
	else
		show_list(t, k);
}
