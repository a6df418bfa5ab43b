/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications between a guest and a device without an exit to us: a write by
 * the guest that signals an eventfd, an eventfd that interrupts the guest.
 * Without KVM's support, the device also works, but slower.
 *
 * Spec: api.rst, KVM_IOEVENTFD and KVM_IRQFD.
 */
#ifndef VM_NOTIFY_H
#define VM_NOTIFY_H

#include "base/err.h"
#include "vm/irq.h"
#include "vm/kvm.h"

/*
 * Start or stop to signal @bell for the guest's writes. If KVM cannot do that,
 * the writes stay exits.
 */
int kvm_connect_doorbell(const struct kvm *kvm, const struct doorbell *bell,
			 struct err *e);
void kvm_disconnect_doorbell(const struct kvm *kvm,
			     const struct doorbell *bell);

/* *@edge interrupts the guest at @gsi from any thread. */
int kvm_irq_edge(const struct kvm *kvm, unsigned gsi, struct irq_edge *edge,
		 struct err *e);

#endif
