/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/notify.h"

#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool has_cap(const struct kvm *kvm, int cap)
{
	return ioctl(kvm->fd, KVM_CHECK_EXTENSION, cap) > 0;
}

static struct kvm_ioeventfd ioeventfd_of(const struct doorbell *bell)
{
	return (struct kvm_ioeventfd){
		.datamatch = bell->size ? bell->value : 0,
		.addr = bell->gpa,
		.len = bell->size,
		.fd = bell->fd,
		.flags = bell->size ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0,
	};
}

static bool can_connect(const struct kvm *kvm, const struct doorbell *bell)
{
	return has_cap(kvm, bell->size ? KVM_CAP_IOEVENTFD
				       : KVM_CAP_IOEVENTFD_ANY_LENGTH);
}

int kvm_connect_doorbell(const struct kvm *kvm, const struct doorbell *bell,
			 struct err *e)
{
	struct kvm_ioeventfd io = ioeventfd_of(bell);

	if (!can_connect(kvm, bell))
		return 0;
	if (ioctl(kvm->vm, KVM_IOEVENTFD, &io) < 0)
		return err_sys(e, "KVM_IOEVENTFD at 0x%llx",
			       (unsigned long long)bell->gpa);
	return 0;
}

void kvm_disconnect_doorbell(const struct kvm *kvm, const struct doorbell *bell)
{
	struct kvm_ioeventfd io = ioeventfd_of(bell);

	io.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	/* It fails for a doorbell that could not be connected. */
	if (can_connect(kvm, bell))
		(void)ioctl(kvm->vm, KVM_IOEVENTFD, &io);
}

int kvm_irq_edge(const struct kvm *kvm, unsigned gsi, struct irq_edge *edge,
		 struct err *e)
{
	struct kvm_irqfd irqfd = { .gsi = gsi };
	int fd, rc;

	*edge = (struct irq_edge){ .fd = -1, .line = kvm_irq_line(kvm, gsi) };
	if (!has_cap(kvm, KVM_CAP_IRQFD))
		return 0;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "eventfd for GSI %u", gsi);
	irqfd.fd = (uint32_t)fd;
	if (ioctl(kvm->vm, KVM_IRQFD, &irqfd) < 0) {
		rc = err_sys(e, "KVM_IRQFD for GSI %u", gsi);
		close(fd);
		return rc;
	}
	edge->fd = fd;
	return 0;
}

void irq_edge_raise(const struct irq_edge *edge)
{
	const struct irq_observer *o = edge->line.observer;

	if (edge->fd >= 0) {
		if (o)
			o->saw(o->ctx, edge->line.gsi, true);
		(void)eventfd_write(edge->fd, 1);
		return;
	}
	irq_set(edge->line, true);
	irq_set(edge->line, false);
}

void irq_edge_release(struct irq_edge *edge)
{
	if (edge->fd >= 0)
		close(edge->fd);
	edge->fd = -1;
}
