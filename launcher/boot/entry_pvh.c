/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PVH entry: one 56-byte structure, a module list, a memory map.
 */
#include "boot/entry.h"
#include "base/wire.h"
#include "vm/layout.h"
#include "pv/pvh.h"

static int write_memmap(const struct boot_handover *h, struct err *e)
{
	uint8_t table[E820_MAX_ENTRIES * PVH_MEMMAP_STRUCT] = { 0 };

	for (unsigned i = 0; i < h->map->count; i++) {
		uint8_t *p = table + i * PVH_MEMMAP_STRUCT;

		put64(p, PVH_MEMMAP_ADDR, h->map->entries[i].addr);
		put64(p, PVH_MEMMAP_SIZE, h->map->entries[i].size);
		put32(p, PVH_MEMMAP_TYPE, h->map->entries[i].type);
	}
	memory_map_add(h->places, RANGE_TABLE, LAYOUT_PVH_MEMMAP,
		       h->map->count * PVH_MEMMAP_STRUCT, "PVH memory map");
	return guest_mem_write(h->gm, LAYOUT_PVH_MEMMAP, table, sizeof(table),
			       "PVH memory map", e);
}

static int write_modlist(const struct boot_handover *h, struct err *e)
{
	uint8_t module[PVH_MOD_STRUCT] = { 0 };

	put64(module, PVH_MOD_PADDR, h->initrd.gpa);
	put64(module, PVH_MOD_SIZE, h->initrd.size);
	memory_map_add(h->places, RANGE_TABLE, LAYOUT_PVH_MODLIST,
		       sizeof(module), "PVH module list");
	return guest_mem_write(h->gm, LAYOUT_PVH_MODLIST, module,
			       sizeof(module), "PVH module list", e);
}

static int write_start_info(const struct boot_handover *h, struct err *e)
{
	uint8_t si[PVH_SI_SIZE_V1] = { 0 };

	put32(si, PVH_SI_MAGIC, PVH_START_MAGIC);
	put32(si, PVH_SI_VERSION, 1);
	if (h->initrd.size) {
		put32(si, PVH_SI_NR_MODULES, 1);
		put64(si, PVH_SI_MODLIST, LAYOUT_PVH_MODLIST);
	}
	put64(si, PVH_SI_CMDLINE, h->cmdline.gpa);
	put64(si, PVH_SI_RSDP, h->rsdp);
	put64(si, PVH_SI_MEMMAP, LAYOUT_PVH_MEMMAP);
	put32(si, PVH_SI_MEMMAP_ENTRIES, h->map->count);
	memory_map_add(h->places, RANGE_TABLE, LAYOUT_PVH, sizeof(si),
		       "PVH start_info");
	return guest_mem_write(h->gm, LAYOUT_PVH, si, sizeof(si),
			       "PVH start_info", e);
}

int entry_pvh(const struct boot_handover *h, struct cpu_entry *cpu,
	      struct err *e)
{
	int rc;

	rc = write_start_info(h, e);
	if (!rc)
		rc = write_memmap(h, e);
	if (!rc && h->initrd.size)
		rc = write_modlist(h, e);
	if (!rc)
		rc = entry_flat32(h, cpu, e);
	if (!rc)
		cpu->rbx = LAYOUT_PVH;
	return rc;
}
