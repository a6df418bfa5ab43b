/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in an allocation of exactly their size, so that a sanitizer sees a
 * read of one byte too many; and the values that break careless arithmetic.
 */
#ifndef TESTS_SUPPORT_TIGHT_H
#define TESTS_SUPPORT_TIGHT_H

#include <stdlib.h>

#include "base/bytes.h"

static inline struct bytes tight(const void *data, size_t len)
{
	uint8_t *copy = malloc(len);

	if (len && !copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return (struct bytes){ copy, len };
}

static inline void tight_free(struct bytes b)
{
	free((void *)b.data);
}

/* 0, 1, the largest value of @width bytes and the one before it. */
#define EXTREMES 4
static inline uint64_t extreme(unsigned i, size_t width)
{
	uint64_t max = UINT64_MAX >> (64 - 8 * width);

	return i == 0 ? 0 : i == 1 ? 1 : i == 2 ? max : max - 1;
}

#endif
