/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of a port: a byte stream to a file, a descriptor or a UNIX
 * socket, whose calls never wait for another process.
 *
 *   FILE        what the guest sends; created, or emptied first
 *   fd=N        a descriptor that the launcher inherited, in the directions in
 *               which it is open
 *   unix:PATH   a connection to a socket that another process listens on
 *
 * O_NONBLOCK belongs to an open file, which other processes may share. So it
 * is set only on files that were opened here: a pipe or a terminal is opened
 * again, a socket has flags for each call, and what is left is asked by poll(2)
 * first and then moves at most PIPE_BUF bytes. Only regular files and block
 * devices may let the caller wait, for the disk.
 *
 * Must never trust: the other end, which may stop, or close at any time.
 */
#ifndef DEV_VIRTIO_STREAM_H
#define DEV_VIRTIO_STREAM_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

/* How a call on a descriptor is kept from waiting. */
enum stream_way {
	STREAM_NONBLOCK, /* O_NONBLOCK is set, or it never waits for long */
	STREAM_SOCKET,
	STREAM_POLL,
};

struct stream_end {
	int fd; /* -1: the stream does not have this direction, or no more */
	enum stream_way way;
};

struct stream {
	struct stream_end in, out; /* never the same descriptor */
};

#define STREAM_EMPTY                                   \
	{                                              \
		.in = { .fd = -1 }, .out = {.fd = -1 } \
	}

/*
 * Open what @where says: FILE, fd=N or unix:PATH. With @append, a FILE is not
 * emptied. The message names @where. On failure *@s is empty.
 */
int stream_open(struct stream *s, const char *where, bool append,
		struct err *e);

/*
 * A stream of the descriptors @in and @out, each -1 if there is none; they may
 * be the same. They belong to the stream, even if this fails.
 */
int stream_adopt(struct stream *s, int in, int out, struct err *e);

/*
 * Read into, or write from, the @n pieces of @iov. Returns how many bytes, for
 * a read 0 at the end of the stream, -EAGAIN if it would wait, or another
 * negative errno.
 */
ssize_t stream_read(const struct stream *s, const struct iovec *iov,
		    unsigned n);
ssize_t stream_write(const struct stream *s, const struct iovec *iov,
		     unsigned n);

/* No more is read. */
void stream_end_input(struct stream *s);

/* No more is written: the other end sees the end of the stream. */
void stream_end_output(struct stream *s);

/* The empty stream is fine. */
void stream_close(struct stream *s);

#endif
