/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/pe.h"

#include <errno.h>

/* The COFF header, from the signature on. */
#define COFF_SECTIONS 6
#define COFF_OPTIONAL 20 /* size of the optional header, which follows: */
#define COFF_SIZE     24

/* A section header. */
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_ADDRESS	     12
#define SECTION_RAW_SIZE     16
#define SECTION_RAW_OFF	     20
#define SECTION_SIZE	     40

bool pe_begins(struct bytes b)
{
	return bytes_start_with(b, "MZ", 2);
}

/* Eight bytes without a NUL are a whole name. */
static void read_name(char *name, const uint8_t *raw)
{
	unsigned n = 0;

	for (; n < PE_NAME_SIZE - 1 && raw[n]; n++)
		name[n] = raw[n] > 0x20 && raw[n] < 0x7f ? (char)raw[n] : '?';
	name[n] = '\0';
}

/* Old linkers write 0 to virtual_size: the size is then that of the bytes in
 * the file. */
static uint32_t used_size(const struct pe_section *s)
{
	if (!s->virtual_size || s->virtual_size > s->raw_size)
		return s->raw_size;
	return s->virtual_size;
}

/* @header is SECTION_SIZE bytes. */
static int read_section(struct pe_section *s, struct bytes header,
			struct bytes file, uint64_t headers_end, struct err *e)
{
	read_name(s->name, header.data);
	bytes_le32(header, SECTION_VIRTUAL_SIZE, &s->virtual_size);
	bytes_le32(header, SECTION_ADDRESS, &s->address);
	bytes_le32(header, SECTION_RAW_SIZE, &s->raw_size);
	bytes_le32(header, SECTION_RAW_OFF, &s->off);
	s->data = (struct bytes){ 0 };
	if (!used_size(s))
		return 0;
	if (!bytes_slice(file, s->off, used_size(s), &s->data))
		return err_set(e, EINVAL,
			       "section %s: PointerToRawData 0x%x + 0x%x bytes "
			       "ends past the file (0x%zx bytes)",
			       s->name, s->off, used_size(s), file.len);
	if (s->off < headers_end)
		return err_set(e, EINVAL,
			       "section %s: PointerToRawData 0x%x is within "
			       "the headers, which end at 0x%llx",
			       s->name, s->off,
			       (unsigned long long)headers_end);
	return 0;
}

static bool overlap(struct bytes a, struct bytes b)
{
	return a.len && b.len && a.data < b.data + b.len &&
	       b.data < a.data + a.len;
}

static int check_overlap(const struct pe *pe, unsigned i, struct err *e)
{
	const struct pe_section *s = &pe->sections[i];

	for (unsigned j = 0; j < i; j++)
		if (overlap(pe->sections[j].data, s->data))
			return err_set(
				e, EINVAL,
				"section %s (0x%x, 0x%zx bytes) overlaps "
				"section %s (0x%x, 0x%zx bytes)",
				s->name, s->off, s->data.len,
				pe->sections[j].name, pe->sections[j].off,
				pe->sections[j].data.len);
	return 0;
}

/* Where the section headers are, and how many. */
static int find_sections(struct pe *pe, struct bytes b, uint64_t *table,
			 struct err *e)
{
	uint16_t count = 0, optional = 0;
	uint32_t coff = 0;
	struct bytes head;

	if (!pe_begins(b))
		return err_set(e, EINVAL, "not a PE file: no \"MZ\" header");
	if (!bytes_le32(b, PE_LFANEW, &coff))
		return err_set(e, EINVAL,
			       "not a PE file: %zu bytes are too few for its "
			       "headers",
			       b.len);
	if (!bytes_slice(b, coff, COFF_SIZE, &head))
		return err_set(
			e, EINVAL,
			"not a PE file: e_lfanew 0x%x puts the PE header "
			"past the file (0x%zx bytes)",
			coff, b.len);
	if (!bytes_start_with(head, "PE\0\0", 4))
		return err_set(e, EINVAL,
			       "not a PE file: no \"PE\" at e_lfanew 0x%x",
			       coff);
	bytes_le16(head, PE_COFF_MACHINE, &pe->machine);
	bytes_le16(head, COFF_SECTIONS, &count);
	bytes_le16(head, COFF_OPTIONAL, &optional);
	if (count > PE_SECTIONS_MAX)
		return err_set(e, EINVAL,
			       "PE file: %u sections exceed the limit of %d",
			       count, PE_SECTIONS_MAX);
	*table = (uint64_t)coff + COFF_SIZE + optional;
	if (!bytes_has(b, *table, (uint64_t)count * SECTION_SIZE))
		return err_set(e, EINVAL,
			       "PE file: %u section headers at 0x%llx end past "
			       "the file (0x%zx bytes)",
			       count, (unsigned long long)*table, b.len);
	pe->count = count;
	return 0;
}

int pe_parse(struct pe *pe, struct bytes b, struct err *e)
{
	struct pe new = { 0 };
	uint64_t table = 0, end;
	int rc;

	rc = find_sections(&new, b, &table, e);
	if (rc)
		return rc;
	end = table + new.count *SECTION_SIZE;
	for (unsigned i = 0; i < new.count; i++) {
		struct bytes header = { 0 };

		bytes_slice(b, table + i * SECTION_SIZE, SECTION_SIZE, &header);
		rc = read_section(&new.sections[i], header, b, end, e);
		if (!rc)
			rc = check_overlap(&new, i, e);
		if (rc)
			return err_prefix(e, rc, "PE file");
	}
	*pe = new;
	return 0;
}

const char *pe_machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ PE_MACHINE_I386, "x86" },
		{ PE_MACHINE_AMD64, "x86-64" },
		{ 0x01c0, "32-bit ARM" },
		{ 0x01c2, "32-bit ARM" },
		{ 0x01c4, "32-bit ARM" },
		{ 0xaa64, "arm64" },
		{ 0x5032, "32-bit RISC-V" },
		{ 0x5064, "riscv64" },
		{ 0x6232, "32-bit LoongArch" },
		{ 0x6264, "loongarch64" },
		{ 0x0200, "IA-64" },
		{ 0x0ebc, "EFI byte code" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}
