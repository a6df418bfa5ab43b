/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time before the guest's first instruction: the image is read, the
 * kernel decoded, KVM asked for a machine. A thread waits there for a signal
 * or the end of the time limit, so that either ends the run at once, whatever
 * the others are in the middle of: a decoder, a pipe that nobody writes to.
 * A file that is cut short while a thread reads it ends the run the same way.
 *
 * What they are in the middle of is not waited for and not looked at; the
 * process ends in the watcher's hands.
 */
#ifndef RUN_EARLY_H
#define RUN_EARLY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/step.h"
#include "run/signals.h"

struct early;

/*
 * End the process: nothing returns to those who were watched. Called on the
 * watcher's thread, with the signals given back: another one ends this, too.
 */
typedef void (*early_end_fn)(struct early *early, const struct outcome *o);

struct early {
	struct signals *signals;
	uint64_t deadline_ns; /* clock_ns(); 0: none */
	struct step step;
	early_end_fn end;
	void *ctx;		  /* for @end */
	int over_fd;		  /* eventfd: the guest is about to run */
	int lost_fd;		  /* eventfd: a file was cut short: */
	const char *_Atomic lost; /* this one */
	pthread_t thread;
	bool running;
};

/*
 * Watch from here on: @signals is opened and its signals are blocked. On a
 * host that has no thread to give they stay what they were.
 */
int early_begin(struct early *early, struct signals *signals,
		uint64_t deadline_ns, early_end_fn end, void *ctx,
		struct err *e);

/*
 * The file @path was cut short, and the calling thread cannot go on. True if
 * the watcher ends the process now; false if there is none. For a handler of
 * SIGBUS. @path must stay what it is.
 */
bool early_lost(const char *path);

/* What is said of such a file, after its name. */
#define EARLY_LOST "was cut short while it was read"

/* The watch is over. The signals stay blocked: somebody else reads them, or
 * gives them back. The empty struct is fine. */
void early_over(struct early *early);

#endif
