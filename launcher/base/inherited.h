/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors above stderr that the caller left open: another program's
 * sockets, locks, or ends of pipes whose readers wait for them to be closed.
 *
 * They cannot be closed at the start, because a path may name one of them:
 * shells replace <(command) by /dev/fd/63. So they are noted at the start, not
 * passed to other programs, and closed after everything is open.
 */
#ifndef BASE_INHERITED_H
#define BASE_INHERITED_H

#include <stdbool.h>

/* Note them, before other descriptors are opened. */
void inherited_note(void);

/* Whether @fd was noted and is still ours to use. */
bool inherited_has(int fd);

/* The noted @fd now belongs to the caller: inherited_close() leaves it. */
void inherited_keep(int fd);

/* Close the noted ones, after every path has been opened. */
void inherited_close(void);

#endif
