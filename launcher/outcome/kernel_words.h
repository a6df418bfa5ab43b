/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Linux kernel says of itself on its console, told apart from what
 * others say about it.
 *
 * Must never trust: the guest's output. A guest that wants to look as if its
 * kernel had said something can.
 */
#ifndef OUTCOME_KERNEL_WORDS_H
#define OUTCOME_KERNEL_WORDS_H

/*
 * A kernel's own words stand at the start of a line, behind its time stamp
 * and log prefix at most; the same words within a line are somebody talking
 * about it. Returns where @message begins in @line, or NULL.
 */
const char *kernel_message(const char *line, const char *message);

/* What a kernel was told to do. */
enum kernel_order {
	KERNEL_RESTART,
	KERNEL_HALT,
};

/*
 * Whether @line is the last thing that a kernel says before it obeys @order:
 * the words that say so, or NULL.
 */
const char *kernel_obeys(const char *line, enum kernel_order order);

#endif
