/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over MMIO: the registers by which a guest's driver reaches a device,
 * and its one interrupt. The core (core.h) defines what they mean.
 *
 * Accesses without a meaning (a write to a read-only register, a byte of a
 * 32-bit one) do nothing; the bus counts them and names each address once.
 *
 * Drivers over MMIO need not check whether a reset is complete, and Linux's
 * driver does not. So the write that requests a reset returns when the reset is
 * complete. Only the vCPU that writes waits.
 *
 * Modern devices only; no shared memory, no queue reset.
 *
 * Must never trust: anything written to a register, in any order, at any size.
 *
 * Spec: virtio 1.2, 4.2.
 */
#ifndef DEV_VIRTIO_MMIO_H
#define DEV_VIRTIO_MMIO_H

#include "dev/bus.h"
#include "dev/device.h"
#include "dev/virtio/core.h"
#include "vm/irq.h"

struct virtio_mmio {
	struct virtio
		*core; /* NULL: the empty transport; its lock covers this */
	struct irq_edge irq;
	uint32_t interrupt_status;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
};

/* The device of the bus is a struct virtio_mmio. */
extern const struct device_ops virtio_mmio_ops;

/* Let the driver reach @core. The transport takes ownership of @irq. */
void virtio_mmio_init(struct virtio_mmio *m, struct virtio *core,
		      struct irq_edge irq);

/* The empty transport is fine. */
void virtio_mmio_release(struct virtio_mmio *m);

/* The transport as a device type. */
extern const struct device_type virtio_mmio_type;

#endif
