/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interrupt line, as a device sees it: raise it, lower it.
 *
 * A line is a value and may be copied. Setting it may be done from any
 * thread.
 */
#ifndef VM_IRQ_H
#define VM_IRQ_H

#include <stdbool.h>

/* Somebody who wants to know about every change, from any thread. */
struct irq_observer {
	void (*saw)(void *ctx, unsigned gsi, bool level);
	void *ctx;
};

struct irq_line {
	const struct irq_observer *observer; /* NULL: nobody */
	int vm;	      /* the machine; -1: connected to nothing (tests) */
	unsigned gsi; /* global system interrupt: IOAPIC pin, PIC input */
};

/* Drive the line. Spec: api.rst, KVM_IRQ_LINE. */
void irq_set(struct irq_line line, bool level);

/*
 * An edge-triggered interrupt: each time it is raised is one, or joins one
 * that the guest has not taken yet. It owns its descriptor.
 */
struct irq_edge {
	int fd; /* an eventfd that KVM listens to; -1: none, the line pulses */
	struct irq_line line;
};

void irq_edge_raise(const struct irq_edge *edge);
void irq_edge_release(struct irq_edge *edge);

#endif
