/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables: how a stock kernel learns of its CPUs, its serial port and
 * clock, and how to switch itself off.
 *
 *   0xe0000  RSDP -> XSDT -> FADT -> DSDT
 *                       \--> MADT
 *
 * A hardware-reduced machine: no fixed ACPI registers but the sleep and
 * reset ports of dev/pc/acpi_power.c. The RSDP also lies where a kernel that
 * was given no pointer to it searches.
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
 * Write the tables that describe @plan to @gpa, which must be 16-byte aligned with @room bytes of RAM behind it. *@rsdp becomes the
 * RSDP's GPA, and *@end (may be NULL) that of the byte behind the last table.
 * -ENOSPC if they do not fit.
 */
int acpi_write_tables(const struct guest_mem *gm, uint64_t gpa, uint64_t room,
		      const struct machine_plan *plan, uint64_t *rsdp,
		      uint64_t *end, struct err *e);

#endif
