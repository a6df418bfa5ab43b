/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time before the guest's first instruction: the image is read, the
 * kernel decoded, KVM asked for a machine. A worker (base/worker.h) watches
 * meanwhile for a signal and the end of the time limit, so that either ends
 * the run at once, even if the other threads are in the middle of decoding or
 * of reading a pipe that nothing is written to. A file that is cut short while
 * a thread reads it ends the run the same way.
 *
 * The worker's thread ends the process. It does not wait for the others, and
 * does not touch what they work on.
 */
#ifndef RUN_EARLY_H
#define RUN_EARLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "base/step.h"
#include "base/worker.h"
#include "run/signals.h"

struct early;

/*
 * End the process. Called on the worker's thread, with the signals given back:
 * another one ends this, too.
 */
typedef void (*early_end_fn)(struct early *early, const struct outcome *o);

struct early {
	struct signals *signals;
	struct step step;
	early_end_fn end;
	void *ctx; /* for @end */
	/* Its own. */
	struct worker worker;
	struct loop_watch signal, cut_short;
	struct loop_timer deadline;
	int lost_fd;		  /* eventfd: a file was cut short: */
	const char *_Atomic lost; /* this one */
};

/*
 * Watch from here on: @signals is opened and its signals are blocked. On a
 * host that has no thread to give, and on failure, they stay what they were.
 *
 * @deadline_ns: clock_ns() of the time limit; 0: none.
 */
int early_begin(struct early *early, struct signals *signals,
		uint64_t deadline_ns, early_end_fn end, void *ctx,
		struct err *e);

/*
 * The file @path was cut short, and the calling thread cannot go on. Returns
 * true if the worker ends the process now, false if there is none. For a
 * handler of SIGBUS. @path must stay what it is.
 */
bool early_lost(const char *path);

/* What is said of such a file, after its name. */
#define EARLY_LOST "was cut short while it was read"

/* The guest is about to run: watch no more. The signals stay blocked, for the
 * session. After early_begin(), whatever that returned. */
void early_over(struct early *early);

#endif
