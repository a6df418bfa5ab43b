/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libraries of this build, and those that it lacks.
 */
#ifndef BASE_LIBRARIES_H
#define BASE_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct library {
	const char *name;
	const char *what; /* it is for */
	bool is_in;
};

extern const struct library libraries[];
extern const size_t libraries_count;

/* Whether the library called @name is in; -EOPNOTSUPP with a message if not. */
int libraries_need(const char *name, struct err *e);

#endif
