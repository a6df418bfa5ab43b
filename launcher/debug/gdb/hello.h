/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake: what a client must send before it counts as a debugger.
 *
 *   client                                launcher
 *   + $qSupported:...#xx
 *     or $QStartNoAckMode#xx    ->
 *                               <-        + $answer#xx
 *   + any other packet          ->        from here on it is a debugger
 *
 * gdb and lldb both begin like this. A request of another protocol (HTTP, TLS,
 * SSH) fails at its first byte. A client that writes its packets without
 * waiting for the answer fails, too. So a single blind write, as other programs
 * can be tricked into, does not reach the guest.
 *
 * Must never trust: any byte. GDB_HELLO_MAX limits what a client may send
 * before it is a debugger; the caller limits its time.
 *
 * Spec: "Debugging with GDB", appendix "GDB Remote Serial Protocol".
 */
#ifndef DEBUG_GDB_HELLO_H
#define DEBUG_GDB_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define GDB_HELLO_MAX 4096

/* What the client has agreed to. */
struct gdb_caps {
	bool no_ack;
	bool knows_soft; /* the reasons of breakpoints: swbreak, */
	bool knows_hard; /* hwbreak */
};

enum gdb_hello_state {
	GDB_HELLO_WAITING,  /* for more bytes */
	GDB_HELLO_DEBUGGER, /* hello.in begins with its first packet */
	GDB_HELLO_STRANGER, /* does not speak the protocol: disconnect */
};

/* { 0 } is a client that has not sent anything. */
struct gdb_hello {
	enum gdb_hello_state state;
	bool answered; /* at least one greeting */
	size_t blind;  /* bytes of @in sent before the last answer */
	struct gdb_caps caps;
	size_t len;
	uint8_t in[GDB_HELLO_MAX]; /* not consumed yet */
};

/*
 * Take bytes from the client and append the answers to @out. Bytes after the
 * handshake stay in @h->in.
 */
void gdb_hello_input(struct gdb_hello *h, const uint8_t *data, size_t len,
		     struct buf *out);

/* Read the client's part of qSupported: "name+;name-;name=value;...". */
void gdb_caps_read(struct gdb_caps *c, const uint8_t *features, size_t len);

/* Append the launcher's part of qSupported. */
void gdb_caps_say(struct buf *out);

#endif
