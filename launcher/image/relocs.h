/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The KASLR relocation lists that a kernel build appends to its ELF.
 *
 * Low to high, each entry a LE32:
 *
 *    | ELF | 0 | 64-bit list | 0 | [inverse 32-bit list | 0 |] 32-bit list |
 *          elf_end                                                       end
 *
 * The inverse list exists in 3.16 to 6.14. The lists are recognised by
 * structure: they fill the file exactly from elf_end to the end, and an entry
 * is the low half of the link-time virtual address of a word inside a PT_LOAD.
 * (A PT_LOAD linked at 0, the percpu data before 6.15, counts as linked like
 * the others, by its physical address.) Each list ascends, as the build sorts
 * it, and no two words overlap. A 32-bit kernel has one list after one 0. Zeros
 * alone are padding, not empty lists.
 *
 * To move the kernel by a distance, the slide, is to add it to each word of the
 * 64-bit and the 32-bit list, and to subtract it from each word of the inverse
 * list, which holds distances to per-CPU data that does not move.
 *
 * Must never trust: any of it.
 *
 * Spec: Linux, arch/x86/boot/compressed/misc.c, handle_relocations(), and
 * arch/x86/tools/relocs.c: of 3.14, 4.19, 6.1, 6.12 and 6.15.
 */
#ifndef IMAGE_RELOCS_H
#define IMAGE_RELOCS_H

#include "base/bytes.h"
#include "base/err.h"
#include "image/kernel_elf.h"

struct relocs {
	bool present;
	size_t off; /* where the lists begin in the payload (the first 0) */
	size_t n64;
	size_t ninverse;
	size_t n32;
	bool has_inverse; /* the three-list form */
};

/*
 * Look for the lists behind @k's ELF.
 *
 * Returns 0 with present false when nothing follows the ELF. -EINVAL with
 * present false when bytes follow that are not relocation lists; that is
 * legal for an image, so callers show the reason and go on.
 */
int relocs_find(struct relocs *r, const struct kernel_elf *k, struct err *e);

/* The lists on their own: the ELF's bytes are gone once it is loaded. { 0 } is
 * empty. */
struct reloc_lists {
	struct bytes bytes; /* owned; begins with the first 0 */
	struct relocs counts;
	bool is64;
	uint64_t to_phys; /* link-time virtual to physical */
};

/* Copy the lists @r of @k. -ENOENT if there are none; -ENOMEM. */
int relocs_copy(struct reloc_lists *l, const struct relocs *r,
		const struct kernel_elf *k, struct err *e);
void reloc_lists_release(struct reloc_lists *l);

/*
 * Move the kernel by @slide. @memory has its @len bytes as they were linked,
 * beginning with that of the link-time physical address @low. -EINVAL if a word
 * is outside; those before it have been moved.
 */
int relocs_apply(const struct reloc_lists *l, uint8_t *memory, uint64_t low,
		 uint64_t len, uint64_t slide, struct err *e);

/* The link-time physical address of the first word of the 64-bit list; false
 * if that list is empty. */
bool relocs_first(const struct reloc_lists *l, uint64_t *gpa);

#endif
