/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/legacy.h"

#include <errno.h>
#include <stdlib.h>

#include "pv/pci.h"

#define RESET_CPU 0x04 /* rising edge resets */

void pci_stub_init(struct pci_stub *pci, struct outcome_latch *latch)
{
	*pci = (struct pci_stub){ .latch = latch };
}

/* The aligned doubleword that the address register selects. */
static uint32_t config_read(const struct pci_stub *pci)
{
	if (!(pci->address & PCI_ADDRESS_ENABLE) || (pci->address & 0xffff00))
		return 0xffffffff; /* no such bus, device or function */
	switch (pci->address & 0xfc) {
	case 0x00:
		return PCI_BRIDGE_DEVICE << 16 | PCI_BRIDGE_VENDOR;
	case 0x08:
		return PCI_BRIDGE_CLASS << 8 | PCI_BRIDGE_REVISION;
	default:
		return 0;
	}
}

void pci_reset_control(struct outcome_latch *latch, uint8_t value)
{
	if (value & RESET_CPU)
		outcome_set(latch, OUTCOME_RESET, 0,
			    "reset control: 0x%02x written to port 0xcf9",
			    (unsigned)value);
}

static uint64_t pci_stub_read(void *dev, uint64_t off, unsigned size)
{
	struct pci_stub *pci = dev;

	if (off == PCI_PORT_ADDRESS && size == 4)
		return pci->address;
	if (off >= PCI_PORT_DATA)
		return config_read(pci) >> (off - PCI_PORT_DATA) * 8;
	return off == PCI_PORT_RESET ? 0 : UINT64_MAX;
}

static void pci_stub_write(void *dev, uint64_t off, unsigned size,
			   uint64_t value)
{
	struct pci_stub *pci = dev;

	if (off == PCI_PORT_ADDRESS && size == 4)
		pci->address = (uint32_t)value & PCI_ADDRESS_BITS;
	else if (off == PCI_PORT_RESET && size == 1)
		pci_reset_control(pci->latch, (uint8_t)value);
	/* Configuration space is read-only. */
}

const struct device_ops pci_stub_ops = {
	.name = "pci",
	.width = 4,
	.read = pci_stub_read,
	.write = pci_stub_write,
};

static int pci_stub_create(void **dev, const struct device_slot *slot,
			   struct device_env *env, struct err *e)
{
	struct pci_stub *d = device_alloc(slot, sizeof(*d), e);

	if (!d)
		return -ENOMEM;
	pci_stub_init(d, env->latch);
	*dev = d;
	return 0;
}

const struct device_type pci_stub_type = {
	.name = "pci",
	.fixed = { DEVICE_PORTS_AT(PCI_CONFIG_PORT, PCI_CONFIG_LEN) },
	.ops = &pci_stub_ops,
	.create = pci_stub_create,
	.release = free,
};
