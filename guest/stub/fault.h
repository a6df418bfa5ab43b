/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the stub cannot continue: a sentence, the value found, and the limit.
 */
#ifndef GUEST_STUB_FAULT_H
#define GUEST_STUB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fault {
	const char *what;
	uint64_t found;
	uint64_t limit;
};

/* Always false, so that a leaf reads `return fault_set(f, ...)`. */
static inline bool fault_set(struct fault *f, const char *what, uint64_t found,
			     uint64_t limit)
{
	f->what = what;
	f->found = found;
	f->limit = limit;
	return false;
}

#endif
