/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration space of one PCI function: a type 0 header, one 64-bit
 * memory BAR, a list of capabilities.
 *
 *   0x00  type 0 header; BAR 0 and 1 are the one memory BAR
 *   0x40  capabilities, each behind the one before
 *   0xff
 *
 * The space is 256 bytes and, for each bit, whether software can write it.
 * Everything else about a byte is done by the function's ops: they fill in
 * what is about to be read and act on what was written.
 *
 * A function has no I/O BAR, no INTx and no expansion ROM.
 *
 * Must never trust: offsets, sizes and values of accesses.
 *
 * Spec: PCI Local Bus 3.0, 6.1, 6.2, 6.7.
 */
#ifndef DEV_PCI_FUNCTION_H
#define DEV_PCI_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/bus.h"
#include "pv/pci.h"

/* The BAR answers nowhere. */
#define PCI_NOWHERE UINT64_MAX

struct pci_ids {
	uint16_t vendor, device, subvendor, subsystem;
	uint32_t class_code; /* 24 bits */
	uint8_t revision;
};

/* Called with the host bridge's lock held, except for memory. */
struct pci_function_ops {
	/* What the BAR reaches. Several vCPUs may call at once: it must lock
	 * itself. */
	const struct device_ops *memory;
	/* Bytes of the space are about to be read: fill them in. NULL: they
	 * are what they are. */
	void (*reading)(void *dev, unsigned off, unsigned size);
	/* Software wrote these bytes; those that can be written have changed.
	 * NULL: nothing follows. */
	void (*written)(void *dev, unsigned off, unsigned size);
	/* The BAR now answers at @gpa, or at PCI_NOWHERE. NULL: as above. */
	void (*moved)(void *dev, uint64_t gpa);
};

struct pci_function {
	const struct pci_function_ops *ops;
	void *dev;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE]; /* bits that software can write */
	unsigned capabilities_end;
	unsigned last_capability; /* 0: there is none */
	uint64_t bar_len;	  /* 0: there is no BAR */
	uint64_t gpa; /* of the host bridge: where the BAR answers */
};

/* A function without a BAR or capabilities, which answers nowhere. */
void pci_function_init(struct pci_function *f, const struct pci_ids *ids,
		       const struct pci_function_ops *ops, void *dev);

/* Give @f a memory BAR of @len bytes, a power of 2 from 16 on, at @gpa. It
 * does not answer before software enables it. */
void pci_function_set_bar(struct pci_function *f, uint64_t gpa, uint64_t len);

/*
 * Append the capability @id of @len bytes, of which @body has those from the
 * third one on. They can only be read. Returns its offset. The space must have
 * room.
 */
unsigned pci_function_add_capability(struct pci_function *f, uint8_t id,
				     const void *body, unsigned len);

/* Let software write the bits @mask of the @size bytes (1, 2 or 4) at @off. */
void pci_function_let_write(struct pci_function *f, unsigned off, unsigned size,
			    uint32_t mask);

/* Little-endian fields of the space, from the inside; whatever is writable. */
uint32_t pci_function_get(const struct pci_function *f, unsigned off,
			  unsigned size);
void pci_function_put(struct pci_function *f, unsigned off, unsigned size,
		      uint32_t value);

/* An access of software: 1, 2 or 4 bytes, which must be inside the space. */
uint32_t pci_function_read(struct pci_function *f, unsigned off, unsigned size);
void pci_function_write(struct pci_function *f, unsigned off, unsigned size,
			uint32_t value);

/* Where software wants the BAR to answer: PCI_NOWHERE while memory accesses
 * are disabled. */
uint64_t pci_function_bar(const struct pci_function *f);

#endif
