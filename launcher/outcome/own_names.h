/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names a kernel carries for itself, out of the memory of the guest that
 * has run it.
 *
 * For a stock kernel without --symbols nothing else gives names. They are read
 * when a run is over and a name is asked for, and not before: finding them
 * takes tens of milliseconds, which a run that needs no name must not pay. By
 * then the image's file may have changed or be gone, so guest memory is the
 * only source.
 *
 * Must never trust: guest memory. The kernel maps its names read-only, but a
 * guest that has gone wrong may have written anywhere. The segments are
 * copied, the copy is checked whole, and any fault in it means no names. A
 * guest that changes its names and keeps the tables sound can still lie about a
 * place, as it can on its console. The guest must have stopped.
 */
#ifndef OUTCOME_OWN_NAMES_H
#define OUTCOME_OWN_NAMES_H

#include "base/err.h"
#include "image/kallsyms.h"
#include "vm/guest_mem.h"

/* The most that is copied. The kernel's read-only segments are a tenth. */
#define OWN_NAMES_COPY_MAX (UINT64_C(512) << 20)

/* Where a kernel lies. */
struct own_names_place {
	uint64_t delta; /* added to every p_paddr, modulo 2^64 */
	uint64_t slide; /* added to virtual addresses, of KASLR */
};

/*
 * Read the names of the kernel @elf, which lies @at a place in @gm. Their
 * addresses are those it was linked for. The tables are checked against the
 * segments where these are now, so another slide than the real one gives no
 * names.
 *
 * Returns 0; -EFAULT if a segment is not in RAM; -EFBIG past the limit; and as
 * kallsyms_read(). On failure *@k is untouched.
 */
int own_names_read(struct kallsyms *k, const struct kernel_elf *elf,
		   const struct own_names_place *at, const struct guest_mem *gm,
		   struct err *e);

#endif
