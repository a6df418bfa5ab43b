/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/inherited.h"
#include "base/parse.h"
#include "base/unix_socket.h"

#define FD   "fd="
#define UNIX "unix:"

static const struct stream empty = STREAM_EMPTY;

/* --- descriptors */

/* @fd, opened again with O_NONBLOCK, in the direction of @access; negative if
 * the host does not allow it. */
static int reopen(int fd, int access)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int check_socket(int fd, struct err *e)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	(void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	if (type != SOCK_STREAM)
		return err_set(e, EINVAL, "not a stream socket");
	if (listens)
		return err_set(e, EINVAL,
			       "a listening socket, not a connection");
	return 0;
}

/* Take @fd for the direction @access: O_RDONLY or O_WRONLY. */
static int take(struct stream_end *end, int fd, int access, struct err *e)
{
	int flags = fcntl(fd, F_GETFL), again = -1;
	struct stat st;

	*end = (struct stream_end){ .fd = fd };
	if (flags < 0 || fstat(fd, &st))
		return err_sys(e, "descriptor %d", fd);
	if ((flags & O_PATH) || S_ISDIR(st.st_mode))
		return err_set(e, EINVAL,
			       "not a file, a pipe, a terminal or a socket");
	if (S_ISSOCK(st.st_mode)) {
		end->way = STREAM_SOCKET;
		return check_socket(fd, e);
	}
	if ((flags & O_NONBLOCK) || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return 0;
	if (S_ISFIFO(st.st_mode) || isatty(fd))
		again = reopen(fd, access);
	if (again < 0) {
		end->way = STREAM_POLL;
		return 0;
	}
	close(fd);
	end->fd = again;
	return 0;
}

int stream_adopt(struct stream *s, int in, int out, struct err *e)
{
	struct stream new = { .in.fd = in, .out.fd = out };
	int rc = 0;

	*s = empty;
	if (in >= 0 && in == out) {
		new.out.fd = fcntl(in, F_DUPFD_CLOEXEC, 3);
		if (new.out.fd < 0)
			rc = err_sys(e, "descriptor %d", in);
	}
	if (!rc && new.in.fd >= 0)
		rc = take(&new.in, new.in.fd, O_RDONLY, e);
	if (!rc && new.out.fd >= 0)
		rc = take(&new.out, new.out.fd, O_WRONLY, e);
	if (rc)
		stream_close(&new);
	else
		*s = new;
	return rc;
}

/* --- opening */

static int open_fd(struct stream *s, const char *number, struct err *e)
{
	unsigned long value = 0;
	int rc = parse_count(number, STDERR_FILENO + 1, INT_MAX, &value, e);
	int fd = (int)value, flags;

	if (rc)
		return rc;
	if (!inherited_has(fd) || (flags = fcntl(fd, F_GETFL)) < 0)
		return err_set(e, EBADF, "the descriptor is not open");
	inherited_keep(fd);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return stream_adopt(s, (flags & O_ACCMODE) == O_WRONLY ? -1 : fd,
			    (flags & O_ACCMODE) == O_RDONLY ? -1 : fd, e);
}

static int open_unix(struct stream *s, const char *path, struct err *e)
{
	int fd = unix_connect(path, e);

	return fd < 0 ? fd : stream_adopt(s, fd, fd, e);
}

static int open_file(struct stream *s, const char *path, bool append,
		     struct err *e)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
			      (append ? O_APPEND : O_TRUNC),
		      0666);

	if (fd < 0 && errno == ENXIO)
		return err_set(e, ENXIO,
			       "no process has opened it for reading, or it is "
			       "a socket (expected unix:PATH)");
	if (fd < 0)
		return err_sys(e, "open");
	return stream_adopt(s, -1, fd, e);
}

/* What follows @prefix in @where, or NULL. */
static const char *after(const char *where, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(where, prefix, len) ? NULL : where + len;
}

int stream_open(struct stream *s, const char *where, bool append, struct err *e)
{
	const char *rest;
	int rc;

	*s = empty;
	if ((rest = after(where, FD)))
		rc = open_fd(s, rest, e);
	else if ((rest = after(where, UNIX)))
		rc = open_unix(s, rest, e);
	else
		rc = open_file(s, where, append, e);
	return rc ? err_prefix(e, rc, "%s", where) : 0;
}

/* --- bytes */

/* What a blocking file moves at once after poll(2) has said that it can. */
static struct iovec small(const struct iovec *iov)
{
	return (struct iovec){ iov->iov_base, iov->iov_len < PIPE_BUF
						      ? iov->iov_len
						      : PIPE_BUF };
}

static bool is_ready(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, 0) > 0;
}

static ssize_t result_of(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EINTR ? -EAGAIN : -errno;
}

ssize_t stream_read(const struct stream *s, const struct iovec *iov, unsigned n)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov,
			    .msg_iovlen = n };
	struct iovec piece;

	if (s->in.way == STREAM_SOCKET)
		return result_of(recvmsg(s->in.fd, &m, MSG_DONTWAIT));
	if (s->in.way == STREAM_NONBLOCK)
		return result_of(readv(s->in.fd, iov, (int)n));
	if (!is_ready(s->in.fd, POLLIN))
		return -EAGAIN;
	piece = small(iov);
	return result_of(readv(s->in.fd, &piece, 1));
}

ssize_t stream_write(const struct stream *s, const struct iovec *iov,
		     unsigned n)
{
	const struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov,
				  .msg_iovlen = n };
	struct iovec piece;

	if (s->out.way == STREAM_SOCKET)
		return result_of(
			sendmsg(s->out.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL));
	if (s->out.way == STREAM_NONBLOCK)
		return result_of(writev(s->out.fd, iov, (int)n));
	if (!is_ready(s->out.fd, POLLOUT))
		return -EAGAIN;
	piece = small(iov);
	return result_of(writev(s->out.fd, &piece, 1));
}

/* --- ends */

void stream_end_input(struct stream *s)
{
	if (s->in.fd >= 0)
		close(s->in.fd);
	s->in.fd = -1;
}

void stream_end_output(struct stream *s)
{
	if (s->out.fd < 0)
		return;
	/* The other direction has a descriptor of the same socket. */
	if (s->out.way == STREAM_SOCKET)
		(void)shutdown(s->out.fd, SHUT_WR);
	close(s->out.fd);
	s->out.fd = -1;
}

void stream_close(struct stream *s)
{
	if (s->in.fd >= 0)
		close(s->in.fd);
	if (s->out.fd >= 0)
		close(s->out.fd);
	*s = empty;
}
