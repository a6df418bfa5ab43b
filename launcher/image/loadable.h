/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a parsed ELF puts into physical memory: questions about its PT_LOADs,
 * for planning, loading and packing a kernel.
 *
 * Must never trust: where segments are. kernel_elf_parse() has only checked
 * that they do not wrap around the end of the address space.
 *
 * Spec: System V gABI, chapter 5, "Program Loading".
 */
#ifndef IMAGE_LOADABLE_H
#define IMAGE_LOADABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "image/kernel_elf.h"

/* Whether @s takes memory: a PT_LOAD that is not empty. */
bool loadable_segment(const struct elf_segment *s);

/*
 * Whether a PT_LOAD puts a byte of the file at @gpa. Bss does not count: an
 * entry needs an instruction.
 */
bool loadable_has_byte(const struct kernel_elf *k, uint64_t gpa);

/*
 * The first two segments that overlap in memory, as program header numbers
 * *@a < *@b. False if there are none; segments that only touch do not overlap.
 */
bool loadable_overlap(const struct kernel_elf *k, unsigned *a, unsigned *b);

/* The lowest and the highest byte, bss included; the highest may be the last
 * of the address space. @low is above @last if nothing takes memory. */
struct loadable_span {
	uint64_t low, last;
};
struct loadable_span loadable_span(const struct kernel_elf *k);

#endif
