/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/note_show.h"

static const struct {
	const char *name;
	const char *expected;
} kinds[] = {
	[NOTE_HEX] = { "hex", NULL },
	[NOTE_NUMBER] = { "number", "4 or 8 bytes" },
	[NOTE_STRING] = { "string", NULL },
	[NOTE_FEATURES] = { "features", NULL },
	[NOTE_FEATURE_BITS] = { "feature_bits", "4 or 8 bytes" },
	[NOTE_MFN_VALID] = { "mfn_valid", "8 bytes or a multiple of 16" },
	[NOTE_PHYS32_RELOC] = { "phys32_reloc", "a multiple of 4 bytes" },
	[NOTE_BUILD_ID] = { "build_id", "at least 1 byte" },
	[NOTE_PROPERTY] = { "property", "a list of GNU properties" },
};

struct note note_shown(const struct note *n)
{
	struct note shown = *n;

	if (shown.desc.len > NOTE_SHOWN_MAX)
		shown.desc.len = NOTE_SHOWN_MAX;
	return shown;
}

const char *note_kind_name(enum note_kind kind)
{
	return kinds[kind].name;
}

const char *note_expected(const struct note *n)
{
	const struct note_type *t = note_type(n);

	if (!t || note_kind(n) == t->kind)
		return NULL;
	return kinds[t->kind].expected;
}

static bool is_known(const struct note_feature *f, size_t len)
{
	const char *name;

	for (unsigned i = 0; (name = xen_feature_name(i)); i++)
		if (!strcmp(name, f->name))
			return len == strlen(name);
	return false;
}

/* Where the list ends: at its NUL, if it has one. */
static size_t list_len(struct bytes text)
{
	const uint8_t *nul = text.len ? memchr(text.data, 0, text.len) : NULL;

	return nul ? (size_t)(nul - text.data) : text.len;
}

bool note_feature_next(const struct note *n, size_t *pos,
		       struct note_feature *f)
{
	size_t end = list_len(n->desc);
	const uint8_t *p = n->desc.data;

	while (*pos < end) {
		const uint8_t *bar = memchr(p + *pos, '|', end - *pos);
		struct note token = { .desc = { p + *pos, end - *pos } };

		if (bar)
			token.desc.len = bar - token.desc.data;
		*pos += token.desc.len + !!bar;
		f->required = token.desc.len && *token.desc.data == '!';
		token.desc.data += f->required;
		token.desc.len -= f->required;
		if (!token.desc.len)
			continue;
		note_string(&token, f->name, sizeof(f->name));
		f->known = is_known(f, token.desc.len);
		return true;
	}
	return false;
}
