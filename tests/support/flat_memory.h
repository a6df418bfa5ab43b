/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's memory that is a run of bytes at one address.
 */
#ifndef TESTS_SUPPORT_FLAT_MEMORY_H
#define TESTS_SUPPORT_FLAT_MEMORY_H

#include <string.h>

#include "autopsy/memory.h"
#include "base/bytes.h"

struct flat_memory {
	uint64_t base;
	struct bytes bytes;
	unsigned long reads; /* how many there have been */
};

static inline size_t flat_memory_read(void *ctx, uint64_t addr, void *buf,
				      size_t len)
{
	struct flat_memory *f = ctx;
	uint64_t off = addr - f->base;

	f->reads++;
	if (addr < f->base || off >= f->bytes.len)
		return 0;
	if (len > f->bytes.len - off)
		len = f->bytes.len - off;
	memcpy(buf, f->bytes.data + off, len);
	return len;
}

static inline struct memory flat_memory(struct flat_memory *f, bool is64)
{
	return (struct memory){ f, flat_memory_read, is64 };
}

#endif
