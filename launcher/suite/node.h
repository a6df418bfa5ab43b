/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A suite file as a tree of YAML nodes, without their meaning.
 *
 * Must never trust: the file. Its size, its depth and the number of its values
 * are bounded; anchors, aliases, tags, a second document and a duplicate key in
 * a mapping are refused, so that the text means what it says.
 *
 * Spec: YAML 1.1, as libyaml reads it.
 */
#ifndef SUITE_NODE_H
#define SUITE_NODE_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "suite/pool.h"

#define SUITE_FILE_MAX	((size_t)1 << 20)
#define SUITE_DEPTH_MAX 8
#define SUITE_NODES_MAX 100000
#define SUITE_KEYS_MAX	1000 /* in one mapping */

enum node_kind {
	NODE_ONE, /* a scalar */
	NODE_LIST,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	unsigned line;	   /* from 1; that of its key, if it has one */
	unsigned number;   /* from 0; unique in the file */
	const char *key;   /* in a mapping; otherwise NULL */
	const char *text;  /* NODE_ONE */
	size_t count;	   /* of the others, the number of */
	struct node *head; /* those in it, linked by: */
	struct node *next;
};

/* "one value", "a list", "a mapping" */
const char *node_kind_name(enum node_kind kind);

/* The value of @key in @map, or NULL. @map may be NULL. */
const struct node *node_get(const struct node *map, const char *key);

/*
 * Read @text, which came from @path, into a tree that @pool owns.
 *
 * Returns 0, -EINVAL, -E2BIG or -ENOMEM; every message begins with
 * "PATH:LINE: ".
 */
int node_read(const struct node **root, struct pool *pool, const char *path,
	      struct bytes text, struct err *e);

#endif
