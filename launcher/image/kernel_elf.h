/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF a kernel comes as: segments, notes, entry.
 *
 * Read once the payload is decoded (in a run: where it lies in guest memory,
 * before any vCPU exists). libelf reads it; this file checks the fields that
 * libelf trusts and turns the result into plain structs. The structs point into
 * the bytes they were parsed from and own only their arrays.
 *
 * Must never trust: any field; counts, offsets, sizes and their sums.
 *
 * Spec: System V gABI, chapter 4 and 5.
 */
#ifndef IMAGE_KERNEL_ELF_H
#define IMAGE_KERNEL_ELF_H

#include "base/bytes.h"
#include "base/err.h"
#include "image/notes.h"

#define KERNEL_ELF_MAX_SEGMENTS 256
#define KERNEL_ELF_MAX_SECTIONS 65536

/* Where a 64-bit kernel is linked: __START_KERNEL_map, of physical 0. */
#define KERNEL_MAP UINT64_C(0xffffffff80000000)

struct elf_segment {
	uint32_t type;	/* PT_LOAD, PT_NOTE, ... */
	uint32_t flags; /* PF_R | PF_W | PF_X */
	uint64_t off;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

struct kernel_elf {
	struct bytes bytes; /* the whole decoded payload */
	bool is64;
	uint16_t type;	  /* ET_EXEC, ET_DYN */
	uint16_t machine; /* EM_X86_64, EM_386 */
	uint64_t entry;
	struct elf_segment *segments; /* every program header, in order */
	unsigned segments_count;
	unsigned sections_count;
	uint64_t elf_end;     /* offset just past everything the ELF's headers
			     * account for; what follows is not ELF */
	struct notes notes;   /* from PT_NOTE, or SHT_NOTE if there is none */
	struct err notes_bad; /* why notes may be incomplete; "" if sound */
	struct err notes_padding; /* which notes were read with another padding
				   * than their alignment states; "" if none */
};

/*
 * Parse the ELF at the start of @b.
 *
 * Accepts little-endian ELF32 and ELF64 for EM_386 and EM_X86_64. Segments
 * and sections must lie in the file, PT_LOADs must have p_filesz <= p_memsz
 * and must not wrap around the end of the address space, and there must be
 * one. Whether they overlap or fit into memory is checked when they are loaded.
 *
 * Notes that do not parse leave the kernel loadable, so this is not an error:
 * the list keeps what came before, and notes_bad says what is wrong.
 *
 * @b is only read, and may lie at any address. Returns 0, -EINVAL, -ENOMEM.
 * On failure *@k is untouched.
 */
int kernel_elf_parse(struct kernel_elf *k, struct bytes b, struct err *e);

/*
 * The same without looking at sections, for a payload that was decoded only
 * as far as its segments go. There are no sections then, and elf_end is where
 * the segments end.
 */
int kernel_elf_parse_segments(struct kernel_elf *k, struct bytes b,
			      struct err *e);

/* Free what kernel_elf_parse() allocated; the empty struct is fine. */
void kernel_elf_release(struct kernel_elf *k);

/*
 * Read the ELF header and program headers only, from the first bytes of a
 * payload, to learn where it is to be loaded before the rest is decoded. All
 * fields of segments are checked, except file ranges against @head. Same
 * returns; bytes, sections and notes stay empty, and elf_end does not account
 * for the contents of sections, whose headers are usually last. -ENODATA: the
 * program headers lie past the end of @head.
 */
int kernel_elf_parse_head(struct kernel_elf *k, struct bytes head,
			  struct err *e);

/*
 * How many of a payload's first bytes are needed to load the kernel of @head,
 * beyond its headers: where its last segment ends in the file. UINT64_MAX if
 * all of it may be: without a PT_NOTE, notes are in sections, whose headers
 * come last.
 */
uint64_t kernel_elf_segments_end(const struct kernel_elf *head);

#endif
