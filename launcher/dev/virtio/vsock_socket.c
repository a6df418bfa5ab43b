/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/vsock_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAITING_MAX 128 /* clients that are not accepted yet */

int vsock_socket_check(const char *path, struct err *e)
{
	size_t len = strlen(path);

	if (!len || len > VSOCK_PATH_MAX)
		return err_set(e, ENAMETOOLONG,
			       "the path has %zu bytes (expected 1 to %d)", len,
			       VSOCK_PATH_MAX);
	return 0;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return a;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Remove a socket that has no listener any more. */
static int clear_path(const struct sockaddr_un *a, struct err *e)
{
	const char *path = a->sun_path;
	struct stat st;
	int fd, rc = 0;

	if (lstat(path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, EEXIST,
			       "%s: the file exists and is not a socket", path);
	fd = new_socket();
	if (fd < 0)
		return err_sys(e, "socket");
	if (!connect(fd, (const struct sockaddr *)a, sizeof(*a)) ||
	    errno != ECONNREFUSED)
		rc = err_set(e, EADDRINUSE, "%s: another program listens on it",
			     path);
	else if (unlink(path))
		rc = err_sys(e, "%s", path);
	close(fd);
	return rc;
}

static int listen_at(struct vsock_socket *s, const struct sockaddr_un *a,
		     struct err *e)
{
	struct stat st;

	/* The file gets the mode that the socket has when it is bound. */
	if (fchmod(s->fd, 0600) ||
	    bind(s->fd, (const struct sockaddr *)a, sizeof(*a)))
		return err_sys(e, "%s: cannot listen", a->sun_path);
	if (!lstat(a->sun_path, &st)) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	if (listen(s->fd, WAITING_MAX))
		return err_sys(e, "%s: cannot listen", a->sun_path);
	return 0;
}

int vsock_socket_open(struct vsock_socket *s, const char *path, struct err *e)
{
	const struct sockaddr_un a = address_of(path);
	int rc;

	*s = (struct vsock_socket){ .path = NULL };
	rc = vsock_socket_check(path, e);
	if (!rc)
		rc = clear_path(&a, e);
	if (rc)
		return rc;
	s->fd = new_socket();
	if (s->fd < 0)
		return err_sys(e, "socket");
	s->path = path;
	rc = listen_at(s, &a, e);
	if (rc)
		vsock_socket_close(s);
	return rc;
}

void vsock_socket_abandon(const struct vsock_socket *s)
{
	struct stat st;

	if (s->path && s->ino && !lstat(s->path, &st) && st.st_ino == s->ino &&
	    st.st_dev == s->dev)
		unlink(s->path);
}

void vsock_socket_close(struct vsock_socket *s)
{
	if (!s->path)
		return;
	close(s->fd);
	vsock_socket_abandon(s);
	*s = (struct vsock_socket){ .path = NULL };
}

int vsock_socket_accept(const struct vsock_socket *s)
{
	return accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int vsock_socket_connect(const struct vsock_socket *s, uint32_t port)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	if (!s->path)
		return -ECONNREFUSED;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s_%" PRIu32, s->path, port);
	fd = new_socket();
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		rc = -errno;
	if (rc)
		close(fd);
	return rc ?: fd;
}
