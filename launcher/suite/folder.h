/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder that a suite's results go to.
 *
 * Must never trust: what is in it already. It may have come with a checkout, or
 * others may write there, so a symbolic link, a hard link or a FIFO may have
 * the name of a result. Every name is looked up beneath the folder's
 * descriptor, part by part, and no symbolic link is followed; a file is made
 * anew in place of what has its name.
 *
 * What can be written by its path only (a run's --report) goes into a folder
 * beneath, to which this user alone can write, and is moved from there.
 */
#ifndef SUITE_FOLDER_H
#define SUITE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

struct folder {
	const char *path; /* for messages */
	int fd;
	int private; /* the folder that only this user can write to */
};

#define FOLDER_EMPTY                    \
	{                               \
		.fd = -1, .private = -1 \
	}

/*
 * Open the folder at @path, made if it is missing. @follow: whether @path may
 * end in a symbolic link. On failure *@f is empty.
 */
int folder_open(struct folder *f, const char *path, bool follow, struct err *e);

/*
 * Make the private folder beneath. Only for the suite that has the folder of
 * results to itself: what an earlier one has left there is removed.
 */
int folder_make_private(struct folder *f, struct err *e);

/* Remove it; by folder_close() too. */
void folder_remove_private(struct folder *f);

/* The empty folder is fine. */
void folder_close(struct folder *f);

/*
 * Below, @name is "file" or "sub/folder/file"; its parts must not be "..".
 */

/*
 * Create the file @name, and the folders in the name as far as they are
 * missing. It replaces what has its name, but not a folder. Returns a
 * descriptor for reading and appending, or a negative errno.
 */
int folder_create(const struct folder *f, const char *name, struct err *e);

/*
 * Open the file @name for writing: the one that is there if it is a file of
 * this user without another name, so that a lock on it holds; otherwise like
 * folder_create().
 */
int folder_open_own(const struct folder *f, const char *name, struct err *e);

/* Replace @name, a file without '/', with @part as a whole. */
int folder_write(const struct folder *f, const char *name, struct bytes part,
		 struct err *e);

/* Whether @name was there to be removed. */
bool folder_remove(const struct folder *f, const char *name);

/* Rename a file in its folder; to be missing is no failure. */
void folder_rename(const struct folder *f, const char *from, const char *to);

/*
 * A path by which a child of this process can write the private file @name,
 * which does not exist then. To be freed; NULL without memory.
 */
char *folder_private_path(const struct folder *f, const char *name);

/*
 * Move the private file @from to @to. Returns a descriptor to read it by, or
 * -ENOENT if there is none, or another negative errno.
 */
int folder_take(const struct folder *f, const char *from, const char *to,
		struct err *e);

#endif
