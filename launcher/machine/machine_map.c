/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adds to the memory map the guest-physical ranges that every machine has with
 * every kernel.
 */
#include "machine/machine.h"

#include "vm/layout.h"
#include "dev/pc/legacy.h"

#define RESET_VECTOR_ROOM 16 /* up to 1 MiB */

static void add_device(struct memory_map *map, const struct device_slot *slot)
{
	for (unsigned i = 0; i < slot->ranges_count; i++)
		if (slot->ranges[i].space == DEVICE_MMIO)
			memory_map_add(map, RANGE_DEVICE, slot->ranges[i].start,
				       slot->ranges[i].len, "%s",
				       slot->type->name);
}

void machine_map(const struct machine *m, struct memory_map *map)
{
	memory_map_add_e820(map, &m->map);
	memory_map_add(map, RANGE_TABLE, LAYOUT_ACPI, m->acpi_end - LAYOUT_ACPI,
		       "ACPI tables");
	memory_map_add(map, RANGE_TABLE, RESET_VECTOR_GPA, RESET_VECTOR_ROOM,
		       "reset vector");
	for (unsigned i = 0; i < m->plan.count; i++)
		add_device(map, &m->plan.slots[i]);
}
