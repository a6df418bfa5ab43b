/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --trace writes: one line for each event, to a file.
 *
 *   0.012345678 vcpu 0 pio out 0x3f8 1 0x41      port, bytes, value
 *   0.012345678 vcpu 0 mmio read 0xd0000000 4 0x74726976
 *   0.012345678 vcpu 0 exit pio                  see enum vcpu_exit
 *   0.012345678 irq 4 raise                      GSI; or "lower"
 *
 * Times are seconds since the launcher was started. Lines gather in a buffer
 * of fixed size that a thread of the trace's own writes out. When it is full
 * the vCPUs wait: a slow disk or reader slows the guest and nothing is lost.
 * The event loop never waits, because it serves signals and the time limit;
 * a part of the buffer is left for its lines.
 *
 * Once the run has ended, nothing waits for long: what cannot be written by
 * then is lost, and trace_close() says so. A write that fails ends the trace
 * and is reported there, too.
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

/* Behind that, for the event loop: more lines than it makes before the guest
 * has to go on for it to make another. */
#define TRACE_RESERVE 16384

struct trace {
	unsigned kinds; /* enum trace_kind; 0: nothing is traced */
	uint64_t start_ns;
	pthread_t loop; /* the thread that must not wait */
	pthread_t writer;
	struct output out;			  /* the writer's */
	struct patience wait;			  /* the writer's */
	int hurry_fd;				  /* eventfd: see patience.h */
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

/* "pio,mmio,exits,irq", or some of them: the kinds. -EINVAL. */
int trace_parse(const char *list, unsigned *kinds, struct err *e);

/*
 * Begin. @out becomes the trace's, and gets its name at once, so that it can be
 * read while the guest runs. Called on the thread that must not wait.
 */
int trace_open(struct trace *t, unsigned kinds, struct output *out,
	       uint64_t start_ns, struct err *e);

/* Whether @kind is traced; false for a trace that is not open. */
static inline bool trace_wants(const struct trace *t, enum trace_kind kind)
{
	return t && (t->kinds & kind);
}

/* Add a line of at most TRACE_LINE bytes with the time before it. */
void trace_line(struct trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The run has ended: threads that wait for room go on, without their line if
 * there is none. From the event loop, before it waits for the vCPUs. NULL and
 * a trace that is not open are fine. */
void trace_hurry(struct trace *t);

/*
 * Write out what is left, if something takes it. The error of this or of any
 * write before. What is traced afterwards is lost. Fine for a trace that is not
 * open.
 */
int trace_close(struct trace *t, struct err *e);

#endif
