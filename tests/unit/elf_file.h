/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel's ELF in memory, its fields by name, and a parser call.
 */
#ifndef TESTS_UNIT_ELF_FILE_H
#define TESTS_UNIT_ELF_FILE_H

#include <stddef.h>

#include "image/kernel_elf.h"
#include "support/elf_builder.h"
#include "support/tight.h"
#include "unit/unit.h"

/* Offsets in the 64-bit small kernel. */
#define EH(field) offsetof(Elf64_Ehdr, field)
#define PH(i, field)                                     \
	(sizeof(Elf64_Ehdr) + (i) * sizeof(Elf64_Phdr) + \
	 offsetof(Elf64_Phdr, field))
#define SH(i, field)                                                  \
	(elf_peek(&file, EH(e_shoff), 8) + (i) * sizeof(Elf64_Shdr) + \
	 offsetof(Elf64_Shdr, field))

static struct buf file;

static inline void small(bool is32)
{
	file.len = 0;
	elf_small_kernel(&file, is32);
}

static inline void build(const struct test_elf *t)
{
	file.len = 0;
	elf_build(t, &file);
}

/* The bytes a parsed ELF points into, until the next parse. */
static struct bytes held;

static inline int parse(struct kernel_elf *k, size_t len, struct err *e)
{
	tight_free(held);
	held = tight(file.data, len);
	return kernel_elf_parse(k, held, e);
}

static inline int parse_head(struct kernel_elf *k, size_t len, struct err *e)
{
	tight_free(held);
	held = tight(file.data, len);
	return kernel_elf_parse_head(k, held, e);
}

static inline void parse_ok(struct kernel_elf *k)
{
	struct err e = ERR_EMPTY;

	assert_ok(parse(k, file.len, &e), &e);
}

#endif
