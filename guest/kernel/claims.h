/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the machine, and the table of their groups.
 *
 * A claim is one sentence and one function that finds out whether it is true.
 * The run prints a line `PASS group: sentence`, or FAIL or SKIP, for each
 * claim; before a FAIL, the function says what is wrong with say(), indented.
 * `test=GROUP` on the command line, as often as wanted, picks groups.
 */
#ifndef GUEST_KERNEL_CLAIMS_H
#define GUEST_KERNEL_CLAIMS_H

#include <stdbool.h>

#include "boot.h"

enum verdict { FAIL, PASS, SKIP }; /* a bool that holds is a PASS */

struct claim {
	const char *text;
	enum verdict (*check)(const struct boot *b);
};

struct group {
	const char *name;
	const struct claim *claims; /* ends with an entry without text */
};

/* In the order in which they run: later groups rely on earlier ones. */
extern const struct group entry_group;
extern const struct group params_group;
extern const struct group firmware_group;
extern const struct group map_group;
extern const struct group memory_group;
extern const struct group cpuid_group;
extern const struct group acpi_group;
extern const struct group serial_group;
extern const struct group irq_group;
extern const struct group ioapic_group;
extern const struct group smp_group;
extern const struct group rtc_group;
extern const struct group i8042_group;
extern const struct group ports_group;
extern const struct group pvpanic_group;
extern const struct group virtio_group;
extern const struct group mmio_group;
extern const struct group pci_group;
extern const struct group net_group;
extern const struct group blk_group;
extern const struct group console_group;
extern const struct group balloon_group;
extern const struct group fs_group;

/* Returns how many claims failed; prints the count of all three verdicts. */
unsigned claims_run(const struct boot *b);

/* PASS if equal, else FAIL after saying both values. */
enum verdict expect_equal(const char *what, uint64_t found, uint64_t want);

#endif
