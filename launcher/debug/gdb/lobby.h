/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that have connected and have not shown yet that they are debuggers.
 *
 * Each has a few seconds for the handshake (hello.h). Nothing of the guest
 * stops or changes meanwhile, and a client that says nothing is not in
 * another's way: there is room for several, and the oldest one goes for the
 * next.
 *
 * Must never trust: who connects, how often, and what they send. Nothing here
 * waits for it.
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
	/* A client was turned away. @noticed: it did something that no
	 * debugger does; otherwise it just went. */
	void (*refused)(void *ctx, const char *who, const char *why,
			bool noticed);
	/* A client has become a debugger: its descriptor is the callee's. While
	 * line->fd is one, no other client can become a debugger. */
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
 * Let clients of the listening @line in, hear what they say and answer, on
 * @loop. What else came in the same round is served before: a debugger that
 * has gone makes room for the next one. The callbacks are set.
 */
int gdb_lobby_open(struct gdb_lobby *l, const struct gdb_line *line,
		   struct loop *loop, struct err *e);

/* Hang up on all who are still in it. One that is closed is fine. */
void gdb_lobby_close(struct gdb_lobby *l);

#endif
