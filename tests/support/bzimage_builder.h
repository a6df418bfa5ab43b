/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bzImages for tests, made in memory: a boot sector with the setup header,
 * setup sectors, protected-mode bytes, the payload somewhere in them.
 *
 *   0       0x1f1      code                code + payload_gap      end
 *   | ...   | header ... | 0x90 ...          | payload     | 0xcc ... |
 *
 * The result is sound for its version; a test that wants a broken one
 * patches a field at its HDR_ offset.
 */
#ifndef TESTS_SUPPORT_BZIMAGE_BUILDER_H
#define TESTS_SUPPORT_BZIMAGE_BUILDER_H

#include "support/payloads.h"

struct test_bzimage {
	uint16_t version;	    /* 0: 2.15 */
	bool setup_sects_zero;	    /* store 0 for the default 4 */
	uint8_t setup_sects;	    /* 0: 4 */
	const char *kernel_version; /* NULL: none */
	const struct buf *payload;  /* stream and size tail; NULL: none */
	uint32_t payload_gap;	    /* protected-mode bytes in front of it */
	uint32_t payload_rest;	    /* ... and behind it */
};

/* Append the image to *@out. */
void bzimage_build(const struct test_bzimage *t, struct buf *out);

/* File offset just past the header of @version, as kernels had it. */
unsigned bzimage_header_end(uint16_t version);

/* A 2.15 bzImage with @elf packed as @format, size tail and all. */
void bzimage_of_elf(const struct buf *elf, const char *format, struct buf *out);

#endif
