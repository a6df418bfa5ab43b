/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts, as far as they can be tested without KVM: hosts
 * without support, and messages that are not connected.
 */
#include "unit/unit.h"
#include "vm/msi.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct kvm no_kvm = KVM_EMPTY;
static struct err e;

START_TEST(msi__needs_a_host_that_sends_messages)
{
	struct msi_table t;
	struct irq_msi msi;

	msi_table_init(&t, &no_kvm);
	assert_err(msi_table_add(&t, &msi, &e), -EOPNOTSUPP, &e,
		   "this host's KVM lacks KVM_CAP_SIGNAL_MSI, which PCI "
		   "devices need; try --virtio mmio");
	ck_assert_uint_eq(t.count, 0);
	irq_msi_release(&msi);
	msi_table_release(&t);
}
END_TEST

START_TEST(msi__release_accepts_what_is_empty)
{
	struct msi_table t = { 0 };
	struct irq_msi msi = { .fd = -1 };

	msi_table_release(&t);
	irq_msi_raise(&msi);
	irq_msi_release(&msi);
	ck_assert_int_eq(msi.fd, -1);
}
END_TEST

/* As in device tests: the message is kept, and the eventfd is signalled. */
START_TEST(msi__connected_to_nothing)
{
	struct irq_msi msi = { .fd = eventfd(0, EFD_NONBLOCK) };
	eventfd_t n = 0;

	assert_ok(irq_msi_set(&msi, 0xfee01000, 0x41, &e), &e);
	ck_assert_uint_eq(msi.address, 0xfee01000);
	ck_assert_uint_eq(msi.data, 0x41);
	irq_msi_raise(&msi);
	ck_assert_int_eq(eventfd_read(msi.fd, &n), 0);
	ck_assert_uint_eq(n, 1);
	irq_msi_release(&msi);
	ck_assert_int_eq(msi.fd, -1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("msi");
	TCase *t = tcase_create("msi");

	tcase_add_test(t, msi__needs_a_host_that_sends_messages);
	tcase_add_test(t, msi__release_accepts_what_is_empty);
	tcase_add_test(t, msi__connected_to_nothing);
	suite_add_tcase(s, t);
	return s;
}
