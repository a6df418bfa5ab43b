/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of two kernels differ, apart from their headers and notes: to
 * find out why a build is not reproducible.
 *
 *   | ELF header, program headers | text ... notes ... data | relocations |
 *     `- left out: the report     `- compared, but for the notes, which the
 *        has their fields            report has, too
 */
#ifndef SHOW_CONTENT_H
#define SHOW_CONTENT_H

#include "show/inspect.h"

struct content {
	uint64_t different; /* bytes, up to the end of the shorter one */
	uint64_t first;	    /* the offset of the first, if there is one */
};

/* Compare two decoded payloads. -ENOMEM. */
int content_compare(const struct inspection *a, const struct inspection *b,
		    struct content *c, struct err *e);

/* The PT_LOAD that has offset @off of the decoded payload: its index among
 * @k's program headers; -1 if none has. */
int content_segment(const struct kernel_elf *k, uint64_t off);

/* Add what differs between @a and @b from @from up to @to. */
void content_span(struct content *c, struct bytes a, struct bytes b,
		  uint64_t from, uint64_t to);

#endif
