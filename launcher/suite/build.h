/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the nodes of one case to the case: the keys' table and the matrix,
 * which sets some keys to one value after the other.
 */
#ifndef SUITE_BUILD_H
#define SUITE_BUILD_H

#include "suite/suite.h"

#define SUITE_AXES_MAX 8
#define SUITE_SETS_MAX 64 /* names that one label of an axis sets */

#define SUITE_VARIABLES_MAX 64

/* One axis of a matrix: the name that it sets, and its values; or, if these are
 * mappings, the names and values in them. */
struct axis {
	const struct node *node;  /* a list of values, or labels with them */
	const struct node *value; /* the current one */
};

/* The state of the case under construction. */
struct build {
	struct suite *s;
	const struct suite_words *words;
	const char *folder;	     /* of the suite, "" or with its slash */
	const struct node *defaults; /* or NULL */
	const struct node *node;     /* the case's own */
	const struct node *key;	     /* the one at work, for messages */
	struct axis axes[SUITE_AXES_MAX];
	size_t axis_count;
	/* Names that were used as ${NAME}. */
	const char *used[SUITE_VARIABLES_MAX];
	size_t used_count;
	struct suite_case *c;
	/* By node number: whether the text is checked, and the result, if it is
	 * the same for all cases: a file's path, or the texts of a list. */
	bool checked[SUITE_NODES_MAX];
	const void *made[SUITE_NODES_MAX];
};

/* "one, two, three" for a message, cut to the room. */
struct listing {
	char text[ERR_MSG_SIZE];
};

/* Add @word to @l. */
void listing_add(struct listing *l, const char *word);

/* "PATH:LINE: key 'KEY': " and the message, for node @n. */
int build_refuse(const struct build *b, const struct node *n, struct err *e,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same, for a message that is in @e. */
int build_refused(const struct build *b, const struct node *n, int rc,
		  struct err *e);

/* The pool gave nothing: see pool_refused(). */
int build_no_memory(const struct build *b, struct err *e);

/* Whether @name is a key of a case that is not an option. */
bool build_is_key(const char *name);

/* Whether @name is a key or an option that takes one value. */
bool build_is_axis_key(const struct build *b, const char *name);

/* Fill in b->c from the nodes and the axes' values as they are now. */
int build_case(struct build *b, struct err *e);

/* The keys of a case or of defaults; all must be known. */
int build_check_keys(struct build *b, const struct node *map, struct err *e);

/* The text at @n with every ${NAME} replaced. */
int build_expand(struct build *b, const struct node *n, const char **out,
		 struct err *e);

/* Whether a text of the case contained ${NAME}. */
bool build_has_used(const struct build *b, const char *name);

/* Begin with the matrix of b->node: every axis at its first value. */
int matrix_begin(struct build *b, struct err *e);

/* How many cases it makes. */
int matrix_size(struct build *b, size_t *size, struct err *e);

/* Go on to the next combination; false past the last. */
bool matrix_next(struct build *b);

/* The value of @name in the current combination, or NULL. */
const struct node *matrix_value(const struct build *b, const char *name);

/* The current value of ${NAME}, the @len bytes at @name: the value in the
 * matrix, or the label of the axis with this name. NULL: not set. */
const char *matrix_text(const struct build *b, const char *name, size_t len);

/* Call @set for the keys of a case that the matrix sets. */
int matrix_apply(struct build *b,
		 int (*set)(struct build *b, const struct node *key,
			    const struct node *value, struct err *e),
		 struct err *e);

/* Append "/LABEL" of each axis to @name. */
int matrix_label(const struct build *b, char *name, size_t size, struct err *e);

/* After the last case: refuse a name that is neither a key nor used. */
int matrix_end(struct build *b, struct err *e);

#endif
