/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/svg_style.h"

#include <string.h>

#define SANS	"font-family:system-ui,-apple-system,'Segoe UI',sans-serif"
#define MONO	"font-family:ui-monospace,'DejaVu Sans Mono',monospace"
#define NUMBERS ";font-variant-numeric:tabular-nums"
#define END	";text-anchor:end"
#define WORDS	SANS ";font-size:12px"

/* clang-format off */
const struct svg_look svg_looks[SVG_CLASSES] = {
	[SVG_PAGE] = { "page", SVG_ROLE_PAGE, "#ffffff", "#0d1117", "" },

	[SVG_TITLE] = { "t", SVG_ROLE_WORDS, "#1f2328", "#f0f6fc",
			SANS ";font-size:17px;font-weight:600" },
	[SVG_HEAD] = { "h", SVG_ROLE_WORDS, "#1f2328", "#f0f6fc",
		       SANS ";font-size:13px;font-weight:600" },
	[SVG_WORDS] = { "w", SVG_ROLE_WORDS, "#1f2328", "#e6edf3", WORDS },
	[SVG_WORDS_END] = { "we", SVG_ROLE_WORDS, "#1f2328", "#e6edf3",
			    WORDS END NUMBERS },
	[SVG_FAINT] = { "f", SVG_ROLE_WORDS, "#59636e", "#9198a1", WORDS },
	[SVG_FAINT_END] = { "fe", SVG_ROLE_WORDS, "#59636e", "#9198a1",
			    WORDS END NUMBERS },
	[SVG_FAINT_MID] = { "fm", SVG_ROLE_WORDS, "#59636e", "#9198a1",
			    WORDS ";text-anchor:middle" NUMBERS },
	[SVG_CODE_END] = { "c", SVG_ROLE_WORDS, "#59636e", "#9198a1",
			   MONO ";font-size:11px" END },

	[SVG_GRID] = { "g", SVG_ROLE_BACK, "#d1d9e0", "#30363d", "" },
	[SVG_TICK] = { "k", SVG_ROLE_MARK, "#818b98", "#7d8590", "" },
	[SVG_LEADER] = { "l", SVG_ROLE_MARK, "#818b98", "#7d8590", "" },
	[SVG_FRAME] = { "b", SVG_ROLE_MARK, "#818b98", "#7d8590", "" },

	[SVG_RAM] = { "ram", SVG_ROLE_BACK, "#f1f4f7", "#161b22", "" },
	[SVG_RESERVED] = { "res", SVG_ROLE_BACK, "#d1d9e0", "#3d444d", "" },
	[SVG_HOLE] = { "hole", SVG_ROLE_MARK, "#818b98", "#7d8590", "" },

	[SVG_TEXT] = { "text", SVG_ROLE_MARK, "#0969da", "#58a6ff", "" },
	[SVG_RODATA] = { "ro", SVG_ROLE_MARK, "#0e7490", "#39c5cf", "" },
	[SVG_DATA] = { "data", SVG_ROLE_MARK, "#8250df", "#bc8cff", "" },
	[SVG_INIT] = { "init", SVG_ROLE_MARK, "#bf3989", "#f778ba", "" },
	[SVG_BSS] = { "bss", SVG_ROLE_MARK, "#6e7781", "#b1bac4", "" },
	[SVG_IMAGE] = { "img", SVG_ROLE_MARK, "#9a6700", "#d29922", "" },
	[SVG_ROOM] = { "room", SVG_ROLE_MARK, "#0969da", "#58a6ff", "" },
	[SVG_INITRD] = { "rd", SVG_ROLE_MARK, "#1a7f37", "#3fb950", "" },
	[SVG_TABLE] = { "tab", SVG_ROLE_MARK, "#bc4c00", "#f0883e", "" },
	[SVG_DEVICE] = { "dev", SVG_ROLE_MARK, "#cf222e", "#ff7b72", "" },
	[SVG_ENTRY] = { "ent", SVG_ROLE_MARK, "#1f2328", "#f0f6fc", "" },
	[SVG_ZOOM] = { "zoom", SVG_ROLE_MARK, "#424a53", "#9ea7b3", "" },

	[SVG_LAUNCHER] = { "lau", SVG_ROLE_MARK, "#0969da", "#58a6ff", "" },
	[SVG_BESIDES] = { "bes", SVG_ROLE_MARK, "#8250df", "#bc8cff", "" },
	[SVG_GUEST] = { "gst", SVG_ROLE_MARK, "#1a7f37", "#3fb950", "" },
	[SVG_FAILED] = { "bad", SVG_ROLE_MARK, "#cf222e", "#ff7b72", "" },
};
/* clang-format on */

static void put(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static bool is_line(enum svg_class c)
{
	return c >= SVG_GRID && c <= SVG_LEADER;
}

/* Stripes instead of an area, so that it is not taken for a range. */
static bool is_striped(enum svg_class c)
{
	return c == SVG_HOLE || c == SVG_ROOM;
}

static void put_rule(struct buf *out, enum svg_class c, const char *colour)
{
	const struct svg_look *look = &svg_looks[c];

	put(out, ".");
	put(out, look->name);
	if (c == SVG_FRAME)
		put(out, "{fill:none;stroke:");
	else
		put(out, is_line(c) ? "{stroke:" : "{fill:");
	put(out, colour);
	put(out, "}\n");
}

static void put_patterned(struct buf *out, enum svg_class c)
{
	const char *name = svg_looks[c].name;

	put(out, ".");
	put(out, name);
	put(out, "{fill:url(#");
	put(out, name);
	put(out, ")}\n.p");
	put(out, name);
	put(out, "{fill:none;stroke-width:1.4}\n");
}

static void put_stripe(struct buf *out, enum svg_class c, const char *colour)
{
	put(out, ".p");
	put(out, svg_looks[c].name);
	put(out, "{stroke:");
	put(out, colour);
	put(out, "}\n");
}

static void put_colours(struct buf *out, bool dark)
{
	for (enum svg_class c = 0; c < SVG_CLASSES; c++) {
		const char *colour = dark ? svg_looks[c].dark
					  : svg_looks[c].light;

		if (is_striped(c))
			put_stripe(out, c, colour);
		else
			put_rule(out, c, colour);
	}
}

void svg_style(struct buf *out)
{
	put(out, "<style>\nsvg{color-scheme:light dark;max-width:1000px}\n"
		 "line,path{stroke-width:1;fill:none}\n");
	for (enum svg_class c = 0; c < SVG_CLASSES; c++) {
		if (is_striped(c))
			put_patterned(out, c);
		if (!*svg_looks[c].css)
			continue;
		put(out, ".");
		put(out, svg_looks[c].name);
		put(out, "{");
		put(out, svg_looks[c].css);
		put(out, "}\n");
	}
	put_colours(out, false);
	put(out, "@media (prefers-color-scheme:dark){\n");
	put_colours(out, true);
	put(out, "}\n</style>\n");
}

void svg_patterns(struct buf *out)
{
	static const char *const ways[] = { "M-1,1L1,-1M0,6L6,0M5,7L7,5",
					    "M-1,5L1,7M0,0L6,6M5,-1L7,1" };

	put(out, "<defs>\n");
	for (enum svg_class c = 0; c < SVG_CLASSES; c++) {
		if (!is_striped(c))
			continue;
		put(out, "<pattern id=\"");
		put(out, svg_looks[c].name);
		put(out, "\" width=\"6\" height=\"6\" "
			 "patternUnits=\"userSpaceOnUse\"><path class=\"p");
		put(out, svg_looks[c].name);
		put(out, "\" d=\"");
		put(out, ways[c == SVG_ROOM]);
		put(out, "\"/></pattern>\n");
	}
	put(out, "</defs>\n");
}
