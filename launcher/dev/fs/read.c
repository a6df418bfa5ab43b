/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that change nothing on the host. See operations.h.
 */
#include "dev/fs/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- names and attributes */

int fs_op_lookup(struct fs_call *c)
{
	struct fs_node *node;
	const char *name;
	struct statx st;
	int rc = fs_take_name(&c->m, &name);

	if (rc)
		return rc;
	fs_count(c->s, FS_LOOKUPS, 1);
	rc = fs_node_lookup(&c->s->nodes, c->node, name, &node, &st);
	if (rc == -ENOENT) {
		/* "nodeid zero means negative entry", which may be kept. */
		struct timespec valid = fs_valid_for(c->s);
		const struct fuse_entry_out none = {
			.entry_valid = (uint64_t)valid.tv_sec,
			.entry_valid_nsec = (uint32_t)valid.tv_nsec,
		};

		return fs_reply(&c->m, &none, sizeof(none));
	}
	return rc ?: fs_reply_entry(c, node, &st);
}

int fs_op_forget(struct fs_call *c)
{
	fs_node_forget(&c->s->nodes, c->m.header.nodeid, c->a.forget.nlookup);
	return 0;
}

int fs_op_batch_forget(struct fs_call *c)
{
	struct fuse_forget_one one;

	for (uint32_t i = 0; i < c->a.batch_forget.count; i++) {
		if (!fs_take(&c->m, &one, sizeof(one)))
			return -EINVAL;
		fs_node_forget(&c->s->nodes, one.nodeid, one.nlookup);
	}
	return 0;
}

int fs_op_getattr(struct fs_call *c)
{
	struct fs_handle *h;
	int rc;

	if (!(c->a.getattr.getattr_flags & FUSE_GETATTR_FH))
		return fs_reply_attr(c, c->node, c->node->fd);
	h = fs_handle_get(&c->s->handles, c->a.getattr.fh);
	if (!h)
		return -EBADF;
	rc = fs_reply_attr(c, h->node, h->fd);
	fs_handle_put(&c->s->handles, h);
	return rc;
}

int fs_op_readlink(struct fs_call *c)
{
	char text[PATH_MAX];
	ssize_t n;

	if (!S_ISLNK(c->node->key.type))
		return -EINVAL;
	n = readlinkat(c->node->fd, "", text, sizeof(text));
	return n < 0 ? -errno : fs_reply(&c->m, text, (size_t)n);
}

int fs_op_access(struct fs_call *c)
{
	char path[FS_PROC_PATH];

	if (S_ISLNK(c->node->key.type))
		return 0;
	return faccessat(AT_FDCWD, fs_proc_path(c->node->fd, path),
			 (int)(c->a.access.mask & (R_OK | W_OK | X_OK)),
			 AT_EACCESS)
		       ? -errno
		       : 0;
}

int fs_op_statfs(struct fs_call *c)
{
	struct fuse_statfs_out out = { .st = { .bsize = 0 } };
	struct statfs s;

	if (fstatfs(c->node->fd, &s))
		return -errno;
	out.st = (struct fuse_kstatfs){
		.blocks = s.f_blocks,
		.bfree = s.f_bfree,
		.bavail = s.f_bavail,
		.files = s.f_files,
		.ffree = s.f_ffree,
		.bsize = (uint32_t)s.f_bsize,
		.namelen = (uint32_t)s.f_namelen,
		.frsize = (uint32_t)s.f_frsize,
	};
	return fs_reply(&c->m, &out, sizeof(out));
}

/* ---- extended attributes */

/* What is @len long, or the length alone if the guest asks for it. */
static int reply_sized(struct fs_call *c, const void *data, size_t len)
{
	const struct fuse_getxattr_out length = { .size = (uint32_t)len };

	if (!c->a.getxattr.size)
		return fs_reply(&c->m, &length, sizeof(length));
	if (len > c->a.getxattr.size)
		return -ERANGE;
	return fs_reply(&c->m, data, len);
}

int fs_op_getxattr(struct fs_call *c)
{
	char path[FS_PROC_PATH];
	const char *name;
	uint8_t *value;
	ssize_t n;
	int rc = fs_take_text(&c->m, &name, XATTR_NAME_MAX, -ERANGE);

	if (rc)
		return rc;
	if (!fs_xattr_is_shared(name))
		return -EOPNOTSUPP;
	value = malloc(XATTR_SIZE_MAX);
	if (!value)
		return -ENOMEM;
	n = getxattr(fs_proc_path(c->node->fd, path), name, value,
		     XATTR_SIZE_MAX);
	rc = n < 0 ? -errno : reply_sized(c, value, (size_t)n);
	free(value);
	return rc;
}

/* Drop the names in the list that a guest may not see. Returns its length. */
static size_t filter_names(char *list, size_t len)
{
	size_t kept = 0, size;

	for (size_t at = 0; at < len; at += size) {
		size = strnlen(list + at, len - at);
		size += at + size < len;
		if (fs_xattr_is_shared(list + at)) {
			memmove(list + kept, list + at, size);
			kept += size;
		}
	}
	return kept;
}

int fs_op_listxattr(struct fs_call *c)
{
	char path[FS_PROC_PATH], *list = calloc(1, XATTR_LIST_MAX + 1);
	ssize_t n;
	int rc;

	if (!list)
		return -ENOMEM;
	n = listxattr(fs_proc_path(c->node->fd, path), list, XATTR_LIST_MAX);
	rc = n < 0 ? -errno
		   : reply_sized(c, list, filter_names(list, (size_t)n));
	free(list);
	return rc;
}

/* ---- files */

int fs_op_open(struct fs_call *c)
{
	const struct fuse_open_in *in = &c->a.open;
	int fd = fs_open_node(c->s, c->node, in->flags);

	if (fd < 0)
		return fd;
	if (in->flags & O_TRUNC && in->open_flags & FUSE_OPEN_KILL_SUIDGID)
		fs_kill_privileges(fd);
	return fs_reply_handle(c, fd, c->node, false);
}

int fs_op_read(struct fs_call *c)
{
	const struct fuse_read_in *in = &c->a.read;
	struct iovec iov[VIRTQ_SIZE_MAX];
	struct fs_handle *h;
	unsigned n;
	ssize_t got;

	if (in->offset > INT64_MAX || in->size > c->m.out.left)
		return -EINVAL;
	h = fs_handle_get(&c->s->handles, in->fh);
	if (!h)
		return -EBADF;
	n = virtq_iov(&c->m.out, in->size, iov, VIRTQ_SIZE_MAX);
	do
		got = h->is_folder
			      ? (errno = EISDIR, -1)
			      : preadv(h->fd, iov, (int)n, (off_t)in->offset);
	while (got < 0 && errno == EINTR);
	fs_handle_put(&c->s->handles, h);
	if (got < 0)
		return -errno;
	c->m.replied += (size_t)got;
	fs_count(c->s, FS_READS, 1);
	fs_count(c->s, FS_READ_BYTES, (uint64_t)got);
	return 0;
}

int fs_op_release(struct fs_call *c)
{
	return fs_handle_close(&c->s->handles, c->a.release.fh);
}

int fs_op_fsync(struct fs_call *c)
{
	struct fs_handle *h = fs_handle_get(&c->s->handles, c->a.fsync.fh);
	int rc = 0;

	if (!h)
		return -EBADF;
	if (c->s->is_rw)
		rc = c->a.fsync.fsync_flags & FUSE_FSYNC_FDATASYNC
			     ? fdatasync(h->fd)
			     : fsync(h->fd);
	rc = rc ? -errno : 0;
	fs_handle_put(&c->s->handles, h);
	return rc;
}

int fs_op_lseek(struct fs_call *c)
{
	struct fuse_lseek_out out;
	struct fs_handle *h;
	off_t at;

	if ((c->a.lseek.whence != SEEK_DATA &&
	     c->a.lseek.whence != SEEK_HOLE) ||
	    c->a.lseek.offset > INT64_MAX)
		return -EINVAL;
	h = fs_handle_get(&c->s->handles, c->a.lseek.fh);
	if (!h)
		return -EBADF;
	at = h->is_folder ? (errno = EINVAL, -1)
			  : lseek(h->fd, (off_t)c->a.lseek.offset,
				  (int)c->a.lseek.whence);
	at = at < 0 ? -errno : at;
	fs_handle_put(&c->s->handles, h);
	if (at < 0)
		return (int)at;
	out.offset = (uint64_t)at;
	return fs_reply(&c->m, &out, sizeof(out));
}

/* ---- folders */

/* What getdents64(2) writes. */
struct host_entry {
	uint64_t ino;
	int64_t next;
	uint16_t len;
	uint8_t type;
	char name[];
};

int fs_op_opendir(struct fs_call *c)
{
	int fd;

	if (!S_ISDIR(c->node->key.type))
		return -ENOTDIR;
	fd = fs_nodes_reopen(&c->s->nodes, c->s->folder->proc_fd, c->node->fd,
			     O_RDONLY | O_DIRECTORY);
	return fd < 0 ? fd : fs_reply_handle(c, fd, c->node, true);
}

/* Have an entry at @d->at. Returns 1, 0 at the end, or a negative errno. */
static int read_ahead(struct fs_handle *h, struct fs_entries *d)
{
	long n;

	if (d->at < d->len)
		return 1;
	n = syscall(SYS_getdents64, h->fd, d->data, sizeof(d->data));
	if (n < 0)
		return -errno;
	d->at = 0;
	d->len = (uint32_t)n;
	return n > 0;
}

/* Go to position @off of the folder. */
static int seek_entry(struct fs_handle *h, uint64_t off)
{
	struct fs_entries *d = h->entries;

	if (!d) {
		d = h->entries = malloc(sizeof(*d));
		if (!d)
			return -ENOMEM;
	} else if ((uint64_t)d->next == off) {
		return 0;
	}
	d->at = d->len = 0;
	d->next = (int64_t)off;
	return off > INT64_MAX				? -EINVAL
	       : lseek(h->fd, (off_t)off, SEEK_SET) < 0 ? -errno
							: 0;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* The number for an entry; above the shared folder there is only itself. */
static uint64_t entry_number(const struct fs_call *c, const struct fs_node *dir,
			     const struct host_entry *d)
{
	uint64_t ino = d->ino;

	if (dir == &c->s->nodes.root && is_dots(d->name))
		ino = dir->key.ino;
	return fs_inode_number(dir, ino);
}

/* The entry_out of READDIRPLUS: a lookup, unless it is "." or ".." or fails;
 * then the guest looks it up itself. */
static struct fuse_entry_out look_up(struct fs_call *c, struct fs_node *dir,
				     const char *name)
{
	struct fuse_entry_out out = { .nodeid = 0 };
	struct fs_node *node;
	struct statx st;

	if (is_dots(name) ||
	    fs_node_lookup(&c->s->nodes, dir, name, &node, &st))
		return out;
	fs_count(c->s, FS_LOOKUPS, 1);
	out = fs_entry(c->s, node, &st);
	fs_node_put(&c->s->nodes, node);
	return out;
}

/* Add an entry to the reply. Returns whether there was room. */
static bool add_entry(struct fs_call *c, struct fs_node *dir,
		      const struct host_entry *d, bool plus)
{
	static const uint8_t zeros[8];
	size_t len = strlen(d->name), pad = -len & 7;
	struct fuse_dirent out = {
		.ino = entry_number(c, dir, d),
		.off = (uint64_t)d->next,
		.namelen = (uint32_t)len,
		.type = d->type,
	};
	size_t size = FUSE_NAME_OFFSET + len + pad;
	struct fuse_entry_out entry;

	if (plus)
		size += sizeof(entry);
	if (size > c->a.read.size - c->m.replied)
		return false;
	if (plus) {
		entry = look_up(c, dir, d->name);
		fs_reply(&c->m, &entry, sizeof(entry));
	}
	fs_reply(&c->m, &out, FUSE_NAME_OFFSET);
	fs_reply(&c->m, d->name, len);
	fs_reply(&c->m, zeros, pad);
	return true;
}

/* With the handle's lock. */
static int add_entries(struct fs_call *c, struct fs_handle *h, bool plus)
{
	struct fs_entries *d;
	int rc = seek_entry(h, c->a.read.offset);

	d = h->entries;
	while (!rc && (rc = read_ahead(h, d)) > 0) {
		const struct host_entry *entry = (void *)(d->data + d->at);

		if (!(h->node->is_hidden && !is_dots(entry->name)) &&
		    !add_entry(c, h->node, entry, plus))
			return c->m.replied ? 0 : -EINVAL;
		d->at += entry->len;
		d->next = entry->next;
		rc = 0;
	}
	/* What was added before a failure is still true. */
	return c->m.replied ? 0 : rc;
}

static int read_folder(struct fs_call *c, bool plus)
{
	struct fs_handle *h;
	int rc = -ENOTDIR;

	if (c->a.read.size > c->m.out.left)
		return -EINVAL;
	h = fs_handle_get(&c->s->handles, c->a.read.fh);
	if (!h)
		return -EBADF;
	if (h->is_folder) {
		pthread_mutex_lock(&h->lock);
		rc = add_entries(c, h, plus);
		pthread_mutex_unlock(&h->lock);
	}
	fs_handle_put(&c->s->handles, h);
	return rc;
}

int fs_op_readdir(struct fs_call *c)
{
	return read_folder(c, false);
}

int fs_op_readdirplus(struct fs_call *c)
{
	return read_folder(c, true);
}
