/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reduces an ELF to the parts that belong in a bzImage: those that a kernel's
 * own build keeps with `objcopy -R .comment -S`.
 *
 *   | ELF header | program headers | segments | allocated and note sections |
 *   | section names | section headers |
 *
 * Symbols, debug information and all other sections that take no memory are
 * left out, and so is anything that follows the ELF. Segments stay at their
 * offsets; unused bytes between them become zero. A segment's bytes change only
 * if it contains the ELF header, which says where the section headers are.
 *
 * Must never trust: the ELF; kernel_elf_parse() has only checked where segments
 * and sections lie.
 *
 * Spec: System V gABI, chapter 4, "Sections".
 */
#ifndef PACK_STRIP_H
#define PACK_STRIP_H

#include "base/buf.h"
#include "base/err.h"
#include "image/kernel_elf.h"

/* The launcher could not decode a larger ELF again. */
#define STRIP_MAX (UINT64_C(1) << 30)

/*
 * Store the stripped ELF of @k in *@elf. If the ELF is stripped already, *@elf
 * points to its own bytes; otherwise it points into *@room, an empty buffer of
 * the caller.
 *
 * Returns 0; -EFBIG past STRIP_MAX; -EINVAL; -ENOMEM.
 */
int strip_elf(struct bytes *elf, const struct kernel_elf *k, struct buf *room,
	      struct err *e);

#endif
