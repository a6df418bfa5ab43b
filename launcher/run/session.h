/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session: what happens on the host while the guest runs.
 *
 * One event loop: guest output to stdout, stdin to the guest, signals, the
 * time limit, and the word that ends it all. It owns the terminal.
 *
 * Keys, when stdin is a terminal: Ctrl-A x ends the run, Ctrl-A Ctrl-A sends
 * one Ctrl-A, Ctrl-A h prints this list; anything else goes to the guest.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include <sys/timerfd.h>

#include "base/milestones.h"
#include "base/patience.h"
#include "base/tty_answers.h"
#include "run/console.h"
#include "debug/debugger.h"
#include "machine/machine.h"
#include "run/send.h"
#include "run/signals.h"
#include "outcome/watch.h"

struct session {
	struct machine *m;
	struct console *console;
	struct watch *watch;
	struct outcome_latch *latch;
	struct milestones *times;  /* NULL: not wanted */
	struct sender *sender;	   /* NULL: nothing to send */
	struct debugger *debugger; /* NULL, or one that may not be there */
	bool time_stands;	   /* while it holds the guest, */
	uint64_t stands_ns;	   /* clock_ns() since when */
	int in_fd;  /* the guest's input comes from here; -1: none (any more) */
	int out_fd; /* its output goes here; -1: nowhere but to the watch */
	struct signals *signals;
	int timeout_fd;
	uint64_t timeout_ns; /* clock_ns() when that is due; 0: never */
	int panic_fd;	     /* when a panicked kernel has had its say */
	uint64_t panic_due_ns;
	int terminal_fd; /* out_fd, if that is one, opened anew; -1: not */
	bool input_is_tty;
	int tty_fd; /* if it is */
	bool output_is_tty;
	struct tty_answers answers; /* of that terminal to the guest */
	bool escape;		    /* Ctrl-A was the last key */
	uint64_t wrote_ns;	    /* clock_ns() of the last output */
	struct patience patience;   /* of all outputs once the run has ended */
	size_t unwritten; /* bytes that stdout has not taken by then */
	int write_error;  /* why: an errno; 0: nothing read them */
	/* clock_ns() when it happened; 0: it did not */
	uint64_t panic_ns; /* the line that says so */
};

/*
 * Open what the session waits for, @signals if it is not open yet.
 * @deadline_ns: clock_ns() of the time limit; 0 for none. The guest's line is stdin and stdout; a caller
 * that wants it otherwise changes in_fd and out_fd afterwards.
 */
int session_init(struct session *s, struct machine *m, struct console *console,
		 struct watch *watch, struct outcome_latch *latch,
		 struct signals *signals, uint64_t deadline_ns, struct err *e);

/* Block the signals the session takes over, before a vCPU's thread starts. */
void session_begin(struct session *s);

/*
 * Serve the running machine until its latch is set, then stop it and write
 * out what the guest said last. On return no vCPU runs, the terminal is
 * restored and the latch says how it ended.
 */
void session_run(struct session *s);

void session_release(struct session *s);

#define SESSION_EMPTY                                               \
	{                                                           \
		.timeout_fd = -1, .panic_fd = -1, .terminal_fd = -1 \
	}

/* For struct line_host: ctx is the struct console. */
void session_output(void *console, uint8_t byte);
void session_room(void *console);

#endif
