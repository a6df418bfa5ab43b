/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in: a regular file is mapped read-only and private, or read to where
 * it is needed; standard input and FIFOs are read to their end under a ceiling.
 * A mapping is only for the time in which nothing but the launcher runs: see
 * file_mapped_at(). Files out are in output.h.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

struct file {
	struct bytes bytes; /* the content */
	bool mapped;	    /* munmap or free on close */
};

/*
 * Read all of @path; "-" is standard input. Pipes are read to their end, so
 * this may wait for as long as their writers like.
 *
 * @limit: the largest size accepted, in bytes.
 * Directories, sockets, devices and empty files are refused by name: -EISDIR,
 * -EINVAL; -EFBIG past the limit; otherwise the system's own error. Every
 * message begins with @path ("standard input" for "-"). On failure *@f is
 * untouched. file_close() accepts the empty struct.
 *
 * The mapping is the page cache: if another process truncates the file,
 * touching the missing part raises SIGBUS, which main.c turns into an error.
 */
int file_open(struct file *f, const char *path, uint64_t limit, struct err *e);
void file_close(struct file *f);

/* Replace a mapping by a copy: what happens to the file no longer matters.
 * -ENOMEM; *@f is untouched then. */
int file_keep(struct file *f, struct err *e);

/*
 * The path of the file that is mapped where @addr is, or NULL. For a handler
 * of SIGBUS: it may be called whatever the program is in the middle of. The
 * path is valid until that file is closed.
 */
const char *file_mapped_at(const void *addr);
/* A file that is open and whose size is known, still to be read. */
struct file_source {
	const char *path; /* for messages */
	int fd;		  /* -1: all of it is in: */
	struct bytes data;
	uint64_t size;
};

#define FILE_SOURCE_EMPTY \
	{                 \
		.fd = -1, \
	}

/* As file_open(), for a file that is read to where the caller wants it. */
int file_source_open(struct file_source *s, const char *path, uint64_t limit,
		     struct err *e);

/*
 * Read all @s->size bytes to @dst. -ENODATA if the file has become shorter
 * since it was opened; what was appended to it is not read.
 */
int file_source_read(const struct file_source *s, void *dst, struct err *e);
void file_source_close(struct file_source *s);

#endif
