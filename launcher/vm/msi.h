/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts in KVM: a routing table says what a GSI means,
 * and an eventfd raises one.
 *
 *   GSI 0-15      PIC and I/O APIC    as KVM has them by itself
 *   GSI 16-23     I/O APIC
 *   GSI 24, ...   a message each, once the guest has set it
 *
 * KVM takes the table as a whole, so it is kept here and set again after each
 * change of a message. Where KVM has no eventfds or no routing, each message is
 * sent by an ioctl.
 *
 * Must never trust: addresses and data of messages; KVM takes any.
 *
 * Spec: api.rst, KVM_SET_GSI_ROUTING, KVM_IRQFD, KVM_SIGNAL_MSI.
 */
#ifndef VM_MSI_H
#define VM_MSI_H

#include <pthread.h>

#include "base/err.h"
#include "vm/irq.h"
#include "vm/kvm.h"

#define MSI_FIRST_GSI 24

struct kvm_irq_routing;

struct msi_table {
	const struct kvm *kvm; /* NULL: the empty table */
	pthread_mutex_t lock;  /* covers what follows */
	unsigned count;	       /* messages: GSIs from MSI_FIRST_GSI on */
	bool *is_set;	       /* for each, whether it is in the table */
	struct kvm_irq_routing *routing; /* NULL: there is no message yet */
};

/* An empty table for the machine @kvm, which must outlive it. */
void msi_table_init(struct msi_table *t, const struct kvm *kvm);

/* After its messages were released. { 0 } is fine. */
void msi_table_release(struct msi_table *t);

/* *@msi is a new interrupt without a message. Before a guest runs. */
int msi_table_add(struct msi_table *t, struct irq_msi *msi, struct err *e);

#endif
