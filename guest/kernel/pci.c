/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci.h"

#include "lib/io.h"
#include "pv/virtio.h"

#define CAPABILITIES_MAX 48 /* that fit, each of a doubleword */

uint32_t pci_get(unsigned device, unsigned off, unsigned size)
{
	uint16_t port = (uint16_t)(PCI_DATA_PORT + off % 4);

	outl(PCI_CONFIG_PORT, PCI_ADDRESS(device, off));
	if (size == 1)
		return inb(port);
	return size == 2 ? inw(port) : inl(port);
}

void pci_set(unsigned device, unsigned off, unsigned size, uint32_t v)
{
	uint16_t port = (uint16_t)(PCI_DATA_PORT + off % 4);

	outl(PCI_CONFIG_PORT, PCI_ADDRESS(device, off));
	if (size == 1)
		outb(port, (uint8_t)v);
	else if (size == 2)
		outw(port, (uint16_t)v);
	else
		outl(port, v);
}

unsigned pci_find(uint16_t vendor, uint16_t id)
{
	for (unsigned i = 1; i < PCI_DEVICES_MAX; i++)
		if (pci_get(i, PCI_VENDOR_ID, 4) ==
		    (vendor | (uint32_t)id << 16))
			return i;
	return 0;
}

unsigned pci_find_capability(unsigned device, uint8_t id, unsigned type)
{
	unsigned at = pci_get(device, PCI_CAPABILITIES, 1);

	for (unsigned n = 0; at && n < CAPABILITIES_MAX; n++) {
		if (pci_get(device, at, 1) == id &&
		    (id != PCI_CAP_VENDOR ||
		     pci_get(device, at + VIRTIO_PCI_CAP_TYPE, 1) == type))
			return at;
		at = pci_get(device, at + 1, 1);
	}
	return 0;
}

uint32_t memory_get(uintptr_t at, unsigned size)
{
	if (size == 1)
		return *(volatile uint8_t *)at;
	return size == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

void memory_set(uintptr_t at, unsigned size, uint32_t v)
{
	if (size == 1)
		*(volatile uint8_t *)at = (uint8_t)v;
	else if (size == 2)
		*(volatile uint16_t *)at = (uint16_t)v;
	else
		*(volatile uint32_t *)at = v;
}
