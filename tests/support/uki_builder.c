/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/uki_builder.h"

#include <string.h>

#define COFF_SIZE     24
#define OPTIONAL_SIZE 0xf0
#define HEADER_SIZE   40
#define FILE_ALIGN    512
#define MACHINE_AMD64 0x8664

static uint32_t align_up(uint32_t n)
{
	return (n + FILE_ALIGN - 1) & ~(uint32_t)(FILE_ALIGN - 1);
}

size_t pe_section_field(unsigned i, unsigned field)
{
	return PE_COFF + COFF_SIZE + OPTIONAL_SIZE + i * HEADER_SIZE + field;
}

static void put(uint8_t *file, size_t off, unsigned width, uint32_t v)
{
	memcpy(file + off, &v, width);
}

void pe_build(uint16_t machine, const struct test_pe_section *sections,
	      unsigned count, struct buf *out)
{
	uint32_t headers = align_up((uint32_t)pe_section_field(count, 0));
	uint32_t size = headers, at = headers;
	uint8_t *file;

	for (unsigned i = 0; i < count; i++)
		size += align_up(sections[i].size);
	file = buf_extend(out, size);
	memset(file, 0, size);
	memcpy(file, "MZ", 2);
	put(file, PE_LFANEW, 4, PE_COFF);
	memcpy(file + PE_COFF, "PE\0\0", 4);
	put(file, PE_MACHINE, 2, machine ? machine : MACHINE_AMD64);
	put(file, PE_SECTIONS, 2, count);
	put(file, PE_OPTIONAL, 2, OPTIONAL_SIZE);
	for (unsigned i = 0; i < count; i++) {
		const struct test_pe_section *s = &sections[i];
		size_t header = pe_section_field(i, 0);
		size_t name = strlen(s->name);

		memcpy(file + header, s->name, name < 8 ? name : 8);
		put(file, header + PE_SECTION_VIRTUAL_SIZE, 4,
		    s->virtual_size ? s->virtual_size : s->size);
		put(file, header + 12, 4, 0x10000 + (at - headers));
		put(file, header + PE_SECTION_RAW_SIZE, 4, align_up(s->size));
		put(file, header + PE_SECTION_RAW_OFF, 4, at);
		if (s->size)
			memcpy(file + at, s->data, s->size);
		at += align_up(s->size);
	}
}

void uki_build(const struct buf *kernel, const struct buf *initrd,
	       const char *cmdline, struct buf *out)
{
	static const uint8_t stub[0x123] = { 0xc3 };
	struct test_pe_section sections[6] = {
		{ ".text", stub, sizeof(stub), 0 },
		{ ".sbat", "sbat,1\n", 7, 0 },
		{ ".osrel", "ID=test\n", 8, 0 },
	};
	unsigned n = 3;

	if (cmdline)
		sections[n++] = (struct test_pe_section){
			".cmdline", cmdline, (uint32_t)strlen(cmdline), 0
		};
	if (initrd)
		sections[n++] = (struct test_pe_section){
			".initrd", initrd->data, (uint32_t)initrd->len, 0
		};
	sections[n++] = (struct test_pe_section){ ".linux", kernel->data,
						  (uint32_t)kernel->len, 0 };
	pe_build(0, sections, n, out);
}
