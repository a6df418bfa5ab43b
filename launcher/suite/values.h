/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores the value of a key in the case under construction, checked and
 * expanded.
 */
#ifndef SUITE_VALUES_H
#define SUITE_VALUES_H

#include "suite/build.h"

/* The types of a key's value, as bits. */
enum {
	ONE = 1 << NODE_ONE,
	LIST = 1 << NODE_LIST,
	MAP = 1 << NODE_MAP,
	MANY = ONE | LIST, /* a single value is a list of one */
};

/* Whether the type of the value at @n is in @takes. */
int value_check_kind(const struct build *b, const struct node *n,
		     unsigned takes, struct err *e);

/* Append @text. */
int value_add(struct build *b, struct texts *t, const char *text,
	      struct err *e);

/* The value at @n, or each in the list there, for the option @o. */
int value_set_option(struct build *b, const struct suite_option *o,
		     const struct node *n, struct err *e);

/* For the keys of these names. */
int value_set_name(struct build *b, const struct node *n, struct err *e);
int value_set_image(struct build *b, const struct node *n, struct err *e);
int value_set_input(struct build *b, const struct node *n, struct err *e);
int value_set_status(struct build *b, const struct node *n, struct err *e);
int value_set_reason(struct build *b, const struct node *n, struct err *e);
int value_set_console(struct build *b, const struct node *n, struct err *e);
int value_set_never(struct build *b, const struct node *n, struct err *e);
int value_set_only(struct build *b, const struct node *n, struct err *e);
int value_set_exec(struct build *b, const struct node *n, struct err *e);
int value_set_report(struct build *b, const struct node *n, struct err *e);
int value_set_needs(struct build *b, const struct node *n, struct err *e);
int value_set_dialogue(struct build *b, const struct node *n, struct err *e);

#endif
