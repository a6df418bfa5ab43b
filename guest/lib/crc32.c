/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32, four bytes at a time ("slicing by four").
 *
 * t[0] advances the register by one byte; t[k] by one byte followed by k zero
 * bytes, so four bytes are four independent look-ups.
 */
#include "crc32.h"

#define POLY_REFLECTED 0xedb88320

void crc32_table_init(struct crc32_table *t)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = (c >> 1) ^ (c & 1 ? POLY_REFLECTED : 0);
		t->t[0][i] = c;
	}
	for (int k = 1; k < 4; k++)
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = t->t[k - 1][i];

			t->t[k][i] = (c >> 8) ^ t->t[0][c & 0xff];
		}
}

uint32_t crc32_update(const struct crc32_table *t, uint32_t crc,
		      const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c = ~crc;

	for (; len >= 4; len -= 4, p += 4) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = t->t[3][c & 0xff] ^ t->t[2][(c >> 8) & 0xff] ^
		    t->t[1][(c >> 16) & 0xff] ^ t->t[0][c >> 24];
	}
	for (; len; len--, p++)
		c = (c >> 8) ^ t->t[0][(c ^ *p) & 0xff];
	return ~c;
}
