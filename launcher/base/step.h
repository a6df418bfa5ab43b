/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The current step, "decoding the kernel", which another thread names if it
 * interrupts it.
 */
#ifndef BASE_STEP_H
#define BASE_STEP_H

#include <stdatomic.h>

struct step {
	_Atomic(const char *) now; /* a phrase that goes with "while" */
};

/* @what must outlive the step; @s may be NULL. */
static inline void step_begin(struct step *s, const char *what)
{
	if (s)
		atomic_store(&s->now, what);
}

#endif
