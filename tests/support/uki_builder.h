/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PE files for tests, made in memory: headers and sections, each padded to
 * 512 bytes as linkers do it.
 *
 *   | MZ, e_lfanew | PE, COFF | optional header | section headers | ... |
 *
 * The result is sound; a test that wants a broken one patches a field of it.
 */
#ifndef TESTS_SUPPORT_UKI_BUILDER_H
#define TESTS_SUPPORT_UKI_BUILDER_H

#include "image/pe.h"
#include "support/payloads.h"

struct test_pe_section {
	const char *name; /* at most eight bytes count */
	const void *data;
	uint32_t size;
	uint32_t virtual_size; /* 0: size */
};

/* Append the file to *@out. @machine: 0 is x86-64. */
void pe_build(uint16_t machine, const struct test_pe_section *sections,
	      unsigned count, struct buf *out);

/* Offset of field @field of section header @i. */
size_t pe_section_field(unsigned i, unsigned field);
#define PE_SECTION_VIRTUAL_SIZE 8
#define PE_SECTION_RAW_SIZE	16
#define PE_SECTION_RAW_OFF	20

/* Offsets of fields in front of them. */
#define PE_COFF	    0x80
#define PE_MACHINE  (PE_COFF + 4)
#define PE_SECTIONS (PE_COFF + 6)
#define PE_OPTIONAL (PE_COFF + 20)

/* A unified kernel image of @kernel with some sections of a stub; @initrd and
 * @cmdline may be NULL. */
void uki_build(const struct buf *kernel, const struct buf *initrd,
	       const char *cmdline, struct buf *out);

#endif
