/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of guest-physical memory is the machine's, whatever kernel is put into
 * it.
 */
#include "machine/machine.h"

#include "boot/layout.h"
#include "pv/virtio.h"
#include "pv/x86.h"

#define RESET_VECTOR_ROOM 16 /* up to 1 MiB */

void machine_map(const struct machine *m, struct memory_map *map)
{
	memory_map_add_e820(map, &m->map);
	memory_map_add(map, RANGE_TABLE, LAYOUT_ACPI, m->acpi_end - LAYOUT_ACPI,
		       "ACPI tables");
	memory_map_add(map, RANGE_TABLE, RESET_VECTOR_GPA, RESET_VECTOR_ROOM,
		       "reset vector");
	memory_map_add(map, RANGE_DEVICE, VIRTIO_MMIO_GPA,
		       VIRTIO_MMIO_DEVICES * VIRTIO_MMIO_SIZE,
		       "virtio devices");
	memory_map_add(map, RANGE_DEVICE, IOAPIC_GPA, PAGE_4K, "IOAPIC");
	memory_map_add(map, RANGE_DEVICE, LAPIC_GPA, PAGE_4K, "local APICs");
	memory_map_add(map, RANGE_DEVICE, KVM_PAGES_GPA, KVM_PAGES_SIZE,
		       "KVM's own pages");
}
