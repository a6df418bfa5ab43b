/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses, where an ELF still has its symbol table. Kernels in a
 * bzImage are usually stripped; then there is nothing to find.
 *
 * Must never trust: symbol values, sizes and names.
 *
 * Spec: System V gABI, chapter 4, "Symbol Table".
 */
#ifndef IMAGE_SYMBOLS_H
#define IMAGE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Write "name+0x12" for the closest symbol at or below @vaddr to @buf, at
 * most @size bytes with the NUL. False, and "" there, if the ELF at the start
 * of @elf has no symbol table or nothing at or below the address. The ELF has
 * been parsed by kernel_elf_parse() before. The name may hold any bytes but
 * NUL.
 */
bool symbol_name(struct bytes elf, uint64_t vaddr, char *buf, size_t size);

#endif
