/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pci/function.h"

#include <assert.h>
#include <string.h>

#define CAPABILITY_ID	0
#define CAPABILITY_NEXT 1
#define CAPABILITY_BODY 2

/* 6.2.2: I/O accesses, special cycles and the like do not exist here, and
 * their bits are hardwired to 0. */
#define COMMAND_BITS                                                    \
	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | \
	 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

uint32_t pci_function_get(const struct pci_function *f, unsigned off,
			  unsigned size)
{
	uint32_t value = 0;

	assert(size <= sizeof(value) && off <= PCI_CONFIG_SIZE - size);
	memcpy(&value, f->config + off, size);
	return value;
}

void pci_function_put(struct pci_function *f, unsigned off, unsigned size,
		      uint32_t value)
{
	assert(size <= sizeof(value) && off <= PCI_CONFIG_SIZE - size);
	memcpy(f->config + off, &value, size);
}

void pci_function_let_write(struct pci_function *f, unsigned off, unsigned size,
			    uint32_t mask)
{
	assert(size <= sizeof(mask) && off <= PCI_CONFIG_SIZE - size);
	memcpy(f->writable + off, &mask, size);
}

void pci_function_init(struct pci_function *f, const struct pci_ids *ids,
		       const struct pci_function_ops *ops, void *dev)
{
	*f = (struct pci_function){ .ops = ops,
				    .dev = dev,
				    .capabilities_end = PCI_HEADER_END,
				    .gpa = PCI_NOWHERE };
	pci_function_put(f, PCI_VENDOR_ID, 2, ids->vendor);
	pci_function_put(f, PCI_DEVICE_ID, 2, ids->device);
	pci_function_put(f, PCI_REVISION, 1, ids->revision);
	pci_function_put(f, PCI_CLASS, 3, ids->class_code);
	pci_function_put(f, PCI_SUBVENDOR_ID, 2, ids->subvendor);
	pci_function_put(f, PCI_SUBSYSTEM_ID, 2, ids->subsystem);
	pci_function_let_write(f, PCI_COMMAND, 2, COMMAND_BITS);
	/* Scratch fields of system software; they have no effect here. */
	pci_function_let_write(f, PCI_CACHE_LINE, 1, 0xff);
	pci_function_let_write(f, PCI_LATENCY, 1, 0xff);
	pci_function_let_write(f, PCI_INTERRUPT_LINE, 1, 0xff);
}

/* 6.2.5.1: software finds the length by writing ones; the bits below it read
 * as zero. */
void pci_function_set_bar(struct pci_function *f, uint64_t gpa, uint64_t len)
{
	uint64_t bits = ~(len - 1);

	assert(len >= 16 && !(len & (len - 1)) && !(gpa & (len - 1)));
	f->bar_len = len;
	pci_function_put(f, PCI_BAR0, 4, (uint32_t)gpa | PCI_BAR_MEMORY_64);
	pci_function_put(f, PCI_BAR1, 4, (uint32_t)(gpa >> 32));
	pci_function_let_write(f, PCI_BAR0, 4, (uint32_t)bits);
	pci_function_let_write(f, PCI_BAR1, 4, (uint32_t)(bits >> 32));
}

unsigned pci_function_add_capability(struct pci_function *f, uint8_t id,
				     const void *body, unsigned len)
{
	unsigned at = f->capabilities_end;

	assert(len >= CAPABILITY_BODY && len <= PCI_CONFIG_SIZE - at);
	f->config[at + CAPABILITY_ID] = id;
	memcpy(f->config + at + CAPABILITY_BODY, body, len - CAPABILITY_BODY);
	if (f->last_capability)
		f->config[f->last_capability + CAPABILITY_NEXT] = (uint8_t)at;
	else
		f->config[PCI_CAPABILITIES] = (uint8_t)at;
	f->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
	f->last_capability = at;
	/* 6.7: each is aligned to a doubleword. */
	f->capabilities_end = (at + len + 3) & ~3u;
	return at;
}

uint32_t pci_function_read(struct pci_function *f, unsigned off, unsigned size)
{
	if (f->ops && f->ops->reading)
		f->ops->reading(f->dev, off, size);
	return pci_function_get(f, off, size);
}

void pci_function_write(struct pci_function *f, unsigned off, unsigned size,
			uint32_t value)
{
	for (unsigned i = 0; i < size; i++, value >>= 8) {
		uint8_t mask = f->writable[off + i];
		uint8_t *byte = &f->config[off + i];

		*byte = (uint8_t)((*byte & ~mask) | (value & mask));
	}
	if (f->ops && f->ops->written)
		f->ops->written(f->dev, off, size);
}

uint64_t pci_function_bar(const struct pci_function *f)
{
	uint64_t low = pci_function_get(f, PCI_BAR0, 4) & ~UINT32_C(15);
	uint64_t high = pci_function_get(f, PCI_BAR1, 4);

	if (!f->bar_len ||
	    !(pci_function_get(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
		return PCI_NOWHERE;
	return high << 32 | low;
}
