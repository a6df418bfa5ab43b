/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises a Linux kernel's own messages on its console.
 *
 * Must never trust: the guest's output. A guest can imitate its kernel's
 * messages.
 */
#ifndef OUTCOME_KERNEL_WORDS_H
#define OUTCOME_KERNEL_WORDS_H

#include <stdbool.h>

/*
 * A kernel's own message is at the start of a line, after an optional time
 * stamp and log prefix; within a line it is only quoted. Returns where @message
 * begins in @line, or NULL.
 */
const char *kernel_message(const char *line, const char *message);

/* The message with which a kernel panics. */
#define KERNEL_PANIC "Kernel panic - not syncing"

/* Whether @line begins the kernel's report of a fault in itself: a "BUG:", an
 * "Oops:", ... */
bool kernel_complains(const char *line);

/* What a kernel was ordered to do. */
enum kernel_order {
	KERNEL_RESTART,
	KERNEL_HALT,
};

/*
 * Whether @line is the last message of a kernel before it executes @order: the
 * message, or NULL.
 */
const char *kernel_obeys(const char *line, enum kernel_order order);

#endif
