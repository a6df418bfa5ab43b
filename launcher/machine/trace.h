/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace of --trace: one line for each event, in a file.
 *
 *   0.012345678 vcpu 0 pio out 0x3f8 1 0x41      port, bytes, value
 *   0.012345678 vcpu 0 mmio read 0xd0000000 4 0x74726976
 *   0.012345678 vcpu 0 exit pio at 0xffffffff81000012 io_serial_out+0x12
 *                                                enum vcpu_exit, rip, its name
 *   0.012345678 irq 4 raise                      GSI; or "lower"
 *
 * Times are seconds since the launcher was started. Lines gather in a buffer of
 * fixed size; the trace's own thread writes it out. When it is full the vCPUs
 * wait: a slow disk or reader slows the guest, and no line is lost. The event
 * loop never waits, because it serves signals and the time limit; a part of the
 * buffer is left for its lines.
 *
 * Beyond a limit no line is written; this is said once, and the guest goes on.
 *
 * Once the run has ended, all waits are short: lines that cannot be written by
 * then are lost, and trace_close() reports this. A failed write ends the trace,
 * and trace_close() reports it, too.
 */
#ifndef MACHINE_TRACE_H
#define MACHINE_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"

enum trace_kind {
	TRACE_PIO = 1 << 0,
	TRACE_MMIO = 1 << 1,
	TRACE_EXITS = 1 << 2,
	TRACE_IRQ = 1 << 3,
};

#define TRACE_BUFFER 65536
#define TRACE_LINE   128

/* Extra room for the event loop: more lines than it adds before the guest must
 * run again for it to add another. */
#define TRACE_RESERVE 16384

struct trace {
	unsigned kinds; /* enum trace_kind; 0: no trace */
	uint64_t start_ns;
	pthread_t loop; /* the thread that must not wait */
	pthread_t writer;
	uint64_t limit;	      /* bytes of the file; 0: none */
	uint64_t written;     /* the writer's */
	struct output out;    /* the writer's */
	struct patience wait; /* the writer's */
	int hurry_fd;	      /* eventfd: see patience.h */
	char chunk[TRACE_BUFFER + TRACE_RESERVE]; /* the writer's */
	struct err failure;			  /* the writer's, if: */
	int rc;
	pthread_mutex_t lock; /* covers what follows */
	pthread_cond_t space, filled;
	bool open;
	bool hurry;    /* the run has ended: no thread waits any more */
	bool stuck;    /* the writer has given up */
	unsigned lost; /* lines */
	size_t len;
	char buffer[TRACE_BUFFER + TRACE_RESERVE];
};

#define TRACE_EMPTY                  \
	{                            \
		.out = OUTPUT_EMPTY, \
	}

/* The kinds in "pio,mmio,exits,irq", or in a part of that list. -EINVAL. */
int trace_parse(const char *list, unsigned *kinds, struct err *e);

/*
 * Begin. The trace takes ownership of @out and names it at once, so that it can
 * be read while the guest runs. @limit: the most bytes of the file; 0: none.
 * Called on the thread that must not wait.
 */
int trace_open(struct trace *t, unsigned kinds, struct output *out,
	       uint64_t limit, uint64_t start_ns, struct err *e);

/* Whether @kind is traced; false for a trace that is not open. */
static inline bool trace_wants(const struct trace *t, enum trace_kind kind)
{
	return t && (t->kinds & kind);
}

/* Add a line of at most TRACE_LINE bytes with the time before it. */
void trace_line(struct trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The run has ended: threads that wait for room continue; without room their
 * line is lost. From the event loop, before it waits for the vCPUs. NULL and a
 * trace that is not open are fine. */
void trace_hurry(struct trace *t);

/*
 * Write out the remaining lines, if the output accepts them. Returns the error
 * of this or of any earlier write. Later lines are lost. Accepts a trace that
 * is not open.
 */
int trace_close(struct trace *t, struct err *e);

#endif
