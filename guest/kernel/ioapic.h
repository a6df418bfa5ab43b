/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An I/O APIC's registers: two in memory, through which all others are read
 * and written.
 *
 * Spec: Intel 82093AA I/O APIC data sheet.
 */
#ifndef GUEST_KERNEL_IOAPIC_H
#define GUEST_KERNEL_IOAPIC_H

#include "acpi.h"
#include "cpu.h"

/* In the page of registers */
#define IOREGSEL 0x00
#define IOWIN	 0x10
#define PAGE_END 0x100

/* Behind IOREGSEL */
#define REG_ID	     0x00
#define REG_VERSION  0x01
#define REG_ENTRY(n) (0x10 + 2 * (n)) /* the upper half follows */
#define ENTRIES_MAX  120

#define ENTRY_NMI    0x00400
#define ENTRY_LEVEL  0x08000
#define ENTRY_MASKED 0x10000

static inline volatile uint32_t *ioapic_window(const struct madt_ioapic *io,
					       unsigned off)
{
	return (volatile uint32_t *)(uintptr_t)(io->address + off);
}

static inline uint32_t ioapic_get(const struct madt_ioapic *io, unsigned reg)
{
	*ioapic_window(io, IOREGSEL) = reg;
	return *ioapic_window(io, IOWIN);
}

static inline void ioapic_set(const struct madt_ioapic *io, unsigned reg,
			      uint32_t value)
{
	*ioapic_window(io, IOREGSEL) = reg;
	*ioapic_window(io, IOWIN) = value;
}

static inline unsigned ioapic_entries(const struct madt_ioapic *io)
{
	return (ioapic_get(io, REG_VERSION) >> 16 & 0xff) + 1;
}

static inline void ioapic_set_entry(const struct madt_ioapic *io, unsigned n,
				    uint32_t low)
{
	ioapic_set(io, REG_ENTRY(n), ENTRY_MASKED);
	ioapic_set(io, REG_ENTRY(n) + 1, lapic_id() << 24);
	ioapic_set(io, REG_ENTRY(n), low);
}

static inline void ioapic_mask_all(const struct madt_ioapic *io)
{
	for (unsigned n = 0; n < ioapic_entries(io) && n < ENTRIES_MAX; n++)
		ioapic_set(io, REG_ENTRY(n), ENTRY_MASKED);
}

#endif
