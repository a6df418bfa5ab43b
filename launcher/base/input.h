/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is to be read: opened first, read later.
 *
 * Opening a device has side effects: a tape rewinds, a watchdog starts, a
 * terminal may become ours. So a path is first looked up, and only a regular
 * file or a FIFO is opened.
 *
 * Opening never waits and does not read, so all files of a run can be opened
 * before the first foreign byte is read.
 *
 * Must never trust: the file type, that a path keeps its file, and that a file
 * keeps its size.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"

struct input {
	const char *name; /* for messages: the path, or "standard input" */
	int fd;		  /* -1: not open */
	struct stat st;
	/* After input_measure(): */
	struct bytes data; /* all of it, unless it is a regular file */
	uint64_t size;
};

#define INPUT_EMPTY      \
	{                \
		.fd = -1 \
	}

/*
 * Open @path for reading; "-" is standard input. @path must stay valid.
 *
 * Only regular files and FIFOs are opened. A directory (-EISDIR), a socket
 * and a device (-EINVAL) are refused by name and are not opened. Standard
 * input may be anything. Opening never waits, not even for the writer of a
 * FIFO.
 *
 * Returns 0 or a negative errno; *@in is untouched on failure. Every message
 * begins with the name.
 */
int input_open(struct input *in, const char *path, struct err *e);

/* Whether it is a regular file that was opened by path. */
bool input_is_file(const struct input *in);

/*
 * Find out the size. Other files than regular ones are read to their end, into
 * memory, which may wait without limit for the writer.
 *
 * -EINVAL if it is empty, or standard input is a terminal; -EFBIG if it is
 * larger than @limit bytes; otherwise the system's own error.
 */
int input_measure(struct input *in, uint64_t limit, struct err *e);

/*
 * Copy all @in->size bytes to @dst, after input_measure(). -ENODATA if the file
 * has become shorter since then; appended bytes are not read.
 */
int input_copy(const struct input *in, void *dst, struct err *e);

/* Accepts the empty input. Standard input itself stays open. */
void input_close(struct input *in);

#endif
