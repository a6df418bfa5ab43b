/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a file that is to be read: what it is comes first.
 *
 * Opening some things does something: a tape rewinds, a watchdog starts, a
 * terminal may become ours. So a path is looked up without being opened, and
 * opened only if it leads to a regular file or a FIFO.
 *
 * Must never trust: what a path leads to, and that it goes on leading there.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <sys/stat.h>

#include "base/err.h"

/*
 * Open @path for reading and fill in *@st.
 *
 * Only regular files and FIFOs are opened. A directory (-EISDIR), a socket
 * and a device (-EINVAL) are refused by name and are not opened. Opening
 * never waits, not even for the writer of a FIFO.
 *
 * Returns the descriptor, which is non-blocking for a FIFO, or a negative
 * errno. Every message begins with @path.
 */
int input_open(const char *path, struct stat *st, struct err *e);

/*
 * Wait until the FIFO @fd has had a writer: before, reading it would look
 * like its end. Signals interrupt the process, not the wait.
 */
void input_await_writer(int fd);

#endif
