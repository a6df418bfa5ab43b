/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of what is where in guest-physical memory, for pictures of it.
 *
 * Code that puts something into guest memory notes it here at the same time, so
 * the list cannot differ from what was done. It has two layers:
 *
 *   what the guest is told   | RAM          |EBDA|VGA | firmware | RAM ...
 *   what lies there            ## #   ###                ##        ####
 *
 * Without a range, there is nothing.
 *
 * Must never trust: names, which may come from the image; code that shows them
 * must clean them. The ranges of an image may overlap before it is loaded.
 */
#ifndef VM_MEMORY_MAP_H
#define VM_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/e820.h"

enum range_kind {
	/* The guest's memory map: these do not overlap. */
	RANGE_RAM,
	RANGE_RESERVED,
	RANGE_HOLE, /* neither */
	/* What lies there. */
	RANGE_TEXT,   /* of a kernel, by its segments' flags: r-x */
	RANGE_RODATA, /* r-- */
	RANGE_DATA,   /* rw- */
	RANGE_INIT,   /* rwx: what Linux needs to start, and gives back */
	RANGE_BSS,
	RANGE_IMAGE, /* a bzImage's own code, which will decompress itself */
	RANGE_ROOM,  /* empty, for use by a starting kernel */
	RANGE_INITRD,
	RANGE_TABLE,  /* structures for the kernel */
	RANGE_DEVICE, /* registers instead of memory */
	RANGE_ENTRY,  /* no range: where the first instruction is */
	RANGE_KINDS,  /* how many */
};

/* Whether @kind is of the first of the two layers. */
static inline bool range_is_told(enum range_kind kind)
{
	return kind <= RANGE_HOLE;
}

#define RANGE_NAME_SIZE 40

struct map_range {
	uint64_t gpa;
	uint64_t size;
	enum range_kind kind;
	char name[RANGE_NAME_SIZE];
};

/* Every segment of a kernel with its bss, and what else there is. */
#define MEMORY_MAP_MAX 576

/* { 0 } is empty. */
struct memory_map {
	struct map_range list[MEMORY_MAP_MAX];
	unsigned count;
};

/*
 * Note a range; an empty one is ignored, except for RANGE_ENTRY. @map may be
 * NULL in all these functions. A name that is too long is cut.
 */
void memory_map_add(struct memory_map *map, enum range_kind kind, uint64_t gpa,
		    uint64_t size, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The guest's memory map, and the holes in between, at least up to 4 GiB. */
void memory_map_add_e820(struct memory_map *map, const struct e820 *e820);

/* How many ranges there are. */
unsigned memory_map_count(const struct memory_map *map);

/* Move the ranges from the @first on by @delta, modulo 2^64. */
void memory_map_move(struct memory_map *map, unsigned first, uint64_t delta);

/* Forget the ranges from the @first on. */
void memory_map_cut(struct memory_map *map, unsigned first);

#endif
