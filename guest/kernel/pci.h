/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of PCI bus 0, by configuration mechanism 1.
 *
 * Spec: PCI Local Bus 3.0, 3.2.2.3.2 and 6.7.
 */
#ifndef GUEST_KERNEL_PCI_H
#define GUEST_KERNEL_PCI_H

#include <stdint.h>

#include "pv/pci.h"

/* @size bytes (1, 2 or 4) at @off of device @device's configuration space. */
uint32_t pci_get(unsigned device, unsigned off, unsigned size);
void pci_set(unsigned device, unsigned off, unsigned size, uint32_t v);

/* The first device with these ids; 0 if there is none. */
unsigned pci_find(uint16_t vendor, uint16_t id);

/* Its capability @id, of virtio's the one of @type; 0 if there is none. */
unsigned pci_find_capability(unsigned device, uint8_t id, unsigned type);

/* Registers in memory, of @size bytes. */
uint32_t memory_get(uintptr_t at, unsigned size);
void memory_set(uintptr_t at, unsigned size, uint32_t v);

#endif
