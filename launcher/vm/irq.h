/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device and a guest interrupt each other with, as a device sees it:
 * interrupt lines, edges and messages, and doorbells.
 *
 * A line is a value and may be copied. Setting it may be done from any
 * thread.
 */
#ifndef VM_IRQ_H
#define VM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

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

/*
 * A message-signalled interrupt: a write to a local APIC, of an address and
 * data that the guest chose. It owns its descriptor.
 */
struct msi_table;
struct irq_msi {
	int fd; /* an eventfd that KVM listens to; -1: messages are sent */
	struct msi_table *table; /* NULL: connected to nothing (tests) */
	unsigned gsi;
	uint64_t address;
	uint32_t data;
};

/* Set the message, before it is raised for the first time. */
int irq_msi_set(struct irq_msi *msi, uint64_t address, uint32_t data,
		struct err *e);

/* From any thread, unless the message is being set. */
void irq_msi_raise(const struct irq_msi *msi);
void irq_msi_release(struct irq_msi *msi);

/* A write of the guest's that rings an eventfd instead of being an exit. */
struct doorbell {
	uint64_t gpa;
	unsigned size; /* of the write; 0: whatever size and value it has */
	uint32_t value;
	int fd;
};

#endif
