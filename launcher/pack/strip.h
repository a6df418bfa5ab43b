/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of an ELF belongs into a bzImage: what a kernel's own build keeps,
 * which runs `objcopy -R .comment -S`.
 *
 *   | ELF header | program headers | segments | allocated and note sections |
 *   | section names | section headers |
 *
 * Symbols, debug information and all other sections that take no memory are
 * left out, and so is what follows the ELF. Segments stay at their offsets;
 * bytes between them that belong to nothing become zero. Only where a segment
 * has the ELF header in it does it change: the header says where sections are.
 *
 * Must never trust: the ELF; kernel_elf_parse() has checked where segments
 * and sections lie, and no more.
 *
 * Spec: System V gABI, chapter 4, "Sections".
 */
#ifndef PACK_STRIP_H
#define PACK_STRIP_H

#include "base/buf.h"
#include "base/err.h"
#include "image/kernel_elf.h"

/* Nothing larger could be decoded again. */
#define STRIP_MAX (UINT64_C(1) << 30)

/*
 * The stripped ELF of @k into *@elf. One that is stripped already stays as it
 * is: *@elf are its own bytes. Otherwise they are *@room's, an empty buffer of
 * the caller's.
 *
 * Returns 0; -EFBIG past STRIP_MAX; -EINVAL; -ENOMEM.
 */
int strip_elf(struct bytes *elf, const struct kernel_elf *k, struct buf *room,
	      struct err *e);

#endif
