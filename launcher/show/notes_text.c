/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes as text: owner, type, and the value in the form of its kind.
 *
 *   Xen    PHYS32_ENTRY        0x1000850
 *   GNU    build-id            3b43fad5034874490492495d552c0af6a5fab235
 *   Stapel type 0x3            12 bytes: 00 11 22 ...
 *
 * Must never trust: any of it; long values are cut, with a count of the rest.
 */
#include "show/notes_text.h"

#include <elf.h>
#include <stdio.h>

#include "show/note_show.h"

#define OWNERS	     TEXT_INDENT
#define OWNER_MIN    8 /* columns of an owner's name */
#define OWNER_MAX    16
#define TYPE_COLUMNS 20
#define HEX_BYTES    64 /* bytes shown of a value without another form */

void notes_text_bits(struct text *t, const struct bits *b)
{
	const char *sep = " (";
	struct name_buf buf;

	text_say(t, "0x%llx", (unsigned long long)b->value);
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(b->value >> bit & 1))
			continue;
		text_say(t, "%s%s", sep, bits_name(b, bit, &buf));
		sep = ", ";
	}
	if (b->value)
		text_say(t, ")");
}

/* The bytes, without spaces in between if @joined. */
static void say_hex(struct text *t, struct bytes b, bool joined)
{
	size_t n = b.len < HEX_BYTES ? b.len : HEX_BYTES;

	for (size_t i = 0; i < n; i++)
		text_say(t, i && !joined ? " %02x" : "%02x", b.data[i]);
	if (n < b.len)
		text_say(t, " ... (%zu more)", b.len - n);
}

static void say_raw(struct text *t, const struct note *n)
{
	const char *expected = note_expected(n);

	text_say(t, "%zu byte%s", n->desc.len, n->desc.len == 1 ? "" : "s");
	if (expected)
		text_say(t, " (malformed: expected %s)", expected);
	if (n->desc.len) {
		text_say(t, ": ");
		say_hex(t, n->desc, false);
	}
}

static void say_string(struct text *t, const struct note *n)
{
	char buf[NOTE_SHOWN_MAX + 1];

	note_string(n, buf, sizeof(buf));
	text_words(t, "\"");
	text_words(t, buf);
	text_words(t, "\"");
}

static void say_features(struct text *t, const struct note *n)
{
	struct note_feature f;
	const char *sep = "";
	size_t pos = 0;

	while (note_feature_next(n, &pos, &f)) {
		text_say(t, "%s%s%s%s", sep, f.required ? "!" : "", f.name,
			 f.known ? "" : " (unknown)");
		sep = " | ";
	}
}

static void say_mfn_valid(struct text *t, const struct note *n)
{
	uint64_t mask, value;

	for (unsigned i = 0; note_mfn_valid(n, i, &mask, &value); i++)
		text_say(t, "%smask 0x%llx value 0x%llx", i ? ", " : "",
			 (unsigned long long)mask, (unsigned long long)value);
}

static void say_phys32_reloc(struct text *t, const struct note *n,
			     uint64_t default_align)
{
	struct phys32_reloc r;

	note_phys32_reloc(n, default_align, &r);
	text_say(t, "align 0x%llx%s, min 0x%llx%s, max 0x%llx%s",
		 (unsigned long long)r.align, r.given > 0 ? "" : " (default)",
		 (unsigned long long)r.min, r.given > 1 ? "" : " (default)",
		 (unsigned long long)r.max, r.given > 2 ? "" : " (default)");
}

static void say_properties(struct text *t, const struct note *n)
{
	struct gnu_property p;
	const char *sep = "";
	uint64_t pos = 0;

	while (note_property_next(n, &pos, &p)) {
		const char *name = gnu_property_name(p.type);
		uint32_t word;

		if (name)
			text_say(t, "%s%s", sep, name);
		else
			text_say(t, "%s0x%x", sep, p.type);
		if (p.data.len == 4 && bytes_le32(p.data, 0, &word)) {
			text_say(t, " 0x%x", word);
		} else if (p.data.len) {
			text_say(t, " ");
			say_hex(t, p.data, false);
		}
		sep = ", ";
	}
}

static void say_value(struct text *t, const struct note *n, enum note_kind kind,
		      uint64_t default_align)
{
	switch (kind) {
	case NOTE_HEX:
		say_raw(t, n);
		break;
	case NOTE_NUMBER:
		text_say(t, "0x%llx", (unsigned long long)note_number(n));
		break;
	case NOTE_STRING:
		say_string(t, n);
		break;
	case NOTE_FEATURES:
		say_features(t, n);
		break;
	case NOTE_FEATURE_BITS:
		notes_text_bits(t, &(struct bits){ .value = note_number(n) });
		break;
	case NOTE_MFN_VALID:
		say_mfn_valid(t, n);
		break;
	case NOTE_PHYS32_RELOC:
		say_phys32_reloc(t, n, default_align);
		break;
	case NOTE_BUILD_ID:
		say_hex(t, n->desc, true);
		break;
	case NOTE_PROPERTY:
		say_properties(t, n);
		break;
	}
}

/* As wide as the owners are, within limits. */
static unsigned owner_columns(const struct notes *list)
{
	size_t width = OWNER_MIN;

	for (unsigned i = 0; i < list->count; i++)
		if (strlen(list->list[i].owner) + 2 > width)
			width = strlen(list->list[i].owner) + 2;
	return width < OWNER_MAX ? width : OWNER_MAX;
}

static void show_note(struct text *t, const struct note *n, unsigned types,
		      uint64_t default_align)
{
	const struct note_type *type = note_type(n);
	enum note_kind kind = note_kind(n);
	struct note shown = note_shown(n);

	text_cell(t, OWNERS);
	text_say(t, "%s", n->owner);
	text_cell(t, types);
	if (type)
		text_say(t, "%s", type->name);
	else
		text_say(t, "type 0x%x", n->type);
	text_cell(t, types + TYPE_COLUMNS);
	/* Hex has its own cut and its own count. */
	say_value(t, kind == NOTE_HEX || kind == NOTE_BUILD_ID ? n : &shown,
		  kind, default_align);
	if (kind != NOTE_HEX && shown.desc.len < n->desc.len)
		text_say(t, " (the first %zu of %zu bytes)", shown.desc.len,
			 n->desc.len);
	text_end(t);
}

void notes_text(struct text *t, const struct inspection *in)
{
	const struct notes *list = &in->elf.notes;
	unsigned types = OWNERS + owner_columns(list);

	if (list->source)
		text_title(t, "Notes (%u, from %s)", list->count, list->source);
	else
		text_title(t, "Notes (none)");
	for (unsigned i = 0; i < list->count; i++)
		show_note(t, &list->list[i], types,
			  boot_default_align(&in->elf));
	if (in->elf.notes_padding.msg[0])
		text_pair(t, "padding", "%s", in->elf.notes_padding.msg);
	if (in->elf.notes_bad.msg[0])
		text_pair(t, "list incomplete", "%s", in->elf.notes_bad.msg);
	if (in->facts.bad_notes.msg[0])
		text_pair(t, "not usable", "%s", in->facts.bad_notes.msg);
}
