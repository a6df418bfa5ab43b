/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/halted.h"

#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "pv/x86.h"

/* A local vector table's entry, and the lower half of an IOAPIC's. */
#define ENTRY_MASKED 0x10000u
#define ENTRY_MODE   0x700u
#define MODE_SMI     0x200u
#define MODE_NMI     0x400u
#define MODE_INIT    0x500u

#define APIC_LVT0 0x350

/* Delivery modes that ignore whether interrupts are enabled. */
static bool may_wake(uint32_t entry)
{
	uint32_t mode = entry & ENTRY_MODE;

	return !(entry & ENTRY_MASKED) &&
	       (mode == MODE_SMI || mode == MODE_NMI || mode == MODE_INIT);
}

bool halted_is_event_pending(const struct kvm_vcpu_events *events)
{
	return events->exception.injected || events->exception.pending ||
	       events->interrupt.injected || events->nmi.injected ||
	       events->nmi.pending || events->smi.pending;
}

/* LINT0 is the PIC's. LINT1 is not connected, and the performance counters of a
 * halted vCPU do not count. */
bool halted_may_lapic_wake(const struct kvm_lapic_state *lapic)
{
	uint32_t lint0;

	memcpy(&lint0, lapic->regs + APIC_LVT0, sizeof(lint0));
	return may_wake(lint0);
}

bool halted_may_ioapic_wake(const struct kvm_ioapic_state *ioapic)
{
	for (unsigned i = 0; i < KVM_IOAPIC_NUM_PINS; i++)
		if (may_wake((uint32_t)ioapic->redirtbl[i].bits))
			return true;
	return false;
}

enum vcpu_rest vcpu_rest(struct vcpu *v)
{
	struct kvm_vcpu_events events;
	struct kvm_lapic_state lapic;
	struct kvm_mp_state mp;
	struct kvm_regs r;

	/* This also handles an INIT or a start-up that has arrived
	 * meanwhile. */
	if (ioctl(v->fd, KVM_GET_MP_STATE, &mp) < 0)
		return VCPU_AWAKE;
	if (mp.mp_state == KVM_MP_STATE_UNINITIALIZED ||
	    mp.mp_state == KVM_MP_STATE_INIT_RECEIVED)
		return VCPU_UNSTARTED;
	if (mp.mp_state != KVM_MP_STATE_HALTED ||
	    ioctl(v->fd, KVM_GET_REGS, &r) < 0 || (r.rflags & RFLAGS_IF) ||
	    ioctl(v->fd, KVM_GET_VCPU_EVENTS, &events) < 0 ||
	    halted_is_event_pending(&events) ||
	    ioctl(v->fd, KVM_GET_LAPIC, &lapic) < 0 ||
	    halted_may_lapic_wake(&lapic))
		return VCPU_AWAKE;
	return VCPU_STUCK;
}

bool kvm_may_wake_stuck(const struct kvm *kvm)
{
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };

	return ioctl(kvm->vm, KVM_GET_IRQCHIP, &chip) < 0 ||
	       halted_may_ioapic_wake(&chip.chip.ioapic);
}
