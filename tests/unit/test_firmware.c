/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state that firmware would leave and that a guest cannot read back: the
 * PIC's vectors; and the MTRRs, which depend on the host's processor.
 *
 * Spec: Intel 8259A and 8254 data sheets; SDM volume 3, 11.11.
 */
#include "unit/unit.h"
#include "vm/firmware.h"

#include <linux/kvm.h>

START_TEST(firmware__pic_vectors_are_the_pcs)
{
	struct kvm_pic_state master = { 0 }, slave = { 0 };

	firmware_fill_pic(&master, true);
	firmware_fill_pic(&slave, false);
	ck_assert_uint_eq(master.irq_base, 0x08);
	ck_assert_uint_eq(slave.irq_base, 0x70);
}
END_TEST

START_TEST(firmware__pic_masks_all_but_the_cascade)
{
	struct kvm_pic_state master = { 0 }, slave = { 0 };

	firmware_fill_pic(&master, true);
	firmware_fill_pic(&slave, false);
	ck_assert_uint_eq(master.imr, 0xfb);
	ck_assert_uint_eq(slave.imr, 0xff);
	/* Ready: not in the middle of an initialisation. */
	ck_assert_uint_eq(master.init_state, 0);
	ck_assert_uint_eq(master.auto_eoi, 0);
}
END_TEST

START_TEST(firmware__pit_counts_from_65536_and_keeps_its_other_channels)
{
	struct kvm_pit_state2 pit = { .channels[2] = { .mode = 3,
						       .count = 1193 } };

	firmware_fill_pit(&pit);
	ck_assert_uint_eq(pit.channels[0].count, 0x10000);
	ck_assert_uint_eq(pit.channels[0].mode, 0);
	ck_assert_uint_eq(pit.channels[0].rw_mode, 3);
	ck_assert_uint_eq(pit.channels[2].mode, 3);
	ck_assert_uint_eq(pit.channels[2].count, 1193);
}
END_TEST

static uint32_t lapic_register(const struct kvm_lapic_state *l, unsigned off)
{
	uint32_t value;

	memcpy(&value, l->regs + off, sizeof(value));
	return value;
}

START_TEST(firmware__lapic_is_a_virtual_wire)
{
	struct kvm_lapic_state l = { 0 };

	memset(l.regs + 0x20, 0x5a, 4); /* its id */
	firmware_fill_lapic(&l);
	ck_assert_uint_eq(lapic_register(&l, 0x0f0), 0x1ff);
	ck_assert_uint_eq(lapic_register(&l, 0x350), 0x700);
	ck_assert_uint_eq(lapic_register(&l, 0x360), 0x400);
	ck_assert_uint_eq(lapic_register(&l, 0x020), 0x5a5a5a5a);
}
END_TEST

static const struct firmware_msr *find(const struct firmware_msr *list,
				       uint32_t index)
{
	const struct firmware_msr *found = NULL;

	for (unsigned i = 0; i < FIRMWARE_MSRS; i++)
		if (list[i].index == index) {
			ck_assert_msg(!found, "0x%x is there twice", index);
			found = &list[i];
		}
	ck_assert_msg(found, "0x%x is missing", index);
	return found;
}

/* A variable range's mask must have exactly the bits of a physical address: KVM
 * refuses any others. */
static const struct {
	unsigned bits;
	uint64_t mask;
} widths[] = {
	{ 36, 0xfc0000800 },	 { 39, 0x7fc0000800 },	   { 40, 0xffc0000800 },
	{ 46, 0x3fffc0000800 },	 { 52, 0xfffffc0000800 },  { 0, 0xfc0000800 },
	{ 64, 0xfffffc0000800 }, { 255, 0xfffffc0000800 },
};

START_TEST(firmware__hole_is_uncached)
{
	struct firmware_msr list[FIRMWARE_MSRS];

	firmware_list_msrs(list, widths[_i].bits);
	ck_assert_uint_eq(find(list, 0x200)->set, 0xc0000000);
	ck_assert_uint_eq(find(list, 0x201)->set, widths[_i].mask);
}
END_TEST

static const struct {
	uint32_t index;
	uint64_t value;
} fixed[] = {
	{ 0x250, 0x0606060606060606 },
	{ 0x258, 0x0606060606060606 },
	{ 0x259, 0 },
	{ 0x268, 0x0606060606060606 },
	{ 0x26b, 0x0606060606060606 },
	{ 0x26f, 0x0606060606060606 },
};

START_TEST(firmware__first_mebibyte_has_its_types)
{
	struct firmware_msr list[FIRMWARE_MSRS];

	firmware_list_msrs(list, 39);
	ck_assert_uint_eq(find(list, fixed[_i].index)->set, fixed[_i].value);
	ck_assert_uint_eq(find(list, fixed[_i].index)->clear, UINT64_MAX);
}
END_TEST

START_TEST(firmware__mtrrs_are_enabled_last)
{
	struct firmware_msr list[FIRMWARE_MSRS];

	firmware_list_msrs(list, 39);
	ck_assert_uint_eq(list[FIRMWARE_MSRS - 1].index, 0x2ff);
	ck_assert_uint_eq(list[FIRMWARE_MSRS - 1].set, 0xc06);
}
END_TEST

/* The other bits describe the host's processor. */
START_TEST(firmware__misc_enable_gains_one_bit)
{
	struct firmware_msr list[FIRMWARE_MSRS];

	firmware_list_msrs(list, 39);
	ck_assert_uint_eq(find(list, 0x1a0)->set, 1);
	ck_assert_uint_eq(find(list, 0x1a0)->clear, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("firmware");
	TCase *t = tcase_create("firmware");

	tcase_add_test(t, firmware__pic_vectors_are_the_pcs);
	tcase_add_test(t, firmware__pic_masks_all_but_the_cascade);
	tcase_add_test(
		t,
		firmware__pit_counts_from_65536_and_keeps_its_other_channels);
	tcase_add_test(t, firmware__lapic_is_a_virtual_wire);
	tcase_add_loop_test(t, firmware__hole_is_uncached, 0, COUNT(widths));
	tcase_add_loop_test(t, firmware__first_mebibyte_has_its_types, 0,
			    COUNT(fixed));
	tcase_add_test(t, firmware__mtrrs_are_enabled_last);
	tcase_add_test(t, firmware__misc_enable_gains_one_bit);
	suite_add_tcase(s, t);
	return s;
}
