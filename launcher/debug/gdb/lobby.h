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
	int epoll_fd; /* readable when there is something to do; -1: closed */
	struct gdb_visitor visitors[GDB_LOBBY_MAX];
	/* A client was turned away. @noticed: it did something that no
	 * debugger does; otherwise it just went. */
	void (*refused)(void *ctx, const char *who, const char *why,
			bool noticed);
	void *ctx;
};

#define GDB_LOBBY_EMPTY                                   \
	{                                                 \
		.epoll_fd = -1, .visitors = {             \
			[0 ... GDB_LOBBY_MAX - 1].fd = -1 \
		}                                         \
	}

/* Watch the listening @line. */
int gdb_lobby_open(struct gdb_lobby *l, const struct gdb_line *line,
		   struct err *e);
void gdb_lobby_close(struct gdb_lobby *l);

/* How many milliseconds until a client needs a look although it sends nothing,
 * since its time is over or a debugger is still to be let through; -1: there
 * is none. */
int gdb_lobby_wait_ms(const struct gdb_lobby *l);

/*
 * Let new clients in, hear what they say and answer. Returns a client that
 * has become a debugger and moves it to @v: its descriptor is the caller's.
 * @taken: there is a debugger, so that no client can become one.
 */
bool gdb_lobby_serve(struct gdb_lobby *l, const struct gdb_line *line,
		     bool taken, struct gdb_visitor *v);

#endif
