/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of an image by their spec's names, for both forms of the report.
 *
 * A number without a name is written as a number into the caller's buffer, so
 * that all values of an image are shown.
 *
 * Spec: System V gABI; the x86 boot protocol; Xen public/features.h.
 */
#ifndef SHOW_NAMES_H
#define SHOW_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "image/setup_header.h"

/* Room for "0x" and 64 bits in hex, or "bit 63". */
struct name_buf {
	char text[24];
};

/* "PT_LOAD", "0x60000001" */
const char *segment_type_name(uint32_t type, struct name_buf *buf);
/* "r-x"; bits without a letter follow as "r-x,0x10" */
const char *segment_flags_name(uint32_t flags, struct name_buf *buf);
/* "ET_EXEC" */
const char *elf_type_name(uint16_t type, struct name_buf *buf);
/* "EM_X86_64" */
const char *elf_machine_name(uint16_t machine, struct name_buf *buf);

/* A bit field and the names of its bits. */
struct bits {
	uint64_t value;
	const struct flag_name *names; /* NULL: Xen's features */
	size_t names_count;
};

/* The name of bit @bit: the spec's, or "bit N". */
const char *bits_name(const struct bits *b, unsigned bit, struct name_buf *buf);

#endif
