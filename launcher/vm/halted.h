/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a halted vCPU can wake.
 *
 * KVM handles HLT in the kernel: KVM_RUN does not return. A vCPU that halts
 * with interrupts off waits for an NMI, an SMI or an INIT. Those come from
 * other vCPUs, or through a controller that a guest has set up for them.
 *
 * Spec: SDM volume 2, HLT; volume 3, 10.5.1 (local vector table).
 */
#ifndef VM_HALTED_H
#define VM_HALTED_H

#include <stdbool.h>

#include "vm/vcpu.h"

enum vcpu_rest {
	VCPU_AWAKE,	/* runs, or an interrupt would wake it */
	VCPU_UNSTARTED, /* waits for another vCPU to start it */
	VCPU_STUCK,	/* halts with interrupts off; nothing is pending */
};

/* Only while the vCPU is not inside KVM_RUN. If its state cannot be read, it
 * counts as awake. */
enum vcpu_rest vcpu_rest(struct vcpu *v);

/* Whether an entry of the IOAPIC is set up to wake such a vCPU. */
bool kvm_may_wake_stuck(const struct kvm *kvm);

/* The pure parts, for tests. */

struct kvm_ioapic_state;
struct kvm_lapic_state;
struct kvm_vcpu_events;

bool halted_is_event_pending(const struct kvm_vcpu_events *events);
bool halted_may_lapic_wake(const struct kvm_lapic_state *lapic);
bool halted_may_ioapic_wake(const struct kvm_ioapic_state *ioapic);

#endif
