/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/e820.h"

#include <assert.h>

static void e820_add(struct e820 *map, uint64_t start, uint64_t end,
		     uint32_t type)
{
	assert(map->count < E820_MAX_ENTRIES && start < end);
	map->entries[map->count++] = (struct e820_entry){ start, end - start,
							  type };
}

void e820_build(struct e820 *map, const struct guest_mem *gm)
{
	map->count = 0;
	e820_add(map, 0, LOWMEM_END, E820_RAM);
	e820_add(map, LOWMEM_END, LEGACY_START, E820_RESERVED);
	e820_add(map, FIRMWARE_START, HIMEM_START, E820_RESERVED);
	e820_add(map, HIMEM_START, gm->low_size, E820_RAM);
	if (gm->high_size)
		e820_add(map, GUEST_MEM_HIGH, GUEST_MEM_HIGH + gm->high_size,
			 E820_RAM);
}
