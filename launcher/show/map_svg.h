/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory as a picture: the whole of it to scale, with small parts
 * enlarged.
 *
 *   the whole address space    the kernel
 *   the first MiB              the first 64 KiB
 *
 * Everything is named once, in the strip that shows it largest.
 */
#ifndef SHOW_MAP_SVG_H
#define SHOW_MAP_SVG_H

#include "base/err.h"
#include "vm/memory_map.h"
#include "show/svg.h"

#define PICTURE_WIDTH  (740 * SVG_PX)
#define PICTURE_MARGIN (20 * SVG_PX)

/* The name of the image at @path: its last component. */
const char *picture_name(const char *path);

/* The title of a map. */
struct map_words {
	char title[512];
	char below[128];
};

/* @path: of the image; @protocol: by which it is entered. */
void map_words_make(struct map_words *w, const char *path, uint64_t mem,
		    const char *protocol);

/* Draw it from @y on; returns its end. */
int map_draw(struct svg *s, const struct memory_map *map, int y);

/* A picture of that alone, with @title and, below it, @words: as text, to be
 * freed. -ENOMEM; *@out is then untouched. */
int map_svg(const struct memory_map *map, const char *title, const char *words,
	    char **out, struct err *e);

#endif
