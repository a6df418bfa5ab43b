/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF's segments, as ranges of the memory map.
 */
#ifndef BOOT_MAP_SEGMENTS_H
#define BOOT_MAP_SEGMENTS_H

#include "image/kernel_elf.h"
#include "vm/memory_map.h"

/* Segments that are named after sections: more than any kernel has. */
#define MAP_SEGMENTS_NAMED 16

/*
 * Add the segments of @elf at their p_paddr, the first ones named after the
 * sections they begin with; the ELF's bytes must still be there. @map may be
 * NULL.
 */
void map_segments(struct memory_map *map, const struct kernel_elf *elf);

#endif
