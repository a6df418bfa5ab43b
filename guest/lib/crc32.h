/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32 as gzip, zlib and zip use it (RFC 1952, section 8).
 *
 * The caller provides the table, because a decompressor stub has no data and
 * the kernel must not touch .bss before it has checked it. Each step takes four
 * bytes, about four instructions for each byte, which matters where they are
 * interpreted.
 */
#ifndef GUEST_LIB_CRC32_H
#define GUEST_LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

struct crc32_table {
	uint32_t t[4][256];
};

void crc32_table_init(struct crc32_table *t);

/* Goes on from @crc, the value so far; start with 0. */
uint32_t crc32_update(const struct crc32_table *t, uint32_t crc,
		      const void *data, size_t len);

#endif
