/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores and loads little-endian fields at their offsets in a structure for a
 * guest, or an image's loader. The offsets come from include/pv/. The caller
 * has checked that they are inside.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdint.h>
#include <string.h>

static inline void put8(uint8_t *p, unsigned off, uint8_t v)
{
	p[off] = v;
}

static inline void put16(uint8_t *p, unsigned off, uint16_t v)
{
	memcpy(p + off, &v, sizeof(v));
}

static inline void put32(uint8_t *p, unsigned off, uint32_t v)
{
	memcpy(p + off, &v, sizeof(v));
}

static inline void put64(uint8_t *p, unsigned off, uint64_t v)
{
	memcpy(p + off, &v, sizeof(v));
}

static inline uint32_t get32(const uint8_t *p, unsigned long off)
{
	uint32_t v;

	memcpy(&v, p + off, sizeof(v));
	return v;
}

static inline uint64_t get64(const uint8_t *p, unsigned long off)
{
	uint64_t v;

	memcpy(&v, p + off, sizeof(v));
	return v;
}

#endif
