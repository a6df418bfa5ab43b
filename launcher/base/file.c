/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in: how an image or an initrd comes into the launcher's memory.
 *
 * Must never trust: the kind and the size of what a path leads to. A path is
 * opened so that nothing can make the opening wait, and looked at before it
 * is read.
 */
#include "base/file.h"
#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
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

/* The first buffer for standard input; it doubles from there. */
#define STDIN_FIRST (1u << 20)

static int too_large(struct err *e, const char *path, uint64_t limit)
{
	return err_set(e, EFBIG,
		       "%s: larger than the limit of %" PRIu64 " bytes", path,
		       limit);
}

/* Why something that is not a regular file is refused. */
static int check_type(const char *path, mode_t mode, struct err *e)
{
	static const struct {
		mode_t type;
		int code;
		const char *why;
	} refused[] = {
		{ S_IFDIR, EISDIR, "is a directory" },
		{ S_IFIFO, EINVAL,
		  "is a FIFO, not a regular file; "
		  "to read from a pipe, connect it to standard input and say -" },
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

static int map_file(struct file *f, int fd, const char *path, uint64_t limit,
		    struct err *e)
{
	struct stat st;
	void *p;
	int rc;

	if (fstat(fd, &st))
		return err_sys(e, "%s: fstat", path);
	rc = check_type(path, st.st_mode, e);
	if (rc)
		return rc;
	if (st.st_size == 0)
		return err_set(e, EINVAL, "%s: is empty", path);
	if ((uint64_t)st.st_size > limit)
		return too_large(e, path, limit);
	p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "%s: mmap of %jd bytes", path,
			       (intmax_t)st.st_size);
	*f = (struct file){ .bytes = { p, st.st_size }, .mapped = true };
	remember(f->bytes, path);
	return 0;
}

static int open_path(struct file *f, const char *path, uint64_t limit,
		     struct err *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc;

	if (fd < 0) {
		/* open() of a socket fails with a code that explains nothing. */
		if (errno == ENXIO && !stat(path, &st))
			return check_type(path, st.st_mode, e)
				       ?: err_set(e, ENXIO,
						  "%s: no such device", path);
		return err_sys(e, "%s", path);
	}
	rc = map_file(f, fd, path, limit, e);
	close(fd);
	return rc;
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
			size_t want = room ? room * 2 : STDIN_FIRST;
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

static int read_stdin(struct file *f, uint64_t limit, struct err *e)
{
	static const char name[] = "standard input";
	uint8_t *buf = NULL, *exact;
	size_t len = 0;
	int rc;

	if (isatty(STDIN_FILENO))
		return err_set(e, EINVAL,
			       "%s: is a terminal; "
			       "redirect it from a file or a pipe",
			       name);
	rc = read_all(STDIN_FILENO, name, &buf, &len, limit, e);
	if (!rc && len == 0)
		rc = err_set(e, EINVAL, "%s: is empty", name);
	if (rc) {
		free(buf);
		return rc;
	}
	exact = realloc(buf, len);
	*f = (struct file){ .bytes = { exact ?: buf, len } };
	return 0;
}

int file_open(struct file *f, const char *path, uint64_t limit, struct err *e)
{
	if (!strcmp(path, "-"))
		return read_stdin(f, limit, e);
	return open_path(f, path, limit, e);
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
