/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that a guest gets for things of ours, and that are worth nothing
 * once the thing is gone.
 *
 *   63            32 31             0
 *   [ generation    ] [ slot + 2    ]
 *
 * A slot is used again, with another generation, so an old number does not name
 * the new thing. 0 and 1 are never given out.
 *
 * Must never trust: a number that is looked up.
 *
 * Not thread-safe: the owner has a lock.
 */
#ifndef DEV_FS_IDS_H
#define DEV_FS_IDS_H

#include <stdint.h>

struct fs_id_slot {
	void *thing; /* NULL: free */
	uint32_t generation;
	uint32_t next_free; /* of a free one; UINT32_MAX: the last */
};

struct fs_ids {
	struct fs_id_slot *slots;
	uint32_t count, size, max;
	uint32_t first_free; /* UINT32_MAX: none */
	uint32_t used;
};

/* @max: of things at a time. */
void fs_ids_init(struct fs_ids *ids, uint32_t max);
void fs_ids_release(struct fs_ids *ids);

/* Give @thing a number. Returns 0, -ENFILE if there are @max things, or
 * -ENOMEM. */
int fs_ids_add(struct fs_ids *ids, void *thing, uint64_t *id);

/* The thing with this number, or NULL. */
void *fs_ids_get(const struct fs_ids *ids, uint64_t id);

/* @id must name a thing. */
void fs_ids_remove(struct fs_ids *ids, uint64_t id);

/* The thing of the first slot from *@at on, which then names the next slot;
 * NULL past the last. */
void *fs_ids_next(const struct fs_ids *ids, uint32_t *at);

#endif
