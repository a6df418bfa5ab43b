/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a kernel's ELF with libelf.
 *
 * libelf turns both classes into one set of structs. The fields that it trusts
 * are checked before (elf_tables.c), every range that it reports is checked
 * after.
 *
 * Program headers are read from a small copy, the ELF header with its table
 * moved up against it and without sections. So the same code serves the
 * whole file and its first bytes, which lack the section headers.
 *
 * Must never trust: any field; see kernel_elf.h.
 *
 * Spec: System V gABI, chapters 4 and 5.
 */
#include "image/kernel_elf.h"

#include <assert.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>

#include "image/elf_tables.h"

/* What loading relies on, independent of the file's length. */
static int check_segment(const struct elf_segment *s, bool is64, unsigned i,
			 struct err *e)
{
	uint64_t top = is64 ? UINT64_MAX : UINT32_MAX;

	if (s->type != PT_LOAD)
		return 0;
	if (s->filesz > s->memsz)
		return err_set(e, EINVAL,
			       "segment %u: p_filesz 0x%llx exceeds "
			       "p_memsz 0x%llx",
			       i, (unsigned long long)s->filesz,
			       (unsigned long long)s->memsz);
	if (s->memsz && s->memsz - 1 > top - s->paddr)
		return err_set(e, EINVAL,
			       "segment %u: p_paddr 0x%llx + p_memsz 0x%llx "
			       "wraps around",
			       i, (unsigned long long)s->paddr,
			       (unsigned long long)s->memsz);
	if (s->memsz && s->memsz - 1 > top - s->vaddr)
		return err_set(e, EINVAL,
			       "segment %u: p_vaddr 0x%llx + p_memsz 0x%llx "
			       "wraps around",
			       i, (unsigned long long)s->vaddr,
			       (unsigned long long)s->memsz);
	return 0;
}

static int check_header(const GElf_Ehdr *h, struct err *e)
{
	if (h->e_version != EV_CURRENT)
		return err_set(e, EINVAL, "e_version is %u, not %u",
			       h->e_version, EV_CURRENT);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return err_set(e, EINVAL, "e_type is %u, not ET_EXEC or ET_DYN",
			       h->e_type);
	if (h->e_machine != EM_386 && h->e_machine != EM_X86_64)
		return err_set(e, EINVAL,
			       "e_machine is %u, not EM_386 or EM_X86_64",
			       h->e_machine);
	return 0;
}

/* Open @b with libelf, which only reads it in spite of the cast. */
static Elf *open_elf(struct bytes b, struct err *e)
{
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		elf = NULL;
	else
		elf = elf_memory((char *)b.data, b.len);
	if (!elf)
		err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	return elf;
}

/* Header and segments through libelf, from a copy that holds only those. */
static int read_headers(struct kernel_elf *k, Elf *elf, unsigned phnum,
			struct err *e)
{
	unsigned loads = 0;
	GElf_Ehdr ehdr;
	int rc;

	if (!gelf_getehdr(elf, &ehdr))
		return err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	rc = check_header(&ehdr, e);
	if (rc)
		return rc;
	k->type = ehdr.e_type;
	k->machine = ehdr.e_machine;
	k->entry = ehdr.e_entry;
	k->segments = calloc(phnum, sizeof(*k->segments));
	if (!k->segments)
		return err_set(e, ENOMEM, "no memory for %u segments", phnum);
	k->segments_count = phnum;
	for (unsigned i = 0; i < phnum; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(elf, i, &p))
			return err_set(e, EINVAL, "segment %u: libelf: %s", i,
				       elf_errmsg(-1));
		k->segments[i] = (struct elf_segment){
			.type = p.p_type,
			.flags = p.p_flags,
			.off = p.p_offset,
			.vaddr = p.p_vaddr,
			.paddr = p.p_paddr,
			.filesz = p.p_filesz,
			.memsz = p.p_memsz,
			.align = p.p_align,
		};
		rc = check_segment(&k->segments[i], k->is64, i, e);
		if (rc)
			return rc;
		loads += p.p_type == PT_LOAD;
	}
	if (!loads)
		return err_set(e, EINVAL,
			       "no PT_LOAD segment: nothing to load");
	return 0;
}

#define COMPACT_MAX \
	(sizeof(Elf64_Ehdr) + KERNEL_ELF_MAX_SEGMENTS * sizeof(Elf64_Phdr))

/* The copy: | ELF header | program headers |, and no sections. */
static struct bytes make_compact(uint8_t *buf, const struct elf_shape *s,
				 struct bytes b, struct bytes phdrs)
{
	uint64_t phoff = s->ehdr_size;
	size_t word = s->is64 ? 8 : 4;

	assert(s->ehdr_size + phdrs.len <= COMPACT_MAX);
	memcpy(buf, b.data, s->ehdr_size);
	memcpy(buf + s->phoff, &phoff, word);
	memset(buf + s->phoff + word, 0, word); /* e_shoff */
	memset(buf + s->phentsize + 6, 0, 4);	/* e_shnum, e_shstrndx */
	memcpy(buf + s->ehdr_size, phdrs.data, phdrs.len);
	return (struct bytes){ buf, s->ehdr_size + phdrs.len };
}

/* The part of parsing that every kernel_elf_parse() shares. */
static int parse_head(struct kernel_elf *k, const struct elf_tables *t,
		      struct bytes b, struct err *e)
{
	_Alignas(8) uint8_t buf[COMPACT_MAX];
	struct bytes phdrs = { 0 };
	Elf *elf;
	int rc;

	rc = elf_tables_phdrs(&phdrs, t, b, e);
	if (rc)
		return rc;
	k->is64 = t->shape->is64;
	elf = open_elf(make_compact(buf, t->shape, b, phdrs), e);
	if (!elf)
		return -EINVAL;
	rc = read_headers(k, elf, t->phnum, e);
	elf_end(elf);
	return rc;
}

static void reach(struct kernel_elf *k, uint64_t end)
{
	if (end > k->elf_end)
		k->elf_end = end;
}

/* What states how notes are padded, by where they come from. */
static const char *align_name(const char *source)
{
	return strcmp(source, "PT_NOTE") ? "sh_addralign" : "p_align";
}

/* Add one segment's or section's notes; only lack of memory is an error. */
static int add_notes(struct kernel_elf *k, const char *source, unsigned i,
		     struct bytes raw, uint64_t align, struct err *e)
{
	struct err why = ERR_EMPTY;
	unsigned padding = 0;
	int rc = notes_add(&k->notes, raw, align, &padding, &why);

	k->notes.source = source;
	if (rc == -ENOMEM) {
		*e = why;
		return rc;
	}
	if (rc) {
		err_prefix(&why, rc, "%s %u", source, i);
		err_also(&k->notes_bad, &why);
	} else if (padding != notes_padding(align)) {
		err_set(&why, EINVAL,
			"%s %u: %s is 0x%llx, but the notes are padded to %u",
			source, i, align_name(source),
			(unsigned long long)align, padding);
		err_also(&k->notes_padding, &why);
	}
	return 0;
}

/* Segments' file ranges, and the notes among them. */
static int read_segments(struct kernel_elf *k, struct bytes b, struct err *e)
{
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];
		struct bytes raw;
		int rc;

		if (s->type == PT_NULL || !s->filesz)
			continue;
		if (!bytes_slice(b, s->off, s->filesz, &raw))
			return err_set(e, EINVAL,
				       "segment %u: p_offset 0x%llx + "
				       "p_filesz 0x%llx ends past the ELF "
				       "(0x%zx bytes)",
				       i, (unsigned long long)s->off,
				       (unsigned long long)s->filesz, b.len);
		reach(k, s->off + s->filesz);
		if (s->type != PT_NOTE)
			continue;
		rc = add_notes(k, "PT_NOTE", i, raw, s->align, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_section(struct kernel_elf *k, unsigned i, const GElf_Shdr *s,
			struct bytes b, struct err *e)
{
	/* Segments come first: notes in segments are not read again from
	 * sections. */
	bool want_notes = !k->notes.source ||
			  !strcmp(k->notes.source, "SHT_NOTE");
	struct bytes raw;

	if (s->sh_type == SHT_NULL || s->sh_type == SHT_NOBITS || !s->sh_size)
		return 0;
	if (!bytes_slice(b, s->sh_offset, s->sh_size, &raw))
		return err_set(e, EINVAL,
			       "section %u: sh_offset 0x%llx + sh_size 0x%llx "
			       "ends past the ELF (0x%zx bytes)",
			       i, (unsigned long long)s->sh_offset,
			       (unsigned long long)s->sh_size, b.len);
	reach(k, s->sh_offset + s->sh_size);
	if (s->sh_type != SHT_NOTE || !want_notes)
		return 0;
	return add_notes(k, "SHT_NOTE", i, raw, s->sh_addralign, e);
}

static int read_sections(struct kernel_elf *k, const struct elf_tables *t,
			 struct bytes b, struct err *e)
{
	uint64_t count;
	Elf *elf;
	int rc;

	rc = elf_tables_shdrs(&count, t, b, e);
	if (rc || !count)
		return rc;
	reach(k, t->shoff + count * t->shentsize);
	k->sections_count = count;
	elf = open_elf(b, e);
	if (!elf)
		return -EINVAL;
	for (unsigned i = 1; i < count && !rc; i++) {
		Elf_Scn *scn = elf_getscn(elf, i);
		GElf_Shdr s;

		if (scn && gelf_getshdr(scn, &s))
			rc = read_section(k, i, &s, b, e);
		else
			rc = err_set(e, EINVAL, "section %u: libelf: %s", i,
				     elf_errmsg(-1));
	}
	elf_end(elf);
	return rc;
}

static int parse(struct kernel_elf *k, struct bytes b, bool sections,
		 struct err *e)
{
	struct kernel_elf new = { .bytes = b };
	struct elf_tables t = { 0 };
	int rc;

	rc = elf_tables_read(&t, b, e);
	if (!rc)
		rc = parse_head(&new, &t, b, e);
	if (!rc)
		rc = read_segments(&new, b, e);
	if (!rc && sections)
		rc = read_sections(&new, &t, b, e);
	if (rc) {
		kernel_elf_release(&new);
		/* These are all bytes: missing ones are an error. */
		return rc == -ENODATA ? -EINVAL : rc;
	}
	reach(&new, t.shape->ehdr_size);
	reach(&new, t.phoff + (uint64_t)t.phnum * t.phentsize);
	*k = new;
	return 0;
}

int kernel_elf_parse(struct kernel_elf *k, struct bytes b, struct err *e)
{
	return parse(k, b, true, e);
}

int kernel_elf_parse_segments(struct kernel_elf *k, struct bytes b,
			      struct err *e)
{
	return parse(k, b, false, e);
}

uint64_t kernel_elf_segments_end(const struct kernel_elf *head)
{
	bool has_note = false;
	uint64_t end = 0;

	for (unsigned i = 0; i < head->segments_count; i++) {
		const struct elf_segment *s = &head->segments[i];
		uint64_t stop;

		if (s->type == PT_NULL || !s->filesz)
			continue;
		if (__builtin_add_overflow(s->off, s->filesz, &stop))
			return UINT64_MAX;
		has_note |= s->type == PT_NOTE;
		end = stop > end ? stop : end;
	}
	return has_note ? end : UINT64_MAX;
}

/* The end of what the headers at the beginning account for. Their sums may
 * overflow: such an ELF is refused once it is read whole. */
static void reach_told(struct kernel_elf *k, const struct elf_tables *t)
{
	uint64_t end;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type == PT_NULL || !s->filesz)
			continue;
		if (__builtin_add_overflow(s->off, s->filesz, &end))
			end = UINT64_MAX;
		reach(k, end);
	}
	if (!t->shoff)
		return;
	if (__builtin_add_overflow(t->shoff, (uint64_t)t->shnum * t->shentsize,
				   &end))
		end = UINT64_MAX;
	reach(k, end);
}

int kernel_elf_parse_head(struct kernel_elf *k, struct bytes head,
			  struct err *e)
{
	struct kernel_elf new = { 0 };
	struct elf_tables t = { 0 };
	int rc;

	rc = elf_tables_read(&t, head, e);
	if (!rc)
		rc = parse_head(&new, &t, head, e);
	if (rc) {
		kernel_elf_release(&new);
		return rc;
	}
	reach_told(&new, &t);
	*k = new;
	return 0;
}

void kernel_elf_release(struct kernel_elf *k)
{
	free(k->segments);
	notes_release(&k->notes);
	*k = (struct kernel_elf){ 0 };
}
