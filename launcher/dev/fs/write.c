/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that change files of the host; only in shares with rw. See
 * operations.h.
 *
 * The guest's kernel has checked what its users may do, and has taken the umask
 * off modes. The host's kernel checks what the launcher's user may do. If that
 * user may give files away, a new file gets the owner that the guest wants;
 * otherwise it is the user's own.
 *
 * The guest may make files, folders, links, FIFOs and sockets, but no device
 * nodes.
 */
#include "dev/fs/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MODE_BITS 07777u

/* Bytes copied by one request, which takes a thread as long as it lasts. */
#define COPY_MAX (64u << 20)

static int result_of(int rc)
{
	return rc < 0 ? -errno : 0;
}

/* ---- new files */

/* Give a new file, of which @st is known, the owner and the mode that the guest
 * asked for. What this user may not do is left as it is. */
static void settle_new(const struct fs_call *c, int fd, const struct statx *st,
		       mode_t mode)
{
	const struct fs_folder *f = c->s->folder;
	bool is_folder = S_ISDIR(st->stx_mode);
	mode_t want = mode & MODE_BITS;
	char path[FS_PROC_PATH];
	struct statx dir;
	gid_t gid;

	/* A folder in one with S_ISGID has it, too, and its group. */
	if (is_folder)
		want |= st->stx_mode & S_ISGID;
	if (f->gives_away && st->stx_uid == f->uid &&
	    (is_folder || st->stx_nlink <= 1) && !fs_statx(c->node->fd, &dir)) {
		gid = dir.stx_mode & S_ISGID ? (gid_t)-1 : c->m.header.gid;
		if (fchownat(fd, "", c->m.header.uid, gid,
			     AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
			return;
	}
	if (!S_ISLNK(st->stx_mode) &&
	    (mode & f->umask || want & (S_ISUID | S_ISGID)))
		(void)chmod(fs_proc_path(fd, path), want);
}

/* Reply with the file @name that was just made. */
static int reply_new(struct fs_call *c, const char *name, mode_t mode)
{
	struct fs_node *node;
	struct statx st;
	int rc = fs_node_lookup(&c->s->nodes, c->node, name, &node, &st);

	if (rc)
		return rc;
	settle_new(c, node->fd, &st, mode);
	rc = fs_statx(node->fd, &st);
	if (!rc)
		return fs_reply_entry(c, node, &st);
	fs_node_forget(&c->s->nodes, node->id, 1);
	fs_node_put(&c->s->nodes, node);
	return rc;
}

int fs_op_mknod(struct fs_call *c)
{
	mode_t mode = c->a.mknod.mode;
	const char *name;
	int rc = fs_take_name(&c->m, &name);

	if (rc)
		return rc;
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		return -EPERM;
	rc = result_of(mknodat(c->node->fd, name, mode, 0));
	return rc ?: reply_new(c, name, mode);
}

int fs_op_mkdir(struct fs_call *c)
{
	const char *name;
	int rc = fs_take_name(&c->m, &name);

	if (!rc)
		rc = result_of(mkdirat(c->node->fd, name,
				       c->a.mkdir.mode & MODE_BITS));
	return rc ?: reply_new(c, name, c->a.mkdir.mode);
}

int fs_op_symlink(struct fs_call *c)
{
	const char *name, *target;
	int rc = fs_take_name(&c->m, &name);

	if (!rc)
		rc = fs_take_text(&c->m, &target, PATH_MAX - 1, -ENAMETOOLONG);
	if (!rc)
		rc = result_of(symlinkat(target, c->node->fd, name));
	return rc ?: reply_new(c, name, 0);
}

int fs_op_link(struct fs_call *c)
{
	char path[FS_PROC_PATH];
	struct fs_node *old;
	const char *name;
	struct statx st;
	int rc = fs_take_name(&c->m, &name);

	if (!rc)
		rc = fs_node_get(&c->s->nodes, c->a.link.oldnodeid, &old);
	if (rc)
		return rc;
	rc = result_of(linkat(AT_FDCWD, fs_proc_path(old->fd, path),
			      c->node->fd, name, AT_SYMLINK_FOLLOW));
	fs_node_put(&c->s->nodes, old);
	if (!rc)
		rc = fs_node_lookup(&c->s->nodes, c->node, name, &old, &st);
	return rc ?: fs_reply_entry(c, old, &st);
}

/* ---- making and opening at once */

/* Flags for a file that does not exist yet. */
static int create_flags(const struct fs_call *c)
{
	return (int)(c->a.create.flags & (O_ACCMODE | O_SYNC | O_DSYNC)) |
	       O_NONBLOCK | O_NOCTTY;
}

/* Reply with the entry and a handle; takes @fd and @node, which counts as
 * looked up. */
static int reply_created(struct fs_call *c, int fd, struct fs_node *node,
			 const struct statx *st)
{
	uint64_t id = node->id;
	int rc;

	fs_node_hold(&c->s->nodes, node);
	rc = fs_reply_entry(c, node, st);
	rc = fs_reply_handle(c, fd, node, false) ?: rc;
	if (rc)
		fs_node_forget(&c->s->nodes, id, 1);
	fs_node_put(&c->s->nodes, node);
	return rc;
}

/* A node for the new file that @fd has; @name is NULL if it has none. */
static int adopt(struct fs_call *c, int fd, const char *name,
		 struct fs_node **node, struct statx *st)
{
	int path_fd, rc = fs_statx(fd, st);

	if (rc)
		return rc;
	settle_new(c, fd, st, c->a.create.mode);
	path_fd = fs_nodes_reopen(&c->s->nodes, c->s->folder->proc_fd, fd,
				  O_PATH);
	return path_fd < 0 ? path_fd
			   : fs_node_adopt(&c->s->nodes, path_fd, c->node, name,
					   node, st);
}

static int open_existing(struct fs_call *c, const char *name,
			 struct fs_node **node, struct statx *st)
{
	int fd, rc = fs_node_lookup(&c->s->nodes, c->node, name, node, st);

	if (rc)
		return rc;
	fd = fs_open_node(c->s, *node, c->a.create.flags);
	rc = fd < 0 ? fd : fs_statx((*node)->fd, st);
	if (!rc)
		return fd;
	if (fd >= 0)
		fs_nodes_close(&c->s->nodes, fd);
	fs_node_forget(&c->s->nodes, (*node)->id, 1);
	fs_node_put(&c->s->nodes, *node);
	return rc;
}

int fs_op_create(struct fs_call *c)
{
	struct fs_node *node;
	const char *name;
	struct statx st;
	int fd, rc = fs_take_name(&c->m, &name);

	if (rc)
		return rc;
	/* O_EXCL, so that this never opens what is there: a FIFO, a device. */
	fd = fs_nodes_open(&c->s->nodes, c->node->fd, name,
			   create_flags(c) | O_CREAT | O_EXCL,
			   c->a.create.mode & MODE_BITS);
	if (fd == -EEXIST && !(c->a.create.flags & O_EXCL)) {
		fd = open_existing(c, name, &node, &st);
	} else if (fd >= 0) {
		rc = adopt(c, fd, name, &node, &st);
		if (rc)
			fs_nodes_close(&c->s->nodes, fd);
	}
	if (rc || fd < 0)
		return rc ?: fd;
	return reply_created(c, fd, node, &st);
}

int fs_op_tmpfile(struct fs_call *c)
{
	struct fs_node *node;
	struct statx st;
	int fd, rc;

	fd = fs_nodes_open(&c->s->nodes, c->node->fd, ".",
			   create_flags(c) | O_TMPFILE |
				   (int)(c->a.create.flags & O_EXCL),
			   c->a.create.mode & MODE_BITS);
	if (fd < 0)
		return fd;
	rc = adopt(c, fd, NULL, &node, &st);
	if (!rc)
		return reply_created(c, fd, node, &st);
	fs_nodes_close(&c->s->nodes, fd);
	return rc;
}

/* ---- names */

static int remove_child(struct fs_call *c, int flags)
{
	const char *name;
	int rc = fs_take_name(&c->m, &name);

	return rc ?: result_of(unlinkat(c->node->fd, name, flags));
}

int fs_op_unlink(struct fs_call *c)
{
	return remove_child(c, 0);
}

int fs_op_rmdir(struct fs_call *c)
{
	return remove_child(c, AT_REMOVEDIR);
}

static int rename_to(struct fs_call *c, uint64_t new_dir, uint32_t flags)
{
	const char *from, *to;
	struct fs_node *dir;
	int rc = fs_take_name(&c->m, &from);

	if (!rc)
		rc = fs_take_name(&c->m, &to);
	if (!rc)
		rc = fs_node_get(&c->s->nodes, new_dir, &dir);
	if (rc)
		return rc;
	rc = dir->is_hidden ? -EACCES
			    : result_of(renameat2(c->node->fd, from, dir->fd,
						  to, flags));
	if (!rc)
		fs_node_moved(&c->s->nodes, dir, to);
	if (!rc && flags & RENAME_EXCHANGE)
		fs_node_moved(&c->s->nodes, c->node, from);
	fs_node_put(&c->s->nodes, dir);
	return rc;
}

int fs_op_rename(struct fs_call *c)
{
	return rename_to(c, c->a.rename.newdir, 0);
}

int fs_op_rename2(struct fs_call *c)
{
	if (c->a.rename2.flags &
	    ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	return rename_to(c, c->a.rename2.newdir, c->a.rename2.flags);
}

/* ---- attributes */

static int set_size(struct fs_call *c, int fd)
{
	const struct fuse_setattr_in *in = &c->a.setattr;

	if (in->size > INT64_MAX)
		return -EFBIG;
	if (ftruncate(fd, (off_t)in->size))
		return -errno;
	if (in->valid & FATTR_KILL_SUIDGID)
		fs_kill_privileges(fd);
	return 0;
}

static int set_size_of_node(struct fs_call *c)
{
	int fd = fs_open_node(c->s, c->node, O_WRONLY), rc;

	if (fd < 0)
		return fd;
	rc = set_size(c, fd);
	fs_nodes_close(&c->s->nodes, fd);
	return rc;
}

static int set_size_by_handle(struct fs_call *c)
{
	struct fs_handle *h = fs_handle_get(&c->s->handles, c->a.setattr.fh);
	int rc;

	if (!h)
		return -EBADF;
	rc = set_size(c, h->fd);
	fs_handle_put(&c->s->handles, h);
	return rc;
}

static struct timespec new_time(uint32_t valid, uint32_t set, uint32_t now,
				uint64_t sec, uint32_t nsec)
{
	if (valid & now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (valid & set)
		return (struct timespec){ (time_t)sec, nsec };
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static int set_times(struct fs_call *c, const char *path)
{
	const struct fuse_setattr_in *in = &c->a.setattr;
	const struct timespec times[] = {
		new_time(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime,
			 in->atimensec),
		new_time(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime,
			 in->mtimensec),
	};

	return result_of(utimensat(AT_FDCWD, path, times, 0));
}

static int set_owner(struct fs_call *c)
{
	const struct fuse_setattr_in *in = &c->a.setattr;

	return result_of(fchownat(c->node->fd, "",
				  in->valid & FATTR_UID ? in->uid : (uid_t)-1,
				  in->valid & FATTR_GID ? in->gid : (gid_t)-1,
				  AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

int fs_op_setattr(struct fs_call *c)
{
	const struct fuse_setattr_in *in = &c->a.setattr;
	char path[FS_PROC_PATH];
	int rc = 0;

	fs_proc_path(c->node->fd, path);
	if (in->valid & (FATTR_UID | FATTR_GID))
		rc = set_owner(c);
	if (!rc && in->valid & FATTR_MODE)
		rc = result_of(chmod(path, in->mode & MODE_BITS));
	if (!rc && in->valid & FATTR_SIZE)
		rc = in->valid & FATTR_FH ? set_size_by_handle(c)
					  : set_size_of_node(c);
	if (!rc && in->valid & (FATTR_ATIME | FATTR_MTIME | FATTR_ATIME_NOW |
				FATTR_MTIME_NOW))
		rc = set_times(c, path);
	return rc ?: fs_reply_attr(c, c->node, c->node->fd);
}

int fs_op_setxattr(struct fs_call *c)
{
	char path[FS_PROC_PATH];
	const char *name;
	const void *value;
	size_t len;
	int rc = fs_take_text(&c->m, &name, XATTR_NAME_MAX, -ERANGE);

	if (rc)
		return rc;
	if (!fs_xattr_is_shared(name))
		return -EOPNOTSUPP;
	value = fs_take_rest(&c->m, &len);
	if (len < c->a.setxattr.size)
		return -EINVAL;
	return result_of(setxattr(fs_proc_path(c->node->fd, path), name, value,
				  c->a.setxattr.size,
				  (int)c->a.setxattr.flags));
}

int fs_op_removexattr(struct fs_call *c)
{
	char path[FS_PROC_PATH];
	const char *name;
	int rc = fs_take_text(&c->m, &name, XATTR_NAME_MAX, -ERANGE);

	if (rc)
		return rc;
	if (!fs_xattr_is_shared(name))
		return -EOPNOTSUPP;
	return result_of(removexattr(fs_proc_path(c->node->fd, path), name));
}

/* ---- data */

static ssize_t write_data(struct fs_call *c, const struct fs_handle *h)
{
	const struct fuse_write_in *in = &c->a.write;
	struct iovec iov[VIRTQ_SIZE_MAX];
	unsigned n = virtq_iov(&c->m.data, in->size, iov, VIRTQ_SIZE_MAX);
	int flags = in->flags & O_APPEND ? RWF_APPEND : 0;
	ssize_t done;

	do
		done = pwritev2(h->fd, iov, (int)n, (off_t)in->offset, flags);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	if (in->write_flags & FUSE_WRITE_KILL_SUIDGID)
		fs_kill_privileges(h->fd);
	return done;
}

int fs_op_write(struct fs_call *c)
{
	const struct fuse_write_in *in = &c->a.write;
	struct fuse_write_out out = { .size = 0 };
	struct fs_handle *h;
	ssize_t done;

	if (in->offset > INT64_MAX || in->size > c->m.data.left)
		return -EINVAL;
	h = fs_handle_get(&c->s->handles, in->fh);
	if (!h)
		return -EBADF;
	done = write_data(c, h);
	fs_handle_put(&c->s->handles, h);
	if (done < 0)
		return (int)done;
	fs_count(c->s, FS_WRITES, 1);
	fs_count(c->s, FS_WRITTEN_BYTES, (uint64_t)done);
	out.size = (uint32_t)done;
	return fs_reply(&c->m, &out, sizeof(out));
}

int fs_op_fallocate(struct fs_call *c)
{
	const struct fuse_fallocate_in *in = &c->a.fallocate;
	struct fs_handle *h;
	int rc;

	if (in->mode & ~(uint32_t)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE |
				   FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (in->offset > INT64_MAX || in->length > INT64_MAX)
		return -EINVAL;
	h = fs_handle_get(&c->s->handles, in->fh);
	if (!h)
		return -EBADF;
	rc = result_of(fallocate(h->fd, (int)in->mode, (off_t)in->offset,
				 (off_t)in->length));
	fs_handle_put(&c->s->handles, h);
	return rc;
}

static ssize_t copy(const struct fuse_copy_file_range_in *in, int from, int to)
{
	off_t from_off = (off_t)in->off_in, to_off = (off_t)in->off_out;
	size_t len = in->len < COPY_MAX ? (size_t)in->len : COPY_MAX;
	ssize_t done = copy_file_range(from, &from_off, to, &to_off, len, 0);

	return done < 0 ? -errno : done;
}

int fs_op_copy(struct fs_call *c)
{
	const struct fuse_copy_file_range_in *in = &c->a.copy;
	struct fuse_write_out out = { .size = 0 };
	struct fs_handle *from, *to;
	ssize_t done = -EBADF;

	if (in->flags || in->off_in > INT64_MAX || in->off_out > INT64_MAX)
		return -EINVAL;
	from = fs_handle_get(&c->s->handles, in->fh_in);
	to = fs_handle_get(&c->s->handles, in->fh_out);
	if (from && to)
		done = copy(in, from->fd, to->fd);
	if (from)
		fs_handle_put(&c->s->handles, from);
	if (to)
		fs_handle_put(&c->s->handles, to);
	if (done < 0)
		return (int)done;
	out.size = (uint32_t)done;
	return fs_reply(&c->m, &out, sizeof(out));
}
