/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors above stderr that the caller left open: another program's
 * sockets, locks, or ends of pipes whose readers wait for them to be closed.
 *
 * They cannot be closed at the start, since a path may name one of them:
 * /dev/fd/63 is what shells make of <(command). So they are noted at the
 * start, kept from other programs, and closed once everything is open.
 */
#ifndef BASE_INHERITED_H
#define BASE_INHERITED_H

/* Note them; before anything is opened that is to stay open. */
void inherited_note(void);

/* Close those that were noted; once every path has been opened. */
void inherited_close(void);

#endif
