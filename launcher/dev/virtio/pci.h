/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI: the function by which a guest's driver reaches a device, its
 * registers behind BAR 0, and an MSI-X vector for each queue and one for
 * configuration changes. The core (core.h) defines what the registers mean,
 * pv/virtio.h where they are.
 *
 *   configuration space      BAR 0
 *   COMMON capability   -->  status, features, queues
 *   NOTIFY capability   -->  doorbells: the address says which queue, the
 *                            value says the same and is ignored
 *   ISR capability      -->  what happened, for drivers without MSI-X
 *   DEVICE capability   -->  the device's configuration, if it has any
 *   MSI-X capability    -->  table, pending bits
 *   PCI_CFG capability  -->  any of the above without a BAR
 *
 * Modern devices only, without INTx: a driver that does not enable MSI-X has
 * to poll the ISR status. The driver waits for the end of a reset by reading
 * the status, so no access waits here.
 *
 * Without bus mastering a function can neither use rings nor interrupt. A
 * driver that sets DRIVER_OK without it is at fault. Disabling it ends the
 * driver's life without a fault: the device needs a reset, and the interrupt
 * that announces this is pending until bus mastering is enabled again.
 *
 * Accesses without a meaning (a write to a read-only field, a byte of a 32-bit
 * one) do nothing; the bus counts them.
 *
 * Locks: the core's lock covers this module's state, too. The host bridge's
 * lock comes before it.
 *
 * Must never trust: anything written to registers or to the configuration
 * space, in any order, at any size.
 *
 * Spec: virtio 1.2, 4.1; PCI Local Bus 3.0.
 */
#ifndef DEV_VIRTIO_PCI_H
#define DEV_VIRTIO_PCI_H

#include "dev/device.h"
#include "dev/pci/function.h"
#include "dev/pci/msix.h"
#include "dev/virtio/core.h"

struct virtio_pci {
	struct virtio *core; /* NULL: the empty transport */
	const struct device_host *host;
	struct pci_function function;
	struct msix msix;
	unsigned pci_cfg;   /* where the PCI_CFG capability is */
	uint64_t bells_gpa; /* of the BAR when the doorbells were connected */
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select;
	uint16_t config_vector;
	uint16_t *queue_vectors;
	uint8_t isr;
};

/*
 * Let the driver reach @core through p->function, which the caller adds to a
 * host bridge. Its BAR is at @gpa at first. On failure *@p is empty.
 */
int virtio_pci_init(struct virtio_pci *p, struct virtio *core, uint64_t gpa,
		    const struct device_host *host, struct err *e);

/* The empty transport is fine. */
void virtio_pci_release(struct virtio_pci *p);

/* The transport as a device type. */
extern const struct device_type virtio_pci_type;

#endif
