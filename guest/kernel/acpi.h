/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the firmware tables say of processors and interrupt controllers.
 *
 *   RSDP -> XSDT (or RSDT) -> MADT
 *
 * The tables come from the loader and are tested by claims, so they are not
 * trusted: a wrong checksum, or an entry that ends past its table, is noted
 * with the name of the table, and the rest is not read.
 *
 * Spec: ACPI 6.4, 5.2.5 to 5.2.12.
 */
#ifndef GUEST_KERNEL_ACPI_H
#define GUEST_KERNEL_ACPI_H

#include "boot.h"

#define MADT_CPUS_MAX	   64
#define MADT_IOAPICS_MAX   4
#define MADT_OVERRIDES_MAX 16

#define OVERRIDE_POLARITY 0x3 /* flags: 0 as the bus has it, 1 high, 3 low */
#define OVERRIDE_TRIGGER  0xc /* 0 as the bus has it, 4 edge, 12 level */

struct madt_ioapic {
	uint8_t id;
	uint32_t address;
	uint32_t gsi_base;
};

struct madt_override {
	uint8_t bus;
	uint8_t source; /* ISA interrupt */
	uint32_t gsi;
	uint16_t flags;
};

struct madt {
	const char *wrong; /* what is wrong with the tables; NULL: nothing */
	bool is_there;	   /* without an RSDP there is nothing to be wrong */
	uint64_t lapic;
	uint32_t cpus[MADT_CPUS_MAX]; /* APIC ids of the enabled ones */
	unsigned cpus_count;	      /* of which the array may hold fewer */
	struct madt_ioapic ioapics[MADT_IOAPICS_MAX];
	unsigned ioapics_count;
	struct madt_override overrides[MADT_OVERRIDES_MAX];
	unsigned overrides_count;
};

/* Read @m through the RSDP of @b, or one in the BIOS' memory. */
void madt_read(struct madt *m, const struct boot *b);

/* The GSI that ISA interrupt @irq raises. */
uint32_t madt_gsi_of_irq(const struct madt *m, unsigned irq);

/* The I/O APIC that @gsi belongs to, or NULL. */
const struct madt_ioapic *madt_ioapic_of_gsi(const struct madt *m,
					     uint32_t gsi);

#endif
