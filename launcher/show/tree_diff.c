/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/tree_diff.h"

#include <string.h>

#include "base/json.h"

void walk_enter(struct walk *w, const char *key)
{
	w->no_memory |= json_array_append_new(w->path, json_string(key)) != 0;
}

void walk_leave(struct walk *w)
{
	if (!w->no_memory)
		json_array_remove(w->path, json_array_size(w->path) - 1);
}

/* A missing value counts as null. */
static void found(struct walk *w, json_t *a, json_t *b)
{
	const char *part = w->part_of(w->path);

	if (part)
		w->no_memory |= json_array_append_new(
					w->found,
					json_pack("{s:s, s:o, s:O, s:O}",
						  "part", part, "path",
						  json_copy(w->path), "a",
						  a ? a : json_null(), "b",
						  b ? b : json_null())) != 0;
}

/*
 * The name of an element of an array: a note by owner and type, others by name,
 * or only by their type, which is not a name: those are numbered from 0
 * (PT_LOAD[0]), the others only when it happens again.
 */
static json_t *label_of(const json_t *item, json_t *seen)
{
	const char *name = json_string_value(json_object_get(item, "name"));
	const char *owner = json_string_value(json_object_get(item, "owner"));
	const json_t *type = json_object_get(item, "type");
	json_t *base, *label;
	json_int_t n;

	if (owner && name)
		base = json_sprintf("%s %s", owner, name);
	else if (owner)
		base = json_sprintf(
			"%s 0x%llx", owner,
			(unsigned long long)json_integer_value(type));
	else
		base = json_string(name ? name
				   : json_string_value(type)
					   ? json_string_value(type)
					   : "");
	if (!base)
		return NULL;
	n = json_integer_value(json_object_get(seen, json_string_value(base)));
	if (json_object_set_new(seen, json_string_value(base),
				json_integer(n + 1))) {
		json_decref(base);
		return NULL;
	}
	if (n || (!owner && !name))
		label = json_sprintf("%s[%lld]", json_string_value(base),
				     (long long)n);
	else
		label = json_incref(base);
	json_decref(base);
	return label;
}

/* An array of objects as one object, of which each key is a label. */
static json_t *by_label(const json_t *array)
{
	json_t *all = json_object(), *seen = json_object();
	bool bad = !all || !seen;

	for (size_t i = 0; !bad && i < json_array_size(array); i++) {
		json_t *item = json_array_get(array, i);
		json_t *label = label_of(item, seen);

		bad = !label ||
		      json_object_set(all, json_string_value(label), item);
		json_decref(label);
	}
	json_decref(seen);
	if (!bad)
		return all;
	json_decref(all);
	return NULL;
}

static bool is_list_of_objects(const json_t *v)
{
	return json_is_array(v) &&
	       (!json_array_size(v) || json_is_object(json_array_get(v, 0)));
}

/* A bit field, or a number with its name: one value, shown whole. */
static bool is_one_value(const json_t *v)
{
	return json_object_get(v, "value") && json_object_size(v) == 2;
}

void walk_compare_key(struct walk *w, const char *key, json_t *a, json_t *b)
{
	walk_enter(w, key);
	walk_compare(w, a, b);
	walk_leave(w);
}

/* Values that follow from a note's value, in order. */
static const char *const derived[] = { "size", "desc" };

static bool is_derived(const json_t *object, const char *key)
{
	if (!json_object_get(object, "desc"))
		return false;
	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		if (!strcmp(key, derived[i]))
			return true;
	return false;
}

static void compare_objects(struct walk *w, json_t *a, json_t *b)
{
	size_t before = json_array_size(w->found);
	const char *key;
	json_t *value;

	json_object_foreach(a, key, value) if (!is_derived(a, key))
		walk_compare_key(w, key, value, json_object_get(b, key));
	json_object_foreach(b, key, value) if (!json_object_get(a, key))
		walk_compare_key(w, key, NULL, value);
	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		if (is_derived(a, derived[i]) &&
		    json_array_size(w->found) == before)
			walk_compare_key(w, derived[i],
					 json_object_get(a, derived[i]),
					 json_object_get(b, derived[i]));
}

static void compare_lists(struct walk *w, const json_t *a, const json_t *b)
{
	json_t *x = by_label(a), *y = by_label(b);

	if (x && y)
		compare_objects(w, x, y);
	else
		w->no_memory = true;
	json_decref(x);
	json_decref(y);
}

void walk_compare(struct walk *w, json_t *a, json_t *b)
{
	if (w->no_memory || (a && b && json_equal(a, b)))
		return;
	if (json_is_object(a) && json_is_object(b) && !is_one_value(a) &&
	    !is_one_value(b))
		compare_objects(w, a, b);
	else if (is_list_of_objects(a) && is_list_of_objects(b))
		compare_lists(w, a, b);
	else
		found(w, a, b);
}
