/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --gdb: connects a debugger to a machine.
 *
 * It runs on the session's loop, and connects the lobby, which checks clients,
 * the stub, which speaks gdb's protocol, and the hold, which controls vCPUs.
 * The guest waits at its first instruction until a debugger has connected. When
 * it disconnects without detaching, --gdb-lost decides about the guest. A
 * client that does not complete the handshake has no effect: the guest does not
 * stop for it, and its time goes on.
 *
 * A line on stderr names each debugger that connects or disconnects, and the
 * first few refused clients.
 *
 * Addresses are linear, translated for the vCPU (view.h).
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

/* By the request and the reason of the refusal; there are few. */
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
	bool has_probed;
	const char *host; /* the name of KVM, once known */
	struct outcome_latch *latch;
	struct view_kernel kernel;
	bool is32;		 /* the kernel, wherever it is */
	bool stopped;		 /* all vCPUs wait; otherwise they run */
	bool stopping;		 /* or will soon wait */
	bool greeting;		 /* a debugger connected while they ran */
	bool leaving;		 /* it disconnected while they ran */
	struct refusals refused; /* and reported to this debugger */
	struct gdb_stop stop;
	struct loop *loop; /* NULL: not served */
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

/* Find out, once, what this host's KVM can do for a debugger; does nothing
 * unless it is open. */
int debugger_probe(struct debugger *d, struct err *e);

/* Whether it must be able to remove guest memory from KVM. */
bool debugger_needs_pages(const struct debugger *d);

/* The vCPUs are about to be started: they wait. */
int debugger_attach(struct debugger *d, struct pause *pause,
		    const struct guest_mem *gm, struct outcome_latch *latch,
		    const char *host, struct err *e);

/* Whether a debugger has the guest stopped, so that the guest's time does not
 * count. A client that has not completed the handshake is not one. */
bool debugger_holds(const struct debugger *d);

/* Whether a debugger is connected, or the guest waits for one. */
bool debugger_has_guest(const struct debugger *d);

/*
 * Accept debuggers, and serve the connected one on @loop, after
 * debugger_attach(). Does nothing without --gdb.
 *
 * @changed: the results of debugger_holds() and debugger_has_guest() may have
 * changed.
 */
int debugger_serve(struct debugger *d, struct loop *loop,
		   void (*changed)(void *ctx), void *ctx, struct err *e);

/* The run is over: no debugger can connect any more, and packets of the
 * connected one are not read. */
void debugger_stop_serving(struct debugger *d);

/* Tell the connected debugger. */
void debugger_tell_end(struct debugger *d, int status);

void debugger_release(struct debugger *d);

/* The process ends while other threads run: remove the socket file. */
void debugger_abandon(const struct debugger *d);

#endif
