/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the kernel in memory byte for byte what was linked?
 */
#ifndef GUEST_KERNEL_SELFCHECK_H
#define GUEST_KERNEL_SELFCHECK_H

#include <stdbool.h>

#include "entry.h"
#include "selfsum.h"

/*
 * Check every loaded byte against the table, and that .bss is zero; of a kernel
 * that was moved, the bytes that it had before. Must run
 * before anything writes to .data or .bss; prints `selfcheck: ok` or the
 * first difference.
 */
bool selfcheck_run(const struct entry_frame *f);

/* How far the loader has moved the kernel in virtual memory. */
uint64_t selfcheck_slide(void);

#endif
