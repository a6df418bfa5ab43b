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

#include <stdint.h>

#include "base/err.h"
#include "vm/irq.h"
#include "vm/kvm.h"

/*
 * Let the guest's 32-bit write of @value to @gpa ring @fd instead of being an
 * exit. Without KVM_CAP_IOEVENTFD, the exit stays and nothing is done.
 */
int kvm_ring_on_write(const struct kvm *kvm, uint64_t gpa, uint32_t value,
		      int fd, struct err *e);

/* *@edge interrupts the guest at @gsi from any thread. */
int kvm_irq_edge(const struct kvm *kvm, unsigned gsi, struct irq_edge *edge,
		 struct err *e);

#endif
