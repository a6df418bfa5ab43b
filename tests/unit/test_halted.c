/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can wake a vCPU that halts with interrupts off.
 *
 * Spec: SDM volume 3, 10.5.1; Intel 82093AA, 3.2.4; Documentation/virt/kvm,
 * KVM_GET_VCPU_EVENTS.
 */
#include "unit/unit.h"
#include "vm/halted.h"

#include <linux/kvm.h>

static const struct {
	uint32_t entry;
	bool wakes;
} entries[] = {
	{ 0x00000041, false }, /* an interrupt */
	{ 0x00000141, false }, /* lowest priority */
	{ 0x00000200, true },  /* SMI */
	{ 0x00000400, true },  /* NMI */
	{ 0x00000500, true },  /* INIT */
	{ 0x00000700, false }, /* ExtINT: an interrupt */
	{ 0x00010400, false }, /* masked */
	{ 0x00010200, false }, { 0x00010500, false },
	{ 0x00010000, false }, { 0x0000a400, true }, /* level, active low */
};

START_TEST(halted__lint0)
{
	struct kvm_lapic_state lapic = { 0 };

	/* LINT1 leads nowhere. */
	lapic.regs[0x361] = 0x04;
	memcpy(lapic.regs + 0x350, &entries[_i].entry, 4);
	ck_assert(halted_may_lapic_wake(&lapic) == entries[_i].wakes);
}
END_TEST

START_TEST(halted__ioapic_pins)
{
	static const unsigned pins[] = { 0, 4, KVM_IOAPIC_NUM_PINS - 1 };

	for (size_t i = 0; i < COUNT(pins); i++) {
		struct kvm_ioapic_state ioapic = { 0 };

		for (unsigned n = 0; n < KVM_IOAPIC_NUM_PINS; n++)
			ioapic.redirtbl[n].bits = 0x10000;
		ck_assert(!halted_may_ioapic_wake(&ioapic));
		ioapic.redirtbl[pins[i]].bits = entries[_i].entry;
		ck_assert(halted_may_ioapic_wake(&ioapic) == entries[_i].wakes);
	}
}
END_TEST

static const struct kvm_vcpu_events pending[] = {
	{ .exception.injected = 1 }, { .exception.pending = 1 },
	{ .interrupt.injected = 1 }, { .nmi.injected = 1 },
	{ .nmi.pending = 1 },	     { .smi.pending = 1 },
};

START_TEST(halted__what_is_pending)
{
	ck_assert(halted_is_event_pending(&pending[_i]));
}
END_TEST

/* Blocked NMIs do not wake it. */
START_TEST(halted__nothing_is_pending)
{
	const struct kvm_vcpu_events masked = { .nmi.masked = 1,
						.interrupt.shadow = 1 };

	ck_assert(!halted_is_event_pending(&masked));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("halted");
	TCase *t = tcase_create("halted");

	tcase_add_loop_test(t, halted__lint0, 0, COUNT(entries));
	tcase_add_loop_test(t, halted__ioapic_pins, 0, COUNT(entries));
	tcase_add_loop_test(t, halted__what_is_pending, 0, COUNT(pending));
	tcase_add_test(t, halted__nothing_is_pending);
	suite_add_tcase(s, t);
	return s;
}
