/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the places of differences: from the ELF's own symbol table, or from
 * what the kernel carries for itself.
 */
#ifndef VERIFY_NAMING_H
#define VERIFY_NAMING_H

#include "image/kallsyms.h"
#include "image/symtab.h"
#include "verify/compare.h"

#define NAMING_SIZE 80

/*
 * The sources of names, one of them empty, and the number of look-ups so far:
 * each one searches all symbols, so at most VERIFY_NAMES_MAX are made.
 */
struct naming {
	const struct symtab *table;
	const struct kallsyms *own;
	unsigned used;
};

/*
 * Write the ELF's name for the place of @d into @buf, which has NAMING_SIZE
 * bytes, cleaned for a terminal; "" if the ELF has no name for it. Returns
 * @buf.
 */
const char *naming_symbol(struct naming *n, const struct compare_segment *s,
			  const struct compare_diff *d, char *buf);

#endif
