/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the places where vCPUs stood.
 *
 * A vCPU's rip is virtual, or physical before the kernel has turned its own
 * paging on, and the kernel may have been loaded elsewhere than it was linked.
 * What settles it is where rip is in guest-physical memory:
 *
 *   rip -> guest-physical -> minus load delta -> PT_LOAD's p_paddr range
 *       -> p_vaddr -> symbol
 *
 * Names come from a System.map if there is one, otherwise from the image's
 * ELF, which is decoded again for it and only if somebody asks.
 *
 * Must never trust: the image, the System.map, where the guest says it is.
 * Names may hold any byte; whoever prints them cleans them.
 *
 * Spec: gABI chapter 5; nm(1) for the lines of a System.map.
 */
#ifndef RUN_SYMBOLS_H
#define RUN_SYMBOLS_H

#include "base/file.h"
#include "image/image.h"
#include "image/scratch.h"
#include "vm/vcpu.h"

#define SYMBOL_NAME_MAX 128
#define SYMBOLS_MAP_MAX (UINT64_C(256) << 20)

struct symbols {
	const struct image *img; /* NULL: there are no names */
	uint64_t delta;		 /* added to every p_paddr when loading */
	/* An image that decompresses itself may have moved the kernel to
	 * where nobody told us. */
	bool moved;
	struct file map; /* the System.map; empty: none */
	struct scratch decoded;
	bool tried; /* to decode */
	uint64_t last_vaddr;
	char last[SYMBOL_NAME_MAX]; /* the name for that, or "" */
};

/* Read the System.map at @path. The empty struct goes before. */
int symbols_open_map(struct symbols *s, const char *path, struct err *e);
void symbols_release(struct symbols *s);

/* The link-time address of what vCPU stands on; false if it is not in the
 * kernel. */
bool symbols_vaddr(const struct symbols *s, const struct vcpu_where *w,
		   uint64_t *vaddr);

/*
 * "name+0x12" for the place, or NULL. Valid until the next call.
 */
const char *symbols_name(struct symbols *s, const struct vcpu_where *w);

/*
 * The same for an address, from the bytes of a System.map alone: the closest
 * symbol at or below @vaddr that is not absolute. False, and "" in @buf, if
 * there is none.
 */
bool symbols_in_map(struct bytes map, uint64_t vaddr, char *buf, size_t size);

#endif
