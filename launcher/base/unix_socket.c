/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int unix_path_check(const char *path, size_t max, struct err *e)
{
	size_t len = strlen(path);

	if (!len || len > max)
		return err_set(e, EINVAL,
			       "the path has %zu bytes (expected 1 to %zu)",
			       len, max);
	return 0;
}

static int new_socket(struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? err_sys(e, "socket") : fd;
}

/* @path is not too long. */
static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	_Static_assert(sizeof(a.sun_path) == UNIX_PATH_LONGEST + 1, "it fits");
	strcpy(a.sun_path, path);
	return a;
}

static int try_connect(int fd, const char *path)
{
	const struct sockaddr_un a = address_of(path);

	return connect(fd, (const struct sockaddr *)&a, sizeof(a));
}

/* Remove a socket that has no listener any more. */
static int clear_path(const char *path, struct err *e)
{
	struct stat st;
	int fd, rc = 0;

	if (lstat(path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, EEXIST,
			       "%s: the file exists and is not a socket", path);
	fd = new_socket(e);
	if (fd < 0)
		return fd;
	if (!try_connect(fd, path) || errno != ECONNREFUSED)
		rc = err_set(e, EADDRINUSE, "%s: another program listens on it",
			     path);
	else if (unlink(path))
		rc = err_sys(e, "%s", path);
	close(fd);
	return rc;
}

static int listen_at(struct unix_listener *l, int waiting, struct err *e)
{
	const struct sockaddr_un a = address_of(l->path);
	struct stat st;

	/* The file gets the mode that the socket has when it is bound. */
	if (fchmod(l->fd, 0600) ||
	    bind(l->fd, (const struct sockaddr *)&a, sizeof(a)))
		return err_sys(e, "%s: cannot listen", l->path);
	if (!lstat(l->path, &st)) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (listen(l->fd, waiting))
		return err_sys(e, "%s: cannot listen", l->path);
	return 0;
}

int unix_listener_open(struct unix_listener *l, const char *path, int waiting,
		       struct err *e)
{
	int rc = unix_path_check(path, UNIX_PATH_LONGEST, e), fd;

	*l = (struct unix_listener){ .fd = 0 };
	if (!rc)
		rc = clear_path(path, e);
	if (rc)
		return rc;
	fd = new_socket(e);
	if (fd < 0)
		return fd;
	l->fd = fd;
	strcpy(l->path, path);
	rc = listen_at(l, waiting, e);
	if (rc)
		unix_listener_close(l);
	return rc;
}

void unix_listener_abandon(const struct unix_listener *l)
{
	struct stat st;

	if (l->ino && !lstat(l->path, &st) && st.st_ino == l->ino &&
	    st.st_dev == l->dev)
		unlink(l->path);
}

void unix_listener_close(struct unix_listener *l)
{
	if (!l->path[0])
		return;
	close(l->fd);
	unix_listener_abandon(l);
	*l = (struct unix_listener){ .fd = 0 };
}

int unix_listener_accept(const struct unix_listener *l)
{
	return accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* What errno means where a socket is connected that does not wait. */
static int refused(struct err *e)
{
	if (errno == EAGAIN)
		return err_set(e, EAGAIN,
			       "the program that listens there does not accept "
			       "more connections");
	if (errno == EPROTOTYPE)
		return err_set(e, EPROTOTYPE, "it is not a stream socket");
	return err_sys(e, "connect");
}

int unix_connect(const char *path, struct err *e)
{
	int rc = unix_path_check(path, UNIX_PATH_LONGEST, e), fd;

	if (rc)
		return rc;
	fd = new_socket(e);
	if (fd < 0 || !try_connect(fd, path))
		return fd;
	rc = refused(e);
	close(fd);
	return rc;
}
