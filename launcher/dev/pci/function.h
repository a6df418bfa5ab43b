/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration space of one PCI function: a type 0 header, one 64-bit
 * memory BAR, a list of capabilities.
 *
 *   0x00  type 0 header; BAR 0 and 1 are the one memory BAR
 *   0x40  capabilities, one after the other
 *   0xff
 *
 * The space has 256 bytes and a mask of the bits that software can write. The
 * function's ops do the rest: they fill in bytes before a read and act on bytes
 * after a write.
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

/* The BAR does not answer. */
#define PCI_NOWHERE UINT64_MAX

struct pci_ids {
	uint16_t vendor, device, subvendor, subsystem;
	uint32_t class_code; /* 24 bits */
	uint8_t revision;
};

/* Called with the host bridge's lock held, except for memory: accesses through
 * the window come without it, those that reading() and written() make with
 * it. */
struct pci_function_ops {
	/* The memory behind the BAR. Several vCPUs may call at once: it must
	 * take its own lock. */
	const struct device_ops *memory;
	/* Bytes of the space are about to be read: fill them in. NULL: the
	 * stored bytes are current. */
	void (*reading)(void *dev, unsigned off, unsigned size);
	/* Software wrote these bytes; those that can be written have changed.
	 * May be NULL. */
	void (*written)(void *dev, unsigned off, unsigned size);
	/* The BAR now answers at @gpa, or at PCI_NOWHERE. May be NULL. */
	void (*moved)(void *dev, uint64_t gpa);
};

struct pci_function {
	const struct pci_function_ops *ops;
	void *dev;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE]; /* bits that software can write */
	unsigned capabilities_end;
	unsigned last_capability; /* 0: none */
	uint64_t bar_len;	  /* 0: no BAR */
	uint64_t gpa; /* where the BAR answers; set by the host bridge */
};

/* A function without a BAR or capabilities. */
void pci_function_init(struct pci_function *f, const struct pci_ids *ids,
		       const struct pci_function_ops *ops, void *dev);

/* Give @f a memory BAR of @len bytes, a power of 2 and at least 16, at @gpa. It
 * answers only after software has enabled it. */
void pci_function_set_bar(struct pci_function *f, uint64_t gpa, uint64_t len);

/*
 * Append the capability @id of @len bytes; @body has its bytes from the third
 * one on. They are read-only. Returns its offset. The space must have room.
 */
unsigned pci_function_add_capability(struct pci_function *f, uint8_t id,
				     const void *body, unsigned len);

/* Let software write the bits @mask of the @size bytes (1, 2 or 4) at @off. */
void pci_function_let_write(struct pci_function *f, unsigned off, unsigned size,
			    uint32_t mask);

/* Little-endian fields of the space, for the device: read-only bits change,
 * too. */
uint32_t pci_function_get(const struct pci_function *f, unsigned off,
			  unsigned size);
void pci_function_put(struct pci_function *f, unsigned off, unsigned size,
		      uint32_t value);

/* An access by software: 1, 2 or 4 bytes inside the space. */
uint32_t pci_function_read(struct pci_function *f, unsigned off, unsigned size);
void pci_function_write(struct pci_function *f, unsigned off, unsigned size,
			uint32_t value);

/* Where software wants the BAR to answer: PCI_NOWHERE while memory accesses
 * are disabled. */
uint64_t pci_function_bar(const struct pci_function *f);

#endif
