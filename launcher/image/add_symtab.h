/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives a stripped kernel's ELF a symbol table, made from the kernel's own
 * names (kallsyms), so that nm, gdb, objdump and perf can use them.
 *
 *   | ELF header | the ELF as it was | .symtab | .strtab | section names |
 *   | section headers |
 *
 * The original ELF changes only in its header, which says where the section
 * headers are. The new section names are the old ones and two more.
 *
 * A symbol gets the section that contains it; a section includes its end. Of
 * two such sections it gets the one for which nm(1) shows the type in kallsyms.
 * An absolute symbol stays absolute. A symbol's size is the distance to the
 * next one, since kallsyms has no sizes.
 *
 * Must never trust: section headers, and the names: they are checked, but still
 * foreign.
 *
 * Spec: System V gABI, chapter 4, "Sections" and "Symbol Table".
 */
#ifndef IMAGE_ADD_SYMTAB_H
#define IMAGE_ADD_SYMTAB_H

#include <elf.h>

#include "base/buf.h"
#include "base/err.h"
#include "image/kallsyms.h"
#include "image/kernel_elf.h"

/* An ELF with its symbol table, in parts. The middle one points into the ELF
 * that it was made from. */
struct elf_with_symtab {
	uint8_t header[sizeof(Elf64_Ehdr)];
	struct buf tail;
	struct bytes parts[3]; /* in this order */
};

/*
 * Make it from @elf and that kernel's names @k. *@out must not be moved.
 *
 * Returns 0; -EEXIST if the ELF has a symbol table already; -EINVAL; -ENOMEM.
 * Release *@out in any case.
 */
int add_symtab(struct elf_with_symtab *out, const struct kernel_elf *elf,
	       const struct kallsyms *k, struct err *e);
void elf_with_symtab_release(struct elf_with_symtab *out);

#endif
