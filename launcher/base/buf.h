/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing buffer of bytes: a compressed payload, an image of the tests.
 *
 * A buffer that got no memory stays failed and empty, and ignores all later
 * additions, so its user checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* { 0 } is empty. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t room;
	bool failed;
};

/*
 * Append @len bytes for the caller to fill in; NULL if there is no memory.
 * The old bytes may move.
 */
uint8_t *buf_extend(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_le32(struct buf *b, uint32_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_release(struct buf *b);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->data, b->len };
}

#endif
