/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/inspect_diff.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "show/content.h"
#include "show/inspect_tree.h"
#include "base/json.h"
#include "show/tree_diff.h"

const char *const diff_parts[] = { "header",  "notes", "segments",
				   "payload", "plan",  NULL };

/*
 * The heading of a key of the tree: the first row whose keys are the beginning
 * of the path. A key without a row belongs to the header.
 */
static const struct {
	const char *keys[2];
	const char *part; /* NULL: not compared */
} places[] = {
	{ { "file" }, NULL },
	{ { "size" }, "payload" },
	/* Sections move and may share names; their contents are compared. */
	{ { "uki", "sections" }, NULL },
	{ { "uki", "kernel_offset" }, NULL },
	{ { "uki" }, "payload" },
	{ { "payload" }, "payload" },
	{ { "no_payload" }, "payload" },
	{ { "relocations" }, "payload" },
	{ { "no_relocations" }, "payload" },
	{ { "elf", "size" }, "payload" },
	{ { "elf", "notes" }, "notes" },
	{ { "elf", "notes_source" }, "notes" },
	{ { "elf", "notes_padding" }, "notes" },
	{ { "elf", "notes_incomplete" }, "notes" },
	{ { "elf", "notes_unusable" }, "notes" },
	{ { "elf" }, "segments" },
	{ { "boot" }, "plan" },
	{ { "kaslr" }, "plan" },
};

static bool is_at(const json_t *path, const char *const *keys)
{
	for (size_t i = 0; i < 2 && keys[i]; i++) {
		const json_t *key = json_array_get(path, i);

		if (!key || strcmp(json_string_value(key), keys[i]))
			return false;
	}
	return true;
}

static const char *part_of(const json_t *path)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (is_at(path, places[i].keys))
			return places[i].part;
	return "header";
}

static json_t *crc_json(struct bytes b)
{
	return json_hex(crc32_z(0, b.data, b.len));
}

/* Where offset @off of @in's decoded payload is. */
static json_t *place_json(const struct inspection *in, uint64_t off)
{
	int at = content_segment(&in->elf, off);
	const struct elf_segment *s = &in->elf.segments[at < 0 ? 0 : at];
	unsigned loads = 0;

	if (at < 0)
		return json_pack("{s:o, s:n, s:n}", "offset", json_hex(off),
				 "segment", "address");
	for (int i = 0; i < at; i++)
		loads += in->elf.segments[i].type == PT_LOAD;
	return json_pack("{s:o, s:o, s:o}", "offset", json_hex(off), "segment",
			 json_sprintf("PT_LOAD[%u]", loads), "address",
			 json_hex(s->paddr + (off - s->off)));
}

static json_t *content_json(struct walk *w, const struct inspection *a,
			    const struct inspection *b)
{
	struct content c;
	struct err e;
	json_t *all;

	if (!a->has_elf || !b->has_elf)
		return json_null();
	if (content_compare(a, b, &c, &e))
		return NULL;
	all = json_pack("{s:o, s:o, s:o, s:o}", "crc32_a",
			crc_json(a->decoded.bytes), "crc32_b",
			crc_json(b->decoded.bytes), "different_bytes",
			json_amount(c.different), "first_difference",
			c.different ? place_json(a, c.first) : json_null());
	if (!all || !c.different)
		return all;
	w->no_memory |= json_array_clear(w->path);
	walk_enter(w, "payload");
	walk_compare_key(w, "content_crc32", json_object_get(all, "crc32_a"),
			 json_object_get(all, "crc32_b"));
	return all;
}

/* The section of a PE file that has the byte at @off. */
static const char *section_at(const struct pe *pe, uint64_t off)
{
	for (unsigned i = 0; i < pe->count; i++)
		if (off >= pe->sections[i].off &&
		    off - pe->sections[i].off < pe->sections[i].data.len)
			return pe->sections[i].name;
	return "PE headers and padding";
}

/* Which part of the file offset @off lies in. */
static const char *region_of(const struct image *img, uint64_t off)
{
	const struct payload *p = &img->payload;
	uint64_t start = (uint64_t)(img->bytes.data - img->whole.data);

	if (off < start || off - start >= img->bytes.len)
		return section_at(&img->uki.pe, off);
	if (img->has_payload && off >= p->file_off &&
	    off - p->file_off < p->stream.len)
		return "payload";
	if (img->kind == IMAGE_BZIMAGE && off - start < img->hdr.code_off)
		return "setup code";
	return img->kind == IMAGE_BZIMAGE ? "protected-mode code" : "file";
}

/* No named value differs: is it the same file? */
static void compare_files(struct walk *w, const struct inspection *a,
			  const struct inspection *b)
{
	struct bytes x = a->img.whole, y = b->img.whole;
	struct content c = { 0 };
	json_t *from, *to;
	char where[32];

	content_span(&c, x, y, 0, UINT64_MAX);
	if (!c.different)
		return;
	snprintf(where, sizeof(where), "0x%llx", (unsigned long long)c.first);
	from = json_sprintf("0x%02x", x.data[c.first]);
	to = json_sprintf("0x%02x", y.data[c.first]);
	w->no_memory |= json_array_clear(w->path);
	walk_enter(w, "payload");
	walk_enter(w, "byte of the file");
	walk_enter(w, region_of(&a->img, c.first));
	walk_compare_key(w, where, from, to);
	json_decref(from);
	json_decref(to);
}

static json_t *same_parts(const json_t *found)
{
	json_t *same = json_array(), *one;
	size_t n;

	for (unsigned i = 0; diff_parts[i]; i++) {
		bool differs = false;

		json_array_foreach(found, n, one) differs |= !strcmp(
			diff_parts[i],
			json_string_value(json_object_get(one, "part")));
		if (!differs)
			same = json_push(same, json_string(diff_parts[i]));
	}
	return same;
}

static json_t *make(struct walk *w, const struct inspection *a,
		    const struct inspection *b)
{
	json_t *x = inspection_tree(a), *y = inspection_tree(b), *content;

	w->path = json_array();
	w->found = json_array();
	w->no_memory = !x || !y || !w->path || !w->found;
	walk_compare(w, x, y);
	json_decref(x);
	json_decref(y);
	content = content_json(w, a, b);
	if (!json_array_size(w->found))
		compare_files(w, a, b);
	if (w->no_memory) {
		json_decref(content);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:b, s:o, s:O, s:o}", "a",
			 json_text(a->path), "b", json_text(b->path), "equal",
			 !json_array_size(w->found), "same",
			 same_parts(w->found), "differences", w->found,
			 "content", content);
}

int inspection_diff(const struct inspection *a, const struct inspection *b,
		    json_t **diff, struct err *e)
{
	struct walk w = { .part_of = part_of };
	json_t *all = make(&w, a, b);

	json_decref(w.path);
	json_decref(w.found);
	if (!all)
		return err_set(e, ENOMEM, "no memory for the comparison");
	*diff = all;
	return 0;
}

void diff_release(struct json_t *diff)
{
	json_decref(diff);
}

bool diff_is_empty(const json_t *diff)
{
	return json_is_true(json_object_get(diff, "equal"));
}

int diff_json(const json_t *diff, char **out, struct err *e)
{
	char *text = json_dumps(diff, JSON_INDENT(2));

	if (!text)
		return err_set(e, ENOMEM, "no memory for the report");
	*out = text;
	return 0;
}
