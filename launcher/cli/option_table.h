/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table. One row describes one option: its names, its argument, the
 * kind and destination of the value, the commands that take the option, and its
 * help. Parsing, --help, the keys of a suite's cases and the completions of
 * shells are made from the rows; the man page is checked against them.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "base/value.h"
#include "cli/cli.h"

struct option_row {
	const char *name;
	char letter; /* 0: none */
	/* NULL: takes none; "A B": two; "[A]": an optional one; the next word
	 * is the argument if the option accepts it */
	const char *arg;
	unsigned times; /* how many times it may be given */
	unsigned groups;
	const char *help;
	struct value value;
	/* The option adds a device of this type. The type has the grammar; @arg
	 * is its short form. NULL: the option adds no device. */
	const struct device_type *device;
	/* Further checks of the value, or another way to store it, or NULL. */
	int (*set)(struct options *o, const char *arg, struct err *e);
	struct value second; /* of "A B" */
	const char *missing; /* the value of a missing "[A]" */
	size_t given;	     /* offset of a bool, true if it was given; or 0 */
	/* Completions for the argument: "64M 1G", or "a,b" for a list of these;
	 * NULL: they depend on its kind. */
	const char *hints;
};

#define OPTION_ROWS_MAX 64

extern const struct option_row option_rows[];
extern const size_t option_rows_count;

/* The row of the option @name, or NULL. */
const struct option_row *option_by_name(const char *name);

/* The argument of an option, or its beginning. */
static inline const struct value *option_value(const struct option_row *r)
{
	return r->device ? &r->device->option->keywords.first_value : &r->value;
}

/*
 * Store an option's argument, and its second one, in @o, and check them. @arg
 * is NULL if the option takes no argument or it is missing. The texts must
 * outlive @o. The caller has counted how often the option was given.
 *
 * Returns 0 or a negative errno. The message does not name the option.
 */
int option_store(const struct option_row *r, struct options *o, const char *arg,
		 const char *second, struct err *e);

#endif
