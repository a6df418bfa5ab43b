/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is being done right now, for another thread to say when it is cut
 * short: "decoding the kernel".
 */
#ifndef BASE_STEP_H
#define BASE_STEP_H

#include <stdatomic.h>

struct step {
	_Atomic(const char *) now; /* a phrase that goes with "while" */
};

/* @what outlives the step; @s may be NULL: nobody asks. */
static inline void step_begin(struct step *s, const char *what)
{
	if (s)
		atomic_store(&s->now, what);
}

#endif
