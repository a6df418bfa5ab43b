/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/msi.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PIC_PINS    16
#define IOAPIC_PINS 24
#define CHIP_ROUTES (PIC_PINS + IOAPIC_PINS)

static int cap(const struct kvm *kvm, int cap)
{
	return ioctl(kvm->fd, KVM_CHECK_EXTENSION, cap);
}

void msi_table_init(struct msi_table *t, const struct kvm *kvm)
{
	*t = (struct msi_table){ .kvm = kvm };
	pthread_mutex_init(&t->lock, NULL);
}

void msi_table_release(struct msi_table *t)
{
	if (!t->kvm)
		return;
	free(t->is_set);
	free(t->routing);
	pthread_mutex_destroy(&t->lock);
	*t = (struct msi_table){ 0 };
}

/* --- the table */

static void add_chip_route(struct kvm_irq_routing *r, unsigned gsi,
			   unsigned chip, unsigned pin)
{
	r->entries[r->nr++] = (struct kvm_irq_routing_entry){
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { chip, pin },
	};
}

/* What KVM_CREATE_IRQCHIP sets up, before all messages. */
static void add_chip_routes(struct kvm_irq_routing *r)
{
	r->nr = 0;
	for (unsigned i = 0; i < PIC_PINS; i++)
		add_chip_route(r, i,
			       i < 8 ? KVM_IRQCHIP_PIC_MASTER
				     : KVM_IRQCHIP_PIC_SLAVE,
			       i % 8);
	for (unsigned i = 0; i < IOAPIC_PINS; i++)
		add_chip_route(r, i, KVM_IRQCHIP_IOAPIC, i);
}

/* Room for another message. */
static int grow(struct msi_table *t, struct err *e)
{
	unsigned count = t->count + 1;
	struct kvm_irq_routing *r;
	bool *is_set;

	r = realloc(t->routing,
		    sizeof(*r) + (CHIP_ROUTES + count) * sizeof(r->entries[0]));
	if (!r)
		return err_set(e, ENOMEM, "no memory for interrupt routes");
	if (!t->routing) {
		memset(r, 0, sizeof(*r));
		add_chip_routes(r);
	}
	t->routing = r;
	is_set = realloc(t->is_set, count * sizeof(*is_set));
	if (!is_set)
		return err_set(e, ENOMEM, "no memory for interrupt routes");
	is_set[t->count] = false;
	t->is_set = is_set;
	return 0;
}

/* The entry of GSI MSI_FIRST_GSI + @n; the one after the last if there is none
 * yet. */
static struct kvm_irq_routing_entry *entry_of(const struct msi_table *t,
					      unsigned n)
{
	struct kvm_irq_routing *r = t->routing;
	unsigned i = t->is_set[n] ? CHIP_ROUTES : r->nr;

	while (i < r->nr && r->entries[i].gsi != MSI_FIRST_GSI + n)
		i++;
	return &r->entries[i];
}

/* A message that KVM refuses must not stay in the table. */
static int set_route(struct msi_table *t, const struct irq_msi *msi,
		     struct err *e)
{
	unsigned n = msi->gsi - MSI_FIRST_GSI;
	struct kvm_irq_routing_entry *entry = entry_of(t, n);
	const struct kvm_irq_routing_entry before = *entry;

	*entry = (struct kvm_irq_routing_entry){
		.gsi = msi->gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = { .address_lo = (uint32_t)msi->address,
			   .address_hi = (uint32_t)(msi->address >> 32),
			   .data = msi->data },
	};
	t->routing->nr += !t->is_set[n];
	if (ioctl(t->kvm->vm, KVM_SET_GSI_ROUTING, t->routing) < 0) {
		err_sys(e,
			"KVM_SET_GSI_ROUTING with address 0x%llx, data 0x%x "
			"for GSI %u",
			(unsigned long long)msi->address, msi->data, msi->gsi);
		*entry = before;
		t->routing->nr -= !t->is_set[n];
		return -EIO;
	}
	t->is_set[n] = true;
	return 0;
}

/* --- messages */

static int check_room(const struct msi_table *t, struct err *e)
{
	int max = cap(t->kvm, KVM_CAP_IRQ_ROUTING);

	if (max > 0 && CHIP_ROUTES + t->count >= (unsigned)max)
		return err_set(e, ENOSPC,
			       "%u interrupt messages are in use; this host's "
			       "KVM has %d routes",
			       t->count, max);
	if (cap(t->kvm, KVM_CAP_SIGNAL_MSI) <= 0)
		return err_set(e, EOPNOTSUPP,
			       "this host's KVM lacks KVM_CAP_SIGNAL_MSI, "
			       "which PCI devices need; try --virtio mmio");
	return 0;
}

static int add_irqfd(const struct msi_table *t, struct irq_msi *msi,
		     struct err *e)
{
	struct kvm_irqfd irqfd = { .gsi = msi->gsi };
	int fd, rc;

	if (cap(t->kvm, KVM_CAP_IRQFD) <= 0 ||
	    cap(t->kvm, KVM_CAP_IRQ_ROUTING) <= 0)
		return 0;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "eventfd for GSI %u", msi->gsi);
	irqfd.fd = (uint32_t)fd;
	if (ioctl(t->kvm->vm, KVM_IRQFD, &irqfd) < 0) {
		rc = err_sys(e, "KVM_IRQFD for GSI %u", msi->gsi);
		close(fd);
		return rc;
	}
	msi->fd = fd;
	return 0;
}

int msi_table_add(struct msi_table *t, struct irq_msi *msi, struct err *e)
{
	int rc;

	*msi = (struct irq_msi){ .fd = -1,
				 .table = t,
				 .gsi = MSI_FIRST_GSI + t->count };
	rc = check_room(t, e);
	if (!rc)
		rc = grow(t, e);
	if (!rc)
		rc = add_irqfd(t, msi, e);
	if (!rc)
		t->count++;
	return rc;
}

int irq_msi_set(struct irq_msi *msi, uint64_t address, uint32_t data,
		struct err *e)
{
	int rc = 0;

	msi->address = address;
	msi->data = data;
	if (!msi->table || msi->fd < 0)
		return 0;
	pthread_mutex_lock(&msi->table->lock);
	rc = set_route(msi->table, msi, e);
	pthread_mutex_unlock(&msi->table->lock);
	return rc;
}

void irq_msi_raise(const struct irq_msi *msi)
{
	struct kvm_msi message = {
		.address_lo = (uint32_t)msi->address,
		.address_hi = (uint32_t)(msi->address >> 32),
		.data = msi->data,
	};
	const struct irq_observer *o = msi->table ? msi->table->kvm->observer
						  : NULL;

	if (o)
		o->saw(o->ctx, msi->gsi, true);
	if (msi->fd >= 0)
		(void)eventfd_write(msi->fd, 1);
	else if (msi->table) /* It fails if no local APIC has that number. */
		(void)ioctl(msi->table->kvm->vm, KVM_SIGNAL_MSI, &message);
}

void irq_msi_release(struct irq_msi *msi)
{
	if (msi->fd >= 0)
		close(msi->fd);
	msi->fd = -1;
}
