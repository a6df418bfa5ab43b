/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- the share's settings and counts */

void fs_count(struct fs_server *s, enum fs_count what, uint64_t n)
{
	atomic_fetch_add_explicit(&s->counts[what], n, memory_order_relaxed);
}

struct timespec fs_valid_for(const struct fs_server *s)
{
	return s->is_rw ? (struct timespec){ .tv_nsec = 500000000 }
			: (struct timespec){ .tv_sec = 24 * 3600 };
}

/* ---- replies */

static uint32_t device_number(unsigned major, unsigned minor)
{
	/* As new_encode_dev() of Linux. */
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

struct fuse_attr fs_attr(const struct fs_node *node, const struct statx *st)
{
	return (struct fuse_attr){
		.ino = fs_inode_number(node, st->stx_ino),
		.size = st->stx_size,
		.blocks = st->stx_blocks,
		.atime = (uint64_t)st->stx_atime.tv_sec,
		.mtime = (uint64_t)st->stx_mtime.tv_sec,
		.ctime = (uint64_t)st->stx_ctime.tv_sec,
		.atimensec = st->stx_atime.tv_nsec,
		.mtimensec = st->stx_mtime.tv_nsec,
		.ctimensec = st->stx_ctime.tv_nsec,
		.mode = st->stx_mode,
		.nlink = st->stx_nlink,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.rdev = device_number(st->stx_rdev_major, st->stx_rdev_minor),
		.blksize = st->stx_blksize,
	};
}

struct fuse_entry_out fs_entry(const struct fs_server *s,
			       const struct fs_node *node,
			       const struct statx *st)
{
	struct timespec valid = fs_valid_for(s);

	return (struct fuse_entry_out){
		.nodeid = node->id,
		.entry_valid = (uint64_t)valid.tv_sec,
		.entry_valid_nsec = (uint32_t)valid.tv_nsec,
		.attr_valid = (uint64_t)valid.tv_sec,
		.attr_valid_nsec = (uint32_t)valid.tv_nsec,
		.attr = fs_attr(node, st),
	};
}

int fs_reply_entry(struct fs_call *c, struct fs_node *node,
		   const struct statx *st)
{
	const struct fuse_entry_out out = fs_entry(c->s, node, st);

	fs_node_put(&c->s->nodes, node);
	return fs_reply(&c->m, &out, sizeof(out));
}

int fs_reply_attr(struct fs_call *c, const struct fs_node *node, int fd)
{
	struct timespec valid = fs_valid_for(c->s);
	struct fuse_attr_out out = {
		.attr_valid = (uint64_t)valid.tv_sec,
		.attr_valid_nsec = (uint32_t)valid.tv_nsec,
	};
	struct statx st;
	int rc = fs_statx(fd, &st);

	if (rc)
		return rc;
	out.attr = fs_attr(node, &st);
	return fs_reply(&c->m, &out, sizeof(out));
}

int fs_reply_handle(struct fs_call *c, int fd, struct fs_node *node,
		    bool is_folder)
{
	struct fuse_open_out out = { .open_flags = FOPEN_KEEP_CACHE };
	int rc = fs_handle_add(&c->s->handles, fd, node, is_folder, &out.fh);

	if (rc)
		return rc;
	fs_count(c->s, FS_OPENS, 1);
	if (is_folder)
		out.open_flags = c->s->is_rw
					 ? 0
					 : FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR;
	return fs_reply(&c->m, &out, sizeof(out));
}

/* ---- files */

/* The flags that mean something for a file that was found before. */
#define OPEN_FLAGS (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC)

int fs_open_node(struct fs_server *s, const struct fs_node *node,
		 uint32_t flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;

	if (!s->is_rw && writes)
		return -EROFS;
	if (S_ISLNK(node->key.type))
		return -ELOOP;
	if (!S_ISREG(node->key.type))
		return S_ISDIR(node->key.type) ? -EISDIR : -ENXIO;
	return fs_nodes_reopen(&s->nodes, s->folder->proc_fd, node->fd,
			       (int)(flags & OPEN_FLAGS) | O_NONBLOCK |
				       O_NOCTTY);
}

void fs_kill_privileges(int fd)
{
	struct stat st;
	mode_t kill = S_ISUID;

	if (fstat(fd, &st))
		return;
	if (st.st_mode & S_IXGRP)
		kill |= S_ISGID;
	if (st.st_mode & kill)
		(void)fchmod(fd, st.st_mode & 07777u & ~kill);
}

const char *fs_proc_path(int fd, char *path)
{
	snprintf(path, FS_PROC_PATH, "/proc/self/fd/%d", fd);
	return path;
}

bool fs_xattr_is_shared(const char *name)
{
	return !strncmp(name, "user.", 5) || !strncmp(name, "security.", 9);
}
