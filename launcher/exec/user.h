/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the command of `launcher exec` is, and the environment that belongs to
 * that.
 */
#ifndef EXEC_USER_H
#define EXEC_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct exec_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t groups_count;
	char *shell;
	const char **envs; /* ended by a NULL */
	char *own[3];	   /* those of envs that are not the caller's */
};

/*
 * @text: NULL for the caller; or "USER", "USER:GROUP", names or numbers of this
 * machine's. Another user's environment is the caller's with HOME, USER and
 * LOGNAME changed. @envs is the caller's and must outlive *@u.
 *
 * Returns 0; -ENOENT for an unknown name; -ENOMEM. On failure *@u is empty.
 */
int exec_user_find(struct exec_user *u, const char *text, char *const *envs,
		   struct err *e);

/* The empty struct is fine. */
void exec_user_release(struct exec_user *u);

#endif
