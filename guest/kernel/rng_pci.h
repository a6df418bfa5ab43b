/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first virtio device over PCI, for claims about its function, its BAR and
 * its vectors.
 *
 * Vector 0 is for configuration changes, vector 1 for the queue.
 */
#ifndef GUEST_KERNEL_RNG_PCI_H
#define GUEST_KERNEL_RNG_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"
#include "rng.h"

enum { PCI_RNG_CONFIG_VECTOR, PCI_RNG_QUEUE_VECTOR, PCI_RNG_VECTORS };

/* Where the registers are in the common configuration; RNG_NOTIFY is not. */
extern const uint8_t rng_pci_fields[RNG_REGISTERS];

/* The device's number, and 0 if there is none. */
unsigned pci_rng(void);

/* Where its BAR is now. */
uintptr_t pci_rng_bar(void);

/* Where the structure of a virtio capability of @type is. */
uintptr_t pci_rng_area(unsigned type);

/* A field of the common configuration at its own width. */
uint32_t pci_rng_get(unsigned field);
void pci_rng_set(unsigned field, uint32_t v);
unsigned pci_rng_width(unsigned field);

/* Enable memory and bus mastering. */
void pci_rng_enable(void);

/* Where entry @n of the MSI-X table is, and the doubleword of pending bits. */
uintptr_t pci_rng_entry(unsigned n);
uint32_t pci_rng_pending(void);

/* The bits MSIX_ENABLE and MSIX_MASK_ALL of the MSI-X capability. */
void pci_rng_control(uint32_t bits);

#endif
