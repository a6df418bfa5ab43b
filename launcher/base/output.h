/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outputs: how a result (an ELF, an image, a report, a picture) gets to its
 * file.
 *
 *   output_open()     at the start: everything that opens files, and every
 *                     reason why there is no place for the result
 *   output_write()    as often as there is something
 *   output_commit()   the file appears, or replaces the one that was there
 *   output_discard()  instead: it is as if nothing had been opened
 *
 * A result file appears complete or not at all, even after a kill: it has no
 * name until it is complete. (On a file system without nameless files, a
 * temporary file may stay after a kill, but never a partial result.) An old
 * file is replaced and not written into: it may belong to another user, who
 * could read or change the result.
 *
 * Standard output, pipes, FIFOs and devices are written directly.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <limits.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/patience.h"

struct output {
	const char *path; /* for messages; must outlive this */
	int fd;		  /* -1: not open */
	bool is_fifo;	  /* and has not been written to yet */
	bool keep_fd;	  /* standard output is not ours to close */
	/* Of a file that gets its name at the end; -1: written directly. */
	int folder;
	char name[NAME_MAX + 1]; /* there */
	char temp[32];		 /* its name until then; "": it has none */
};

#define OUTPUT_EMPTY                   \
	{                              \
		.fd = -1, .folder = -1 \
	}

/*
 * Open @path for writing; "-" is standard output.
 *
 * @mode: permission bits of a new file before umask. A file of our own that is
 * replaced keeps its permissions; one of another owner does not.
 *
 * Links are followed as target.h says. Directories and sockets are refused.
 * This does not wait: a FIFO may have no reader yet.
 *
 * Returns 0 or a negative errno with a message that begins with @path; *@o is
 * then empty.
 */
int output_open(struct output *o, const char *path, unsigned mode,
		struct err *e);

/*
 * Write the @n parts at @parts, in that order.
 *
 * @p: how long to wait for a reader; NULL: for ever, except for the first
 * reader of a FIFO.
 */
int output_write(struct output *o, const struct bytes *parts, size_t n,
		 struct patience *p, struct err *e);

/* Write @n bytes of zeros: a hole, in a file that gets its name at the end. */
int output_skip(struct output *o, uint64_t n, struct patience *p,
		struct err *e);

/*
 * Give the file its name now, and go on writing to it, so that it can be read
 * meanwhile. Does nothing for outputs that are written directly.
 */
int output_publish(struct output *o, struct err *e);

/* All is written: name the file and close everything. On failure, close
 * everything; an old file stays as it was. */
int output_commit(struct output *o, struct err *e);

/* Close it without a result. The empty one is fine. */
void output_discard(struct output *o);

/* Write, then commit, or discard on failure. */
int output_finish(struct output *o, const struct bytes *parts, size_t n,
		  struct patience *p, struct err *e);

/* All of it in one go: open, write and commit. */
int output_save(const char *path, const struct bytes *parts, size_t n,
		unsigned mode, struct err *e);

#endif
