/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that have connected, but have not completed the handshake.
 *
 * Each has a few seconds for the handshake (hello.h). The guest is not affected
 * meanwhile, and a silent client does not block others: there is room for
 * several, and a new one replaces the oldest.
 *
 * Must never trust: clients, their number, and what they send. Nothing here
 * waits for them.
 */
#ifndef DEBUG_GDB_LOBBY_H
#define DEBUG_GDB_LOBBY_H

#include "base/loop.h"
#include "debug/gdb/hello.h"
#include "debug/gdb/line.h"
#include "debug/gdb/peer.h"

#define GDB_LOBBY_MAX 4
#define GDB_HELLO_MS  5000

struct gdb_visitor {
	int fd; /* -1: a free place */
	uint64_t since_ns;
	struct gdb_peer peer;
	struct gdb_hello hello;
};

struct gdb_lobby {
	/* A client was refused. @noticed: it did something that no debugger
	 * does; otherwise it only disconnected. */
	void (*refused)(void *ctx, const char *who, const char *why,
			bool noticed);
	/* A client has become a debugger: the callee owns its descriptor. While
	 * line->fd is set, no other client can become a debugger. */
	void (*arrived)(void *ctx, const struct gdb_visitor *v);
	void *ctx;
	/* Its own. */
	struct loop *loop; /* NULL: closed */
	const struct gdb_line *line;
	struct gdb_visitor visitors[GDB_LOBBY_MAX];
	struct loop_watch watches[GDB_LOBBY_MAX]; /* of visitors */
	struct loop_watch newcomers;
	struct loop_call call; /* there is something to do */
	struct loop_timer time_over;
};

#define GDB_LOBBY_EMPTY                                           \
	{                                                         \
		.visitors = { [0 ... GDB_LOBBY_MAX - 1].fd = -1 } \
	}

/*
 * Accept clients of the listening @line and answer them, on @loop. Other events
 * of the same round are served before, so a debugger that has disconnected
 * makes room for the next one. The callbacks must be set.
 */
int gdb_lobby_open(struct gdb_lobby *l, const struct gdb_line *line,
		   struct loop *loop, struct err *e);

/* Disconnect all clients in it. It may be closed. */
void gdb_lobby_close(struct gdb_lobby *l);

#endif
