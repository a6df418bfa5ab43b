/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder that a suite's results go to.
 *
 * Must never trust: the old contents. They may come from a checkout, or from
 * other users, so a symbolic link, a hard link or a FIFO may have the name of a
 * result. Every name is looked up from the folder's descriptor, part by part,
 * and symbolic links are not followed; a new file replaces an old one.
 *
 * A file that is written by its path (a run's --report) goes to a subfolder to
 * which only this user can write, and is moved from there.
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
 * Make the private subfolder. Only for the suite that has locked the folder of
 * results: files of an earlier run are removed.
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
 * Create the file @name, and missing folders in the name. It replaces an old
 * file, but not a folder. Returns a descriptor for reading and appending, or a
 * negative errno.
 */
int folder_create(const struct folder *f, const char *name, struct err *e);

/*
 * Open the file @name for writing: an existing file if it belongs to this user
 * and has no other name, so that a lock on it works; otherwise like
 * folder_create().
 */
int folder_open_own(const struct folder *f, const char *name, struct err *e);

/* Replace @name, a file without '/', with @part as a whole. */
int folder_write(const struct folder *f, const char *name, struct bytes part,
		 struct err *e);

/* Remove @name; returns whether it existed. */
bool folder_remove(const struct folder *f, const char *name);

/* Rename a file in its folder; a missing file is not a failure. */
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
