/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks whether the decompressor stub can start a kernel, before an image is
 * written.
 *
 * The stub repeats these checks in the guest, but there an error is only a line
 * on the serial port of a machine that does not boot.
 *
 * Must never trust: the ELF; kernel_elf.h has checked the file's ranges only.
 *
 * Spec: include/pv/stub.h; System V gABI, chapter 5.
 */
#ifndef PACK_FIT_H
#define PACK_FIT_H

#include "image/kernel_elf.h"

/* The kernel's place in memory, as far as a boot loader must know it. */
struct fit {
	uint32_t dest_start; /* lowest p_paddr of any PT_LOAD */
	uint32_t dest_end;   /* highest p_paddr + p_memsz */
	uint8_t align_log;   /* kernel_alignment is 2 to the power of this */
	uint32_t pref_address;
};

/* Returns 0, or -EINVAL with the field and the limit. On failure *@f is
 * untouched. */
int fit_kernel(struct fit *f, const struct kernel_elf *k, struct err *e);

/*
 * The init_size of an image of @image_len protected-mode bytes: how much memory
 * it needs from pref_address on. -EINVAL if that reaches past 4 GiB.
 */
int fit_image(uint32_t *init_size, const struct fit *f, uint64_t image_len,
	      struct err *e);

#endif
