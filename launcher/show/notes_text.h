/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every note of an image, a line or more each.
 */
#ifndef SHOW_NOTES_TEXT_H
#define SHOW_NOTES_TEXT_H

#include "show/inspect.h"
#include "show/names.h"
#include "show/text.h"

void notes_text(struct text *t, const struct inspection *in);

/* "0x3 (XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G)" */
void notes_text_bits(struct text *t, const struct bits *b);

#endif
