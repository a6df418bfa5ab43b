/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user as whom a launcher of root runs a guest (--run-as): root's rights open
 * what needs them, this user's open the rest, and then only those are left.
 *
 *   identity_set()                    first, with one thread
 *   identity_enter(), _leave()        around what is opened with its rights
 *   identity_become()                 before a foreign byte is read; also in
 *                                     processes that were made until then
 *
 * All do nothing if no identity is set. Spec: credentials(7), setresuid(2).
 */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Only for root, who loses all supplementary groups by this. Returns 0 or a
 * negative errno. */
int identity_set(uid_t uid, gid_t gid, struct err *e);

bool identity_is_set(void);

/* Files are opened, and belong to it, between the two. The first returns 0 or a
 * negative errno; the second ends the process if root is lost. */
int identity_enter(struct err *e);
void identity_leave(void);

/* For good. Returns 0 or a negative errno. */
int identity_become(struct err *e);

#endif
