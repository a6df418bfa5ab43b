/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/pool.h"

#include <stdlib.h>
#include <string.h>

struct pool_piece {
	struct pool_piece *before;
	_Alignas(max_align_t) unsigned char data[];
};

void *pool_alloc(struct pool *p, size_t size)
{
	struct pool_piece *piece;

	if (size > POOL_MAX - p->used)
		return NULL;
	piece = calloc(1, sizeof(*piece) + size);
	if (!piece)
		return NULL;
	piece->before = p->last;
	p->last = piece;
	p->used += size;
	return piece->data;
}

char *pool_text(struct pool *p, const char *text, size_t len)
{
	char *copy = pool_alloc(p, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void pool_release(struct pool *p)
{
	while (p->last) {
		struct pool_piece *piece = p->last;

		p->last = piece->before;
		free(piece);
	}
	*p = (struct pool){ 0 };
}
