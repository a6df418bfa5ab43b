/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an ELF's tables are, checked before libelf reads them.
 *
 * libelf was written for files from a toolchain: it trusts entry sizes and
 * allocates by the counts in the file. Tables that pass these checks can be
 * given to libelf.
 *
 * Must never trust: any field of the ELF header, and section 0's sh_size.
 *
 * Spec: System V gABI, chapter 4.
 */
#ifndef IMAGE_ELF_TABLES_H
#define IMAGE_ELF_TABLES_H

#include "base/bytes.h"
#include "base/err.h"

/* Where the two classes have the fields that are needed before libelf is
 * used. */
struct elf_shape {
	bool is64;
	size_t ehdr_size;
	size_t phdr_size;
	size_t shdr_size;
	size_t phoff;	  /* e_phoff; e_shoff follows it */
	size_t phentsize; /* e_phentsize; four more counts follow it */
	size_t sh_size;	  /* within a section header */
};

/* The ELF header's tables, as it states them. */
struct elf_tables {
	const struct elf_shape *shape;
	uint64_t phoff;
	uint64_t shoff;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
};

/*
 * Read them from the ELF header at the start of @b: little-endian, ELF32 or
 * ELF64, complete. The ranges of the tables are not checked. -EINVAL.
 */
int elf_tables_read(struct elf_tables *t, struct bytes b, struct err *e);

/*
 * The program headers' bytes: at least one, at most
 * KERNEL_ELF_MAX_SEGMENTS. -EINVAL; -ENODATA if they end past @b.
 */
int elf_tables_phdrs(struct bytes *out, const struct elf_tables *t,
		     struct bytes b, struct err *e);

/*
 * How many section headers there are, all of them within @b; 0 if the ELF
 * has none. -EINVAL.
 */
int elf_tables_shdrs(uint64_t *count, const struct elf_tables *t,
		     struct bytes b, struct err *e);

#endif
