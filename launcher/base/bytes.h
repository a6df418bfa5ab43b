/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded views of foreign bytes.
 *
 * A file or a decoded payload is only read through these: there is no pointer
 * without a length, and a range is tested as `off <= len && n <= len - off`,
 * which cannot overflow. A range that ends exactly at the end is legal. The
 * views own nothing.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Whether @n bytes at @off are inside @b. */
static inline bool bytes_has(struct bytes b, uint64_t off, uint64_t n)
{
	return off <= b.len && n <= b.len - off;
}

/* The @n bytes at @off into *@out; false and *@out untouched if outside. */
static inline bool bytes_slice(struct bytes b, uint64_t off, uint64_t n,
			       struct bytes *out)
{
	if (!bytes_has(b, off, n))
		return false;
	*out = (struct bytes){ b.data + off, n };
	return true;
}

/* Little-endian reads at @off; false and *@v untouched if outside. */
static inline bool bytes_u8(struct bytes b, uint64_t off, uint8_t *v)
{
	if (!bytes_has(b, off, 1))
		return false;
	*v = b.data[off];
	return true;
}

static inline bool bytes_le16(struct bytes b, uint64_t off, uint16_t *v)
{
	if (!bytes_has(b, off, sizeof(*v)))
		return false;
	memcpy(v, b.data + off, sizeof(*v));
	return true;
}

static inline bool bytes_le32(struct bytes b, uint64_t off, uint32_t *v)
{
	if (!bytes_has(b, off, sizeof(*v)))
		return false;
	memcpy(v, b.data + off, sizeof(*v));
	return true;
}

static inline bool bytes_le64(struct bytes b, uint64_t off, uint64_t *v)
{
	if (!bytes_has(b, off, sizeof(*v)))
		return false;
	memcpy(v, b.data + off, sizeof(*v));
	return true;
}

/* Whether @b begins with the @n bytes at @prefix. */
static inline bool bytes_start_with(struct bytes b, const void *prefix,
				    size_t n)
{
	return n <= b.len && !memcmp(b.data, prefix, n);
}

#endif
