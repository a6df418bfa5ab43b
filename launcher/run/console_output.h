/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of the guest's console: goes from the queue to stdout byte by
 * byte, and to the watch. Beyond a limit, the watch alone gets it.
 *
 * Must never trust: the reader of stdout, which may be slow, stop, or close the
 * pipe. It blocks neither the event loop nor the end of the run.
 */
#ifndef RUN_CONSOLE_OUTPUT_H
#define RUN_CONSOLE_OUTPUT_H

#include "base/loop.h"
#include "base/milestones.h"
#include "base/outcome.h"
#include "base/patience.h"
#include "outcome/watch.h"
#include "run/console.h"
#include "run/terminal.h"

struct console_output {
	/* Set by the owner. */
	struct console *console;
	struct watch *watch; /* NULL: nothing of it is watched */
	struct terminal *terminal;
	struct outcome_latch *latch; /* set when stdout fails */
	struct milestones *times;    /* NULL: not wanted */
	/* The watch has seen more. */
	void (*seen)(void *ctx);
	void *ctx;
	int fd;		/* -1: the output goes only to the watch */
	uint64_t limit; /* bytes that stdout gets at most; 0: all */

	uint64_t written; /* to stdout */
	uint64_t dropped; /* beyond the limit: only the watch has seen them */
	size_t unwritten; /* bytes that were left at the end */
	int write_error;  /* why: an errno; 0: nothing read them */
	struct loop *loop;
	struct loop_watch queue, stdout_watch;
	struct loop_timer pause; /* set: nothing is written until then */
};

/*
 * Serve the queue on @loop from now on. On failure nothing is watched.
 */
int console_output_begin(struct console_output *o, struct loop *loop,
			 struct err *e);

/* Stop to serve it; it need not have begun. */
void console_output_end(struct console_output *o);

/*
 * The guest has stopped, and the output was ended: write what is still queued.
 * It does not wait longer for a reader than @patience allows; the watch sees
 * all of it.
 */
void console_output_drain(struct console_output *o, struct patience *patience);

#endif
