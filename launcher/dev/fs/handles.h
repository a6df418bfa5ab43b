/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and folders that the guest has open, by the numbers that it got for
 * them.
 *
 * Must never trust: numbers from the guest; positions in a folder.
 *
 * Locks: handles.lock covers the numbers and users; a leaf. handle.lock covers
 * a folder's position and buffer, during its getdents64(2).
 */
#ifndef DEV_FS_HANDLES_H
#define DEV_FS_HANDLES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dev/fs/ids.h"
#include "dev/fs/nodes.h"

/* Bytes of directory entries read ahead. */
#define FS_ENTRIES_SIZE (16u << 10)

struct fs_entries {
	int64_t next; /* the position of the entry at @at */
	uint32_t at, len;
	uint8_t data[FS_ENTRIES_SIZE];
};

struct fs_handle {
	uint64_t id;
	int fd; /* counted by nodes */
	struct fs_node *node;
	bool is_folder;
	unsigned users;
	pthread_mutex_t lock;
	struct fs_entries *entries; /* of a folder that was read; or NULL */
};

struct fs_handles {
	pthread_mutex_t lock;
	struct fs_ids ids;
	struct fs_nodes *nodes;
};

/* @max: handles at a time. */
void fs_handles_init(struct fs_handles *h, struct fs_nodes *nodes,
		     unsigned max);

/* Close all. None may be in use. */
void fs_handles_clear(struct fs_handles *h);
void fs_handles_release(struct fs_handles *h);

/* A number for @fd, of @node, which is pinned as long as it exists. Takes @fd
 * in each case. Returns 0 or a negative errno. */
int fs_handle_add(struct fs_handles *h, int fd, struct fs_node *node,
		  bool is_folder, uint64_t *id);

/* Use the handle @id until it is put; NULL if there is none. */
struct fs_handle *fs_handle_get(struct fs_handles *h, uint64_t id);
void fs_handle_put(struct fs_handles *h, struct fs_handle *handle);

/* The guest closed it. Returns 0 or -EBADF. */
int fs_handle_close(struct fs_handles *h, uint64_t id);

/* How many handles there may be if @fds descriptors are for handles and nodes:
 * a handle has two, its own and its node's, and nodes without one need some. */
static inline unsigned fs_handles_of(unsigned fds)
{
	return fds / 3;
}

#endif
