/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * O_PATH finds out the type of the file; its descriptor is then opened for
 * reading through /proc, so that it is the same file. On a host without /proc
 * the path is opened a second time and compared.
 *
 * Spec: open(2), O_PATH; fifo(7).
 */
#include "base/input.h"

#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Why a file of another type is refused. */
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

/* Open @path again, which should still be the file of *@st. */
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

int input_open(struct input *in, const char *path, struct err *e)
{
	struct input new = { .name = path };
	int found, rc;

	if (!strcmp(path, "-")) {
		*in = (struct input){ .name = "standard input",
				      .fd = STDIN_FILENO };
		return 0;
	}
	if (!*path)
		return err_set(e, ENOENT, "the file's name is empty");
	found = open(path, O_PATH | O_CLOEXEC);
	if (found < 0)
		return err_sys(e, "%s", path);
	if (fstat(found, &new.st))
		rc = err_sys(e, "%s: fstat", path);
	else
		rc = check_type(path, new.st.st_mode, e)
			     ?: open_found(found, path, &new.st, e);
	close(found);
	if (rc < 0)
		return rc;
	new.fd = rc;
	*in = new;
	return 0;
}

static bool is_stdin(const struct input *in)
{
	return in->fd == STDIN_FILENO;
}

bool input_is_file(const struct input *in)
{
	return S_ISREG(in->st.st_mode);
}

/*
 * Wait until the FIFO @fd has had a writer: before, reading returns the end of
 * the file.
 */
static void await_writer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* POLLIN: there is data; POLLHUP: there was a writer. */
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

/* The first buffer for a pipe; it doubles from there. */
#define PIPE_FIRST (1u << 20)

static int too_large(struct err *e, const char *path, uint64_t limit)
{
	return err_set(e, EFBIG,
		       "%s: larger than the limit of %" PRIu64 " bytes", path,
		       limit);
}

static int check_size(const char *path, const struct stat *st, uint64_t limit,
		      struct err *e)
{
	if (st->st_size == 0)
		return err_set(e, EINVAL, "%s: is empty", path);
	return (uint64_t)st->st_size > limit ? too_large(e, path, limit) : 0;
}

/*
 * Append what fd has to *buf until its end or until there are more than
 * @limit bytes. *len counts what is there, also on failure.
 */
static int read_all(int fd, const char *name, uint8_t **buf, size_t *len,
		    uint64_t limit, struct err *e)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (*len == room) {
			size_t want = room ? room * 2 : PIPE_FIRST;
			uint8_t *bigger = realloc(*buf, want);

			if (!bigger)
				return err_set(e, ENOMEM,
					       "%s: no memory for %zu bytes",
					       name, want);
			*buf = bigger;
			room = want;
		}
		n = read(fd, *buf + *len, room - *len);
		if (n < 0 && retry_io(fd, POLLIN))
			continue;
		if (n < 0)
			return err_sys(e, "%s", name);
		if (n == 0)
			return 0;
		*len += n;
		if (*len > limit)
			return too_large(e, name, limit);
	}
}

/* Read the pipe @fd to its end, into memory that is to be freed. */
static int read_pipe(struct bytes *b, int fd, const char *name, uint64_t limit,
		     struct err *e)
{
	uint8_t *buf = NULL, *exact;
	size_t len = 0;
	int rc;

	rc = read_all(fd, name, &buf, &len, limit, e);
	if (!rc && len == 0)
		rc = err_set(e, EINVAL, "%s: is empty", name);
	if (rc) {
		free(buf);
		return rc;
	}
	exact = realloc(buf, len);
	*b = (struct bytes){ exact ?: buf, len };
	return 0;
}

int input_measure(struct input *in, uint64_t limit, struct err *e)
{
	int rc;

	if (input_is_file(in)) {
		/* It may have been filled since it was opened. */
		if (fstat(in->fd, &in->st))
			return err_sys(e, "%s: fstat", in->name);
		in->size = (uint64_t)in->st.st_size;
		return check_size(in->name, &in->st, limit, e);
	}
	if (is_stdin(in) && isatty(in->fd))
		return err_set(e, EINVAL,
			       "%s: is a terminal; "
			       "redirect it from a file or a pipe",
			       in->name);
	if (!is_stdin(in))
		await_writer(in->fd);
	rc = read_pipe(&in->data, in->fd, in->name, limit, e);
	in->size = in->data.len;
	return rc;
}

int input_copy(const struct input *in, void *dst, struct err *e)
{
	uint64_t done = 0;

	if (in->data.data) {
		memcpy(dst, in->data.data, in->data.len);
		return 0;
	}
	while (done < in->size) {
		ssize_t n = pread(in->fd, (uint8_t *)dst + done,
				  in->size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s: read", in->name);
		if (n == 0)
			return err_set(e, ENODATA,
				       "%s: was cut short to %" PRIu64
				       " of %" PRIu64
				       " bytes while it was read",
				       in->name, done, in->size);
		done += (uint64_t)n;
	}
	return 0;
}

void input_close(struct input *in)
{
	if (in->fd >= 0 && !is_stdin(in))
		close(in->fd);
	free((void *)in->data.data);
	*in = (struct input)INPUT_EMPTY;
}
