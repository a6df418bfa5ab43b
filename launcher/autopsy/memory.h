/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stopped kernel's memory, by the addresses that the kernel itself uses.
 *
 * The parsers of this folder see a guest only through this: the same code reads
 * a guest that has stopped, and bytes that a test has built.
 *
 * Must never trust: any byte and any address that comes from there. A reader
 * has a limit for everything that it repeats.
 */
#ifndef AUTOPSY_MEMORY_H
#define AUTOPSY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory {
	void *ctx;
	/* Copy @len bytes at @addr; returns how many of them, from the start
	 * on, could be read. */
	size_t (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	bool is64; /* the kernel's words have 8 bytes, and not 4 */
};

static inline unsigned memory_word_size(const struct memory *m)
{
	return m->is64 ? 8 : 4;
}

/* All @len bytes at @addr; false, and @buf is not to be used, if there is no
 * memory at one of them. */
static inline bool memory_get(const struct memory *m, uint64_t addr, void *buf,
			      size_t len)
{
	return addr + len >= addr && m->read(m->ctx, addr, buf, len) == len;
}

static inline bool memory_u32(const struct memory *m, uint64_t addr,
			      uint32_t *v)
{
	return memory_get(m, addr, v, sizeof(*v));
}

/* A pointer or a long of the kernel. */
static inline bool memory_word(const struct memory *m, uint64_t addr,
			       uint64_t *v)
{
	*v = 0;
	return memory_get(m, addr, v, memory_word_size(m));
}

#endif
