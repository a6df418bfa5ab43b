/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses, where an ELF still has its symbol table. Kernels in a
 * bzImage are usually stripped; then there is nothing to find.
 *
 * The table is copied, so that names can be found after the ELF is released: in
 * a run, its segments were moved and its file may have changed. Only the table
 * is read, so a gigabyte of debug information does not matter.
 *
 * Must never trust: section headers; symbol values, sections and names.
 *
 * Spec: System V gABI, chapter 4, "Sections" and "Symbol Table".
 */
#ifndef IMAGE_SYMTAB_H
#define IMAGE_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/kallsyms.h"

/* For table and names together. A kernel with everything built in has a hundred
 * million bytes, a distribution's kernel ten. */
#define SYMTAB_MAX (UINT64_C(256) << 20)

/* Where a section lies in memory; size 0: it does not. */
struct symtab_section {
	uint64_t addr;
	uint64_t size;
	char letter; /* nm(1)'s, of a local symbol in it */
};

/* { 0 } is empty. */
struct symtab {
	bool is64;
	struct bytes entries; /* Elf64_Sym or Elf32_Sym, anywhere aligned */
	struct bytes names;
	struct symtab_section *sections; /* by section index */
	unsigned sections_count;
};

/*
 * Copy the symbol table of the ELF at the start of @elf.
 *
 * Returns 0; -ENOENT if it has none; -EINVAL if it is not a linked ELF or the
 * table is not sound; -EFBIG above SYMTAB_MAX; -ENOMEM. On failure *@t is
 * untouched.
 */
int symtab_read(struct symtab *t, struct bytes elf, struct err *e);
void symtab_release(struct symtab *t);

/*
 * Write "name+0x12" for the closest symbol at or below @vaddr to @buf, at
 * most @size bytes with the NUL. Only symbols count whose section has the
 * address. False, and "" there, if there is none. The name may hold any bytes
 * but NUL.
 */
bool symtab_name(const struct symtab *t, uint64_t vaddr, char *buf,
		 size_t size);

/* Whether any of its symbols lies in the @len bytes at @vaddr. */
bool symtab_has(const struct symtab *t, uint64_t vaddr, uint64_t len);

/*
 * All symbols that nm(1) would show with an address, in the order of their
 * addresses and with nm's letters; characters of names that cannot be printed
 * become '?'. To be released by kallsyms_release(). -ENOMEM.
 */
int symtab_list(const struct symtab *t, struct kallsyms *out, struct err *e);

/* The value of the first symbol @name that has code or data; false if there is
 * none. */
bool symtab_find(const struct symtab *t, const char *name, uint64_t *vaddr);

#endif
