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
 * and offsets. A section must be in the file, after the headers, and must not
 * overlap another.
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

/* Where a PE file has the offset of its COFF header, and the machine in
 * that. */
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
	/* The section's bytes in the file: at most virtual_size of them; more
	 * are padding. If virtual_size is larger, the rest of the section in
	 * memory is zero, and not included here. */
	struct bytes data;
};

struct pe {
	uint16_t machine;
	unsigned count;
	struct pe_section sections[PE_SECTIONS_MAX];
};

/* Whether @b begins like a PE file. DOS programs and bzImages with an EFI stub
 * do, too. */
bool pe_begins(struct bytes b);

/*
 * Parse the headers at the start of @b. -EINVAL names the field, the value
 * and the limit; *@pe is then untouched.
 */
int pe_parse(struct pe *pe, struct bytes b, struct err *e);

/* The machine's name, as in "x86-64", or NULL if it is not known. */
const char *pe_machine_name(uint16_t machine);

#endif
