/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF's program headers as a table.
 */
#ifndef SHOW_SEGMENTS_TEXT_H
#define SHOW_SEGMENTS_TEXT_H

#include "image/kernel_elf.h"
#include "show/text.h"

void segments_text(struct text *t, const struct kernel_elf *k);

#endif
