/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differences of two images as text, printed from the JSON object, so that
 * both are the same.
 */
#include "show/inspect_diff.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "show/text.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void show(struct text *t, const json_t *v);

/* By name if there is one, otherwise by number. */
static void show_list(struct text *t, const json_t *list)
{
	size_t n = json_array_size(list);

	if (!n)
		text_say(t, "none");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);

		if (json_is_object(one) && !text_of(one, "name")) {
			text_say(t, "%zu of them", n);
			return;
		}
		text_say(t, "%s", i ? ", " : "");
		if (json_is_true(json_object_get(one, "required")))
			text_say(t, "!");
		text_words(t, json_is_object(one) ? text_of(one, "name")
						  : json_string_value(one));
	}
}

/* "0x81 (LOADED_HIGH, CAN_USE_HEAP)": false for other values. */
static bool show_named_value(struct text *t, const json_t *v)
{
	const json_t *names = json_object_get(v, "names");
	const char *name = text_of(v, "name");

	if (json_object_size(v) != 2 || !json_object_get(v, "value") ||
	    (!names && !json_object_get(v, "name")))
		return false;
	show(t, json_object_get(v, "value"));
	if (!name && !json_array_size(names))
		return true;
	text_say(t, " (");
	if (name)
		text_words(t, name);
	else
		show_list(t, names);
	text_say(t, ")");
	return true;
}

/* Its keys, except for those with its name or only for programs. */
static void show_object(struct text *t, json_t *object)
{
	static const char *const left_out[] = { "owner", "name", "type",
						"desc" };
	const char *sep = "", *key;
	json_t *v;

	json_object_foreach(object, key, v)
	{
		bool skip = json_is_null(v);

		for (unsigned i = 0; i < 4; i++)
			skip |= !strcmp(key, left_out[i]);
		if (skip)
			continue;
		text_say(t, "%s", sep);
		text_words(t, key);
		text_say(t, " ");
		show(t, v);
		sep = ", ";
	}
}

static void show(struct text *t, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		text_words(t, json_string_value(v));
		break;
	case JSON_INTEGER:
		text_say(t, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		text_say(t, "%.0f", json_real_value(v));
		break;
	case JSON_TRUE:
		text_say(t, "yes");
		break;
	case JSON_FALSE:
		text_say(t, "no");
		break;
	case JSON_NULL:
		text_say(t, "none");
		break;
	case JSON_ARRAY:
		show_list(t, v);
		break;
	case JSON_OBJECT:
		if (!show_named_value(t, v))
			show_object(t, (json_t *)(uintptr_t)v);
		break;
	}
}

/* Keys that are already in the heading, if something follows them. */
static bool is_silent(const char *key, size_t level)
{
	static const char *const silent[][5] = {
		{ "setup_header", "payload", "elf", "boot", NULL },
		{ "notes", "segments", "protocols", NULL },
	};

	for (size_t i = 0; level < 2 && silent[level][i]; i++)
		if (!strcmp(key, silent[level][i]))
			return true;
	return level > 2 && !strcmp(key, "value");
}

static bool is_path(const json_t *path, const char *first, const char *second)
{
	const char *a = json_string_value(json_array_get(path, 0));
	const char *b = json_string_value(json_array_get(path, 1));

	return json_array_size(path) == 1u + !!second && !strcmp(a, first) &&
	       (!second || !strcmp(b, second));
}

/* "PT_LOAD[1] filesz", to be freed. Otherwise two sizes would have one name. */
static char *label_of(const json_t *path)
{
	size_t n = json_array_size(path), room = 16, len;
	const char *key;
	char *label;

	for (size_t i = 0; i < n; i++)
		room += json_string_length(json_array_get(path, i)) + 1;
	label = calloc(1, room);
	if (!label)
		return NULL;
	if (is_path(path, "size", NULL))
		strcpy(label, "file");
	if (is_path(path, "elf", "size"))
		strcpy(label, "ELF");
	for (size_t i = 0; i < n; i++) {
		key = json_string_value(json_array_get(path, i));
		if (is_silent(key, i) && (i + 1 < n || i > 2))
			continue;
		len = strlen(label);
		snprintf(label + len, room - len, "%s%s", len ? " " : "", key);
	}
	return label;
}

static bool show_difference(struct text *t, const json_t *one)
{
	char *label = label_of(json_object_get(one, "path"));

	if (!label)
		return false;
	text_key(t, label);
	show(t, json_object_get(one, "a"));
	text_say(t, " -> ");
	show(t, json_object_get(one, "b"));
	text_end(t);
	free(label);
	return true;
}

/* The meaning of the checksums. */
static void show_content(struct text *t, const json_t *content)
{
	const json_t *first = json_object_get(content, "first_difference");
	const char *segment = text_of(first, "segment");

	text_key(t, "first different byte");
	text_say(t, "at %s of the decoded payload, ", text_of(first, "offset"));
	if (segment)
		text_say(t, "in %s, physical address %s", segment,
			 text_of(first, "address"));
	else
		text_say(t, "in no segment");
	text_say(t, "; %lld in all, besides headers and notes",
		 (long long)json_integer_value(
			 json_object_get(content, "different_bytes")));
	text_end(t);
}

static bool show_part(struct text *t, const json_t *diff, const char *part)
{
	const json_t *content = json_object_get(diff, "content");
	json_t *one;
	bool titled = false;
	size_t i;

	json_array_foreach(json_object_get(diff, "differences"), i, one)
	{
		if (strcmp(text_of(one, "part"), part))
			continue;
		if (!titled)
			text_title(t, "%c%s", toupper((unsigned char)*part),
				   part + 1);
		titled = true;
		if (!show_difference(t, one))
			return false;
	}
	if (!strcmp(part, "payload") &&
	    json_is_object(json_object_get(content, "first_difference")))
		show_content(t, content);
	return true;
}

static bool show_all(struct text *t, const void *about)
{
	const json_t *diff = about;
	const json_t *same = json_object_get(diff, "same");

	for (unsigned i = 0; diff_parts[i]; i++)
		if (!show_part(t, diff, diff_parts[i]))
			return false;
	if (json_array_size(same)) {
		text_title(t, "The same");
		text_cell(t, TEXT_INDENT);
		show_list(t, same);
		if (diff_is_empty(diff))
			text_say(t, "; every byte of the files");
	}
	text_end(t);
	return true;
}

int diff_text(const json_t *diff, char **out, struct err *e)
{
	return text_make(show_all, diff, out, e);
}
