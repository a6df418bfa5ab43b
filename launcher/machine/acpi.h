/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables: they tell a stock kernel about its CPUs, serial port and clock,
 * and how to power off.
 *
 *   0xe0000  RSDP -> XSDT, RSDT -> FADT -> DSDT
 *                             \--> MADT
 *
 * The machine is hardware-reduced: its only fixed ACPI registers are the sleep
 * and reset ports of dev/pc/acpi_power.c. The RSDP lies where a kernel searches
 * for it if the boot protocol passes no pointer.
 *
 * Spec: ACPI 6.4, chapter 5.
 */
#ifndef MACHINE_ACPI_H
#define MACHINE_ACPI_H

#include <stdint.h>

#include "base/err.h"
#include "machine/plan.h"
#include "vm/guest_mem.h"

/*
 * Write the tables that describe @plan to @gpa, which must be 16-byte aligned
 * and start @room bytes of RAM. Store the RSDP's GPA in *@rsdp and the end of
 * the last table in *@end, which may be NULL. -ENOSPC if they do not fit.
 */
int acpi_write_tables(const struct guest_mem *gm, uint64_t gpa, uint64_t room,
		      const struct machine_plan *plan, uint64_t *rsdp,
		      uint64_t *end, struct err *e);

#endif
