/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input of the guest's console: bytes typed or pasted on stdin, and the
 * texts of --send. Only as much is read from stdin as the console has room for,
 * so nothing is lost.
 *
 * Keys, when stdin is a terminal: Ctrl-A x ends the run, Ctrl-A Ctrl-A sends
 * one Ctrl-A, Ctrl-A h prints this list; anything else goes to the guest.
 */
#ifndef RUN_CONSOLE_INPUT_H
#define RUN_CONSOLE_INPUT_H

#include "base/loop.h"
#include "base/outcome.h"
#include "dev/line.h"
#include "run/send.h"
#include "run/terminal.h"

struct console_input {
	/* Set by the owner. */
	const struct line_guest *line;
	struct terminal *terminal;
	struct outcome_latch *latch; /* set when the keys end the run */
	struct sender *sender;	     /* what to type, and when */
	int fd;			     /* -1: no bytes come, or no more */

	/* Its own. */
	struct loop *loop; /* NULL: not begun */
	struct loop_watch bytes;
	struct loop_call room;
	size_t met;  /* see console_input_met() */
	bool escape; /* Ctrl-A was the last key */
};

/*
 * Serve stdin and the texts on @loop from now on. On failure nothing is
 * watched.
 */
int console_input_begin(struct console_input *in, struct loop *loop,
			struct err *e);

/* The number of expectations met: their texts may be sent. Ignored if it is not
 * served. */
void console_input_met(struct console_input *in, size_t met);

/* The console has room again. From any thread, once it was begun. */
void console_input_room(struct console_input *in);

/* Stop to serve it; it need not have begun. */
void console_input_end(struct console_input *in);

#endif
