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
 * is the low half of a link-time virtual address inside a PT_LOAD. (A PT_LOAD
 * linked at 0, the percpu data before 6.15, counts as linked like the others,
 * by its physical address.) A 32-bit kernel has one list after one 0. Zeros
 * alone are padding, not empty lists.
 *
 * Must never trust: any of it. Nothing is applied here, only counted.
 *
 * Spec: Linux, arch/x86/boot/compressed/misc.c, handle_relocations().
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

#endif
