/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/bios.h"

#include <assert.h>

#include "base/wire.h"
#include "pv/bios.h"

/* guest/bios, as built; see bios_blob.S. */
extern const uint8_t bios_blob[], bios_blob_end[];

#define VECTORS	    256
#define SIXTEEN_MIB (UINT64_C(16) << 20)

/* The answer of the calls before E820: RAM from 1 MiB on, in two parts. */
static void put_sizes(uint8_t *bios, const struct guest_mem *gm)
{
	uint64_t low_end = gm->low_size;
	uint64_t below16 = low_end < SIXTEEN_MIB ? low_end : SIXTEEN_MIB;

	put16(bios, BIOS_KIB_ABOVE, (uint16_t)((below16 - HIMEM_START) >> 10));
	put16(bios, BIOS_64K_ABOVE, (uint16_t)((low_end - below16) >> 16));
}

static void put_map(uint8_t *bios, const struct e820 *map)
{
	_Static_assert(E820_MAX_ENTRIES <= BIOS_E820_MAX, "the map fits");

	put32(bios, BIOS_E820_COUNT, map->count);
	for (unsigned i = 0; i < map->count; i++) {
		uint8_t *entry = bios + BIOS_E820 + i * E820_ENTRY_SIZE;

		put64(entry, 0, map->entries[i].addr);
		put64(entry, 8, map->entries[i].size);
		put32(entry, 16, map->entries[i].type);
	}
}

/* The real-mode interrupt vector table, at 0: offset, segment. */
static int put_vectors(const struct guest_mem *gm, const uint8_t *bios,
		       struct err *e)
{
	uint8_t table[VECTORS * 4];

	for (unsigned i = 0; i < VECTORS; i++) {
		memcpy(table + 4 * i, bios + BIOS_VECTORS + 2 * i, 2);
		put16(table, 4 * i + 2, BIOS_SEGMENT);
	}
	return guest_mem_write(gm, 0, table, sizeof(table), "interrupt vectors",
			       e);
}

int bios_install(const struct guest_mem *gm, const struct e820 *map,
		 struct memory_map *places, struct err *e)
{
	size_t size = (size_t)(bios_blob_end - bios_blob);
	uint8_t bios[BIOS_SIZE_MAX];
	int rc;

	assert(size > BIOS_CODE && size <= sizeof(bios));
	memcpy(bios, bios_blob, size);
	put_sizes(bios, gm);
	put_map(bios, map);
	memory_map_add(places, RANGE_TABLE, 0, VECTORS * 4,
		       "interrupt vectors");
	memory_map_add(places, RANGE_TABLE, BIOS_GPA, size, "BIOS");
	rc = guest_mem_write(gm, BIOS_GPA, bios, size, "BIOS", e);
	return rc ? rc : put_vectors(gm, bios, e);
}
