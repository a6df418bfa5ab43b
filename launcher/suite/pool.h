/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a suite: allocated piece by piece, freed as a whole, and
 * bounded, because a few lines of YAML can need a lot.
 */
#ifndef SUITE_POOL_H
#define SUITE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* { 0 } is empty and gives nothing. */
struct pool {
	struct pool_block *last;
	unsigned char *free; /* in the block that small pieces are cut from */
	size_t left;	     /* bytes there */
	size_t used;	     /* bytes of all blocks, with what describes them */
	size_t limit;
	bool is_full; /* something was refused because of the limit */
};

/* Make @p empty, with a limit of @limit bytes. */
void pool_init(struct pool *p, size_t limit);

/* @size bytes of zeros for any object; NULL if there is no memory or the limit
 * is reached. */
void *pool_alloc(struct pool *p, size_t size);

/* The same for characters, which need no alignment. */
char *pool_chars(struct pool *p, size_t size);

/* A copy of the @len bytes at @text, as a string. */
char *pool_text(struct pool *p, const char *text, size_t len);

/* After one of these returned NULL: -E2BIG with the limit, or -ENOMEM. The
 * message begins with "PATH:LINE: ". */
int pool_refused(const struct pool *p, const char *path, unsigned line,
		 struct err *e);

void pool_release(struct pool *p);

#endif
