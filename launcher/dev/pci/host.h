/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI host bridge: the ports by which a guest reaches configuration
 * spaces, and a window of the address space in which BARs answer.
 *
 *   port 0xcf8, 0xcfc -->  00:00.0  the bridge itself
 *                          00:01.0  the first function
 *                          00:02.0  ...
 *   MMIO window       -->  the function whose BAR has that address
 *
 * A guest may move BARs, disable them, and move them over each other, all while
 * other vCPUs access them. A BAR answers if memory accesses are enabled and all
 * of it lies inside the window; where two overlap, only the function with the
 * lower number answers, until one of them is moved. A BAR cannot cover devices
 * outside the window.
 *
 * 0xcf9 is the reset control register.
 *
 * Locks: the bridge's lock covers the address register, all configuration
 * spaces and where BARs answer. It is held during accesses to configuration
 * spaces, not during accesses through the window. A function's space may give
 * access to its memory, too (PCI_CFG of virtio/pci.h), so the operations on
 * memory run with the lock as well as without it. Order: it comes before the
 * locks of the functions.
 *
 * Must never trust: ports, addresses, sizes and values of accesses.
 *
 * Spec: PCI Local Bus 3.0, 3.2.2.3.2, 6.1, 6.2.5; Intel ICH, "Reset Control".
 */
#ifndef DEV_PCI_HOST_H
#define DEV_PCI_HOST_H

#include <pthread.h>

#include "base/outcome.h"
#include "dev/device.h"
#include "dev/pci/function.h"

struct pci_host {
	struct outcome_latch *latch;
	struct pci_function bridge;
	/* By number; NULL: none. Complete before a guest runs. */
	struct pci_function *functions[PCI_DEVICES_MAX];
	unsigned last;	      /* the highest number in use */
	pthread_mutex_t lock; /* covers the fields below and the spaces */
	uint32_t address;
};

/* The device of both is a struct pci_host. */
extern const struct device_ops pci_host_ops;   /* of the ports */
extern const struct device_ops pci_window_ops; /* of the window */

extern const struct device_type pci_host_type;

void pci_host_init(struct pci_host *h, struct outcome_latch *latch);
void pci_host_release(struct pci_host *h);

/* Connect @f, which must outlive the guest, as device @number, 1 or higher. */
void pci_host_add(struct pci_host *h, unsigned number, struct pci_function *f);

#endif
