/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table. An option is one row: its names, its argument and what
 * kind of value that is, where the value goes, which commands have the option,
 * and its help. Parsing, --help, the keys of a suite's cases and the
 * completions of shells are made from the rows; the man page is checked
 * against them.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "base/value.h"
#include "cli/cli.h"

struct option_row {
	const char *name;
	char letter; /* 0: none */
	/* NULL: takes none; "A B": two; "[A]": one that may be missing, and a
	 * word behind the option is the argument if the option takes it */
	const char *arg;
	unsigned times; /* how often it may be given */
	unsigned groups;
	const char *help;
	struct value value;
	/* The option adds such a device: by its own grammar, of which @arg is
	 * the short form. NULL: it does not. */
	const struct device_type *device;
	/* Further checks of the value, or another way to store it, or NULL. */
	int (*set)(struct options *o, const char *arg, struct err *e);
	struct value second; /* of "A B" */
	const char *missing; /* the value of a missing "[A]" */
	size_t given;	     /* offset of a bool, true if it was given; or 0 */
	/* What a shell offers for the argument: "64M 1G", or "a,b" for a list
	 * of these; NULL: by its kind. */
	const char *hints;
};

#define OPTION_ROWS_MAX 48

extern const struct option_row option_rows[];
extern const size_t option_rows_count;

/* The row of the option that is called @name, or NULL. */
const struct option_row *option_by_name(const char *name);

/* The argument of an option, or its beginning. */
static inline const struct value *option_value(const struct option_row *r)
{
	return r->device ? &r->device->option->keywords.first_value : &r->value;
}

/*
 * Store an option's argument, and its second one, in @o, and check them. @arg
 * is NULL if it takes none or has none. The texts must stay as long as @o. The
 * caller has counted how often the option was given.
 *
 * Returns 0 or a negative errno with a message that lacks the option's name.
 */
int option_store(const struct option_row *r, struct options *o, const char *arg,
		 const char *second, struct err *e);

#endif
