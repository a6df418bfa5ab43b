/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A matrix makes one case into many: every combination of its axes' values,
 * the last axis turning fastest.
 *
 *   matrix:                          name/128M/1  name/128M/2
 *     mem: [128M, 6G]          ->    name/6G/1    name/6G/2
 *     cpus: {one: 1, two: 2}   ->    name/128M/one ...
 */
#include "suite/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int begin_axis(struct build *b, const struct node *n, struct err *e)
{
	b->key = n;
	if (b->axis_count == SUITE_AXES_MAX)
		return build_refuse(b, n, e, "more than %d axes",
				    SUITE_AXES_MAX);
	if (n->kind == NODE_ONE || !n->count)
		return build_refuse(b, n, e,
				    "an axis is a list of values or a mapping "
				    "of labels to values, and not empty");
	for (const struct node *v = n->head; v; v = v->next)
		if (v->kind != NODE_ONE)
			return build_refuse(b, v, e,
					    "%s, where one value is allowed",
					    node_kind_name(v->kind));
	if (build_is_key(n->key) && !build_is_axis_key(b, n->key))
		return build_refuse(b, n, e, "is no axis");
	b->axes[b->axis_count++] = (struct axis){
		.node = n,
		.value = n->head,
		.is_key = build_is_axis_key(b, n->key),
	};
	return 0;
}

int matrix_begin(struct build *b, struct err *e)
{
	const struct node *map = node_get(b->node, "matrix");
	int rc = 0;

	b->axis_count = 0;
	b->key = map;
	if (map && (map->kind != NODE_MAP || !map->count))
		return build_refuse(b, map, e,
				    "is not a mapping of at least one axis");
	for (const struct node *n = map ? map->head : NULL; n && !rc;
	     n = n->next)
		rc = begin_axis(b, n, e);
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

const struct node *matrix_value(struct build *b, const char *name)
{
	for (size_t i = 0; i < b->axis_count; i++)
		if (!strcmp(b->axes[i].node->key, name))
			return b->axes[i].value;
	return NULL;
}

/* The value's label, or what of it tells it from others: a file's name. */
static const char *label(const struct node *value)
{
	const char *slash = strrchr(value->text, '/');

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
				       "no name; write {LABEL: VALUE, ...}",
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

static struct axis *find_axis(struct build *b, const char *name, size_t len)
{
	for (size_t i = 0; i < b->axis_count; i++)
		if (strlen(b->axes[i].node->key) == len &&
		    !memcmp(b->axes[i].node->key, name, len))
			return &b->axes[i];
	return NULL;
}

/* Add the @len bytes at @from to those at @to; NULL: only count them. */
static void append(char *to, size_t *used, const char *from, size_t len)
{
	if (to)
		memcpy(to + *used, from, len);
	*used += len;
}

/* The text at @n with every ${axis} replaced, to @to as append() does. */
static int expand(struct build *b, const struct node *n, char *to, size_t *len,
		  struct err *e)
{
	const char *text = n->text, *open, *end;

	for (*len = 0; (open = strstr(text, "${")) && (end = strchr(open, '}'));
	     text = end + 1) {
		struct axis *a = find_axis(b, open + 2,
					   (size_t)(end - open) - 2);

		if (!a)
			return build_refuse(b, n, e,
					    "'%.*s' is no axis of this case's "
					    "matrix",
					    (int)(end - open) + 1, open);
		a->used = true;
		append(to, len, text, (size_t)(open - text));
		append(to, len, a->value->text, strlen(a->value->text));
	}
	append(to, len, text, strlen(text));
	return 0;
}

int build_expand(struct build *b, const struct node *n, const char **out,
		 struct err *e)
{
	size_t len;
	char *to;
	int rc;

	*out = n->text;
	if (!strstr(n->text, "${"))
		return 0;
	rc = expand(b, n, NULL, &len, e);
	if (rc)
		return rc;
	to = pool_alloc(&b->s->pool, len + 1);
	if (!to)
		return build_no_memory(b, e);
	*out = to;
	return expand(b, n, to, &len, e);
}

int matrix_end(struct build *b, struct err *e)
{
	for (size_t i = 0; i < b->axis_count; i++) {
		b->key = b->axes[i].node;
		if (!b->axes[i].is_key && !b->axes[i].used)
			return build_refuse(b, b->key, e,
					    "is neither a key of a case nor "
					    "used as ${%s}",
					    b->key->key);
	}
	return 0;
}
