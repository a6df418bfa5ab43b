/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What operations that read and operations that write have in common: how files
 * are opened for the guest, and what the answers say about them.
 */
#ifndef DEV_FS_ANSWERS_H
#define DEV_FS_ANSWERS_H

#include "dev/fs/operations.h"

void fs_count(struct fs_server *s, enum fs_count what, uint64_t n);

/* How long the guest may keep an answer. */
struct timespec fs_valid_for(const struct fs_server *s);

/* Attributes as FUSE has them. */
struct fuse_attr fs_attr(const struct fs_node *node, const struct statx *st);

/* The reply that tells the guest of @node. */
struct fuse_entry_out fs_entry(const struct fs_server *s,
			       const struct fs_node *node,
			       const struct statx *st);

/* Reply that @node, which the guest now knows, is what it asked for, and put
 * it. */
int fs_reply_entry(struct fs_call *c, struct fs_node *node,
		   const struct statx *st);

/* Reply the attributes of @node, read from @fd. */
int fs_reply_attr(struct fs_call *c, const struct fs_node *node, int fd);

/* "/proc/self/fd/N" for calls that take no descriptor; in @path of
 * FS_PROC_PATH bytes. */
#define FS_PROC_PATH 32
const char *fs_proc_path(int fd, char *path);

/* Give the guest a handle for @fd of @node, which takes @fd in each case, and
 * reply it. */
int fs_reply_handle(struct fs_call *c, int fd, struct fs_node *node,
		    bool is_folder);

/* Open the file of @node for I/O, with flags of the guest. Only regular files:
 * everything else would reach a driver or wait. */
int fs_open_node(struct fs_server *s, const struct fs_node *node,
		 uint32_t flags);

/* Take S_ISUID and S_ISGID off a file that was written to, as it happens for a
 * user without CAP_FSETID; the launcher may have that. */
void fs_kill_privileges(int fd);

/* Whether a guest may see the extended attribute @name: not those that steer
 * the host's kernel (trusted., which overlayfs would follow) and not ACLs,
 * which are not negotiated. */
bool fs_xattr_is_shared(const char *name);

#endif
