/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to the debugger: a listening address, and its connections.
 *
 *   unix        a socket file of its own, launcher-PID.gdb, in the user's
 *               runtime folder or else in the current one; the default
 *   unix:PATH   a socket file, which is removed when the line is closed
 *   :PORT       127.0.0.1; port 0 takes a free one
 *   HOST:PORT   an IPv4 address, or localhost; [HOST]:PORT an IPv6 one
 *
 * A socket file has mode 0600. A port can be reached by every program of this
 * machine, or by other machines; peer.h and hello.h decide which are accepted.
 *
 * Must never trust: clients. Nothing here waits for them.
 */
#ifndef DEBUG_GDB_LINE_H
#define DEBUG_GDB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/unix_socket.h"
#include "debug/gdb/peer.h"

#define GDB_LINE_DEFAULT "unix"

/* Who can connect. */
enum gdb_reach {
	GDB_REACH_USER,	   /* a socket file: this user and root */
	GDB_REACH_MACHINE, /* a port of the loopback interface */
	GDB_REACH_NETWORK,
};

struct gdb_line {
	int listen_fd;	/* -1: closed; that of the file, if there is one */
	int fd;		/* the debugger; -1: none */
	char name[128]; /* for gdb's target remote: "127.0.0.1:1234" */
	struct unix_listener file; /* listens instead, if there is a path */
	enum gdb_reach reach;
	struct gdb_peer_lists lists; /* of a port */
};

#define GDB_LINE_EMPTY                                                    \
	{                                                                 \
		.listen_fd = -1, .fd = -1, .lists = GDB_PEER_LISTS_EMPTY, \
	}

/* Whether @address has the form of an address. */
int gdb_line_check(const char *address, struct err *e);

/* Whether @text is meant as an address, valid or not. A file's name with a
 * colon can be written with its folder. */
bool gdb_line_is_meant(const char *text);

int gdb_line_open(struct gdb_line *l, const char *address, struct err *e);
void gdb_line_close(struct gdb_line *l);

/* No debugger can connect any more; a connected one stays. */
void gdb_line_stop_listening(struct gdb_line *l);

/* Only remove the socket file; another thread may be using the line. */
void gdb_line_abandon(const struct gdb_line *l);

/* The next waiting connection, or -1. */
int gdb_line_accept(const struct gdb_line *l);
void gdb_line_hang_up(struct gdb_line *l);

/*
 * Both do not block: 0 if there is nothing to read or no room to write,
 * negative if the other end has disconnected.
 */
ssize_t gdb_line_read(int fd, void *buf, size_t len);
ssize_t gdb_line_write(int fd, const void *buf, size_t len);

#endif
