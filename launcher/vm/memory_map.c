/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/memory_map.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void memory_map_add(struct memory_map *map, enum range_kind kind, uint64_t gpa,
		    uint64_t size, const char *fmt, ...)
{
	struct map_range *r;
	va_list args;

	if (!map || (!size && kind != RANGE_ENTRY))
		return;
	assert(map->count < MEMORY_MAP_MAX);
	r = &map->list[map->count++];
	r->gpa = gpa;
	r->size = size;
	r->kind = kind;
	va_start(args, fmt);
	vsnprintf(r->name, sizeof(r->name), fmt, args);
	va_end(args);
}

static const char *told_name(const struct e820_entry *told)
{
	if (told->type == E820_RAM && !told->addr)
		return "RAM below 640 KiB";
	if (told->type == E820_RAM && told->addr >= GUEST_MEM_HIGH)
		return "RAM past 4 GiB";
	if (told->type == E820_RAM)
		return "RAM";
	return told->addr == LOWMEM_END ? "EBDA" : "firmware";
}

/* All holes except the one of a PC's display are for device registers. */
static const char *hole_name(uint64_t gpa)
{
	return gpa == LEGACY_START ? "VGA hole" : "hole below 4 GiB";
}

void memory_map_add_e820(struct memory_map *map, const struct e820 *e820)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < e820->count; i++) {
		const struct e820_entry *told = &e820->entries[i];

		memory_map_add(map, RANGE_HOLE, at, told->addr - at, "%s",
			       hole_name(at));
		memory_map_add(map,
			       told->type == E820_RAM ? RANGE_RAM
						      : RANGE_RESERVED,
			       told->addr, told->size, "%s", told_name(told));
		at = told->addr + told->size;
	}
	if (at < GUEST_MEM_HIGH)
		memory_map_add(map, RANGE_HOLE, at, GUEST_MEM_HIGH - at, "%s",
			       hole_name(at));
}

unsigned memory_map_count(const struct memory_map *map)
{
	return map ? map->count : 0;
}

void memory_map_move(struct memory_map *map, unsigned first, uint64_t delta)
{
	for (unsigned i = first; i < memory_map_count(map); i++)
		map->list[i].gpa += delta;
}

void memory_map_cut(struct memory_map *map, unsigned first)
{
	if (map)
		map->count = first;
}
