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

#endif
