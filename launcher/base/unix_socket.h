/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UNIX stream sockets that have a file: one that listens, and connections to
 * those of other programs.
 *
 * A file that a launcher left when it was killed is removed before its place is
 * taken; any other file stays, and is an error. A file of ours has mode 0600,
 * and is removed only while it is still the one that was made.
 *
 * Nothing here waits. Must never trust: the folder, in which others may replace
 * files.
 *
 * Spec: unix(7).
 */
#ifndef BASE_UNIX_SOCKET_H
#define BASE_UNIX_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Of a path, without the NUL. (UNIX_PATH_MAX of <linux/un.h> counts it.) */
#define UNIX_PATH_LONGEST 107

/* Whether @path has 1 to @max bytes. Returns 0 or a negative errno. */
int unix_path_check(const char *path, size_t max, struct err *e);

/* Empty if all is zero. */
struct unix_listener {
	char path[UNIX_PATH_LONGEST + 1]; /* "": not open */
	int fd;
	/* The file that it made. */
	dev_t dev;
	ino_t ino;
};

/*
 * Listen at @path, where up to @waiting connections may wait to be accepted.
 * Returns 0, or a negative errno, and *@l is empty: -EEXIST if another file is
 * there, -EADDRINUSE if another program listens.
 */
int unix_listener_open(struct unix_listener *l, const char *path, int waiting,
		       struct err *e);

/* Stop listening and remove the file. The empty one is fine. */
void unix_listener_close(struct unix_listener *l);

/* Only remove the file, for the end of a process in which another thread may be
 * using the socket. The empty one is fine. */
void unix_listener_abandon(const struct unix_listener *l);

/* The next connection, which does not block and belongs to the caller, or -1 if
 * there is none. */
int unix_listener_accept(const struct unix_listener *l);

/* Connect to the program that listens at @path. Returns a descriptor that does
 * not block and belongs to the caller, or a negative errno. */
int unix_connect(const char *path, struct err *e);

#endif
