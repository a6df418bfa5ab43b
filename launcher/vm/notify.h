/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications between a guest and a device that need no exit to us: a
 * write of the guest's that rings an eventfd, an eventfd that interrupts the
 * guest. Where KVM has no such thing the device works all the same, more
 * slowly.
 *
 * Spec: api.rst, KVM_IOEVENTFD and KVM_IRQFD.
 */
#ifndef VM_NOTIFY_H
#define VM_NOTIFY_H

#include "base/err.h"
#include "vm/irq.h"
#include "vm/kvm.h"

/*
 * Let the guest's writes of @bell ring it, or no longer. Where KVM cannot do
 * that, the exit stays and nothing is done.
 */
int kvm_connect_doorbell(const struct kvm *kvm, const struct doorbell *bell,
			 struct err *e);
void kvm_disconnect_doorbell(const struct kvm *kvm,
			     const struct doorbell *bell);

/* *@edge interrupts the guest at @gsi from any thread. */
int kvm_irq_edge(const struct kvm *kvm, unsigned gsi, struct irq_edge *edge,
		 struct err *e);

#endif
