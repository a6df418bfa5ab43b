/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in, whole: a regular file is mapped read-only and private; standard
 * input and FIFOs are read to their end, up to a limit.
 * A mapping may only be used before the guest runs: see file_mapped_at(). Files
 * out are in output.h.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/input.h"

struct file {
	struct bytes bytes; /* the content */
	bool mapped;	    /* munmap or free on close */
};

/*
 * Read all of @path; "-" is standard input. Pipes are read to their end, so
 * this may wait without limit for their writers.
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

/* The same for @in, which is open and stays open; @f does not need it. */
int file_read(struct file *f, struct input *in, uint64_t limit, struct err *e);

void file_close(struct file *f);

/* Replace a mapping by a copy, so that changes of the file do not matter.
 * -ENOMEM; *@f is untouched then. */
int file_keep(struct file *f, struct err *e);

/*
 * The path of the file that is mapped where @addr is, or NULL. For a handler of
 * SIGBUS: async-signal-safe. The path is valid until that file is closed.
 */
const char *file_mapped_at(const void *addr);

#endif
