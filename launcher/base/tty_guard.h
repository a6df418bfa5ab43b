/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that restores the terminal when we cannot, after SIGKILL.
 *
 *   launcher ---- pipe: the settings to restore, or none ----> guard
 *
 * The guard is a process that sleeps on the pipe. When the launcher ends, in
 * any way, the pipe is closed; the guard restores the last settings and ends,
 * too. Its only other descriptor is the terminal, and it has its own process
 * group, so that a signal to ours does not reach it.
 */
#ifndef BASE_TTY_GUARD_H
#define BASE_TTY_GUARD_H

#include <stdbool.h>
#include <termios.h>

/*
 * Start the guard of @fd if that is a terminal in our foreground; failures are
 * ignored. Call this while the process has one thread and little memory,
 * because it forks.
 */
void tty_guard_start(int fd);

/* The settings to restore from now on; NULL: none. Also from signal handlers.
 * Does nothing without a guard. */
void tty_guard_tell(const struct termios *saved);

/* End the guard, and wait for it. If the sandbox had stopped it, that is a
 * violation; see confine_violated(). */
void tty_guard_stop(void);

/* Whether @fd is a terminal and this process in its foreground. */
bool tty_is_ours(int fd);

#endif
