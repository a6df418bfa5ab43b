/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A matrix turns one case into many: every combination of its axes' values; the
 * last axis changes fastest.
 *
 *   matrix:                          name/128M/1  name/128M/2
 *     mem: [128M, 6G]          ->    name/6G/1    name/6G/2
 *     cpus: {one: 1, two: 2}   ->    name/128M/one ...
 *     kernel:
 *       old: {image: a, is: 5}  ->   .../old sets image, and ${is}
 *       new: {image: b, is: 6}
 */
#include "suite/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Iterate over the names that @value of an axis sets: those in a label's
 * mapping, or the axis's own. */
static const struct node *first_set(const struct node *value)
{
	return value->kind == NODE_MAP ? value->head : value;
}

static const struct node *next_set(const struct node *value,
				   const struct node *n)
{
	return value->kind == NODE_MAP ? n->next : NULL;
}

/* The node whose key is the name that @n sets. */
static const struct node *name_of(const struct axis *a,
				  const struct node *value,
				  const struct node *n)
{
	return value->kind == NODE_MAP ? n : a->node;
}

/* Whether the key of @n is the @len bytes at @name. */
static bool is_called(const struct node *n, const char *name, size_t len)
{
	return !strncmp(n->key, name, len) && !n->key[len];
}

/* The value to which @value of @a sets the name of @len bytes, or NULL. */
static const struct node *find_set(const struct axis *a,
				   const struct node *value, const char *name,
				   size_t len)
{
	const struct node *n = first_set(value);

	while (n && !is_called(name_of(a, value, n), name, len))
		n = next_set(value, n);
	return n;
}

static const struct node *value_of(const struct build *b, const char *name,
				   size_t len)
{
	const struct node *n = NULL;

	for (size_t i = 0; i < b->axis_count && !n; i++)
		n = find_set(&b->axes[i], b->axes[i].value, name, len);
	return n;
}

const struct node *matrix_value(const struct build *b, const char *name)
{
	return value_of(b, name, strlen(name));
}

const char *matrix_text(const struct build *b, const char *name, size_t len)
{
	const struct node *n = value_of(b, name, len);

	for (size_t i = 0; i < b->axis_count && !n; i++)
		if (is_called(b->axes[i].node, name, len))
			return b->axes[i].value->key;
	return n ? n->text : NULL;
}

int matrix_apply(struct build *b,
		 int (*set)(struct build *b, const struct node *key,
			    const struct node *value, struct err *e),
		 struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < b->axis_count; i++) {
		const struct axis *a = &b->axes[i];
		const struct node *value = a->value;

		for (const struct node *n = first_set(value); n && !rc;
		     n = next_set(value, n)) {
			const struct node *key = name_of(a, value, n);

			if (build_is_axis_key(b, key->key))
				rc = set(b, key, n, e);
		}
	}
	return rc;
}

/* Check a name that an axis sets: it must be settable, and not set by another
 * axis. */
static int check_set(struct build *b, const struct node *key, struct err *e)
{
	b->key = key;
	if (build_is_key(key->key) && !build_is_axis_key(b, key->key))
		return build_refuse(b, key, e, "cannot be an axis");
	for (size_t i = 0; i < b->axis_count; i++)
		for (const struct node *v = b->axes[i].node->head; v;
		     v = v->next)
			if (find_set(&b->axes[i], v, key->key,
				     strlen(key->key)))
				return build_refuse(b, key, e,
						    "the axis '%s' sets it, "
						    "too",
						    b->axes[i].node->key);
	return 0;
}

static int not_one_value(struct build *b, const struct node *n, struct err *e)
{
	return build_refuse(b, n, e, "%s, where one value is allowed",
			    node_kind_name(n->kind));
}

/* One value of an axis: a label's mapping, or a value. */
static int check_value(struct build *b, const struct axis *a,
		       const struct node *v, struct err *e)
{
	int rc = 0;

	if (v->kind != a->node->head->kind)
		return build_refuse(b, v, e, "%s, where the axis has %s before",
				    node_kind_name(v->kind),
				    node_kind_name(a->node->head->kind));
	if (v->kind == NODE_LIST || (v->kind == NODE_MAP && !v->key))
		return not_one_value(b, v, e);
	if (v->count > SUITE_SETS_MAX) {
		b->key = v;
		return build_refuse(b, v, e, "sets %zu names; %d are allowed",
				    v->count, SUITE_SETS_MAX);
	}
	for (const struct node *n = first_set(v); n && !rc;
	     n = next_set(v, n)) {
		const struct node *key = name_of(a, v, n);

		if (n->kind != NODE_ONE) {
			b->key = key;
			return not_one_value(b, n, e);
		}
		rc = check_set(b, key, e);
	}
	return rc;
}

int matrix_size(struct build *b, size_t *size, struct err *e)
{
	*size = 1;
	for (size_t i = 0; i < b->axis_count; i++) {
		b->key = b->axes[i].node;
		if (__builtin_mul_overflow(*size, b->axes[i].node->count,
					   size) ||
		    *size > SUITE_CASES_MAX)
			return build_refuse(b, b->axes[i].node, e,
					    "the matrix makes more than %d "
					    "cases",
					    SUITE_CASES_MAX);
	}
	return 0;
}

static int begin_axis(struct build *b, const struct node *n, struct err *e)
{
	const struct axis a = { .node = n, .value = n->head };
	size_t before;
	int rc = matrix_size(b, &before, e);

	if (rc)
		return rc;
	b->key = n;
	if (b->axis_count == SUITE_AXES_MAX)
		return build_refuse(b, n, e, "more than %d axes",
				    SUITE_AXES_MAX);
	if (n->kind == NODE_ONE || !n->count)
		return build_refuse(b, n, e,
				    "an axis is a list of values or a mapping "
				    "of labels to values, and not empty");
	/* Now, because comparing all names of two axes takes a while. */
	if (n->count > SUITE_CASES_MAX / before)
		return build_refuse(b, n, e,
				    "the matrix makes more than %d cases",
				    SUITE_CASES_MAX);
	for (const struct node *v = n->head; v; v = v->next) {
		rc = check_value(b, &a, v, e);
		if (rc)
			return rc;
		b->key = n;
	}
	b->axes[b->axis_count++] = a;
	return 0;
}

int matrix_begin(struct build *b, struct err *e)
{
	const struct node *map = node_get(b->node, "matrix");
	int rc = 0;

	b->axis_count = 0;
	b->used_count = 0;
	b->key = map;
	if (map && (map->kind != NODE_MAP || !map->count))
		return build_refuse(b, map, e,
				    "is not a mapping of at least one axis");
	for (const struct node *n = map ? map->head : NULL; n && !rc;
	     n = n->next)
		rc = begin_axis(b, n, e);
	return rc;
}

bool matrix_next(struct build *b)
{
	for (size_t i = b->axis_count; i--;) {
		struct axis *a = &b->axes[i];

		a->value = a->value->next;
		if (a->value)
			return true;
		a->value = a->node->head;
	}
	return false;
}

/* The value's label, or the last part of the value, such as a file's name. */
static const char *label(const struct node *value)
{
	const char *slash = value->key ? NULL : strrchr(value->text, '/');

	return value->key ?: slash ? slash + 1 : value->text;
}

static bool label_is_good(const char *text)
{
	return *text &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._+-") == strlen(text) &&
	       *text != '.' && *text != '-';
}

int matrix_label(const struct build *b, char *name, size_t size, struct err *e)
{
	for (size_t i = 0; i < b->axis_count; i++) {
		const struct axis *a = &b->axes[i];
		const char *text = label(a->value);
		size_t used = strlen(name);

		if (!label_is_good(text))
			return err_set(e, EINVAL,
				       "the value '%s' of the axis '%s' makes "
				       "no valid name; write {LABEL: VALUE, "
				       "...}",
				       text, a->node->key);
		if ((size_t)snprintf(name + used, size - used, "/%s", text) >=
		    size - used)
			return err_set(e, EINVAL,
				       "with its labels the name has more "
				       "than %zu bytes",
				       size - 1);
	}
	return 0;
}

static int check_used(struct build *b, const struct axis *a,
		      const struct node *value, struct err *e)
{
	for (const struct node *n = first_set(value); n;
	     n = next_set(value, n)) {
		const struct node *key = name_of(a, value, n);

		b->key = key;
		if (!build_is_axis_key(b, key->key) &&
		    !build_has_used(b, key->key))
			return build_refuse(b, key, e,
					    "is neither a key of a case nor "
					    "used as ${%s}",
					    key->key);
	}
	return 0;
}

int matrix_end(struct build *b, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < b->axis_count; i++)
		for (const struct node *v = b->axes[i].node->head; v && !rc;
		     v = v->next)
			rc = check_used(b, &b->axes[i], v, e);
	return rc;
}
