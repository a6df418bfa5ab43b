/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory map that a guest gets: which guest-physical ranges are RAM.
 *
 *   0         0x9fc00    0xa0000    0xe0000      1M       low_size   4G
 *   | RAM     | reserved | nothing  | reserved   | RAM     | hole    | RAM
 *             (EBDA)      (VGA)      (firmware tables)
 *
 * boot_params carries it as e820 entries, PVH as memmap entries, the BIOS
 * handler answers int 15h with it; all are made from this one table.
 */
#ifndef VM_E820_H
#define VM_E820_H

#include <stdint.h>

#include "pv/bootparam.h"
#include "vm/guest_mem.h"

#define E820_MAX_ENTRIES 16

#define LOWMEM_END     0x9fc00 /* where conventional memory ends */
#define LEGACY_START   0xa0000 /* VGA, option ROMs: never RAM to a guest */
#define FIRMWARE_START 0xe0000 /* ACPI tables go here */
#define HIMEM_START    0x100000

struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type; /* E820_RAM, E820_RESERVED, ... */
};

struct e820 {
	struct e820_entry entries[E820_MAX_ENTRIES]; /* by address */
	unsigned count;
};

/* The map of a machine with @gm. Spec: ACPI, "Address Range Types". */
void e820_build(struct e820 *map, const struct guest_mem *gm);

#endif
