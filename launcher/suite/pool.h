/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a suite: given out piece by piece, taken back as a whole,
 * and bounded, because a few lines of YAML can ask for a great deal.
 */
#ifndef SUITE_POOL_H
#define SUITE_POOL_H

#include <stddef.h>

#define POOL_MAX ((size_t)64 << 20)

/* { 0 } is empty. */
struct pool {
	struct pool_piece *last;
	size_t used;
};

/* @size bytes of zeros; NULL if there is no memory or POOL_MAX is reached. */
void *pool_alloc(struct pool *p, size_t size);

/* A copy of the @len bytes at @text, as a string. */
char *pool_text(struct pool *p, const char *text, size_t len);

void pool_release(struct pool *p);

#endif
