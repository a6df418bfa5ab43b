/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a device and a guest notify each other, for devices: interrupt lines,
 * edges and messages, and doorbells.
 *
 * A line is a value and may be copied. Setting it may be done from any
 * thread.
 */
#ifndef VM_IRQ_H
#define VM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* An observer of every change, called on any thread. */
struct irq_observer {
	void (*saw)(void *ctx, unsigned gsi, bool level);
	void *ctx;
};

struct irq_line {
	const struct irq_observer *observer; /* or NULL */
	int vm;	      /* the machine; -1: connected to nothing (tests) */
	unsigned gsi; /* global system interrupt: IOAPIC pin, PIC input */
};

/* Drive the line. Spec: api.rst, KVM_IRQ_LINE. */
void irq_set(struct irq_line line, bool level);

/*
 * An edge-triggered interrupt: raising it is an interrupt, or is merged with
 * one that the guest has not taken yet. It owns its descriptor.
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

/* A write by the guest that signals an eventfd instead of causing an exit. */
struct doorbell {
	uint64_t gpa;
	unsigned size; /* of the write; 0: any size and value */
	uint32_t value;
	int fd;
};

#endif
