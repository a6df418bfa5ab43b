/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packs an ELF in memory into an image in memory.
 */
#ifndef TESTS_UNIT_PACKED_H
#define TESTS_UNIT_PACKED_H

#include "unit/unit.h"
#include "support/elf_builder.h"
#include "pack/pack.h"
#include "pack/strip.h"

/* @like supplies what the ELF does not say; it may be NULL. */
static inline int pack(const struct buf *elf, const char *format,
		       const struct pack_request *like, struct buf *out,
		       struct err *e)
{
	struct pack_request r = { .version = "" };

	if (like)
		r = *like;
	r.elf = buf_bytes(elf);
	r.compressor = compressor_by_name(format);
	r.level = r.compressor->level_default;
	return pack_kernel(&r, out, e);
}

/* The part of @elf to pack, instead of all of it. */
static inline void strip(struct buf *elf)
{
	struct err e = ERR_EMPTY;
	struct buf room = { 0 };
	struct kernel_elf k;
	struct bytes b;

	assert_ok(kernel_elf_parse(&k, buf_bytes(elf), &e), &e);
	assert_ok(strip_elf(&b, &k, &room, &e), &e);
	kernel_elf_release(&k);
	if (b.data == elf->data) {
		elf->len = b.len;
		return;
	}
	buf_release(elf);
	*elf = room;
}

/* The @width bytes at @off of the protected-mode code. */
static inline uint64_t peek_code(const struct buf *image, size_t off,
				 size_t width)
{
	size_t code = (elf_peek(image, 0x1f1, 1) + 1) * 512;

	return elf_peek(image, code + off, width);
}

#endif
