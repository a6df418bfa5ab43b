/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name of the section that a segment begins with: ".text", ".init.text".
 *
 * Must never trust: section headers; names, which may hold any byte but NUL.
 *
 * Spec: System V gABI, chapter 4, "Sections".
 */
#ifndef IMAGE_SECTION_NAME_H
#define IMAGE_SECTION_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Write the name of the first section that takes memory and begins within
 * @size file bytes at @off to @buf, cut at @room - 1 bytes. False, and "" there,
 * if the ELF has none. It has been parsed by kernel_elf_parse() before.
 */
bool section_name(struct bytes elf, uint64_t off, uint64_t size, char *buf,
		  size_t room);

#endif
