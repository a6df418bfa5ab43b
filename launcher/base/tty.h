/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal: raw while a guest runs, and restored on every way out.
 *
 * There is one terminal per process, and signal handlers must be able to
 * restore it, so this module has static state.
 */
#ifndef BASE_TTY_H
#define BASE_TTY_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Make @fd raw (no echo, no line editing, no signals from keys) if it is a
 * terminal and this process is in its foreground.
 *
 * *@raw says whether it did. The old settings come back with tty_restore(),
 * at exit(), and when a fatal signal (SIGSEGV, SIGABRT, ...) ends the
 * process.
 */
int tty_make_raw(int fd, bool *raw, struct err *e);

/* Safe to call at any time, from signal handlers too. */
void tty_restore(void);

#endif
