/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to the debugger: an address to listen at, and one connection.
 *
 *   HOST:PORT   an IPv4 address, or localhost; [HOST]:PORT an IPv6 one
 *   :PORT       the same on 127.0.0.1; port 0 is one that is free
 *   unix:PATH   a socket file, which is gone when the line is closed
 *
 * Must never trust: who connects. Nothing here waits for it.
 */
#ifndef GDB_LINE_H
#define GDB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define GDB_LINE_DEFAULT ":1234"

struct gdb_line {
	int listen_fd;	/* -1: closed */
	int fd;		/* the debugger; -1: none */
	char name[128]; /* what to tell gdb: "127.0.0.1:1234" */
	char path[108]; /* the socket file that is ours, or "" */
};

#define GDB_LINE_EMPTY                    \
	{                                 \
		.listen_fd = -1, .fd = -1 \
	}

/* Whether @address is one by its form. */
int gdb_line_check(const char *address, struct err *e);

/* Whether somebody who wrote @text had an address in mind, sound or not. A
 * file's name with a colon can be told apart by its folder. */
bool gdb_line_is_meant(const char *text);

int gdb_line_open(struct gdb_line *l, const char *address, struct err *e);
void gdb_line_close(struct gdb_line *l);

/* No debugger can come any more; one that is there stays. */
void gdb_line_stop_listening(struct gdb_line *l);

/* Only take the socket file away; another thread may be using the line. */
void gdb_line_abandon(const struct gdb_line *l);

/* Take the debugger that waits, if there is one. */
bool gdb_line_accept(struct gdb_line *l);
void gdb_line_hang_up(struct gdb_line *l);

/*
 * Both never block: 0 if there is nothing to read or no room to write,
 * negative if the debugger is gone.
 */
ssize_t gdb_line_read(struct gdb_line *l, void *buf, size_t len);
ssize_t gdb_line_write(struct gdb_line *l, const void *buf, size_t len);

#endif
