/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the places of differences, from the ELF's own symbol table.
 */
#ifndef VERIFY_NAMING_H
#define VERIFY_NAMING_H

#include "image/symtab.h"
#include "verify/compare.h"

#define NAMING_SIZE 80

/* Where names come from, and how many have been looked up: each look-up is a
 * search through all symbols, so at most VERIFY_NAMES_MAX are made. */
struct naming {
	const struct symtab *table;
	unsigned used;
};

/*
 * Where @d is, as far as the ELF has a name for it: into @buf of NAMING_SIZE
 * bytes, cleaned for a terminal; "" if it has none. Returns @buf.
 */
const char *naming_symbol(struct naming *n, const struct compare_segment *s,
			  const struct compare_diff *d, char *buf);

#endif
