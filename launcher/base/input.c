/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * O_PATH finds out what a path leads to; the descriptor it gives is then
 * opened for reading through /proc, so that it is the same file. On a host
 * without /proc the path is opened a second time and compared.
 *
 * Spec: open(2), O_PATH; fifo(7).
 */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Why something that is neither a regular file nor a FIFO is refused. */
static int check_type(const char *path, mode_t mode, struct err *e)
{
	static const struct {
		mode_t type;
		int code;
		const char *why;
	} refused[] = {
		{ S_IFDIR, EISDIR, "is a directory" },
		{ S_IFCHR, EINVAL,
		  "is a character device, not a regular file" },
		{ S_IFBLK, EINVAL, "is a block device, not a regular file" },
		{ S_IFSOCK, EINVAL, "is a socket, not a regular file" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((mode & S_IFMT) == refused[i].type)
			return err_set(e, refused[i].code, "%s: %s", path,
				       refused[i].why);
	return 0;
}

/* Open @path again, which was the file of *@st a moment ago. */
static int open_again(const char *path, const struct stat *st, struct err *e)
{
	int fd = open(path, FLAGS);
	struct stat now;

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (!fstat(fd, &now) && now.st_dev == st->st_dev &&
	    now.st_ino == st->st_ino)
		return fd;
	close(fd);
	return err_set(e, ESTALE, "%s: was replaced while it was opened", path);
}

/* Open the file that @found stands for. */
static int open_found(int found, const char *path, const struct stat *st,
		      struct err *e)
{
	char self[64];
	int fd;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
	fd = open(self, FLAGS);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? open_again(path, st, e)
			       : err_sys(e, "%s", path);
}

int input_open(const char *path, struct stat *st, struct err *e)
{
	int found, rc;

	if (!*path)
		return err_set(e, ENOENT, "the file's name is empty");
	found = open(path, O_PATH | O_CLOEXEC);
	if (found < 0)
		return err_sys(e, "%s", path);
	if (fstat(found, st))
		rc = err_sys(e, "%s: fstat", path);
	else
		rc = check_type(path, st->st_mode, e)
			     ?: open_found(found, path, st, e);
	close(found);
	return rc;
}

void input_await_writer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* POLLIN: there is data; POLLHUP: there was a writer, who has left. */
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}
