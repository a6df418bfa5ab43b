/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF header's offsets, sizes and counts; see elf_tables.h.
 *
 *    | ELF header | program headers | ... segments ... | section headers |
 *      e_phoff, e_phnum   ^                               ^ e_shoff, e_shnum
 */
#include "image/elf_tables.h"

#include <elf.h>
#include <errno.h>

#include "image/kernel_elf.h"

static const struct elf_shape shape32 = {
	.is64 = false,
	.ehdr_size = sizeof(Elf32_Ehdr),
	.phdr_size = sizeof(Elf32_Phdr),
	.shdr_size = sizeof(Elf32_Shdr),
	.phoff = offsetof(Elf32_Ehdr, e_phoff),
	.phentsize = offsetof(Elf32_Ehdr, e_phentsize),
	.sh_size = offsetof(Elf32_Shdr, sh_size),
};

static const struct elf_shape shape64 = {
	.is64 = true,
	.ehdr_size = sizeof(Elf64_Ehdr),
	.phdr_size = sizeof(Elf64_Phdr),
	.shdr_size = sizeof(Elf64_Shdr),
	.phoff = offsetof(Elf64_Ehdr, e_phoff),
	.phentsize = offsetof(Elf64_Ehdr, e_phentsize),
	.sh_size = offsetof(Elf64_Shdr, sh_size),
};

/* A word of the class's size: an offset or a size. */
static uint64_t read_word(const struct elf_shape *s, struct bytes b,
			  uint64_t off)
{
	uint64_t v64 = 0;
	uint32_t v32 = 0;

	if (s->is64) {
		bytes_le64(b, off, &v64);
		return v64;
	}
	bytes_le32(b, off, &v32);
	return v32;
}

static int find_shape(const struct elf_shape **s, struct bytes b, struct err *e)
{
	uint8_t class, data;

	if (!bytes_start_with(b, ELFMAG, SELFMAG))
		return err_set(e, EINVAL, "no ELF magic at the start");
	if (!bytes_u8(b, EI_CLASS, &class) || !bytes_u8(b, EI_DATA, &data))
		return err_set(e, EINVAL, "cut short after %zu bytes", b.len);
	if (class != ELFCLASS32 && class != ELFCLASS64)
		return err_set(e, EINVAL,
			       "EI_CLASS is %u, neither 32 nor 64 bit", class);
	if (data != ELFDATA2LSB)
		return err_set(e, EINVAL, "EI_DATA is %u, not little-endian",
			       data);
	*s = class == ELFCLASS64 ? &shape64 : &shape32;
	if (!bytes_has(b, 0, (*s)->ehdr_size))
		return err_set(e, EINVAL,
			       "0x%zx bytes end within the ELF header "
			       "(0x%zx bytes)",
			       b.len, (*s)->ehdr_size);
	return 0;
}

int elf_tables_read(struct elf_tables *t, struct bytes b, struct err *e)
{
	const struct elf_shape *s = NULL;
	int rc = find_shape(&s, b, e);

	if (rc)
		return rc;
	t->shape = s;
	t->phoff = read_word(s, b, s->phoff);
	t->shoff = read_word(s, b, s->phoff + (s->is64 ? 8 : 4));
	bytes_le16(b, s->phentsize, &t->phentsize);
	bytes_le16(b, s->phentsize + 2, &t->phnum);
	bytes_le16(b, s->phentsize + 4, &t->shentsize);
	bytes_le16(b, s->phentsize + 6, &t->shnum);
	return 0;
}

int elf_tables_phdrs(struct bytes *out, const struct elf_tables *t,
		     struct bytes b, struct err *e)
{
	uint64_t size;

	/* PN_XNUM, the escape for more than 65534, exceeds the limit, too. */
	if (t->phnum > KERNEL_ELF_MAX_SEGMENTS)
		return err_set(e, EINVAL, "e_phnum %u exceeds the limit of %d",
			       t->phnum, KERNEL_ELF_MAX_SEGMENTS);
	if (!t->phnum || !t->phoff)
		return err_set(e, EINVAL,
			       "no program headers (e_phoff 0x%llx, "
			       "e_phnum %u): nothing to load",
			       (unsigned long long)t->phoff, t->phnum);
	if (t->phentsize != t->shape->phdr_size)
		return err_set(e, EINVAL, "e_phentsize is %u, not %zu",
			       t->phentsize, t->shape->phdr_size);
	size = (uint64_t)t->phnum * t->phentsize;
	if (!bytes_slice(b, t->phoff, size, out))
		return err_set(e, ENODATA,
			       "e_phoff 0x%llx + %u program headers (0x%llx "
			       "bytes) end past the data (0x%zx bytes)",
			       (unsigned long long)t->phoff, t->phnum,
			       (unsigned long long)size, b.len);
	return 0;
}

int elf_tables_shdrs(uint64_t *count, const struct elf_tables *t,
		     struct bytes b, struct err *e)
{
	const struct elf_shape *s = t->shape;
	uint64_t n = t->shnum;

	*count = 0;
	if (!t->shoff) {
		if (n)
			return err_set(e, EINVAL,
				       "e_shnum is %u, but e_shoff is 0",
				       t->shnum);
		return 0;
	}
	if (t->shentsize != s->shdr_size)
		return err_set(e, EINVAL, "e_shentsize is %u, not %zu",
			       t->shentsize, s->shdr_size);
	/* gABI: a count that is too large for e_shnum is in section 0. */
	if (!n && bytes_has(b, t->shoff, s->shdr_size))
		n = read_word(s, b, t->shoff + s->sh_size);
	else if (!n)
		n = 1;
	if (n > KERNEL_ELF_MAX_SECTIONS)
		return err_set(e, EINVAL,
			       "%llu section headers exceed the limit of %d",
			       (unsigned long long)n, KERNEL_ELF_MAX_SECTIONS);
	if (!bytes_has(b, t->shoff, n * s->shdr_size))
		return err_set(e, EINVAL,
			       "e_shoff 0x%llx + %llu section headers (0x%llx "
			       "bytes) end past the ELF (0x%zx bytes)",
			       (unsigned long long)t->shoff,
			       (unsigned long long)n,
			       (unsigned long long)(n * s->shdr_size), b.len);
	*count = n;
	return 0;
}
