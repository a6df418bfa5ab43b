/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/map_segments.h"

#include <elf.h>
#include <stdio.h>

#include "image/loadable.h"
#include "image/section_name.h"

_Static_assert(2 * KERNEL_ELF_MAX_SEGMENTS + 64 <= MEMORY_MAP_MAX,
	       "the map has room for every segment and its bss");

static enum range_kind segment_kind(uint32_t flags)
{
	if (flags & PF_X)
		return flags & PF_W ? RANGE_INIT : RANGE_TEXT;
	return flags & PF_W ? RANGE_DATA : RANGE_RODATA;
}

static void add_segment(struct memory_map *map, const struct kernel_elf *elf,
			unsigned i)
{
	const struct elf_segment *s = &elf->segments[i];
	char section[RANGE_NAME_SIZE];

	/* Each call reads all section headers, of which there may be many. */
	if (i >= MAP_SEGMENTS_NAMED || !elf->sections_count ||
	    !section_name(elf->bytes, s->off, s->filesz, section,
			  sizeof(section)))
		snprintf(section, sizeof(section), "segment %u", i);
	memory_map_add(map, segment_kind(s->flags), s->paddr, s->filesz,
		       "%.30s %c%c%c", section, s->flags & PF_R ? 'r' : '-',
		       s->flags & PF_W ? 'w' : '-',
		       s->flags & PF_X ? 'x' : '-');
	memory_map_add(map, RANGE_BSS, s->paddr + s->filesz,
		       s->memsz - s->filesz, "bss");
}

void map_segments(struct memory_map *map, const struct kernel_elf *elf)
{
	for (unsigned i = 0; map && i < elf->segments_count; i++)
		if (loadable_segment(&elf->segments[i]))
			add_segment(map, elf, i);
}
