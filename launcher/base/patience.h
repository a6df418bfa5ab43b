/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the launcher waits for outputs that accept nothing.
 *
 * A pipe whose reader has stopped, a FIFO without a reader and a terminal
 * held with Ctrl-S all accept nothing, perhaps for ever. While a guest runs,
 * the launcher waits. After its end, all outputs together may wait for
 * END_PATIENCE_MS without progress; the rest is lost, and this is reported.
 *
 * Only waits that end without progress are counted: a reader that is slow, but
 * reads, gets everything.
 */
#ifndef BASE_PATIENCE_H
#define BASE_PATIENCE_H

#include <stdint.h>

#define END_PATIENCE_MS 800

/* The minimum for each output, even after another one has used up the rest:
 * time for a reader that reads. */
#define LEAST_PATIENCE_MS 50

struct patience {
	uint64_t left_ns;
	uint64_t least_ns; /* for every wait, even if nothing is left */
	int hurry_fd; /* no limit until this is readable; -1: limited now */
};

/* For the outputs of a run that has ended. */
#define PATIENCE_AT_END                                            \
	{                                                          \
		.left_ns = END_PATIENCE_MS * UINT64_C(1000000),    \
		.least_ns = LEAST_PATIENCE_MS * UINT64_C(1000000), \
		.hurry_fd = -1,                                    \
	}

/*
 * Wait until write() to @fd accepts bytes or fails.
 *
 * @p: NULL has no limit.
 * Returns 0, or -ETIMEDOUT when the patience is used up.
 */
int patience_wait(struct patience *p, int fd);

/* Wait until the FIFO @fd has a reader; the same otherwise. */
int patience_wait_reader(struct patience *p, int fd);

#endif
