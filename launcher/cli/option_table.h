/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table, shared by what prints it and what parses by it.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/cli.h"

struct option_row {
	const char *name;
	char letter; /* 0: none */
	/* NULL: takes none; "A B": two, the second of which @set finds in
	 * options.second; "[A]": one that may be missing, and then @set gets
	 * NULL; a word behind the option is the argument if @set takes it */
	const char *arg;
	unsigned times; /* how often it may be given */
	unsigned groups;
	const char *help;
	int (*set)(struct options *o, const char *arg, struct err *e);
};

#define OPTION_ROWS_MAX 48

extern const struct option_row option_rows[];
extern const size_t option_rows_count;

#endif
