/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the place of an output path: an open folder, and a name in it that is
 * not a link.
 *
 * The path is walked here and not by open(), because a link may have been
 * planted: in a folder that all users may write to, like /tmp, another user can
 * make a link from an output's name to a file that only this user may write.
 * Such a link is followed only if it belongs to us or to the owner of the
 * folder, and never by root. (Linux has a switch for the same,
 * fs.protected_symlinks, which may be off.)
 *
 * Must never trust: links, and that a name keeps its file.
 */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

struct target {
	int folder; /* O_PATH; -1 in the empty one */
	char name[NAME_MAX + 1];
	int found;	/* O_PATH: what is there; -1: nothing */
	struct stat st; /* of it */
};

#define TARGET_EMPTY                      \
	{                                 \
		.folder = -1, .found = -1 \
	}

/*
 * Walk @path. The last name may be missing (@t->found is -1), but not the
 * target of a link with that name. A magic link of /proc, like /dev/stdout, is
 * followed to its file, which may have no name: then @t->name is that of the
 * link.
 *
 * Returns 0, or a negative errno and a message that begins with @path; *@t is
 * then empty.
 */
int target_find(struct target *t, const char *path, struct err *e);
void target_release(struct target *t);

#endif
