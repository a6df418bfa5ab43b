/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The style of the parts of a picture.
 *
 * Colours come in pairs, for light and for dark themes; the browser chooses
 * (prefers-color-scheme). They are not the only information: every coloured
 * part also has its name next to it.
 */
#ifndef SHOW_SVG_STYLE_H
#define SHOW_SVG_STYLE_H

#include "base/buf.h"

enum svg_class {
	SVG_PAGE, /* what everything is drawn on */
	/* Text. _END: it ends where it is put. */
	SVG_TITLE,
	SVG_HEAD,
	SVG_WORDS,
	SVG_WORDS_END,
	SVG_FAINT,
	SVG_FAINT_END,
	SVG_FAINT_MID,
	SVG_CODE_END, /* addresses */
	/* Lines. */
	SVG_GRID,
	SVG_TICK,
	SVG_LEADER,
	SVG_FRAME, /* around a strip */
	/* Areas: what a guest is told its memory is ... */
	SVG_RAM,
	SVG_RESERVED,
	SVG_HOLE,
	/* ... what lies there ... */
	SVG_TEXT,
	SVG_RODATA,
	SVG_DATA,
	SVG_INIT,
	SVG_BSS,
	SVG_IMAGE,
	SVG_ROOM,
	SVG_INITRD,
	SVG_TABLE,
	SVG_DEVICE,
	SVG_ENTRY,
	SVG_ZOOM, /* drawn larger elsewhere */
	/* ... and what took time. */
	SVG_LAUNCHER,
	SVG_BESIDES, /* the launcher, on another thread */
	SVG_GUEST,
	SVG_FAILED,
	SVG_CLASSES, /* how many */
};

/* The contrast that a colour must have. */
enum svg_role {
	SVG_ROLE_PAGE,
	SVG_ROLE_WORDS, /* text: 4.5 to 1 from the page */
	SVG_ROLE_MARK,	/* 3 to 1 from the page and from SVG_RAM */
	SVG_ROLE_BACK,	/* a background, framed; it has no meaning */
};

struct svg_look {
	const char *name; /* of the CSS class */
	enum svg_role role;
	const char *light, *dark; /* "#rrggbb" */
	const char *css;	  /* the property that has it, and others */
};

extern const struct svg_look svg_looks[SVG_CLASSES];

/* The style sheet. The dark half stands in lines of its own. */
void svg_style(struct buf *out);

/* Patterns that the style sheet refers to. */
void svg_patterns(struct buf *out);

#endif
