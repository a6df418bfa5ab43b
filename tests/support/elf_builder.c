/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/elf_builder.h"

#include <stdlib.h>
#include <string.h>

#include "pv/notes.h"

static void pad_to(struct buf *b, size_t start, size_t align)
{
	while ((b->len - start) % align)
		buf_add(b, "", 1);
}

void elf_patch(struct buf *b, size_t off, size_t width, uint64_t v)
{
	if (off > b->len || width > b->len - off)
		abort();
	memcpy(b->data + off, &v, width);
}

uint64_t elf_peek(const struct buf *b, size_t off, size_t width)
{
	uint64_t v = 0;

	if (off > b->len || width > b->len - off)
		abort();
	memcpy(&v, b->data + off, width);
	return v;
}

void elf_note(struct buf *out, const char *owner, uint32_t type,
	      const void *desc, uint32_t descsz, unsigned align)
{
	uint32_t namesz = owner ? strlen(owner) + 1 : 0;
	size_t start = out->len;

	buf_le32(out, namesz);
	buf_le32(out, descsz);
	buf_le32(out, type);
	buf_add(out, owner, namesz);
	pad_to(out, start, align);
	buf_add(out, desc, descsz);
	pad_to(out, start, align);
}

static void add_header(const struct test_elf *t, struct buf *out,
		       unsigned shnum, uint64_t shoff)
{
	uint16_t machine = t->machine ? t->machine
			   : t->is32  ? EM_386
				      : EM_X86_64;
	Elf64_Ehdr h64 = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_entry = t->entry,
		.e_phoff = sizeof(h64),
		.e_shoff = shoff,
		.e_ehsize = sizeof(h64),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = t->segments_count,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = shnum,
		.e_shstrndx = t->shstrndx,
	};
	Elf32_Ehdr h32 = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_entry = t->entry,
		.e_phoff = sizeof(h32),
		.e_shoff = shoff,
		.e_ehsize = sizeof(h32),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = t->segments_count,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = shnum,
		.e_shstrndx = t->shstrndx,
	};

	if (t->is32)
		buf_add(out, &h32, sizeof(h32));
	else
		buf_add(out, &h64, sizeof(h64));
}

static void add_phdr(const struct test_elf *t, const struct test_segment *s,
		     struct buf *out, uint64_t off)
{
	uint64_t memsz = s->memsz ? s->memsz : s->filesz;
	Elf64_Phdr p64 = {
		.p_type = s->type,
		.p_flags = PF_R | PF_X,
		.p_offset = off,
		.p_vaddr = s->vaddr,
		.p_paddr = s->paddr,
		.p_filesz = s->filesz,
		.p_memsz = memsz,
		.p_align = s->align,
	};
	Elf32_Phdr p32 = {
		.p_type = s->type,
		.p_flags = PF_R | PF_X,
		.p_offset = off,
		.p_vaddr = s->vaddr,
		.p_paddr = s->paddr,
		.p_filesz = s->filesz,
		.p_memsz = memsz,
		.p_align = s->align,
	};

	if (t->is32)
		buf_add(out, &p32, sizeof(p32));
	else
		buf_add(out, &p64, sizeof(p64));
}

static void add_shdr(const struct test_elf *t, const struct test_section *s,
		     struct buf *out, uint64_t off)
{
	Elf64_Shdr s64 = {
		.sh_name = s->name,
		.sh_type = s->type,
		.sh_flags = s->flags,
		.sh_addr = s->addr,
		.sh_offset = off,
		.sh_size = s->size,
		.sh_link = s->link,
		.sh_addralign = s->align,
		.sh_entsize = s->entsize,
	};
	Elf32_Shdr s32 = {
		.sh_name = s->name,
		.sh_type = s->type,
		.sh_flags = s->flags,
		.sh_addr = s->addr,
		.sh_offset = off,
		.sh_size = s->size,
		.sh_link = s->link,
		.sh_addralign = s->align,
		.sh_entsize = s->entsize,
	};

	if (t->is32)
		buf_add(out, &s32, sizeof(s32));
	else
		buf_add(out, &s64, sizeof(s64));
}

/* Where a segment or section is placed: aligned to 16, in the order given. */
static uint64_t place(uint64_t *at, uint64_t size)
{
	uint64_t off = *at;

	*at = (off + size + 15) & ~15ull;
	return off;
}

static void add_data(struct buf *out, size_t start, const void *data,
		     uint64_t size)
{
	if (!size)
		return;
	pad_to(out, start, 16);
	buf_add(out, data, size);
}

/* Bytes that only the section has. */
static uint64_t section_bytes(const struct test_section *s)
{
	return s->type == SHT_NOBITS || s->in_segment ? 0 : s->size;
}

/* As many may have sections in them. */
#define SEGMENTS_KNOWN 8

void elf_build(const struct test_elf *t, struct buf *out)
{
	size_t ehdr = t->is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
	size_t phdr = t->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	static const struct test_section null_section;
	unsigned shnum = t->sections_count ? t->sections_count + 1 : 0;
	uint64_t at = (ehdr + phdr * t->segments_count + 15) & ~15ull;
	uint64_t data_at = at;
	size_t start = out->len;
	uint64_t first[SEGMENTS_KNOWN] = { 0 };

	for (unsigned i = 0; i < t->segments_count; i++)
		place(&at, t->segments[i].filesz);
	for (unsigned i = 0; i < t->sections_count; i++)
		place(&at, section_bytes(&t->sections[i]));

	add_header(t, out, shnum, shnum ? at : 0);
	at = data_at;
	for (unsigned i = 0; i < t->segments_count; i++) {
		uint64_t off = place(&at, t->segments[i].filesz);

		if (i < SEGMENTS_KNOWN)
			first[i] = off;
		add_phdr(t, &t->segments[i], out, off);
	}
	for (unsigned i = 0; i < t->segments_count; i++)
		add_data(out, start, t->segments[i].data,
			 t->segments[i].filesz);
	for (unsigned i = 0; i < t->sections_count; i++)
		add_data(out, start, t->sections[i].data,
			 section_bytes(&t->sections[i]));
	if (shnum) {
		pad_to(out, start, 16);
		add_shdr(t, &null_section, out, 0);
	}
	for (unsigned i = 0; i < t->sections_count; i++) {
		const struct test_section *s = &t->sections[i];
		uint64_t off = place(&at, section_bytes(s));

		add_shdr(t, s, out,
			 s->in_segment ? first[s->in_segment - 1] : off);
	}
	for (size_t i = 0; i < t->trailer_count; i++)
		buf_le32(out, t->trailer[i]);
}

void elf_small_kernel(struct buf *out, bool is32)
{
	static const uint8_t text[96] = { 0xf4, 0xeb, 0xfd };
	static const uint8_t data[40] = { 1, 2, 3, 4 };
	const uint64_t high = is32 ? 0xc0000000 : 0xffffffff80000000;
	const uint64_t pvh = SMALL_KERNEL_PVH_ENTRY;
	struct buf notes = { 0 };

	elf_note(&notes, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &pvh, is32 ? 4 : 8,
		 4);
	elf_note(&notes, "GNU", GNU_ELFNOTE_BUILD_ID, SMALL_KERNEL_BUILD_ID,
		 SMALL_KERNEL_BUILD_ID_SZ, 4);
	const struct test_segment segments[SMALL_KERNEL_SEGMENTS] = {
		{ .type = PT_LOAD,
		  .vaddr = high + SMALL_KERNEL_TEXT_PADDR,
		  .paddr = SMALL_KERNEL_TEXT_PADDR,
		  .data = text,
		  .filesz = sizeof(text),
		  .align = 0x200000 },
		{ .type = PT_LOAD,
		  .vaddr = high + SMALL_KERNEL_DATA_PADDR,
		  .paddr = SMALL_KERNEL_DATA_PADDR,
		  .data = data,
		  .filesz = sizeof(data),
		  .memsz = 0x1000,
		  .align = 0x1000 },
		{ .type = PT_NOTE,
		  .data = notes.data,
		  .filesz = notes.len,
		  .align = 4 },
	};
	const struct test_section sections[SMALL_KERNEL_SECTIONS - 1] = {
		{ .type = SHT_PROGBITS, .data = "debug", .size = 6 },
		{ .type = SHT_NOBITS, .size = 0x100000 },
		{ .type = SHT_STRTAB, .data = "\0.shstrtab", .size = 11 },
	};

	elf_build(&(struct test_elf){ .is32 = is32,
				      .entry = SMALL_KERNEL_ENTRY,
				      .segments = segments,
				      .segments_count = SMALL_KERNEL_SEGMENTS,
				      .sections = sections,
				      .sections_count = SMALL_KERNEL_SECTIONS -
							1 },
		  out);
	buf_release(&notes);
}
