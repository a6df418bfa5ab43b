/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session: what happens on the host while the guest runs.
 *
 * One event loop serves the console (console_input.h, console_output.h), the
 * signals, the time limits and the debugger, until the latch says how the run
 * ended. Signals come first in each round: an effect of a signal is not the
 * reason. The session owns the terminal while the loop runs.
 *
 * Time does not count while a debugger has the guest stopped.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "base/loop.h"
#include "base/milestones.h"
#include "base/patience.h"
#include "debug/debugger.h"
#include "machine/stuck.h"
#include "outcome/watch.h"
#include "run/console_input.h"
#include "run/console_output.h"
#include "run/signals.h"
#include "run/terminal.h"

/* What the session needs from the machine. */
struct session_ops {
	/* Stop the vCPUs; on return none runs. */
	void (*stop)(void *machine);
	/* Whether vCPU @cpu ended with a triple fault; after stop(). */
	bool (*has_shut_down)(void *machine, uint32_t cpu);
};

/* What a signal asks for while the guest runs. */
struct session_dump {
	int fd;		       /* a signalfd */
	void (*fn)(void *ctx); /* NULL: there is none */
	void *ctx;
};

/* Signals that the guest may get instead of ending the run. */
struct session_pass {
	/* Returns whether it was passed on. On the session's thread. NULL: none
	 * is. */
	bool (*fn)(void *ctx, int number);
	void *ctx;
};

struct session_config {
	const struct session_ops *ops;
	void *machine;
	struct console *console; /* its output */
	/* What the kernel logs, if that is apart from the console: it is what
	 * is watched then, and written to log_fd; -1: not written. NULL: the
	 * console has it. */
	struct console *log;
	int log_fd;
	const struct line_guest *line; /* its input */
	struct terminal *terminal;     /* stdin or stdout, if one is */
	struct watch *watch;
	struct outcome_latch *latch;
	struct milestones *times; /* NULL: not wanted */
	struct signals *signals;  /* opened if they are not open yet */
	struct sender *sender;
	struct debugger *debugger; /* or NULL */
	struct stuck *stuck;
	struct session_dump dump;
	struct session_pass pass;
	uint64_t deadline_ns; /* clock_ns() of the time limit; 0: none */
};

struct session {
	struct session_config c;
	struct loop loop;
	struct console_input input;
	struct console_output output, log;
	struct terminal no_terminal; /* the log's */
	struct patience patience;    /* of all outputs once the run has ended */
	struct loop_watch signal, end, dump, violation;
	struct loop_call ready; /* the guest has booted; from any thread */
	struct loop_timer timeout, panic; /* the end of a panic's output */
	bool time_stands;
	uint64_t stands_ns;		   /* clock_ns() since when */
	uint64_t timeout_ns, panic_due_ns; /* 0: not set */
	uint64_t panic_ns; /* clock_ns() of the line that says so; 0: none */
};

#define SESSION_EMPTY               \
	{                           \
		.loop = LOOP_EMPTY, \
	}

/*
 * Open the session's descriptors; everything in @c must outlive it. The console
 * is stdin and stdout; to change this, set input.fd and output.fd afterwards.
 */
int session_init(struct session *s, const struct session_config *c,
		 struct err *e);

/* Block the signals the session takes over, before a vCPU's thread starts. */
void session_begin(struct session *s);

/*
 * Serve the running machine until its latch is set, then stop it and write the
 * rest of the guest's output. On return no vCPU runs, the terminal is restored
 * and the latch says how it ended.
 */
void session_run(struct session *s);

void session_release(struct session *s);

#endif
