/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files for tests, made in memory from a description.
 *
 *   | ELF header | program headers | segments' bytes | sections' bytes |
 *   | section headers | trailer |
 *
 * The builder makes sound files; a test that wants a broken one patches a
 * field of the result with elf_patch_*().
 */
#ifndef TESTS_SUPPORT_ELF_BUILDER_H
#define TESTS_SUPPORT_ELF_BUILDER_H

#include <elf.h>

#include "support/payloads.h"

struct test_segment {
	uint32_t type;
	uint64_t vaddr;
	uint64_t paddr;
	const void *data;
	uint64_t filesz;
	uint64_t memsz; /* 0: filesz */
	uint64_t align;
};

struct test_section {
	uint32_t type;
	const void *data;
	uint64_t size;
	uint64_t align;
	uint64_t flags;
	uint64_t addr;
	uint32_t link;
	uint64_t entsize;
	uint32_t name;
	/* 0: the bytes have a place of their own; else the number of the
	 * segment, counted from 1, that they are the beginning of. */
	unsigned in_segment;
};

struct test_elf {
	bool is32;
	uint16_t machine; /* 0: EM_X86_64, or EM_386 if is32 */
	uint64_t entry;
	const struct test_segment *segments;
	unsigned segments_count;
	/* Section 0, SHT_NULL, is made by the builder and not counted. */
	const struct test_section *sections;
	unsigned sections_count;
	uint16_t shstrndx;
	/* Words behind the ELF: relocation lists, or other things. */
	const uint32_t *trailer;
	size_t trailer_count;
};

/* Append the file to *@out. */
void elf_build(const struct test_elf *t, struct buf *out);

/*
 * Append one note. @owner NULL: no name. The name gets its NUL; name and
 * descriptor are padded to @align (4 or 8).
 */
void elf_note(struct buf *out, const char *owner, uint32_t type,
	      const void *desc, uint32_t descsz, unsigned align);

/* Write the low @width bytes of @v at @off. */
void elf_patch(struct buf *b, size_t off, size_t width, uint64_t v);

/* Read @width bytes at @off. */
uint64_t elf_peek(const struct buf *b, size_t off, size_t width);

/*
 * A small kernel: two PT_LOADs linked high, one with room for .bss, and a
 * PT_NOTE with a Xen PHYS32_ENTRY and a GNU build-id; three sections.
 * @is32: the same as an ELF32.
 */
void elf_small_kernel(struct buf *out, bool is32);
#define SMALL_KERNEL_ENTRY	 0x1000040
#define SMALL_KERNEL_TEXT_PADDR	 0x1000000
#define SMALL_KERNEL_DATA_PADDR	 0x1200000
#define SMALL_KERNEL_PVH_ENTRY	 0x1000080
#define SMALL_KERNEL_SEGMENTS	 3
#define SMALL_KERNEL_SECTIONS	 4 /* with section 0 */
#define SMALL_KERNEL_BUILD_ID	 "\x01\x23\x45\x67\x89\xab\xcd\xef"
#define SMALL_KERNEL_BUILD_ID_SZ 8

#endif
