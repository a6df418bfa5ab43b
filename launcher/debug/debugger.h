/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --gdb: a debugger on a line, and what it does to a machine.
 *
 * The session's loop serves it all; this joins the lobby, which tells
 * debuggers from strangers, the stub, which knows gdb, and the hold, which
 * knows vCPUs. The guest waits at its first instruction until a debugger has
 * connected. When one disconnects without detaching, --gdb-lost says what
 * becomes of the guest. A client that does not complete the handshake changes
 * nothing: the guest does not stop for it, and its time goes on.
 *
 * A line on stderr names each debugger that comes or goes, and the first few
 * clients that were turned away.
 *
 * Addresses are linear, as the vCPU in question sees them (view.h).
 *
 * Must never trust: the debugger, or that there is one.
 */
#ifndef DEBUG_DEBUGGER_H
#define DEBUG_DEBUGGER_H

#include "base/loop.h"
#include "base/outcome.h"
#include "debug/gdb/line.h"
#include "debug/gdb/lobby.h"
#include "debug/gdb/stub.h"
#include "debug/hold.h"
#include "debug/view.h"

enum debugger_lost {
	DEBUGGER_LOST_CONTINUE,
	DEBUGGER_LOST_KILL,
	DEBUGGER_LOST_STOP
};

/* "continue", "kill" or "stop". */
int debugger_parse_lost(const char *text, enum debugger_lost *lost,
			struct err *e);

/* By what was asked for and why it was refused; there are few. */
#define REFUSALS_MAX 8

struct refusals {
	struct {
		enum gdb_break kind;
		int rc;
	} of[REFUSALS_MAX];
	unsigned count;
};

struct debugger {
	bool on; /* --gdb was given */
	enum debugger_lost lost;
	struct gdb_line line;
	struct gdb_lobby lobby;
	unsigned refused_clients;
	struct gdb_visitor client; /* the debugger; its .fd is line.fd */
	struct gdb_stub stub;
	struct hold hold;
	struct debug_means means;
	const char *host; /* what KVM is called, once known */
	struct outcome_latch *latch;
	struct view_kernel kernel;
	bool is32;		 /* the kernel, wherever it is */
	bool stopped;		 /* all vCPUs wait; otherwise they run */
	bool stopping;		 /* or will soon wait */
	bool greeting;		 /* a debugger came while they ran */
	bool leaving;		 /* it went while they ran */
	struct refusals refused; /* and said, to this debugger */
	struct gdb_stop stop;
	struct loop *loop; /* NULL: it is not served */
	struct loop_watch debugger_says, vcpus_say;
	struct loop_timer urge;
	void (*changed)(void *ctx);
	void *ctx;
};

#define DEBUGGER_EMPTY                                            \
	{                                                         \
		.line = GDB_LINE_EMPTY, .lobby = GDB_LOBBY_EMPTY, \
		.client.fd = -1, .hold = HOLD_EMPTY               \
	}

/* Listen at @address. */
int debugger_open(struct debugger *d, const char *address, struct err *e);

/* Find out what this host's KVM can do for it; nothing unless it is open. */
int debugger_probe(struct debugger *d, struct err *e);

/* Whether it has to be able to take guest memory from KVM. */
bool debugger_needs_pages(const struct debugger *d);

/* The vCPUs are about to be started: they wait. */
int debugger_attach(struct debugger *d, struct pause *pause,
		    const struct guest_mem *gm, struct outcome_latch *latch,
		    const char *host, struct err *e);

/* Whether a debugger keeps the guest from running: then the guest's time does
 * not count. A client that has not completed the handshake is not one. */
bool debugger_holds(const struct debugger *d);

/* Whether a debugger is there, or the guest waits for one. */
bool debugger_has_guest(const struct debugger *d);

/*
 * Let debuggers in and serve the one that is there on @loop, from
 * debugger_attach() on. One that is off is fine.
 *
 * @changed: what debugger_holds() and debugger_has_guest() say may have
 * changed.
 */
int debugger_serve(struct debugger *d, struct loop *loop,
		   void (*changed)(void *ctx), void *ctx, struct err *e);

/* The run is over: no debugger can come any more, and the one that is there
 * is not heard. */
void debugger_stop_serving(struct debugger *d);

/* Tell the one that is there. */
void debugger_tell_end(struct debugger *d, int status);

void debugger_release(struct debugger *d);

/* The process is about to end, whatever other threads do: leave nothing
 * behind. */
void debugger_abandon(const struct debugger *d);

#endif
