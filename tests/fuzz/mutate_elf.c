/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to a kernel's ELF, of 32 and of 64 bits: a field of the ELF header,
 * of a program header or of a section header; or a note, after which the sizes
 * in it and that of its segment are right, and longer notes have moved to the
 * end of the file.
 *
 * Spec: System V ABI, chapters 4 and 5.
 */
#include "fuzz/mutate.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define PLACE(type, field)                                           \
	{                                                            \
		offsetof(type, field), sizeof(((type *)NULL)->field) \
	}

struct layout {
	struct fuzz_place ehdr[9], phdr[7], shdr[8];
	struct fuzz_place type, off, filesz, align; /* of a program header */
	struct fuzz_place phoff, phnum, shoff, shnum;
	size_t ehdr_size, phdr_size, shdr_size;
};

#define LAYOUT(bits)                                             \
	{                                                        \
		.ehdr = { PLACE(Elf##bits##_Ehdr, e_type),       \
			  PLACE(Elf##bits##_Ehdr, e_entry),      \
			  PLACE(Elf##bits##_Ehdr, e_phoff),      \
			  PLACE(Elf##bits##_Ehdr, e_shoff),      \
			  PLACE(Elf##bits##_Ehdr, e_phentsize),  \
			  PLACE(Elf##bits##_Ehdr, e_phnum),      \
			  PLACE(Elf##bits##_Ehdr, e_shentsize),  \
			  PLACE(Elf##bits##_Ehdr, e_shnum),      \
			  PLACE(Elf##bits##_Ehdr, e_shstrndx) }, \
		.phdr = { PLACE(Elf##bits##_Phdr, p_type),       \
			  PLACE(Elf##bits##_Phdr, p_offset),     \
			  PLACE(Elf##bits##_Phdr, p_vaddr),      \
			  PLACE(Elf##bits##_Phdr, p_paddr),      \
			  PLACE(Elf##bits##_Phdr, p_filesz),     \
			  PLACE(Elf##bits##_Phdr, p_memsz),      \
			  PLACE(Elf##bits##_Phdr, p_align) },    \
		.shdr = { PLACE(Elf##bits##_Shdr, sh_name),      \
			  PLACE(Elf##bits##_Shdr, sh_type),      \
			  PLACE(Elf##bits##_Shdr, sh_flags),     \
			  PLACE(Elf##bits##_Shdr, sh_addr),      \
			  PLACE(Elf##bits##_Shdr, sh_offset),    \
			  PLACE(Elf##bits##_Shdr, sh_size),      \
			  PLACE(Elf##bits##_Shdr, sh_link),      \
			  PLACE(Elf##bits##_Shdr, sh_entsize) }, \
		.type = PLACE(Elf##bits##_Phdr, p_type),         \
		.off = PLACE(Elf##bits##_Phdr, p_offset),        \
		.filesz = PLACE(Elf##bits##_Phdr, p_filesz),     \
		.align = PLACE(Elf##bits##_Phdr, p_align),       \
		.phoff = PLACE(Elf##bits##_Ehdr, e_phoff),       \
		.phnum = PLACE(Elf##bits##_Ehdr, e_phnum),       \
		.shoff = PLACE(Elf##bits##_Ehdr, e_shoff),       \
		.shnum = PLACE(Elf##bits##_Ehdr, e_shnum),       \
		.ehdr_size = sizeof(Elf##bits##_Ehdr),           \
		.phdr_size = sizeof(Elf##bits##_Phdr),           \
		.shdr_size = sizeof(Elf##bits##_Shdr),           \
	}

static const struct layout layouts[] = { LAYOUT(32), LAYOUT(64) };

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint64_t get(const uint8_t *p, struct fuzz_place at)
{
	return fuzz_get(p + at.off, at.width);
}

/* ---- notes */

static const struct {
	const char *name;
	uint32_t type, size;
} known[] = {
	{ "Xen", 1, 8 },   { "Xen", 3, 8 },	  { "Xen", 5, 8 },
	{ "Xen", 6, 6 },   { "Xen", 10, 26 },	  { "Xen", 13, 16 },
	{ "Xen", 17, 4 },  { "Xen", 18, 4 },	  { "Xen", 18, 8 },
	{ "Xen", 19, 12 }, { "Linux", 0x100, 4 }, { "Linux", 0x101, 4 },
	{ "GNU", 3, 20 },  { "GNU", 5, 16 },	  { "", 0, 0 },
	{ "Other", 7, 3 },
};

#define DESC_MAX 96

static size_t align_of_notes = 4;

static size_t pad(size_t n)
{
	return (n + align_of_notes - 1) & ~(align_of_notes - 1);
}

static size_t note_size(const uint8_t *p)
{
	return pad(12 + pad(fuzz_get(p, 4)) + fuzz_get(p + 4, 4));
}

static size_t measure_note(const struct fuzz_grammar *g, const uint8_t *p,
			   size_t left)
{
	(void)g;
	if (left < 12 || fuzz_get(p, 4) > left || fuzz_get(p + 4, 4) > left ||
	    note_size(p) > left)
		return left;
	return note_size(p);
}

static size_t make_note(const struct fuzz_grammar *g, uint8_t *to)
{
	unsigned i = fuzz_random(COUNT(known));
	size_t name = *known[i].name ? strlen(known[i].name) + 1 : 0;
	size_t at = 12 + pad(name);

	(void)g;
	memset(to, 0, 128);
	fuzz_put(to, 4, name);
	fuzz_put(to + 4, 4, known[i].size);
	fuzz_put(to + 8, 4, known[i].type);
	memcpy(to + 12, known[i].name, name);
	for (uint32_t n = 0; n + 4 <= known[i].size; n += 4)
		fuzz_put(to + at + n, 4, fuzz_number(1, 64));
	return note_size(to);
}

/* Its type, or what it holds, whose size may change. */
static size_t change_note(const struct fuzz_grammar *g, uint8_t *p, size_t len)
{
	size_t at, size;

	if (len < 12 || note_size(p) > len || len > FUZZ_RECORD_MAX / 2)
		return make_note(g, p);
	if (!fuzz_random(3)) {
		fuzz_put(p + 8, 4, known[fuzz_random(COUNT(known))].type);
		return len;
	}
	at = 12 + pad(fuzz_get(p, 4));
	size = fuzz_get(p + 4, 4);
	if (size > DESC_MAX)
		size = DESC_MAX;
	size = LLVMFuzzerMutate(p + at, size, DESC_MAX);
	fuzz_put(p + 4, 4, size);
	memset(p + at + size, 0, 8);
	return note_size(p);
}

static const struct fuzz_grammar notes = {
	.measure = measure_note,
	.make = make_note,
	.change = change_note,
};

/* Change the notes of a segment, whose program header is @ph. */
static size_t mutate_notes(const struct layout *l, uint8_t *data, size_t size,
			   size_t max, uint8_t *ph)
{
	uint64_t off = get(ph, l->off), len = get(ph, l->filesz);
	size_t room = len < 4096 ? (size_t)len + FUZZ_RECORD_MAX : 0, n;
	uint8_t *copy;

	if (!room || off > size || len > size - off)
		return size;
	copy = malloc(room);
	if (!copy)
		return size;
	align_of_notes = get(ph, l->align) == 8 ? 8 : 4;
	memcpy(copy, data + off, len);
	n = fuzz_mutate(&notes, copy, len, room);
	if (n > len && (off = (size + 7) & ~UINT64_C(7)) + n > max) {
		free(copy);
		return size;
	}
	if (off > size)
		memset(data + size, 0, off - size);
	fuzz_put(ph + l->off.off, l->off.width, off);
	fuzz_put(ph + l->filesz.off, l->filesz.width, n);
	memcpy(data + off, copy, n);
	free(copy);
	return off + n > size ? off + n : size;
}

/* ---- the file */

/* The header @i of a table in the file; NULL: it is not all there. */
static uint8_t *header_at(uint8_t *data, size_t size, uint64_t off, uint64_t i,
			  size_t each)
{
	if (off > size || i * each + each > size - off)
		return NULL;
	return data + off + i * each;
}

static size_t change_segment(const struct layout *l, uint8_t *data, size_t size,
			     size_t max)
{
	uint64_t count = get(data, l->phnum);
	uint8_t *p = !count ? NULL
			    : header_at(data, size, get(data, l->phoff),
					fuzz_random((uint32_t)count),
					l->phdr_size);

	if (p && get(p, l->type) == PT_NOTE && fuzz_random(8))
		return mutate_notes(l, data, size, max, p);
	if (p)
		fuzz_change_place(l->phdr, COUNT(l->phdr), p, l->phdr_size,
				  size);
	return size;
}

size_t fuzz_mutate_elf(uint8_t *data, size_t size, size_t max)
{
	const struct layout *l;
	uint64_t count;
	uint8_t *p;

	if (size < sizeof(Elf64_Ehdr) || memcmp(data, ELFMAG, SELFMAG))
		return LLVMFuzzerMutate(data, size, max);
	l = &layouts[data[EI_CLASS] == ELFCLASS64];
	switch (fuzz_random(8)) {
	case 0:
		fuzz_change_place(l->ehdr, COUNT(l->ehdr), data, l->ehdr_size,
				  size);
		return size;
	case 1:
	case 2:
		count = get(data, l->shnum);
		p = !count ? NULL
			   : header_at(data, size, get(data, l->shoff),
				       fuzz_random((uint32_t)count),
				       l->shdr_size);
		if (p)
			fuzz_change_place(l->shdr, COUNT(l->shdr), p,
					  l->shdr_size, size);
		return size;
	case 3:
		if (size == l->ehdr_size)
			return size;
		/* What the segments hold. */
		return LLVMFuzzerMutate(data + l->ehdr_size,
					size - l->ehdr_size,
					size - l->ehdr_size) +
		       l->ehdr_size;
	default:
		return change_segment(l, data, size, max);
	}
}
