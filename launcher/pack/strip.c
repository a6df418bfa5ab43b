/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strips an ELF; see strip.h. libelf reads the section headers. It can only
 * write to a file, so the new ones are built here.
 */
#include "pack/strip.h"

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/wire.h"
#include "image/elf_tables.h"
#include "pack/compress.h"

/* Longer names are cut: no tool needs them, and many sections may share one
 * long string. */
#define NAME_MAX_LEN 255

/* Minimum alignment of section headers and of bytes after the segments. */
#define ALIGN 8

struct section {
	GElf_Shdr h;
	const char *name;
	size_t name_len;
	bool keep;
	unsigned index; /* among those that are kept */
};

struct strip {
	const struct kernel_elf *k;
	struct elf_tables t;
	struct section *sections;
	unsigned count;
	size_t names; /* index of the section with the section names */
	unsigned kept;
	bool drops;	  /* some section is not kept */
	uint64_t foreign; /* bytes copied from after the segments */
	struct buf *out;
	struct buf strtab;
};

/* Notes may lie in a section without a segment. */
static bool is_kept(const GElf_Shdr *h)
{
	return h->sh_flags & SHF_ALLOC || h->sh_type == SHT_NOTE;
}

static void find_name(struct strip *s, struct section *to)
{
	struct bytes names = { 0 };
	const GElf_Shdr *h = &s->sections[s->names].h;

	if (h->sh_type != SHT_STRTAB ||
	    !bytes_slice(s->k->bytes, h->sh_offset, h->sh_size, &names) ||
	    to->h.sh_name >= names.len)
		return;
	to->name = (const char *)names.data + to->h.sh_name;
	to->name_len = names.len - to->h.sh_name;
	if (to->name_len > NAME_MAX_LEN)
		to->name_len = NAME_MAX_LEN;
	to->name_len = strnlen(to->name, to->name_len);
}

static int read_headers(struct strip *s, Elf *elf, struct err *e)
{
	if (elf_getshdrstrndx(elf, &s->names) || s->names >= s->count)
		s->names = 0;
	for (unsigned i = 1; i < s->count; i++) {
		Elf_Scn *scn = elf_getscn(elf, i);

		if (!scn || !gelf_getshdr(scn, &s->sections[i].h))
			return err_set(e, EINVAL, "section %u: libelf: %s", i,
				       elf_errmsg(-1));
	}
	for (unsigned i = 1; i < s->count; i++) {
		struct section *to = &s->sections[i];

		find_name(s, to);
		to->keep = is_kept(&to->h);
		if (to->keep)
			to->index = ++s->kept;
		else if (i != s->names && to->h.sh_type != SHT_NULL)
			s->drops = true;
	}
	return 0;
}

static int read_sections(struct strip *s, struct err *e)
{
	struct bytes b = s->k->bytes;
	Elf *elf;
	int rc;

	s->count = s->k->sections_count;
	s->sections = calloc(s->count, sizeof(*s->sections));
	if (!s->sections)
		return compress_no_memory("pack", e);
	elf_version(EV_CURRENT);
	/* libelf does not write to the memory that it reads. */
	elf = elf_memory((char *)(uintptr_t)b.data, b.len);
	if (!elf)
		return err_set(e, EINVAL, "libelf: %s", elf_errmsg(-1));
	rc = read_headers(s, elf, e);
	elf_end(elf);
	return rc;
}

static void pad(struct buf *out, uint64_t align)
{
	size_t n = -out->len & (align - 1);
	uint8_t *to = n ? buf_extend(out, n) : NULL;

	if (to)
		memset(to, 0, n);
}

/* The new ELF begins with a copy of the headers and segments. */
static uint64_t beginning(const struct strip *s)
{
	uint64_t end = s->t.phoff + (uint64_t)s->t.phnum * s->t.phentsize;

	if (end < s->t.shape->ehdr_size)
		end = s->t.shape->ehdr_size;
	for (unsigned i = 0; i < s->k->segments_count; i++) {
		const struct elf_segment *g = &s->k->segments[i];

		if (g->type != PT_NULL && g->filesz && g->off + g->filesz > end)
			end = g->off + g->filesz;
	}
	return end;
}

/* @len bytes at @off stay where they are. */
static void keep_bytes(struct strip *s, uint64_t off, uint64_t len)
{
	memcpy(s->out->data + off, s->k->bytes.data + off, len);
}

static int check_size(uint64_t size, struct err *e)
{
	if (size <= STRIP_MAX)
		return 0;
	return err_set(e, EFBIG,
		       "the stripped ELF has %" PRIu64
		       " bytes, the limit is %" PRIu64,
		       size, STRIP_MAX);
}

static int copy_segments(struct strip *s, struct err *e)
{
	uint64_t end = beginning(s);
	uint8_t *to;
	int rc;

	rc = check_size(end, e);
	if (rc)
		return rc;
	to = buf_extend(s->out, end);
	if (!to)
		return compress_no_memory("pack", e);
	memset(to, 0, end);
	keep_bytes(s, 0, s->t.shape->ehdr_size);
	keep_bytes(s, s->t.phoff, (uint64_t)s->t.phnum * s->t.phentsize);
	for (unsigned i = 0; i < s->k->segments_count; i++) {
		const struct elf_segment *g = &s->k->segments[i];

		if (g->type != PT_NULL && g->filesz)
			keep_bytes(s, g->off, g->filesz);
	}
	return 0;
}

/* Place a section's bytes: in the beginning, or after it. */
static int copy_section(struct strip *s, GElf_Shdr *h, size_t end,
			struct err *e)
{
	struct bytes from;

	if (s->out->failed)
		return compress_no_memory("pack", e);
	if (h->sh_type == SHT_NOBITS || !h->sh_size) {
		h->sh_offset = h->sh_offset < end ? h->sh_offset : end;
		return 0;
	}
	if (h->sh_offset <= end && h->sh_size <= end - h->sh_offset) {
		keep_bytes(s, h->sh_offset, h->sh_size);
		return 0;
	}
	s->foreign += h->sh_size;
	if (s->foreign > s->k->bytes.len || s->foreign > STRIP_MAX ||
	    !bytes_slice(s->k->bytes, h->sh_offset, h->sh_size, &from))
		return err_set(e, EINVAL,
			       "sections that are kept have more bytes than "
			       "the file, or than 0x%" PRIx64,
			       STRIP_MAX);
	pad(s->out, ALIGN);
	h->sh_offset = s->out->len;
	buf_add(s->out, from.data, from.len);
	return 0;
}

/* The index that section @old has now; 0 if it is gone. */
static unsigned new_index(const struct strip *s, uint64_t old)
{
	return old < s->count ? s->sections[old].index : 0;
}

static void add_name(struct strip *s, GElf_Shdr *h, const char *name,
		     size_t len)
{
	h->sh_name = s->strtab.len;
	buf_add(&s->strtab, name, len);
	buf_add(&s->strtab, "", 1);
}

static void add_header(struct strip *s, const GElf_Shdr *h)
{
	const Elf32_Shdr h32 = {
		h->sh_name,
		h->sh_type,
		(uint32_t)h->sh_flags,
		(uint32_t)h->sh_addr,
		(uint32_t)h->sh_offset,
		(uint32_t)h->sh_size,
		h->sh_link,
		h->sh_info,
		(uint32_t)h->sh_addralign,
		(uint32_t)h->sh_entsize,
	};

	if (s->k->is64)
		buf_add(s->out, h, sizeof(*h));
	else
		buf_add(s->out, &h32, sizeof(h32));
}

/* Write bytes and names of all kept sections, then the table of names. */
static int copy_sections(struct strip *s, GElf_Shdr *names, struct err *e)
{
	size_t end = s->out->len;

	buf_add(&s->strtab, "", 1);
	for (unsigned i = 1; i < s->count; i++) {
		struct section *from = &s->sections[i];
		GElf_Shdr *h = &from->h;
		int rc;

		if (!from->keep)
			continue;
		rc = copy_section(s, h, end, e);
		if (rc)
			return rc;
		add_name(s, h, from->name, from->name_len);
		h->sh_link = new_index(s, h->sh_link);
		if (h->sh_flags & SHF_INFO_LINK || h->sh_type == SHT_REL ||
		    h->sh_type == SHT_RELA)
			h->sh_info = new_index(s, h->sh_info);
	}
	*names = (GElf_Shdr){ .sh_type = SHT_STRTAB, .sh_addralign = 1 };
	add_name(s, names, ".shstrtab", strlen(".shstrtab"));
	names->sh_offset = s->out->len;
	names->sh_size = s->strtab.len;
	buf_add(s->out, s->strtab.data, s->strtab.len);
	pad(s->out, ALIGN);
	return 0;
}

/* Tell the ELF header where the section headers and their names are. */
static void put_tables(struct strip *s, uint64_t shoff)
{
	const struct elf_shape *shape = s->t.shape;
	size_t counts = shape->phentsize + 4;

	if (shape->is64)
		put64(s->out->data, (unsigned)shape->phoff + 8, shoff);
	else
		put32(s->out->data, (unsigned)shape->phoff + 4,
		      (uint32_t)shoff);
	put16(s->out->data, (unsigned)counts, (uint16_t)shape->shdr_size);
	put16(s->out->data, (unsigned)counts + 2, (uint16_t)(s->kept + 2));
	put16(s->out->data, (unsigned)counts + 4, (uint16_t)(s->kept + 1));
}

static int write_all(struct strip *s, struct err *e)
{
	const GElf_Shdr null = { 0 };
	GElf_Shdr names;
	uint64_t shoff;
	int rc;

	/* Indexes from there on are escapes. */
	if (s->kept + 2 >= SHN_LORESERVE)
		return err_set(e, EINVAL,
			       "%u sections take memory, the limit is %u",
			       s->kept, SHN_LORESERVE - 3);
	rc = copy_segments(s, e) ?: copy_sections(s, &names, e);
	if (rc)
		return rc;
	shoff = s->out->len;
	add_header(s, &null);
	for (unsigned i = 1; i < s->count; i++)
		if (s->sections[i].keep)
			add_header(s, &s->sections[i].h);
	add_header(s, &names);
	if (s->out->failed || s->strtab.failed)
		return compress_no_memory("pack", e);
	put_tables(s, shoff);
	return 0;
}

int strip_elf(struct bytes *elf, const struct kernel_elf *k, struct buf *room,
	      struct err *e)
{
	struct strip s = { .k = k, .out = room };
	int rc;

	rc = elf_tables_read(&s.t, k->bytes, e);
	if (!rc && k->sections_count)
		rc = read_sections(&s, e);
	if (!rc && s.drops)
		rc = write_all(&s, e);
	if (!rc)
		rc = check_size(s.drops ? room->len : k->elf_end, e);
	if (!rc)
		*elf = s.drops ? buf_bytes(room)
			       : (struct bytes){ k->bytes.data, k->elf_end };
	free(s.sections);
	buf_release(&s.strtab);
	return rc;
}
