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
 * of fixed size; the thread that fills it writes it out, so a slow disk slows
 * the guest and nothing is lost. A write that fails ends the trace and is
 * told in the end.
 */
#ifndef RUN_TRACE_H
#define RUN_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum trace_kind {
	TRACE_PIO = 1 << 0,
	TRACE_MMIO = 1 << 1,
	TRACE_EXITS = 1 << 2,
	TRACE_IRQ = 1 << 3,
};

#define TRACE_BUFFER 65536
#define TRACE_LINE   128

struct trace {
	unsigned kinds; /* enum trace_kind; 0: nothing is traced */
	const char *path;
	int fd;
	uint64_t start_ns;
	pthread_mutex_t lock; /* covers what follows */
	int error;	      /* errno of the write that failed; 0 */
	size_t len;
	char buffer[TRACE_BUFFER];
};

/* "pio,mmio,exits,irq", or some of them: the kinds. -EINVAL. */
int trace_parse(const char *list, unsigned *kinds, struct err *e);

/* Begin; @path is created or emptied, and kept. */
int trace_open(struct trace *t, unsigned kinds, const char *path,
	       uint64_t start_ns, struct err *e);

/* Whether @kind is traced; false for a trace that is not open. */
static inline bool trace_wants(const struct trace *t, enum trace_kind kind)
{
	return t && (t->kinds & kind);
}

/* Add a line of at most TRACE_LINE bytes with the time before it. */
void trace_line(struct trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Write out what is left. The error of this or of any write before. What is
 * traced afterwards is lost. Fine for a trace that is not open.
 */
int trace_close(struct trace *t, struct err *e);

#endif
