/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An in-memory file that contains a small kernel, and the image opened from it.
 */
#ifndef TESTS_UNIT_IMAGE_FILE_H
#define TESTS_UNIT_IMAGE_FILE_H

#include "image/image.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/tight.h"
#include "unit/unit.h"

#define CODE_OFF 0xa00
#define GAP	 0x2cc /* bzimage_of_elf()'s payload_offset */

static struct buf elf, file;
static struct bytes held;

static inline int open_bytes(struct image *img, const void *data, size_t len,
			     struct err *e)
{
	tight_free(held);
	held = tight(data, len);
	return image_from_bytes(img, held, e);
}

static inline int open_file(struct image *img, struct err *e)
{
	return open_bytes(img, file.data, file.len, e);
}

static inline void build(const char *format)
{
	elf.len = file.len = 0;
	elf_small_kernel(&elf, false);
	bzimage_of_elf(&elf, format, &file);
}

static inline int decode(const struct image *img, size_t cap, size_t *len,
			 struct err *e)
{
	uint8_t *out = malloc(cap);
	int rc = image_decode(img, out, cap, len, e);

	ck_assert(rc || *len <= cap);
	free(out);
	return rc;
}

/* Decode into room of exactly the ELF's size, and compare with the ELF. */
static inline void decodes_to_elf(const struct image *img)
{
	uint8_t *out = malloc(elf.len);
	struct err e = ERR_EMPTY;
	size_t len = 0;

	assert_ok(image_decode(img, out, elf.len, &len, &e), &e);
	ck_assert_uint_eq(len, elf.len);
	ck_assert_mem_eq(out, elf.data, elf.len);
	free(out);
}

#endif
