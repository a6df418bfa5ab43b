/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a shared folder that the guest knows, by the numbers it has for
 * them.
 *
 *   LOOKUP(parent, name) --> openat2(O_PATH, beneath) --> node --> number
 *   number, in a request --> node, pinned, with its descriptor
 *   FORGET(number, n)    --> a node without lookups, users or children is gone
 *
 * A node has an O_PATH descriptor of its file, so a file that is renamed or
 * replaced on the host stays what the guest looked up, and no path is walked
 * twice. Descriptors are bounded: that of the node which has been idle longest
 * is closed, and opened again by the parent's descriptor and the name. A
 * different file there is -ESTALE, after which the guest looks its path up
 * again.
 *
 *        lookups > 0: the guest has the number
 *        users > 0:   operations and open handles have it; it keeps its
 *                     descriptor
 *        children > 0: nodes need it to be opened again
 *
 * Nothing above the shared folder is ever opened: names are single components,
 * and RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS and O_NOFOLLOW hold for each.
 * Kernel interfaces such as procfs, which are not files of the user, are empty
 * folders.
 *
 * Must never trust: numbers and counts from the guest; that the host's files
 * stay as they are between two calls.
 *
 * Locks: nodes.lock covers the struct and all nodes; a leaf. It is not held
 * during system calls that may wait. The descriptor of a pinned node may be
 * used without it.
 *
 * Spec: openat2(2), statx(2), <linux/fuse.h>.
 */
#ifndef DEV_FS_NODES_H
#define DEV_FS_NODES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "dev/fs/ids.h"

/*
 * Files that a guest may know at a time, and bytes that one takes, with a short
 * name: the guest can make the server use a gigabyte, if the share has four
 * million files, and as much again with long names.
 */
#define FS_NODES_MAX  (UINT32_C(1) << 22)
#define FS_NODE_BYTES 256

/* File systems under a shared folder with inode numbers of their own. */
#define FS_DEVICES_MAX 256

/* Which file a node is. Hard links are one node, bind mounts are two. */
struct fs_key {
	uint64_t mount, dev, ino;
	uint64_t born_sec; /* an inode number may be used again */
	uint32_t born_nsec;
	uint32_t type; /* S_IFMT */
};

struct fs_node {
	uint64_t id;
	struct fs_key key;
	int fd; /* O_PATH; -1: closed for now */
	uint8_t device;
	bool is_hidden; /* an empty folder in place of the real one */
	uint64_t lookups;
	unsigned users, children;
	/* Where it was seen last; NULL for the root and for files without a
	 * name, which keep their descriptors. */
	struct fs_node *parent;
	char *name;
	struct fs_node *next_hashed;
	struct fs_node *older, *newer; /* while idle and open */
};

struct fs_nodes {
	pthread_mutex_t lock;
	struct fs_ids ids;
	struct fs_node root;
	struct fs_node **buckets;
	size_t buckets_count; /* a power of 2 */
	struct fs_node idle;  /* a ring; idle.newer is the oldest */
	unsigned fds, fds_max;
	uint64_t evicted; /* descriptors closed for others */
	uint64_t devices[FS_DEVICES_MAX];
	unsigned devices_count;
};

/* @root_fd: O_PATH, of a folder; it stays the caller's. @fds_max: descriptors
 * at a time, at least 8. */
int fs_nodes_init(struct fs_nodes *n, int root_fd, unsigned fds_max,
		  struct err *e);

/* Forget all nodes but the root. None may be in use. */
void fs_nodes_clear(struct fs_nodes *n);
void fs_nodes_release(struct fs_nodes *n);

/* Pin the node that @id names: it has a descriptor until it is put. Returns 0
 * or a negative errno, -ESTALE if there is none. */
int fs_node_get(struct fs_nodes *n, uint64_t id, struct fs_node **node);
void fs_node_put(struct fs_nodes *n, struct fs_node *node);

/* Pin it once more. */
void fs_node_hold(struct fs_nodes *n, struct fs_node *node);

/*
 * Look up @name in the pinned folder @parent: one more lookup for the guest.
 * *@node is pinned; *@st is what statx(2) says. Returns 0 or a negative errno.
 */
int fs_node_lookup(struct fs_nodes *n, struct fs_node *parent, const char *name,
		   struct fs_node **node, struct statx *st);

/* The same for the file that the O_PATH descriptor @fd has; it is @name in
 * @parent, or has no name (NULL). @fd was opened by fs_nodes_open() or
 * fs_nodes_reopen(), and is taken in each case. */
int fs_node_adopt(struct fs_nodes *n, int fd, struct fs_node *parent,
		  const char *name, struct fs_node **node, struct statx *st);

/* The guest has looked @id up @lookups times less. */
void fs_node_forget(struct fs_nodes *n, uint64_t id, uint64_t lookups);

/* A file was given the name @name in the pinned folder @parent. */
void fs_node_moved(struct fs_nodes *n, struct fs_node *parent,
		   const char *name);

/* What statx(2) says of @fd. */
int fs_statx(int fd, struct statx *st);

/* The inode number that the guest sees for @ino beside @node, unique over the
 * file systems of the share. */
uint64_t fs_inode_number(const struct fs_node *node, uint64_t ino);

/*
 * openat2(2) for one component, counted among the descriptors; makes room for
 * it. Never follows a link. Returns the descriptor or a negative errno: -ENFILE
 * if all descriptors are in use.
 */
int fs_nodes_open(struct fs_nodes *n, int dir_fd, const char *name, int flags,
		  unsigned mode);

/* openat(2) of a number in /proc/self/fd, likewise counted: the file of an
 * O_PATH descriptor, opened for I/O. */
int fs_nodes_reopen(struct fs_nodes *n, int proc_fd, int fd, int flags);
void fs_nodes_close(struct fs_nodes *n, int fd);

#endif
