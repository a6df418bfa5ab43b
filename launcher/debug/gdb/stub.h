/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The remote stub: executes gdb's packets on a target.
 *
 * It serves one debugger at a time, and all vCPUs of the target stop together.
 * Bytes go in by gdb_stub_input() and out by stub.out; the owner of the line
 * moves them. The target is a table of functions, so the stub runs without KVM.
 *
 * Threads are vCPUs: thread N is vCPU N - 1. Addresses are linear.
 *
 * Must never trust: the debugger. A malformed packet, or one at the wrong time,
 * gets an error or an empty answer, as in the protocol, and has no effect.
 *
 * Spec: "Debugging with GDB", appendix "GDB Remote Serial Protocol".
 */
#ifndef DEBUG_GDB_STUB_H
#define DEBUG_GDB_STUB_H

#include "debug/gdb/hello.h"
#include "debug/gdb/packet.h"
#include "debug/gdb/regs.h"

/* Signals by gdb's numbers, which are not the host's. */
enum gdb_signal {
	GDB_SIGINT = 2, /* the debugger broke in */
	GDB_SIGILL = 4, /* the vCPU cannot go on there */
	GDB_SIGTRAP = 5,
	GDB_SIGSEGV = 11, /* a triple fault */
};

enum gdb_stop_reason {
	GDB_STOP_PLAIN,
	GDB_STOP_SOFT,	 /* a software breakpoint */
	GDB_STOP_HARD,	 /* a hardware breakpoint */
	GDB_STOP_WATCH,	 /* a watchpoint, for writes */
	GDB_STOP_AWATCH, /* for reads and writes */
};

/* Why the target has stopped. */
struct gdb_stop {
	enum gdb_signal signal;
	unsigned cpu;
	enum gdb_stop_reason reason;
	uint64_t addr; /* of a watchpoint */
};

/* As in Z packets. */
enum gdb_break {
	GDB_BREAK_SOFT,
	GDB_BREAK_HARD,
	GDB_BREAK_WRITE,
	GDB_BREAK_READ,
	GDB_BREAK_ACCESS,
	GDB_BREAK_KINDS,
};

enum gdb_action { GDB_STAY, GDB_CONTINUE, GDB_STEP };

#define GDB_CPUS_MAX 1024

/* How a debugger leaves. */
enum gdb_end {
	GDB_END_NONE,
	GDB_END_DETACH,
	GDB_END_KILL,
};

/*
 * The target. All functions except resume() and interrupt() are called while it
 * is stopped. Functions that can fail return 0 or a negative errno.
 */
struct gdb_target_ops {
	int (*get_regs)(void *ctx, unsigned cpu, struct cpu_regs *r,
			struct err *e);
	int (*set_regs)(void *ctx, unsigned cpu, const struct cpu_regs *r,
			struct err *e);
	/* Memory as seen by @cpu. Both return how many bytes could be read or
	 * written. */
	size_t (*read)(void *ctx, unsigned cpu, uint64_t addr, void *buf,
		       size_t len);
	size_t (*write)(void *ctx, unsigned cpu, uint64_t addr, const void *buf,
			size_t len);
	int (*insert)(void *ctx, unsigned cpu, enum gdb_break kind,
		      uint64_t addr, uint64_t len, struct err *e);
	int (*remove)(void *ctx, unsigned cpu, enum gdb_break kind,
		      uint64_t addr, uint64_t len, struct err *e);
	/* @actions: one for each vCPU. gdb_stub_stopped() will follow. */
	int (*resume)(void *ctx, const enum gdb_action *actions, struct err *e);
	void (*interrupt)(void *ctx);
	/* One line about a vCPU. */
	void (*describe)(void *ctx, unsigned cpu, char *buf, size_t size);
	/* The answer to a `monitor` command. */
	void (*monitor)(void *ctx, const char *command, struct buf *out);
};

struct gdb_stub {
	const struct gdb_target_ops *ops;
	void *ctx;
	const struct gdb_arch *arch;
	unsigned cpus;
	/* Where the first segment of the program runs, if that is not where it
	 * was linked; else 0. Set before
	 * gdb_stub_begin(). */
	uint64_t text;
	struct gdb_reader reader;
	struct buf out;	  /* to be sent; the sender empties it */
	struct buf reply; /* the payload of the answer being made */
	struct buf last;  /* the last packet, in case it gets lost */
	struct gdb_stop stop;
	bool running;
	struct gdb_caps caps;
	unsigned cpu; /* the thread of g, m and similar packets */
	/* the thread of c and s; -1: all */
	int run_cpu;
	enum gdb_end end; /* the debugger is done */
};

void gdb_stub_init(struct gdb_stub *s, const struct gdb_target_ops *ops,
		   void *ctx, const struct gdb_arch *arch, unsigned cpus);
void gdb_stub_release(struct gdb_stub *s);

/* A debugger has connected, with @caps negotiated by hello.h; the target has
 * stopped because of @stop. */
void gdb_stub_begin(struct gdb_stub *s, const struct gdb_stop *stop,
		    const struct gdb_caps *caps);

/*
 * Bytes from the debugger; bytes after its last packet are ignored. They can
 * add a packet to stub.out for every few bytes, so read only a few at once, and
 * no more before the answers are sent.
 */
void gdb_stub_input(struct gdb_stub *s, const uint8_t *data, size_t len);

/* The running target has stopped. */
void gdb_stub_stopped(struct gdb_stub *s, const struct gdb_stop *stop);

/* It is over. */
void gdb_stub_exited(struct gdb_stub *s, int status);

#endif
