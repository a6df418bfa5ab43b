/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of the file server: between server.c, which has their table, and
 * read.c and write.c, which carry them out.
 *
 * Each gets a request with its node pinned, and its fixed arguments, as the
 * table says, complete and copied. It adds its reply and returns 0, or a
 * negative errno for the guest.
 */
#ifndef DEV_FS_OPERATIONS_H
#define DEV_FS_OPERATIONS_H

#include "dev/fs/server.h"

union fs_args {
	struct fuse_forget_in forget;
	struct fuse_batch_forget_in batch_forget;
	struct fuse_getattr_in getattr;
	struct fuse_setattr_in setattr;
	struct fuse_mknod_in mknod;
	struct fuse_mkdir_in mkdir;
	struct fuse_rename_in rename;
	struct fuse_rename2_in rename2;
	struct fuse_link_in link;
	struct fuse_open_in open;
	struct fuse_create_in create;
	struct fuse_release_in release;
	struct fuse_read_in read;
	struct fuse_write_in write;
	struct fuse_fsync_in fsync;
	struct fuse_setxattr_in setxattr;
	struct fuse_getxattr_in getxattr;
	struct fuse_access_in access;
	struct fuse_init_in init;
	struct fuse_lseek_in lseek;
	struct fuse_fallocate_in fallocate;
	struct fuse_copy_file_range_in copy;
};

struct fs_call {
	struct fs_server *s;
	struct fs_message m;
	struct fs_node *node; /* of the header's number; NULL: not wanted */
	union fs_args a;
};

typedef int fs_operation(struct fs_call *c);

fs_operation fs_op_lookup, fs_op_forget, fs_op_batch_forget, fs_op_getattr,
	fs_op_readlink, fs_op_open, fs_op_read, fs_op_statfs, fs_op_release,
	fs_op_fsync, fs_op_getxattr, fs_op_listxattr, fs_op_opendir,
	fs_op_readdir, fs_op_readdirplus, fs_op_access, fs_op_lseek;

fs_operation fs_op_setattr, fs_op_mknod, fs_op_mkdir, fs_op_symlink, fs_op_link,
	fs_op_create, fs_op_tmpfile, fs_op_unlink, fs_op_rmdir, fs_op_rename,
	fs_op_rename2, fs_op_setxattr, fs_op_removexattr, fs_op_write,
	fs_op_fallocate, fs_op_copy;

/* --- shared by them */

void fs_count(struct fs_server *s, enum fs_count what, uint64_t n);

/* How long the guest may keep an answer. */
struct timespec fs_valid_for(const struct fs_server *s);

/* Attributes as FUSE has them. */
struct fuse_attr fs_attr(const struct fs_node *node, const struct statx *st);

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
