/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rights that a launcher started by root, or by a program with rights, has and
 * does not need.
 *
 * Spec: capabilities(7); prctl(2), PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE.
 */
#ifndef SANDBOX_PRIVILEGES_H
#define SANDBOX_PRIVILEGES_H

#include <stdbool.h>

#include "base/err.h"

/* Only gain no rights by starting programs. */
int privileges_gain_none(struct err *e);

/*
 * For good: gain no rights by starting programs, have no capabilities and no
 * supplementary groups, leave no core file, and let no other process of the
 * same user look inside.
 *
 * @names_files: results get names, which for root includes folders of others.
 * @serves_files: a shared folder is written to as this user, root included.
 */
int privileges_drop(bool names_files, bool serves_files, struct err *e);

#endif
