/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Portable Executables: the container of EFI programs, and of unified kernel
 * images.
 *
 *   | MZ ... e_lfanew | PE\0\0, COFF header, optional header |
 *   | section headers | .text ... | .cmdline | .initrd | .linux |
 *
 * Pure parsing: the sections point into the bytes they were parsed from.
 *
 * Must never trust: e_lfanew, the number of sections, and their names, sizes
 * and offsets. A section lies in the file, past the headers, and overlaps no
 * other.
 *
 * Spec: Microsoft, "PE Format".
 */
#ifndef IMAGE_PE_H
#define IMAGE_PE_H

#include "base/bytes.h"
#include "base/err.h"

/* The Windows loader's own limit. */
#define PE_SECTIONS_MAX 96
#define PE_NAME_SIZE	9 /* eight bytes and a NUL */

/* Where a PE file says where its COFF header is, and there its machine. */
#define PE_LFANEW	0x3c
#define PE_COFF_MACHINE 4

/* Machines, as the COFF header has them. */
#define PE_MACHINE_I386	 0x014c
#define PE_MACHINE_AMD64 0x8664

struct pe_section {
	char name[PE_NAME_SIZE]; /* printable, NUL-terminated */
	uint32_t address;	 /* from the image base, once loaded */
	uint32_t virtual_size;
	uint32_t raw_size; /* in the file, padding included */
	uint32_t off;	   /* of that */
	/* The section's bytes in the file: the first virtual_size of them, for
	 * what follows is padding. If virtual_size is more than there are, the
	 * rest is zero in memory, and not here. */
	struct bytes data;
};

struct pe {
	uint16_t machine;
	unsigned count;
	struct pe_section sections[PE_SECTIONS_MAX];
};

/* Whether @b begins as a PE file does. DOS programs and bzImages with an EFI
 * stub do so as well. */
bool pe_begins(struct bytes b);

/*
 * Parse the headers at the start of @b. -EINVAL names the field, the value
 * and the limit; *@pe is then untouched.
 */
int pe_parse(struct pe *pe, struct bytes b, struct err *e);

/* The machine's name, as in "x86-64", or NULL if it is not known. */
const char *pe_machine_name(uint16_t machine);

#endif
