/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X: the interrupts of a PCI function, each a message that the guest
 * writes into a table.
 *
 *   raised     --> disabled: dropped, because the function has no INTx
 *              --> masked, or not a bus master: its pending bit is set
 *              --> else: sent
 *   unmasked   --> sent if its pending bit was set, which is cleared
 *
 * A message that is not for a local APIC, which on a PC would be a write to
 * memory or to another device, is dropped.
 *
 * The owner serialises all calls with a lock of its own.
 *
 * Must never trust: the table's contents, which the guest writes.
 *
 * Spec: PCI Local Bus 3.0, 6.8.2 and 6.8.3.
 */
#ifndef DEV_PCI_MSIX_H
#define DEV_PCI_MSIX_H

#include "dev/device.h"
#include "dev/pci/function.h"

struct msix_vector {
	struct irq_msi msi;
	uint32_t entry[MSIX_ENTRY_SIZE / 4]; /* as the guest wrote it */
	bool is_pending;
	bool is_set; /* msi has the message of the entry */
};

struct msix {
	struct msix_vector *vectors; /* NULL: the empty one */
	unsigned count;
	unsigned capability; /* where it is in the function's space */
	bool is_enabled, is_masked, is_master;
};

/* Make @count masked vectors with interrupts from @host. On failure *@x is
 * empty. */
int msix_init(struct msix *x, unsigned count, const struct device_host *host,
	      struct err *e);
void msix_release(struct msix *x);

/* Add the MSI-X capability to @f: table and pending bits are at these offsets
 * of its BAR. */
void msix_add_capability(struct msix *x, struct pci_function *f,
			 uint32_t table_off, uint32_t pba_off);

/*
 * Software wrote to the configuration space of @f: check whether MSI-X is
 * enabled or masked as a whole. Returns as msix_write() does.
 */
int msix_configure(struct msix *x, const struct pci_function *f, struct err *e);

/* Vector @n, if there is one, interrupts the guest. */
void msix_raise(struct msix *x, unsigned n);

/* Clear all pending bits. */
void msix_clear(struct msix *x);

/*
 * Doublewords of the table and of the pending bits. @off is a multiple of 4
 * inside msix_table_size() or msix_pba_size(). A write fails only if the host
 * fails: the entry then has the written value, but does not interrupt.
 */
unsigned msix_table_size(const struct msix *x);
unsigned msix_pba_size(const struct msix *x);
uint32_t msix_read(const struct msix *x, unsigned off);
int msix_write(struct msix *x, unsigned off, uint32_t value, struct err *e);
uint32_t msix_read_pba(const struct msix *x, unsigned off);

#endif
