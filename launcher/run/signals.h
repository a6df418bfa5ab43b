/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signals that end a run with a message: SIGINT, SIGTERM, SIGHUP, SIGQUIT;
 * and SIGWINCH, which says that the terminal's size has changed.
 * While they are taken they arrive at a descriptor, and do not end the process.
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"

struct signals {
	int fd; /* readable when one has come; -1: empty */
	sigset_t taken;
	bool resized; /* SIGWINCH has come; its reader sets it to false */
	bool blocked;
	sigset_t before; /* the mask, if blocked */
};

#define SIGNALS_EMPTY    \
	{                \
		.fd = -1 \
	}

/*
 * Find out which are ours: a signal that is ignored from the start, as by
 * nohup, is not. SIGPIPE is ignored from here on. Does nothing the second time.
 */
int signals_open(struct signals *s, struct err *e);

/* Block them in this thread and those it will start; they arrive at fd. */
void signals_block(struct signals *s);

/* The number of one that has come and ends a run; 0 if none has. */
int signals_take(struct signals *s);

/* Restore their default effect. Signals that have arrived are dropped. */
void signals_give_back(struct signals *s);

void signals_release(struct signals *s);

/*
 * SIGUSR1, which asks for a core, arrives at *@fd from now on; blocked in this
 * thread and those it will start. The descriptor is the caller's to close.
 */
int signals_take_usr1(int *fd, struct err *e);

#endif
