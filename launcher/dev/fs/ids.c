/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/ids.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_SLOT	   UINT32_MAX
#define FIRST_ID   2
#define FIRST_SIZE 64

void fs_ids_init(struct fs_ids *ids, uint32_t max)
{
	memset(ids, 0, sizeof(*ids));
	assert(max < NO_SLOT - FIRST_ID);
	ids->max = max;
	ids->first_free = NO_SLOT;
}

void fs_ids_release(struct fs_ids *ids)
{
	free(ids->slots);
	fs_ids_init(ids, ids->max);
}

static int grow(struct fs_ids *ids)
{
	uint32_t size = ids->size ? ids->size * 2 : FIRST_SIZE;
	struct fs_id_slot *slots;

	if (size > ids->max)
		size = ids->max;
	slots = reallocarray(ids->slots, size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	ids->slots = slots;
	ids->size = size;
	return 0;
}

int fs_ids_add(struct fs_ids *ids, void *thing, uint64_t *id)
{
	uint32_t slot = ids->first_free;

	if (slot != NO_SLOT) {
		ids->first_free = ids->slots[slot].next_free;
	} else {
		if (ids->count == ids->max)
			return -ENFILE;
		if (ids->count == ids->size && grow(ids))
			return -ENOMEM;
		slot = ids->count++;
		ids->slots[slot].generation = 0;
	}
	ids->slots[slot].thing = thing;
	ids->used++;
	*id = (uint64_t)ids->slots[slot].generation << 32 | (slot + FIRST_ID);
	return 0;
}

static struct fs_id_slot *find(const struct fs_ids *ids, uint64_t id)
{
	uint32_t slot = (uint32_t)id - FIRST_ID;

	if ((uint32_t)id < FIRST_ID || slot >= ids->count ||
	    ids->slots[slot].generation != id >> 32 || !ids->slots[slot].thing)
		return NULL;
	return &ids->slots[slot];
}

void *fs_ids_get(const struct fs_ids *ids, uint64_t id)
{
	struct fs_id_slot *s = find(ids, id);

	return s ? s->thing : NULL;
}

void fs_ids_remove(struct fs_ids *ids, uint64_t id)
{
	struct fs_id_slot *s = find(ids, id);

	assert(s);
	s->thing = NULL;
	s->generation++;
	s->next_free = ids->first_free;
	ids->first_free = (uint32_t)(s - ids->slots);
	ids->used--;
}

void *fs_ids_next(const struct fs_ids *ids, uint32_t *at)
{
	while (*at < ids->count) {
		void *thing = ids->slots[(*at)++].thing;

		if (thing)
			return thing;
	}
	return NULL;
}
