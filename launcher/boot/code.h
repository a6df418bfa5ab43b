/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the protected-mode code of a bzImage that decompresses itself is
 * loaded.
 *
 *   bzImage   1 MiB, code32_start, pref_address or an address that is aligned
 *             | code | room to unpack, init_size |
 *   zImage    0x10000, below its setup code, and unpacks itself to 1 MiB
 *
 * Must never trust: code32_start, pref_address, init_size, kernel_alignment
 * and the length of the code.
 *
 * Spec: boot.rst, "LOADING THE REST OF THE KERNEL", "code32_start",
 * "relocatable_kernel", "pref_address", "init_size".
 */
#ifndef BOOT_CODE_H
#define BOOT_CODE_H

#include "vm/memory_map.h"
#include "boot/place.h"

/*
 * Find the place for the code of @img in memory of @gm's sizes, without
 * writing. @code_gpa: the user's choice; 0: the place of boot.rst. spot->entry
 * is the code's first byte. -EFBIG, -EINVAL and -ENOSPC name the value and the
 * limit.
 */
int code_plan(struct boot_spot *spot, const struct image *img,
	      const struct guest_mem *gm, uint64_t code_gpa, struct err *e);

/* Load it there. @places: where it is noted, or NULL. */
int code_load(const struct boot_spot *spot, const struct image *img,
	      const struct guest_mem *gm, struct memory_map *places,
	      struct err *e);

#endif
