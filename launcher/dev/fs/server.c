/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fs/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "dev/fs/answers.h"

/* Descriptors of one share. With more, little is gained; the rest of the
 * process needs some, too. */
#define FDS_MAX	   65536
#define FDS_MIN	   32
#define FDS_SHARES 4

/* The oldest protocol spoken: that of Linux 5.4. */
#define MAJOR	  7
#define MINOR_MIN 31
#define MINOR	  38

/* ---- the folder */

/* As many open files as the user may have. Returns how many. */
static rlim_t raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit most = { limit.rlim_max, limit.rlim_max };

		if (!setrlimit(RLIMIT_NOFILE, &most))
			return most.rlim_cur;
	}
	return limit.rlim_cur;
}

static int check_openat2(int fd, const char *path, struct err *e)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long self = syscall(SYS_openat2, fd, ".", &how, sizeof(how));

	if (self < 0 && (errno == ENOSYS || errno == EPERM))
		return err_set(e, ENOSYS,
			       "%s: this host's kernel lacks openat2(2), which "
			       "Linux has from 5.6 on",
			       path);
	if (self < 0)
		return err_sys(e, "%s", path);
	close((int)self);
	return 0;
}

int fs_folder_open(struct fs_folder *f, const char *path, struct err *e)
{
	rlim_t fds = raise_limit() / FDS_SHARES;
	int rc;

	*f = (struct fs_folder)FS_FOLDER_EMPTY;
	f->fds_max = fds > FDS_MAX   ? FDS_MAX
		     : fds < FDS_MIN ? FDS_MIN
				     : (unsigned)fds;
	f->uid = geteuid();
	f->gives_away = !f->uid;
	f->umask = umask(0);
	umask((mode_t)f->umask);
	f->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return err_sys(e, "%s", path);
	f->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = f->proc_fd < 0
		     ? err_sys(e, "%s: cannot be shared without /proc/self/fd",
			       path)
		     : check_openat2(f->fd, path, e);
	if (rc)
		fs_folder_close(f);
	return rc;
}

void fs_folder_close(struct fs_folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->proc_fd >= 0)
		close(f->proc_fd);
	*f = (struct fs_folder)FS_FOLDER_EMPTY;
}

/* ---- sessions */

/* What is asked for, as far as the guest's kernel has it. */
#define WANTED                                                          \
	(FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_AUTO_INVAL_DATA |     \
	 FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO | \
	 FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS)
#define WANTED_RW (FUSE_ATOMIC_O_TRUNC | FUSE_HANDLE_KILLPRIV_V2)

/* A mount begins. The caller has the session to itself. */
static int op_init(struct fs_call *c)
{
	const struct fuse_init_in *in = &c->a.init;
	uint32_t wanted = WANTED | (c->s->is_rw ? (uint32_t)WANTED_RW : 0);
	struct fuse_init_out out = {
		.major = MAJOR,
		.minor = MINOR,
		.max_readahead = in->max_readahead,
		.flags = in->flags & wanted,
		.max_background = 64,
		.congestion_threshold = 48,
		.max_write = FS_DATA_MAX,
		.time_gran = 1,
		.max_pages = FS_PAGES_MAX,
	};

	fs_server_reset(c->s);
	/* "If the major versions mismatch then userspace replies with the
	 * major it speaks"; a newer kernel then asks again. */
	if (in->major > MAJOR)
		return fs_reply(&c->m, &out, sizeof(out));
	if (in->major < MAJOR || in->minor < MINOR_MIN)
		return -EPROTO;
	if (out.max_readahead > FS_DATA_MAX)
		out.max_readahead = FS_DATA_MAX;
	atomic_store(&c->s->is_ready, true);
	return fs_reply(&c->m, &out, sizeof(out));
}

static int op_destroy(struct fs_call *c)
{
	fs_server_reset(c->s);
	return 0;
}

/* ---- the table */

struct operation {
	fs_operation *fn;    /* NULL: there is no such operation */
	size_t in, out;	     /* bytes of fixed arguments; of reply, at least */
	bool has_node;	     /* the header's number is one that is needed */
	bool writes;	     /* only for shares with rw */
	bool is_quick;	     /* never waits for the host */
	bool begins_or_ends; /* no other operation may be in progress */
};

#define IN(member) sizeof(((union fs_args *)0)->member)

/* The arguments of INIT up to 7.35; later ones have more. */
#define INIT_IN 16
#define CREATE_OUT \
	(sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out))

static const struct operation operations[] = {
	[FUSE_INIT] = { .fn = op_init,
			.in = INIT_IN,
			.out = sizeof(struct fuse_init_out),
			.begins_or_ends = true },
	[FUSE_DESTROY] = { .fn = op_destroy, .begins_or_ends = true },
	[FUSE_LOOKUP] = { .fn = fs_op_lookup,
			  .out = sizeof(struct fuse_entry_out),
			  .has_node = true },
	[FUSE_FORGET] = { .fn = fs_op_forget,
			  .in = IN(forget),
			  .is_quick = true },
	[FUSE_BATCH_FORGET] = { .fn = fs_op_batch_forget,
				.in = IN(batch_forget),
				.is_quick = true },
	[FUSE_GETATTR] = { .fn = fs_op_getattr,
			   .in = IN(getattr),
			   .out = sizeof(struct fuse_attr_out),
			   .has_node = true },
	[FUSE_READLINK] = { .fn = fs_op_readlink, .has_node = true },
	[FUSE_ACCESS] = { .fn = fs_op_access,
			  .in = IN(access),
			  .has_node = true },
	[FUSE_STATFS] = { .fn = fs_op_statfs,
			  .out = sizeof(struct fuse_statfs_out),
			  .has_node = true },
	[FUSE_GETXATTR] = { .fn = fs_op_getxattr,
			    .in = IN(getxattr),
			    .has_node = true },
	[FUSE_LISTXATTR] = { .fn = fs_op_listxattr,
			     .in = IN(getxattr),
			     .has_node = true },
	[FUSE_OPEN] = { .fn = fs_op_open,
			.in = IN(open),
			.out = sizeof(struct fuse_open_out),
			.has_node = true },
	[FUSE_READ] = { .fn = fs_op_read, .in = IN(read) },
	[FUSE_LSEEK] = { .fn = fs_op_lseek,
			 .in = IN(lseek),
			 .out = sizeof(struct fuse_lseek_out) },
	[FUSE_FSYNC] = { .fn = fs_op_fsync, .in = IN(fsync) },
	[FUSE_RELEASE] = { .fn = fs_op_release, .in = IN(release) },
	[FUSE_OPENDIR] = { .fn = fs_op_opendir,
			   .in = IN(open),
			   .out = sizeof(struct fuse_open_out),
			   .has_node = true },
	[FUSE_READDIR] = { .fn = fs_op_readdir, .in = IN(read) },
	[FUSE_READDIRPLUS] = { .fn = fs_op_readdirplus, .in = IN(read) },
	[FUSE_FSYNCDIR] = { .fn = fs_op_fsync, .in = IN(fsync) },
	[FUSE_RELEASEDIR] = { .fn = fs_op_release, .in = IN(release) },
	[FUSE_SETATTR] = { .fn = fs_op_setattr,
			   .in = IN(setattr),
			   .out = sizeof(struct fuse_attr_out),
			   .has_node = true,
			   .writes = true },
	[FUSE_MKNOD] = { .fn = fs_op_mknod,
			 .in = IN(mknod),
			 .out = sizeof(struct fuse_entry_out),
			 .has_node = true,
			 .writes = true },
	[FUSE_MKDIR] = { .fn = fs_op_mkdir,
			 .in = IN(mkdir),
			 .out = sizeof(struct fuse_entry_out),
			 .has_node = true,
			 .writes = true },
	[FUSE_SYMLINK] = { .fn = fs_op_symlink,
			   .out = sizeof(struct fuse_entry_out),
			   .has_node = true,
			   .writes = true },
	[FUSE_LINK] = { .fn = fs_op_link,
			.in = IN(link),
			.out = sizeof(struct fuse_entry_out),
			.has_node = true,
			.writes = true },
	[FUSE_CREATE] = { .fn = fs_op_create,
			  .in = IN(create),
			  .out = CREATE_OUT,
			  .has_node = true,
			  .writes = true },
	[FUSE_TMPFILE] = { .fn = fs_op_tmpfile,
			   .in = IN(create),
			   .out = CREATE_OUT,
			   .has_node = true,
			   .writes = true },
	[FUSE_UNLINK] = { .fn = fs_op_unlink,
			  .has_node = true,
			  .writes = true },
	[FUSE_RMDIR] = { .fn = fs_op_rmdir, .has_node = true, .writes = true },
	[FUSE_RENAME] = { .fn = fs_op_rename,
			  .in = IN(rename),
			  .has_node = true,
			  .writes = true },
	[FUSE_RENAME2] = { .fn = fs_op_rename2,
			   .in = IN(rename2),
			   .has_node = true,
			   .writes = true },
	[FUSE_SETXATTR] = { .fn = fs_op_setxattr,
			    .in = FUSE_COMPAT_SETXATTR_IN_SIZE,
			    .has_node = true,
			    .writes = true },
	[FUSE_REMOVEXATTR] = { .fn = fs_op_removexattr,
			       .has_node = true,
			       .writes = true },
	[FUSE_WRITE] = { .fn = fs_op_write,
			 .in = IN(write),
			 .out = sizeof(struct fuse_write_out),
			 .writes = true },
	[FUSE_FALLOCATE] = { .fn = fs_op_fallocate,
			     .in = IN(fallocate),
			     .writes = true },
	[FUSE_COPY_FILE_RANGE] = { .fn = fs_op_copy,
				   .in = IN(copy),
				   .out = sizeof(struct fuse_write_out),
				   .writes = true },
};

static const struct operation *operation_of(uint32_t opcode)
{
	if (opcode >= sizeof(operations) / sizeof(operations[0]) ||
	    !operations[opcode].fn)
		return NULL;
	return &operations[opcode];
}

bool fs_is_quick(uint32_t opcode)
{
	const struct operation *o = operation_of(opcode);

	return !o || o->is_quick;
}

/* ---- serving */

static int call(struct fs_call *c, const struct operation *o)
{
	int rc;

	if (!o->begins_or_ends && !atomic_load(&c->s->is_ready))
		return -EIO;
	if (o->has_node) {
		rc = fs_node_get(&c->s->nodes, c->m.header.nodeid, &c->node);
		if (rc)
			return rc;
	}
	/* Nothing is changed where the guest sees an empty folder. */
	rc = o->writes && c->node && c->node->is_hidden ? -EACCES : o->fn(c);
	if (c->node)
		fs_node_put(&c->s->nodes, c->node);
	return rc;
}

static int refuse(struct fs_call *c, int rc)
{
	fs_count(c->s, FS_REFUSED, 1);
	return rc;
}

static int dispatch(struct fs_call *c)
{
	const struct operation *o = operation_of(c->m.header.opcode);
	int rc;

	if (!o)
		return refuse(c, -ENOSYS);
	if (o->writes && !c->s->is_rw)
		return -EROFS;
	if (!fs_take(&c->m, &c->a, o->in) || c->m.out.left < o->out)
		return refuse(c, -EINVAL);
	if (o->begins_or_ends)
		pthread_rwlock_wrlock(&c->s->session);
	else
		pthread_rwlock_rdlock(&c->s->session);
	rc = call(c, o);
	pthread_rwlock_unlock(&c->s->session);
	/* A guest's kernel checks most of what leads to these two. */
	return rc == -EINVAL || rc == -EBADF ? refuse(c, rc) : rc;
}

int fs_serve(struct fs_server *s, struct virtq_cursor in,
	     struct virtq_cursor out, uint32_t *written, struct err *e)
{
	struct fs_call c = { .s = s };
	int rc = fs_message_read(&c.m, in, out, e);

	*written = 0;
	if (rc == -EPROTO)
		return rc;
	*written = fs_finish(&c.m, rc ? refuse(&c, rc) : dispatch(&c));
	fs_message_release(&c.m);
	return 0;
}

/* ---- the server */

int fs_server_init(struct fs_server *s, const struct fs_folder *f, bool is_rw,
		   struct err *e)
{
	int rc;

	memset(s, 0, sizeof(*s));
	rc = fs_nodes_init(&s->nodes, f->fd, f->fds_max, e);
	if (rc)
		return rc;
	pthread_rwlock_init(&s->session, NULL);
	fs_handles_init(&s->handles, &s->nodes, fs_handles_of(f->fds_max));
	s->folder = f;
	s->is_rw = is_rw;
	return 0;
}

void fs_server_reset(struct fs_server *s)
{
	atomic_store(&s->is_ready, false);
	fs_handles_clear(&s->handles);
	fs_nodes_clear(&s->nodes);
}

void fs_server_release(struct fs_server *s)
{
	if (!s->folder)
		return;
	fs_handles_release(&s->handles);
	fs_nodes_release(&s->nodes);
	pthread_rwlock_destroy(&s->session);
	memset(s, 0, sizeof(*s));
}
