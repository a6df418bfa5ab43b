/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Small pieces are cut from blocks of this size, to save malloc()'s overhead; a
 * larger piece is a separate block. */
#define BLOCK_SIZE ((size_t)64 << 10)

struct pool_block {
	struct pool_block *before;
	_Alignas(max_align_t) unsigned char data[];
};

void pool_init(struct pool *p, size_t limit)
{
	*p = (struct pool){ .limit = limit };
}

/* A block with room for @size bytes; the limit counts all of it. */
static struct pool_block *new_block(struct pool *p, size_t size)
{
	struct pool_block *block;
	size_t all;

	if (__builtin_add_overflow(size, sizeof(*block), &all) ||
	    all > p->limit - p->used) {
		p->is_full = true;
		return NULL;
	}
	block = calloc(1, all);
	if (!block)
		return NULL;
	block->before = p->last;
	p->last = block;
	p->used += all;
	return block;
}

static void *cut(struct pool *p, size_t size, size_t align)
{
	size_t skip = -(uintptr_t)p->free & (align - 1);
	struct pool_block *block;
	void *piece;

	if (size > BLOCK_SIZE / 4) {
		block = new_block(p, size);
		return block ? block->data : NULL;
	}
	if (skip > p->left || size > p->left - skip) {
		block = new_block(p, BLOCK_SIZE);
		if (!block)
			return NULL;
		p->free = block->data;
		p->left = BLOCK_SIZE;
		skip = 0;
	}
	piece = p->free + skip;
	p->free += skip + size;
	p->left -= skip + size;
	return piece;
}

void *pool_alloc(struct pool *p, size_t size)
{
	return cut(p, size, _Alignof(max_align_t));
}

char *pool_chars(struct pool *p, size_t size)
{
	return cut(p, size, 1);
}

char *pool_text(struct pool *p, const char *text, size_t len)
{
	char *copy = pool_chars(p, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

int pool_refused(const struct pool *p, const char *path, unsigned line,
		 struct err *e)
{
	if (!p->is_full)
		return err_set(e, ENOMEM, "%s:%u: no memory for the suite",
			       path, line);
	return err_set(e, E2BIG, "%s:%u: the suite takes more than %zu MiB",
		       path, line, p->limit >> 20);
}

void pool_release(struct pool *p)
{
	while (p->last) {
		struct pool_block *block = p->last;

		p->last = block->before;
		free(block);
	}
	*p = (struct pool){ 0 };
}
