/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares one kernel in two guest memories: byte for byte, segment by segment.
 */
#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/kernel_elf.h"
#include "vm/guest_mem.h"

/* How many differences are recorded for each segment. */
#define COMPARE_KEPT 8

struct compare_diff {
	uint64_t off;  /* in the segment's memory; from p_filesz on it is bss */
	uint8_t image; /* the byte that the image's own decompressor wrote */
	uint8_t own;   /* the byte that the launcher loaded */
};

struct compare_segment {
	unsigned index; /* program header number */
	uint64_t vaddr, paddr, filesz, memsz;
	uint64_t different; /* bytes */
	unsigned kept;
	struct compare_diff diffs[COMPARE_KEPT];
};

struct comparison {
	struct compare_segment *segments; /* the PT_LOADs with p_memsz > 0 */
	unsigned count;
	uint64_t bytes; /* compared, bss included */
	uint64_t different;
};

/*
 * Compare every PT_LOAD of @elf, in @own at its p_paddr and in @image @delta
 * from there. -EFAULT if one is not RAM in both; -ENOMEM. Release accepts the
 * empty struct.
 */
int compare_memories(struct comparison *c, const struct kernel_elf *elf,
		     const struct guest_mem *image, uint64_t delta,
		     const struct guest_mem *own, struct err *e);
void comparison_release(struct comparison *c);

#endif
