/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <stdlib.h>

static bool make_room(struct buf *b, size_t len)
{
	size_t room;
	uint8_t *data;

	if (b->failed || __builtin_add_overflow(b->len, len, &room))
		return false;
	if (room <= b->room)
		return true;
	/* Twice as much, so that many small additions cost few copies. */
	if (room < 2 * b->room)
		room = 2 * b->room;
	data = realloc(b->data, room);
	if (!data)
		return false;
	b->data = data;
	b->room = room;
	return true;
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
	if (!make_room(b, len)) {
		buf_release(b);
		b->failed = true;
		return NULL;
	}
	b->len += len;
	return b->data + b->len - len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	uint8_t *to = len ? buf_extend(b, len) : NULL;

	if (to)
		memcpy(to, data, len);
}

void buf_le32(struct buf *b, uint32_t v)
{
	const uint8_t le[] = { v, v >> 8, v >> 16, v >> 24 };

	buf_add(b, le, sizeof(le));
}

void buf_be32(struct buf *b, uint32_t v)
{
	buf_le32(b, __builtin_bswap32(v));
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
