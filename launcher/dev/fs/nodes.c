/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/nodes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BUCKETS_FIRST 1024

/* Closed at once if the process has no descriptor left. */
#define EVICT_SOME 32

/* Folders above a node whose descriptors may all be closed. */
#define REOPEN_DEPTH 256

/* Inode numbers of other file systems than the root's differ in these bits. */
#define DEVICE_SHIFT 48

#define NODE_OPEN_FLAGS (O_PATH | O_NOFOLLOW | O_CLOEXEC)

/* ---- idle nodes, and their descriptors */

static void ring_init(struct fs_node *ring)
{
	ring->older = ring->newer = ring;
}

static void ring_remove(struct fs_node *node)
{
	if (!node->newer)
		return;
	node->newer->older = node->older;
	node->older->newer = node->newer;
	node->newer = node->older = NULL;
}

static void ring_add_newest(struct fs_node *ring, struct fs_node *node)
{
	node->newer = ring;
	node->older = ring->older;
	ring->older->newer = node;
	ring->older = node;
}

/* With the lock, like all that follows up to the next section. */
static bool evict(struct fs_nodes *n)
{
	struct fs_node *oldest = n->idle.newer;

	if (oldest == &n->idle)
		return false;
	ring_remove(oldest);
	close(oldest->fd);
	oldest->fd = -1;
	n->fds--;
	n->evicted++;
	return true;
}

static int count_one(struct fs_nodes *n)
{
	while (n->fds >= n->fds_max)
		if (!evict(n))
			return -ENFILE;
	n->fds++;
	return 0;
}

/* A node that may have become idle. */
static void settle(struct fs_nodes *n, struct fs_node *node)
{
	if (!node->users && node->fd >= 0 && node->parent && !node->newer)
		ring_add_newest(&n->idle, node);
}

/* ---- opening */

typedef int open_fn(int dir_fd, const char *name, int flags, unsigned mode);

static int open_beneath(int dir_fd, const char *name, int flags, unsigned mode)
{
	const struct open_how how = {
		.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: a rename anywhere on the host, seen while the kernel checked
	 * that this stays beneath. */
	for (unsigned tries = 0; tries < 100; tries++) {
		fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

static int open_number(int dir_fd, const char *name, int flags, unsigned mode)
{
	int fd = openat(dir_fd, name, flags | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

static int open_counted(struct fs_nodes *n, open_fn *open, int dir_fd,
			const char *name, int flags, unsigned mode)
{
	int fd, rc;

	pthread_mutex_lock(&n->lock);
	rc = count_one(n);
	pthread_mutex_unlock(&n->lock);
	if (rc)
		return rc;
	fd = open(dir_fd, name, flags, mode);
	if (fd == -EMFILE || fd == -ENFILE) {
		pthread_mutex_lock(&n->lock);
		for (unsigned i = 0; i < EVICT_SOME && evict(n);)
			i++;
		pthread_mutex_unlock(&n->lock);
		fd = open(dir_fd, name, flags, mode);
	}
	if (fd < 0) {
		pthread_mutex_lock(&n->lock);
		n->fds--;
		pthread_mutex_unlock(&n->lock);
	}
	return fd;
}

int fs_nodes_open(struct fs_nodes *n, int dir_fd, const char *name, int flags,
		  unsigned mode)
{
	return open_counted(n, open_beneath, dir_fd, name, flags, mode);
}

int fs_nodes_reopen(struct fs_nodes *n, int proc_fd, int fd, int flags)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	return open_counted(n, open_number, proc_fd, number, flags, 0);
}

void fs_nodes_close(struct fs_nodes *n, int fd)
{
	close(fd);
	pthread_mutex_lock(&n->lock);
	n->fds--;
	pthread_mutex_unlock(&n->lock);
}

/* ---- which file it is */

int fs_statx(int fd, struct statx *st)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
		     STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, st)
		       ? -errno
		       : 0;
}

static struct fs_key key_of(const struct statx *st)
{
	struct fs_key key = {
		.dev = makedev(st->stx_dev_major, st->stx_dev_minor),
		.ino = st->stx_ino,
		.type = st->stx_mode & S_IFMT,
	};

	if (st->stx_mask & STATX_MNT_ID)
		key.mount = st->stx_mnt_id;
	if (st->stx_mask & STATX_BTIME) {
		key.born_sec = (uint64_t)st->stx_btime.tv_sec;
		key.born_nsec = st->stx_btime.tv_nsec;
	}
	return key;
}

static bool same_key(const struct fs_key *a, const struct fs_key *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->mount == b->mount &&
	       a->born_sec == b->born_sec && a->born_nsec == b->born_nsec &&
	       a->type == b->type;
}

/* Files of the kernel's own, some of which hand out memory of this process or
 * wait when they are read. */
static bool is_kernel_interface(int fd)
{
	static const uint64_t magic[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,	       DEBUGFS_MAGIC,
		TRACEFS_MAGIC,	  CGROUP2_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
		SECURITYFS_MAGIC, BPF_FS_MAGIC,
	};
	struct statfs s;

	if (fstatfs(fd, &s))
		return false;
	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		if ((uint64_t)s.f_type == magic[i])
			return true;
	return false;
}

/* Whether a file system begins at this file in @parent. */
static bool is_mount(const struct fs_node *parent, const struct statx *st)
{
	struct fs_key key = key_of(st);

	return key.dev != parent->key.dev || key.mount != parent->key.mount;
}

static size_t bucket_of(const struct fs_nodes *n, const struct fs_key *key)
{
	uint64_t h = key->ino * UINT64_C(0x9e3779b97f4a7c15);

	h ^= (key->dev + key->mount * 31) * UINT64_C(0xc2b2ae3d27d4eb4f);
	return (size_t)(h ^ h >> 29) & (n->buckets_count - 1);
}

static struct fs_node *find(struct fs_nodes *n, const struct fs_key *key)
{
	struct fs_node *node = n->buckets[bucket_of(n, key)];

	while (node && !same_key(&node->key, key))
		node = node->next_hashed;
	return node;
}

/* Twice as many buckets, if there is memory for them. */
static void rehash(struct fs_nodes *n)
{
	size_t old = n->buckets_count;
	struct fs_node **buckets = calloc(2 * old, sizeof(*buckets));
	struct fs_node **from = n->buckets;

	if (!buckets)
		return;
	n->buckets = buckets;
	n->buckets_count = 2 * old;
	for (size_t i = 0; i < old; i++) {
		struct fs_node *node, *next;

		for (node = from[i]; node; node = next) {
			size_t b = bucket_of(n, &node->key);

			next = node->next_hashed;
			node->next_hashed = buckets[b];
			buckets[b] = node;
		}
	}
	free(from);
}

static void hash(struct fs_nodes *n, struct fs_node *node)
{
	size_t b;

	if (n->ids.used > n->buckets_count)
		rehash(n);
	b = bucket_of(n, &node->key);
	node->next_hashed = n->buckets[b];
	n->buckets[b] = node;
}

static void unhash(struct fs_nodes *n, struct fs_node *node)
{
	struct fs_node **at = &n->buckets[bucket_of(n, &node->key)];

	while (*at != node)
		at = &(*at)->next_hashed;
	*at = node->next_hashed;
}

static uint8_t device_of(struct fs_nodes *n, uint64_t dev)
{
	unsigned i;

	for (i = 0; i < n->devices_count; i++)
		if (n->devices[i] == dev)
			return (uint8_t)i;
	if (i == FS_DEVICES_MAX)
		return FS_DEVICES_MAX - 1;
	n->devices[n->devices_count++] = dev;
	return (uint8_t)i;
}

uint64_t fs_inode_number(const struct fs_node *node, uint64_t ino)
{
	return ino ^ (uint64_t)node->device << DEVICE_SHIFT;
}

/* ---- the life of a node; with the lock */

static void free_node(struct fs_nodes *n, struct fs_node *node)
{
	ring_remove(node);
	unhash(n, node);
	fs_ids_remove(&n->ids, node->id);
	if (node->fd >= 0) {
		close(node->fd);
		n->fds--;
	}
	free(node->name);
	free(node);
}

/* Free @node if it is not needed, and then perhaps its parents. */
static void reap(struct fs_nodes *n, struct fs_node *node)
{
	while (node && node != &n->root && !node->users && !node->lookups &&
	       !node->children) {
		struct fs_node *parent = node->parent;

		free_node(n, node);
		if (parent)
			parent->children--;
		node = parent;
	}
}

static void pin(struct fs_node *node)
{
	node->users++;
	ring_remove(node);
}

static void unpin(struct fs_nodes *n, struct fs_node *node)
{
	node->users--;
	settle(n, node);
	reap(n, node);
}

static bool is_above(const struct fs_node *node, const struct fs_node *below)
{
	unsigned depth = 0;

	for (; below && depth < 4096; depth++, below = below->parent)
		if (below == node)
			return true;
	return below != NULL;
}

/* Note that @node was seen as @name in @parent. Folders that were moved on the
 * host can seem to contain each other; such a place is not noted. */
static void set_place(struct fs_nodes *n, struct fs_node *node,
		      struct fs_node *parent, const char *name)
{
	struct fs_node *before = node->parent;
	char *copy;

	if (node == &n->root ||
	    (before == parent && !strcmp(node->name, name)) ||
	    is_above(node, parent))
		return;
	copy = strdup(name);
	if (!copy)
		return;
	free(node->name);
	node->name = copy;
	node->parent = parent;
	parent->children++;
	if (before) {
		before->children--;
		reap(n, before);
	}
}

static struct fs_node *new_node(struct fs_nodes *n, const struct fs_key *key,
				int *rc)
{
	struct fs_node *node = calloc(1, sizeof(*node));

	*rc = node ? fs_ids_add(&n->ids, node, &node->id) : -ENOMEM;
	if (*rc) {
		free(node);
		return NULL;
	}
	node->key = *key;
	node->fd = -1;
	node->device = device_of(n, key->dev);
	hash(n, node);
	return node;
}

/* The node of the file that @fd has, pinned; takes @fd. */
static struct fs_node *find_or_make(struct fs_nodes *n, int fd,
				    const struct statx *st, bool is_hidden,
				    int *rc)
{
	struct fs_key key = key_of(st);
	struct fs_node *node = find(n, &key);

	*rc = 0;
	if (!node) {
		node = new_node(n, &key, rc);
		if (node)
			node->is_hidden = is_hidden;
	}
	if (node && node->fd < 0) {
		node->fd = fd;
	} else {
		close(fd);
		n->fds--;
	}
	if (node)
		pin(node);
	return node;
}

/* ---- lookups */

int fs_node_lookup(struct fs_nodes *n, struct fs_node *parent, const char *name,
		   struct fs_node **node, struct statx *st)
{
	bool is_hidden;
	int fd, rc;

	if (parent->is_hidden)
		return -ENOENT;
	fd = fs_nodes_open(n, parent->fd, name, NODE_OPEN_FLAGS, 0);
	if (fd < 0)
		return fd;
	rc = fs_statx(fd, st);
	if (rc) {
		fs_nodes_close(n, fd);
		return rc;
	}
	is_hidden = is_mount(parent, st) && is_kernel_interface(fd);
	pthread_mutex_lock(&n->lock);
	*node = find_or_make(n, fd, st, is_hidden, &rc);
	if (*node) {
		(*node)->lookups++;
		set_place(n, *node, parent, name);
	}
	pthread_mutex_unlock(&n->lock);
	return rc;
}

int fs_node_adopt(struct fs_nodes *n, int fd, struct fs_node *parent,
		  const char *name, struct fs_node **node, struct statx *st)
{
	int rc = fs_statx(fd, st);

	if (rc) {
		fs_nodes_close(n, fd);
		return rc;
	}
	pthread_mutex_lock(&n->lock);
	*node = find_or_make(n, fd, st, false, &rc);
	if (*node) {
		(*node)->lookups++;
		if (name)
			set_place(n, *node, parent, name);
	}
	pthread_mutex_unlock(&n->lock);
	return rc;
}

void fs_node_moved(struct fs_nodes *n, struct fs_node *parent, const char *name)
{
	int fd = fs_nodes_open(n, parent->fd, name, NODE_OPEN_FLAGS, 0);
	struct fs_node *node;
	struct fs_key key;
	struct statx st;

	if (fd < 0)
		return;
	if (!fs_statx(fd, &st)) {
		key = key_of(&st);
		pthread_mutex_lock(&n->lock);
		node = find(n, &key);
		if (node) {
			pin(node);
			set_place(n, node, parent, name);
			unpin(n, node);
		}
		pthread_mutex_unlock(&n->lock);
	}
	fs_nodes_close(n, fd);
}

void fs_node_forget(struct fs_nodes *n, uint64_t id, uint64_t lookups)
{
	struct fs_node *node;

	pthread_mutex_lock(&n->lock);
	node = fs_ids_get(&n->ids, id);
	if (node) {
		/* A guest that forgets too much loses just this node. */
		node->lookups -= lookups < node->lookups ? lookups
							 : node->lookups;
		reap(n, node);
	}
	pthread_mutex_unlock(&n->lock);
}

/* ---- numbers */

/* Open what is at @node's place again, if it is still the same file. */
static int open_again(struct fs_nodes *n, const struct fs_node *node,
		      const struct fs_node *parent, const char *name)
{
	int fd = fs_nodes_open(n, parent->fd, name, NODE_OPEN_FLAGS, 0);
	struct fs_key key;
	struct statx st;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return -ESTALE;
	if (fd < 0)
		return fd;
	if (!fs_statx(fd, &st)) {
		key = key_of(&st);
		if (same_key(&node->key, &key))
			return fd;
	}
	fs_nodes_close(n, fd);
	return -ESTALE;
}

/* Give the pinned @node a descriptor. With the lock, which is released
 * meanwhile. */
static int ensure_open(struct fs_nodes *n, struct fs_node *node, unsigned depth)
{
	struct fs_node *parent = node->parent;
	char name[NAME_MAX + 1];
	int rc, fd;

	if (node->fd >= 0)
		return 0;
	if (!parent || depth == REOPEN_DEPTH)
		return -ESTALE;
	snprintf(name, sizeof(name), "%s", node->name);
	pin(parent);
	rc = ensure_open(n, parent, depth + 1);
	if (!rc) {
		pthread_mutex_unlock(&n->lock);
		fd = open_again(n, node, parent, name);
		pthread_mutex_lock(&n->lock);
		if (fd < 0) {
			rc = fd;
		} else if (node->fd < 0) {
			node->fd = fd;
		} else {
			close(fd);
			n->fds--;
		}
	}
	unpin(n, parent);
	return rc;
}

int fs_node_get(struct fs_nodes *n, uint64_t id, struct fs_node **node)
{
	struct fs_node *found;
	int rc = -ESTALE;

	pthread_mutex_lock(&n->lock);
	found = id == n->root.id ? &n->root : fs_ids_get(&n->ids, id);
	if (found) {
		pin(found);
		rc = ensure_open(n, found, 0);
		if (rc)
			unpin(n, found);
		else
			*node = found;
	}
	pthread_mutex_unlock(&n->lock);
	return rc;
}

void fs_node_hold(struct fs_nodes *n, struct fs_node *node)
{
	pthread_mutex_lock(&n->lock);
	pin(node);
	pthread_mutex_unlock(&n->lock);
}

void fs_node_put(struct fs_nodes *n, struct fs_node *node)
{
	pthread_mutex_lock(&n->lock);
	unpin(n, node);
	pthread_mutex_unlock(&n->lock);
}

/* ---- all of them */

int fs_nodes_init(struct fs_nodes *n, int root_fd, unsigned fds_max,
		  struct err *e)
{
	struct statx st;
	int rc = fs_statx(root_fd, &st);

	if (rc)
		return err_set(e, -rc, "statx: %s", strerror(-rc));
	memset(n, 0, sizeof(*n));
	n->buckets_count = BUCKETS_FIRST;
	n->buckets = calloc(n->buckets_count, sizeof(*n->buckets));
	if (!n->buckets)
		return err_set(e, ENOMEM, "no memory for a shared folder");
	pthread_mutex_init(&n->lock, NULL);
	fs_ids_init(&n->ids, FS_NODES_MAX);
	ring_init(&n->idle);
	n->fds_max = fds_max;
	n->root.id = 1; /* FUSE_ROOT_ID */
	n->root.key = key_of(&st);
	n->root.fd = root_fd;
	n->root.device = device_of(n, n->root.key.dev);
	n->root.is_hidden = is_kernel_interface(root_fd);
	hash(n, &n->root);
	return 0;
}

void fs_nodes_clear(struct fs_nodes *n)
{
	struct fs_node *node;
	uint32_t at = 0;

	pthread_mutex_lock(&n->lock);
	while ((node = fs_ids_next(&n->ids, &at))) {
		assert(!node->users);
		free_node(n, node);
	}
	n->root.children = 0;
	pthread_mutex_unlock(&n->lock);
}

void fs_nodes_release(struct fs_nodes *n)
{
	if (!n->buckets)
		return;
	fs_nodes_clear(n);
	fs_ids_release(&n->ids);
	free(n->buckets);
	pthread_mutex_destroy(&n->lock);
	memset(n, 0, sizeof(*n));
}
