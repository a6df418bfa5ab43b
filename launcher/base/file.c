/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in: how an image or an initrd comes into the launcher's memory.
 *
 * Must never trust: the kind and the size of what a path leads to, see
 * input.h, and that a file stays as long as it was.
 */
#include "base/file.h"
#include "base/input.h"
#include "base/retry.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The files that are mapped, for file_mapped_at(). A slot belongs to whoever
 * has taken it; start is set last and cleared first. A file that finds no slot
 * is mapped all the same.
 */
#define MAPPED_MAX 32
static struct mapped {
	atomic_flag taken;
	atomic_uintptr_t start; /* 0: none */
	size_t len;
	char path[256];
} mapped[MAPPED_MAX];

static void remember(struct bytes b, const char *path)
{
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		struct mapped *m = &mapped[i];

		if (atomic_flag_test_and_set(&m->taken))
			continue;
		m->len = b.len;
		snprintf(m->path, sizeof(m->path), "%s", path);
		atomic_store(&m->start, (uintptr_t)b.data);
		return;
	}
}

static void forget(struct bytes b)
{
	for (size_t i = 0; i < MAPPED_MAX; i++)
		if (atomic_load(&mapped[i].start) == (uintptr_t)b.data) {
			atomic_store(&mapped[i].start, 0);
			atomic_flag_clear(&mapped[i].taken);
			return;
		}
}

const char *file_mapped_at(const void *addr)
{
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		uintptr_t start = atomic_load(&mapped[i].start);

		if (start && (uintptr_t)addr >= start &&
		    (uintptr_t)addr - start < mapped[i].len)
			return mapped[i].path;
	}
	return NULL;
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

static int map_file(struct file *f, int fd, const char *path,
		    const struct stat *st, struct err *e)
{
	void *p = mmap(NULL, st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "%s: mmap of %jd bytes", path,
			       (intmax_t)st->st_size);
	*f = (struct file){ .bytes = { p, st->st_size }, .mapped = true };
	remember(f->bytes, path);
	return 0;
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

static int read_stdin(struct bytes *b, uint64_t limit, struct err *e)
{
	static const char name[] = "standard input";

	if (isatty(STDIN_FILENO))
		return err_set(e, EINVAL,
			       "%s: is a terminal; "
			       "redirect it from a file or a pipe",
			       name);
	return read_pipe(b, STDIN_FILENO, name, limit, e);
}

static int read_fifo(struct bytes *b, int fd, const char *path, uint64_t limit,
		     struct err *e)
{
	input_await_writer(fd);
	return read_pipe(b, fd, path, limit, e);
}

static int open_path(struct file *f, const char *path, uint64_t limit,
		     struct err *e)
{
	struct file new = { 0 };
	struct stat st;
	int fd = input_open(path, &st, e), rc;

	if (fd < 0)
		return fd;
	if (S_ISFIFO(st.st_mode))
		rc = read_fifo(&new.bytes, fd, path, limit, e);
	else
		rc = check_size(path, &st, limit, e)
			     ?: map_file(&new, fd, path, &st, e);
	close(fd);
	if (!rc)
		*f = new;
	return rc;
}

int file_open(struct file *f, const char *path, uint64_t limit, struct err *e)
{
	struct file new = { 0 };
	int rc;

	if (strcmp(path, "-"))
		return open_path(f, path, limit, e);
	rc = read_stdin(&new.bytes, limit, e);
	if (!rc)
		*f = new;
	return rc;
}

int file_keep(struct file *f, struct err *e)
{
	struct file old = *f;
	uint8_t *copy;

	if (!f->mapped)
		return 0;
	copy = malloc(f->bytes.len);
	if (!copy)
		return err_set(e, ENOMEM, "no memory for %zu bytes",
			       f->bytes.len);
	memcpy(copy, f->bytes.data, f->bytes.len);
	*f = (struct file){ .bytes = { copy, old.bytes.len } };
	file_close(&old);
	return 0;
}

void file_close(struct file *f)
{
	if (f->mapped) {
		forget(f->bytes);
		munmap((void *)f->bytes.data, f->bytes.len);
	} else {
		free((void *)f->bytes.data);
	}
	*f = (struct file){ 0 };
}

static int source_of_path(struct file_source *s, const char *path,
			  uint64_t limit, struct err *e)
{
	struct file_source new = { .path = path, .fd = -1 };
	struct stat st;
	int fd = input_open(path, &st, e), rc;

	if (fd < 0)
		return fd;
	if (S_ISFIFO(st.st_mode))
		rc = read_fifo(&new.data, fd, path, limit, e);
	else
		rc = check_size(path, &st, limit, e);
	if (rc || S_ISFIFO(st.st_mode))
		close(fd);
	else
		new.fd = fd;
	new.size = new.data.data ? new.data.len : (uint64_t)st.st_size;
	if (!rc)
		*s = new;
	return rc;
}

int file_source_open(struct file_source *s, const char *path, uint64_t limit,
		     struct err *e)
{
	struct file_source new = { .path = "standard input", .fd = -1 };
	int rc;

	if (strcmp(path, "-"))
		return source_of_path(s, path, limit, e);
	rc = read_stdin(&new.data, limit, e);
	new.size = new.data.len;
	if (!rc)
		*s = new;
	return rc;
}

int file_source_read(const struct file_source *s, void *dst, struct err *e)
{
	uint64_t done = 0;

	if (s->data.data) {
		memcpy(dst, s->data.data, s->data.len);
		return 0;
	}
	while (done < s->size) {
		ssize_t n = pread(s->fd, (uint8_t *)dst + done, s->size - done,
				  (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s: read", s->path);
		if (n == 0)
			return err_set(e, ENODATA,
				       "%s: was cut short to %" PRIu64
				       " of %" PRIu64
				       " bytes while it was read",
				       s->path, done, s->size);
		done += (uint64_t)n;
	}
	return 0;
}

void file_source_close(struct file_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free((void *)s->data.data);
	*s = (struct file_source)FILE_SOURCE_EMPTY;
}
