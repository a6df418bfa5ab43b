/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody who restores the terminal when we cannot: SIGKILL leaves no time.
 *
 *   launcher ---- pipe: the settings to restore, or none ----> guard
 *
 * The guard is a process that sleeps on the pipe. When the launcher is gone,
 * however that happened, the pipe ends, the guard restores what it was told
 * last and is gone, too. It has no other descriptor but the terminal, and a
 * process group of its own, so that a signal to ours does not reach it.
 */
#ifndef BASE_TTY_GUARD_H
#define BASE_TTY_GUARD_H

#include <stdbool.h>
#include <termios.h>

/*
 * Start the guard of @fd if that is a terminal and ours to use; otherwise,
 * and if it cannot be, do without. To be called while the process has one
 * thread and little memory, because it forks.
 */
void tty_guard_start(int fd);

/* What is to be restored from now on; NULL: nothing. From signal handlers,
 * too. Nothing happens without a guard. */
void tty_guard_tell(const struct termios *saved);

/* Let the guard go, and wait until it has. */
void tty_guard_stop(void);

/* Whether @fd is a terminal and this process in its foreground. */
bool tty_is_ours(int fd);

#endif
