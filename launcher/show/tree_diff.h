/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two trees of JSON values, as a list of
 *
 *   { "part": ..., "path": [keys down to the value], "a": ..., "b": ... }
 *
 * Objects are compared key by key, arrays of objects element by element:
 * elements with the same name are compared. A missing value counts as null.
 */
#ifndef SHOW_TREE_DIFF_H
#define SHOW_TREE_DIFF_H

#include <jansson.h>
#include <stdbool.h>

struct walk {
	json_t *path;  /* the keys down to where we are */
	json_t *found; /* the differences */
	/* The part of a path; NULL: it is not compared. */
	const char *(*part_of)(const json_t *path);
	bool no_memory; /* the list is not complete */
};

/* Go down to @key, and up again. */
void walk_enter(struct walk *w, const char *key);
void walk_leave(struct walk *w);

/* Add what differs between @a and @b, where we are or at @key below it. */
void walk_compare(struct walk *w, json_t *a, json_t *b);
void walk_compare_key(struct walk *w, const char *key, json_t *a, json_t *b);

#endif
