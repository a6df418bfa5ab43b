/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Little-endian numbers in foreign structures, at any alignment.
 */
#ifndef GUEST_LIB_LOAD_H
#define GUEST_LIB_LOAD_H

#include <stdint.h>

static inline uint16_t load16(const uint8_t *p, unsigned off)
{
	return (uint16_t)(p[off] | p[off + 1] << 8);
}

static inline uint32_t load32(const uint8_t *p, unsigned off)
{
	uint32_t v;

	__builtin_memcpy(&v, p + off, sizeof(v));
	return v;
}

static inline uint64_t load64(const uint8_t *p, unsigned off)
{
	uint64_t v;

	__builtin_memcpy(&v, p + off, sizeof(v));
	return v;
}

static inline void store32(uint8_t *p, unsigned off, uint32_t v)
{
	__builtin_memcpy(p + off, &v, sizeof(v));
}

#endif
