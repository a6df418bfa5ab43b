/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes as JSON. "kind" says what "value" is; "desc" always has the bytes, so
 * that a reader can decode kinds that this program does not know.
 */
#include "show/notes_json.h"

#include "base/json.h"
#include "show/names_json.h"
#include "show/note_show.h"

static json_t *string_value(const struct note *n)
{
	char buf[NOTE_SHOWN_MAX + 1];

	note_string(n, buf, sizeof(buf));
	return json_string(buf);
}

static json_t *features_value(const struct note *n)
{
	json_t *list = json_array();
	struct note_feature f;
	size_t pos = 0;

	while (note_feature_next(n, &pos, &f)) {
		json_t *one = json_pack("{s:s, s:b, s:b}", "name", f.name,
					"required", f.required, "known",
					f.known);

		list = json_push(list, one);
	}
	return list;
}

static json_t *mfn_valid_value(const struct note *n)
{
	json_t *list = json_array();
	uint64_t mask, value;

	for (unsigned i = 0; note_mfn_valid(n, i, &mask, &value); i++) {
		json_t *one = json_pack("{s:o, s:o}", "mask", json_hex(mask),
					"value", json_hex(value));

		list = json_push(list, one);
	}
	return list;
}

static json_t *phys32_reloc_value(const struct note *n, uint64_t default_align)
{
	struct phys32_reloc r;

	note_phys32_reloc(n, default_align, &r);
	return json_pack("{s:o, s:o, s:o, s:i}", "align", json_amount(r.align),
			 "min", json_hex(r.min), "max", json_hex(r.max),
			 "given", r.given < 3 ? (int)r.given : 3);
}

static json_t *property_value(const struct note *n)
{
	json_t *list = json_array();
	struct gnu_property p;
	uint64_t pos = 0;

	while (note_property_next(n, &pos, &p)) {
		json_t *one = json_pack("{s:o, s:s?, s:o}", "type",
					json_hex(p.type), "name",
					gnu_property_name(p.type), "data",
					json_bytes(p.data, NOTE_SHOWN_MAX));

		list = json_push(list, one);
	}
	return list;
}

static json_t *value(const struct note *n, enum note_kind kind,
		     uint64_t default_align)
{
	switch (kind) {
	case NOTE_HEX:
		break;
	case NOTE_NUMBER:
		return json_hex(note_number(n));
	case NOTE_STRING:
		return string_value(n);
	case NOTE_FEATURES:
		return features_value(n);
	case NOTE_FEATURE_BITS:
		return json_bits(&(struct bits){ .value = note_number(n) });
	case NOTE_MFN_VALID:
		return mfn_valid_value(n);
	case NOTE_PHYS32_RELOC:
		return phys32_reloc_value(n, default_align);
	case NOTE_BUILD_ID:
		return json_bytes(n->desc, NOTE_SHOWN_MAX);
	case NOTE_PROPERTY:
		return property_value(n);
	}
	return json_null();
}

static json_t *note_json(const struct note *n, uint64_t default_align)
{
	const struct note_type *type = note_type(n);
	const char *expected = note_expected(n);
	enum note_kind kind = note_kind(n);
	struct note shown = note_shown(n);

	return json_pack(
		"{s:o, s:I, s:s?, s:s, s:o, s:o, s:o, s:o}", "owner",
		json_text(n->owner), "type", (json_int_t)n->type, "name",
		type ? type->name : NULL, "kind", note_kind_name(kind), "value",
		value(&shown, kind, default_align), "size",
		json_amount(n->desc.len), "desc",
		json_bytes(n->desc, NOTE_SHOWN_MAX), "malformed",
		expected ? json_sprintf("expected %s", expected) : json_null());
}

json_t *notes_json(const struct inspection *in)
{
	const struct notes *list = &in->elf.notes;
	json_t *all = json_array();

	for (unsigned i = 0; i < list->count; i++)
		all = json_push(all, note_json(&list->list[i],
					       boot_default_align(&in->elf)));
	return all;
}
