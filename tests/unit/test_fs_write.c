/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A share that the guest may write to: every operation that changes something,
 * compared with what is then on the host, and what a hostile guest gets.
 */
#include "unit/fs_client.h"

#include <linux/falloc.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static void setup(void)
{
	start_server(true, 0);
}

/* With a umask, which must not change the modes that a guest asks for. */
static void setup_masked(void)
{
	umask(077);
	start_server(true, 0);
}

static void teardown(void)
{
	stop_server();
	umask(022);
}

static struct stat st;

static int stat_of(const char *path)
{
	return lstat(path, &st) ? -errno : 0;
}

static void expect_file(const char *path, const char *want)
{
	char got[256];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	n = read(fd, got, sizeof(got) - 1);
	close(fd);
	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, want);
}

/* --- requests */

static int create(const char *name, uint32_t flags, uint32_t mode, uint64_t *fh)
{
	int rc;

	begin(FUSE_CREATE, ROOT);
	ADD((struct fuse_create_in){ .flags = flags, .mode = S_IFREG | mode });
	add_name(name);
	rc = ask();
	if (!rc)
		*fh = ((struct fuse_open_out *)(reply.data +
						sizeof(struct fuse_entry_out)))
			      ->fh;
	return rc;
}

static int write_at(uint64_t fh, uint64_t off, const char *data, uint32_t flags)
{
	begin(FUSE_WRITE, ROOT);
	ADD((struct fuse_write_in){ .fh = fh,
				    .offset = off,
				    .size = (uint32_t)strlen(data),
				    .flags = flags });
	add(data, strlen(data));
	return ask();
}

static int make_folder(uint64_t parent, const char *name, uint32_t mode)
{
	begin(FUSE_MKDIR, parent);
	ADD((struct fuse_mkdir_in){ .mode = mode });
	add_name(name);
	return ask();
}

static int make_node(const char *name, uint32_t mode)
{
	begin(FUSE_MKNOD, ROOT);
	ADD((struct fuse_mknod_in){ .mode = mode, .rdev = 0x103 });
	add_name(name);
	return ask();
}

static int make_link(const char *name, const char *target)
{
	begin(FUSE_SYMLINK, ROOT);
	add_name(name);
	add_name(target);
	return ask();
}

static int hard_link(uint64_t node, const char *name)
{
	begin(FUSE_LINK, ROOT);
	ADD((struct fuse_link_in){ .oldnodeid = node });
	add_name(name);
	return ask();
}

static int remove_name(uint32_t opcode, const char *name)
{
	begin(opcode, ROOT);
	add_name(name);
	return ask();
}

static int rename_name(uint64_t dir, const char *from, uint64_t new_dir,
		       const char *to, uint32_t flags)
{
	begin(FUSE_RENAME2, dir);
	ADD((struct fuse_rename2_in){ .newdir = new_dir, .flags = flags });
	add_name(from);
	add_name(to);
	return ask();
}

static int setattr(uint64_t node, struct fuse_setattr_in in)
{
	begin(FUSE_SETATTR, node);
	ADD(in);
	return ask();
}

static int fallocate_at(uint64_t fh, uint64_t off, uint64_t len, uint32_t mode)
{
	begin(FUSE_FALLOCATE, ROOT);
	ADD((struct fuse_fallocate_in){
		.fh = fh, .offset = off, .length = len, .mode = mode });
	return ask();
}

/* ---- new files */

START_TEST(fs__creates_and_writes)
{
	uint64_t fh, id;

	ck_assert_int_eq(create("new", O_RDWR | O_EXCL, 0640, &fh), 0);
	id = entry()->nodeid;
	ck_assert_uint_eq(entry()->attr_valid, 0);
	ck_assert_uint_eq(entry()->attr_valid_nsec, 500000000);
	ck_assert_int_eq(write_at(fh, 0, "some text", 0), 0);
	ck_assert_uint_eq(((struct fuse_write_out *)reply.data)->size, 9);
	ck_assert_int_eq(write_at(fh, 5, "more", 0), 0);
	expect_file("share/new", "some more");
	ck_assert_int_eq(stat_of("share/new"), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(node_of("new"), id);
	ck_assert_int_eq(read_at(FUSE_READ, id, fh, 0, 100), 0);
	ck_assert_mem_eq(reply.data, "some more", 9);
	begin(FUSE_FSYNC, id);
	ADD((struct fuse_fsync_in){ .fh = fh });
	ck_assert_int_eq(ask(), 0);
	ck_assert_int_eq(create("new", O_RDWR | O_EXCL, 0640, &fh), -EEXIST);
	/* What is there is opened. */
	ck_assert_int_eq(create("new", O_RDWR, 0600, &fh), 0);
	ck_assert_int_eq(read_at(FUSE_READ, id, fh, 0, 100), 0);
	ck_assert_uint_eq(reply_len(), 9);
	ck_assert_int_eq(create("new", O_RDWR | O_TRUNC, 0600, &fh), 0);
	expect_file("share/new", "");
}
END_TEST

START_TEST(fs__appends)
{
	uint64_t fh;

	ck_assert_int_eq(
		open_node(FUSE_OPEN, node_of("file"), O_WRONLY | O_APPEND, &fh),
		0);
	ck_assert_int_eq(write_at(fh, 0, ", end", O_APPEND), 0);
	expect_file("share/file", "hello, guest, end");
	/* After fcntl(F_SETFL) the file is as any other. */
	ck_assert_int_eq(write_at(fh, 0, "H", 0), 0);
	expect_file("share/file", "Hello, guest, end");
}
END_TEST

START_TEST(fs__makes_what_it_is_asked_for)
{
	ck_assert_int_eq(make_folder(ROOT, "d", 0755), 0);
	ck_assert_int_eq(make_folder(entry()->nodeid, "dd", 01777), 0);
	ck_assert_int_eq(make_folder(ROOT, "d", 0755), -EEXIST);
	ck_assert_int_eq(stat_of("share/d/dd"), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 01777);
	ck_assert_int_eq(make_node("pipe", S_IFIFO | 0666), 0);
	ck_assert_int_eq(stat_of("share/pipe"), 0);
	ck_assert_uint_eq(st.st_mode, S_IFIFO | 0666);
	ck_assert_int_eq(make_node("sock", S_IFSOCK | 0600), 0);
	ck_assert_int_eq(make_node("empty", S_IFREG | 0604), 0);
	ck_assert_int_eq(stat_of("share/empty"), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0604);
	ck_assert_int_eq(make_link("sym", "/etc/../x"), 0);
	ck_assert_uint_eq(entry()->attr.size, 9);
	ck_assert_int_eq(hard_link(node_of("file"), "hard"), 0);
	ck_assert_uint_eq(entry()->nodeid, node_of("file"));
	ck_assert_uint_eq(entry()->attr.nlink, 3);
	/* A link to a link, not to what it points to. */
	ck_assert_int_eq(hard_link(node_of("up"), "up2"), 0);
	ck_assert_int_eq(stat_of("share/up2"), 0);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

static const uint32_t no_files[] = {
	S_IFCHR | 0666, S_IFBLK | 0666, S_IFDIR | 0777, S_IFLNK | 0777,
	0666,		0xf000,		0xffffffff,
};

START_TEST(fs__makes_no_devices)
{
	ck_assert_int_eq(make_node("dev", no_files[_i]), -EPERM);
	ck_assert_int_eq(stat_of("share/dev"), -ENOENT);
}
END_TEST

/* Root may give files away; for others, a new file is their own. */
START_TEST(fs__gives_files_away)
{
	struct fuse_in_header *h = (void *)request;
	uint64_t d;

	if (getuid())
		UNIT_SKIP("not root");
	begin(FUSE_CREATE, ROOT);
	h->uid = 1234;
	h->gid = 5678;
	ADD((struct fuse_create_in){ .flags = O_RDWR, .mode = 04755 });
	add_name("theirs");
	ck_assert_int_eq(ask(), 0);
	ck_assert_uint_eq(entry()->attr.uid, 1234);
	ck_assert_int_eq(stat_of("share/theirs"), 0);
	ck_assert_uint_eq(st.st_uid, 1234);
	ck_assert_uint_eq(st.st_gid, 5678);
	ck_assert_uint_eq(st.st_mode & 07777, 04755);
	/* A group that a folder hands on. */
	ck_assert_int_eq(make_folder(ROOT, "group", 0755), 0);
	d = entry()->nodeid;
	ck_assert_int_eq(chown("share/group", 0, 99), 0);
	ck_assert_int_eq(chmod("share/group", 02755), 0);
	begin(FUSE_MKDIR, d);
	h->uid = 1234;
	h->gid = 5678;
	ADD((struct fuse_mkdir_in){ .mode = 0700 });
	add_name("inner");
	ck_assert_int_eq(ask(), 0);
	ck_assert_int_eq(stat_of("share/group/inner"), 0);
	ck_assert_uint_eq(st.st_uid, 1234);
	ck_assert_uint_eq(st.st_gid, 99);
	ck_assert_uint_eq(st.st_mode & 07777, 02700);
}
END_TEST

/* As a user who may give nothing away: ids are his own. */
START_TEST(fs__works_for_other_users)
{
	pid_t child;
	int status;

	if (getuid())
		UNIT_SKIP("not root");
	ck_assert_int_eq(chown("share", 4321, 4321), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
	child = fork();
	if (!child) {
		struct fuse_in_header *h = (void *)request;
		uint64_t fh;

		/* Without core dumps, as a confined launcher is. */
		if (setgid(4321) || setuid(4321) || prctl(PR_SET_DUMPABLE, 0))
			_exit(1);
		/* A process's own descriptors. */
		folder.proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY);
		folder.uid = 4321;
		folder.gives_away = false;
		begin(FUSE_CREATE, ROOT);
		h->uid = h->gid = 0;
		ADD((struct fuse_create_in){ .flags = O_RDWR, .mode = 0644 });
		add_name("mine");
		if (ask() || entry()->attr.uid != 4321)
			_exit(2);
		if (setattr(entry()->nodeid,
			    (struct fuse_setattr_in){ .valid = FATTR_UID,
						      .uid = 0 }) != -EPERM)
			_exit(3);
		if (open_node(FUSE_OPEN, node_of("file"), O_RDWR, &fh) !=
		    -EACCES)
			_exit(4);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(fs__keeps_modes_whatever_the_umask)
{
	uint64_t fh;

	ck_assert_int_eq(create("f", O_RDWR, 0666, &fh), 0);
	ck_assert_uint_eq(entry()->attr.mode & 07777, 0666);
	ck_assert_int_eq(make_folder(ROOT, "d", 0777), 0);
	ck_assert_uint_eq(entry()->attr.mode & 07777, 0777);
	ck_assert_int_eq(make_node("p", S_IFIFO | 0622), 0);
	ck_assert_uint_eq(entry()->attr.mode & 07777, 0622);
}
END_TEST

START_TEST(fs__makes_files_without_names)
{
	uint64_t fh, id;

	begin(FUSE_TMPFILE, ROOT);
	ADD((struct fuse_create_in){ .flags = O_RDWR, .mode = 0600 });
	add_name("");
	if (ask() == -EOPNOTSUPP)
		UNIT_SKIP("this file system has no O_TMPFILE");
	ck_assert_int_eq(reply.header.error, 0);
	id = entry()->nodeid;
	ck_assert_uint_eq(entry()->attr.nlink, 0);
	fh = ((struct fuse_open_out *)(reply.data +
				       sizeof(struct fuse_entry_out)))
		     ->fh;
	ck_assert_int_eq(write_at(fh, 0, "named later", 0), 0);
	ck_assert_int_eq(hard_link(id, "named"), 0);
	ck_assert_uint_eq(entry()->nodeid, id);
	expect_file("share/named", "named later");
}
END_TEST

/* ---- names */

START_TEST(fs__removes)
{
	uint64_t node = node_of("file"), fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	ck_assert_int_eq(remove_name(FUSE_UNLINK, "file"), 0);
	ck_assert_int_eq(remove_name(FUSE_UNLINK, "file"), -ENOENT);
	/* Open files live on. */
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, 5), 0);
	ck_assert_int_eq(getattr(node), 0);
	ck_assert_int_eq(remove_name(FUSE_RMDIR, "folder"), -ENOTEMPTY);
	ck_assert_int_eq(remove_name(FUSE_UNLINK, "folder"), -EISDIR);
	ck_assert_int_eq(remove_name(FUSE_RMDIR, "link"), -ENOTDIR);
	ck_assert_int_eq(remove_name(FUSE_UNLINK, "up"), 0);
}
END_TEST

START_TEST(fs__renames)
{
	uint64_t dir = node_of("folder"), node = node_of("file");

	ck_assert_int_eq(rename_name(ROOT, "file", dir, "moved", 0), 0);
	expect_file("share/folder/moved", "hello, guest");
	ck_assert_uint_eq(node_of("folder/moved"), node);
	ck_assert_int_eq(
		rename_name(dir, "moved", dir, "inner", RENAME_NOREPLACE),
		-EEXIST);
	ck_assert_int_eq(
		rename_name(dir, "moved", dir, "inner", RENAME_EXCHANGE), 0);
	expect_file("share/folder/inner", "hello, guest");
	expect_file("share/folder/moved", "inner");
	ck_assert_int_eq(rename_name(dir, "inner", ROOT, "x", 8), -EINVAL);
	ck_assert_int_eq(rename_name(ROOT, "folder", dir, "x", 0), -EINVAL);
	ck_assert_int_eq(rename_name(dir, "inner", dir, "moved", 0), 0);
	expect_file("share/folder/moved", "hello, guest");
	begin(FUSE_RENAME, dir);
	ADD((struct fuse_rename_in){ .newdir = ROOT });
	add_name("moved");
	add_name("file");
	ck_assert_int_eq(ask(), 0);
	expect_file("share/file", "hello, guest");
}
END_TEST

/* ---- attributes */

START_TEST(fs__sets_attributes)
{
	uint64_t node = node_of("file");

	ck_assert_int_eq(
		setattr(node, (struct fuse_setattr_in){ .valid = FATTR_MODE,
							.mode = 0100751 }),
		0);
	ck_assert_uint_eq(attr()->mode, S_IFREG | 0751);
	ck_assert_int_eq(
		setattr(node, (struct fuse_setattr_in){ .valid = FATTR_SIZE,
							.size = 5 }),
		0);
	expect_file("share/file", "hello");
	ck_assert_int_eq(
		setattr(node, (struct fuse_setattr_in){ .valid = FATTR_SIZE,
							.size = UINT64_MAX }),
		-EFBIG);
	ck_assert_int_eq(
		setattr(node, (struct fuse_setattr_in){ .valid = FATTR_ATIME |
								 FATTR_MTIME,
							.atime = 1000,
							.mtime = 2000,
							.mtimensec = 7 }),
		0);
	ck_assert_int_eq(stat_of("share/file"), 0);
	ck_assert_int_eq(st.st_atime, 1000);
	ck_assert_int_eq(st.st_mtime, 2000);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 7);
	ck_assert_int_eq(
		setattr(node,
			(struct fuse_setattr_in){ .valid = FATTR_MTIME |
							   FATTR_MTIME_NOW }),
		0);
	ck_assert_int_eq(stat_of("share/file"), 0);
	ck_assert_int_eq(st.st_atime, 1000);
	ck_assert_int_gt(st.st_mtime, 2000);
	/* Times of a link are its own. */
	ck_assert_int_eq(setattr(node_of("link"),
				 (struct fuse_setattr_in){ .valid = FATTR_MTIME,
							   .mtime = 3000 }),
			 0);
	ck_assert_int_eq(stat_of("share/link"), 0);
	ck_assert_int_eq(st.st_mtime, 3000);
	ck_assert_int_eq(stat_of("share/file"), 0);
	ck_assert_int_ne(st.st_mtime, 3000);
}
END_TEST

START_TEST(fs__sets_no_size_of_what_is_no_file)
{
	const struct fuse_setattr_in in = { .valid = FATTR_SIZE };

	ck_assert_int_eq(setattr(node_of("folder"), in), -EISDIR);
	ck_assert_int_eq(setattr(node_of("up"), in), -ELOOP);
	ck_assert_int_eq(setattr(node_of("fifo"), in), -ENXIO);
	ck_assert_int_eq(
		setattr(node_of("file"),
			(struct fuse_setattr_in){
				.valid = FATTR_SIZE | FATTR_FH, .fh = 77 }),
		-EBADF);
}
END_TEST

/* Not even for root, who keeps these bits otherwise. */
START_TEST(fs__kills_privileges)
{
	uint64_t node = node_of("file"), fh;

	ck_assert_int_eq(chmod("share/file", 06755), 0);
	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_WRONLY, &fh), 0);
	begin(FUSE_WRITE, node);
	ADD((struct fuse_write_in){
		.fh = fh, .size = 1, .write_flags = FUSE_WRITE_KILL_SUIDGID });
	add("x", 1);
	ck_assert_int_eq(ask(), 0);
	ck_assert_int_eq(stat_of("share/file"), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(chmod("share/file", 06745), 0);
	ck_assert_int_eq(
		setattr(node,
			(struct fuse_setattr_in){
				.valid = FATTR_SIZE | FATTR_KILL_SUIDGID }),
		0);
	ck_assert_uint_eq(attr()->mode & 07777, 02745);
}
END_TEST

static int setxattr_of(uint64_t node, const char *name, const char *value,
		       uint32_t size)
{
	const uint32_t in[] = { size, 0 };

	begin(FUSE_SETXATTR, node);
	add(in, sizeof(in));
	add_name(name);
	add(value, strlen(value));
	return ask();
}

START_TEST(fs__sets_extended_attributes)
{
	uint64_t node = node_of("file");
	char got[8];

	if (setxattr("share/file", "user.a", "b", 1, 0))
		UNIT_SKIP("this file system has no extended attributes");
	ck_assert_int_eq(setxattr_of(node, "user.colour", "blue", 4), 0);
	ck_assert_int_eq(getxattr("share/file", "user.colour", got, 8), 4);
	ck_assert_int_eq(setxattr_of(node, "user.colour", "blue", 5), -EINVAL);
	ck_assert_int_eq(setxattr_of(node, "trusted.overlay.opaque", "y", 1),
			 -EOPNOTSUPP);
	ck_assert_int_eq(setxattr_of(node, "system.posix_acl_access", "y", 1),
			 -EOPNOTSUPP);
	begin(FUSE_REMOVEXATTR, node);
	add_name("user.colour");
	ck_assert_int_eq(ask(), 0);
	ck_assert_int_eq(ask(), -ENODATA);
}
END_TEST

/* ---- data */

START_TEST(fs__allocates)
{
	uint64_t fh;

	ck_assert_int_eq(create("space", O_RDWR, 0600, &fh), 0);
	if (fallocate_at(fh, 0, 8192, 0) == -EOPNOTSUPP)
		UNIT_SKIP("this file system cannot allocate");
	ck_assert_int_eq(stat_of("share/space"), 0);
	ck_assert_int_eq(st.st_size, 8192);
	ck_assert_int_eq(
		fallocate_at(fh, 0, 4096,
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE),
		0);
	ck_assert_int_eq(fallocate_at(fh, 0, 4096, FALLOC_FL_COLLAPSE_RANGE),
			 -EOPNOTSUPP);
	ck_assert_int_eq(fallocate_at(fh, UINT64_MAX, 1, 0), -EINVAL);
	ck_assert_int_eq(fallocate_at(fh, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(fallocate_at(99, 0, 1, 0), -EBADF);
}
END_TEST

START_TEST(fs__copies)
{
	uint64_t from, to;
	int rc;

	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_RDONLY, &from),
			 0);
	ck_assert_int_eq(create("copy", O_RDWR, 0600, &to), 0);
	begin(FUSE_COPY_FILE_RANGE, ROOT);
	ADD((struct fuse_copy_file_range_in){
		.fh_in = from, .off_in = 7, .fh_out = to, .len = UINT64_MAX });
	rc = ask();
	if (rc == -EXDEV || rc == -EOPNOTSUPP)
		UNIT_SKIP("this host cannot copy_file_range()");
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(((struct fuse_write_out *)reply.data)->size, 5);
	expect_file("share/copy", "guest");
	begin(FUSE_COPY_FILE_RANGE, ROOT);
	ADD((struct fuse_copy_file_range_in){
		.fh_in = from, .fh_out = 12345, .len = 1 });
	ck_assert_int_eq(ask(), -EBADF);
}
END_TEST

START_TEST(fs__refuses_wrong_writes)
{
	uint64_t fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_RDONLY, &fh),
			 0);
	ck_assert_int_eq(write_at(fh, 0, "x", 0), -EBADF);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_RDWR, &fh), 0);
	ck_assert_int_eq(write_at(fh, UINT64_MAX, "x", 0), -EINVAL);
	begin(FUSE_WRITE, ROOT);
	ADD((struct fuse_write_in){ .fh = fh, .size = 100 });
	add("short", 5);
	ck_assert_int_eq(ask(), -EINVAL);
	expect_file("share/file", "hello, guest");
	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, O_RDWR, &fh), 0);
	ck_assert_int_eq(write_at(fh, 0, "x", 0), -EBADF);
}
END_TEST

/* ---- hostile guests */

START_TEST(fs__refuses_names_of_new_files)
{
	const char *name = bad_names[_i];
	uint64_t fh;

	ck_assert_int_eq(create(name, O_RDWR, 0600, &fh), -EINVAL);
	ck_assert_int_eq(make_folder(ROOT, name, 0700), -EINVAL);
	ck_assert_int_eq(make_node(name, S_IFREG), -EINVAL);
	ck_assert_int_eq(make_link(name, "x"), -EINVAL);
	ck_assert_int_eq(hard_link(node_of("file"), name), -EINVAL);
	ck_assert_int_eq(remove_name(FUSE_UNLINK, name), -EINVAL);
	ck_assert_int_eq(remove_name(FUSE_RMDIR, name), -EINVAL);
	ck_assert_int_eq(rename_name(ROOT, name, ROOT, "x", 0), -EINVAL);
	ck_assert_int_eq(rename_name(ROOT, "file", ROOT, name, 0), -EINVAL);
	ck_assert_int_eq(stat_of("share/x"), -ENOENT);
	ck_assert_int_eq(stat_of("x"), -ENOENT);
	expect_file("share/file", "hello, guest");
}
END_TEST

/* What is in the place of a new file is never followed. */
START_TEST(fs__creates_through_no_link)
{
	uint64_t fh;

	ck_assert_int_eq(create("up", O_RDWR | O_TRUNC, 0600, &fh), -ELOOP);
	ck_assert_int_eq(create("fifo", O_RDWR, 0600, &fh), -ENXIO);
	ck_assert_int_eq(create("folder", O_RDWR, 0600, &fh), -EISDIR);
	ck_assert_int_eq(symlink("../made", "share/dangling"), 0);
	ck_assert_int_eq(create("dangling", O_RDWR, 0600, &fh), -ELOOP);
	ck_assert_int_eq(stat_of("made"), -ENOENT);
	ck_assert_int_eq(make_folder(node_of("up"), "x", 0700), -ENOTDIR);
	expect_file("secret", "secret");
	/* The node of a lookup that came to nothing is gone again. */
	forget(node_of("up"), 2);
	ck_assert_uint_eq(server.handles.ids.used, 0);
}
END_TEST

START_TEST(fs__refuses_forged_numbers)
{
	uint64_t id = forged[_i];

	ck_assert_int_eq(hard_link(id, "x"), -ESTALE);
	ck_assert_int_eq(rename_name(ROOT, "file", id, "x", 0), -ESTALE);
	ck_assert_int_eq(setattr(id, (struct fuse_setattr_in){ .valid = 0 }),
			 -ESTALE);
	ck_assert_int_eq(make_folder(id, "x", 0700), -ESTALE);
	ck_assert_int_eq(write_at(id, 0, "x", 0), -EBADF);
	ck_assert_int_eq(fallocate_at(id, 0, 1, 0), -EBADF);
	expect_file("share/file", "hello, guest");
}
END_TEST

/* A handle's number is worth nothing once it is released. */
START_TEST(fs__refuses_handles_after_release)
{
	uint64_t node = node_of("file"), fh, other;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDWR, &fh), 0);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), 0);
	/* The next handle has its place, but not its number. */
	ck_assert_int_eq(
		open_node(FUSE_OPEN, node_of("folder/inner"), O_RDWR, &other),
		0);
	ck_assert_uint_eq((uint32_t)fh, (uint32_t)other);
	ck_assert_int_eq(write_at(fh, 0, "x", 0), -EBADF);
	ck_assert_int_eq(fallocate_at(fh, 0, 1, 0), -EBADF);
	ck_assert_int_eq(
		setattr(node,
			(struct fuse_setattr_in){
				.valid = FATTR_SIZE | FATTR_FH, .fh = fh }),
		-EBADF);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), -EBADF);
	begin(FUSE_COPY_FILE_RANGE, ROOT);
	ADD((struct fuse_copy_file_range_in){
		.fh_in = other, .fh_out = fh, .len = 1 });
	ck_assert_int_eq(ask(), -EBADF);
	expect_file("share/file", "hello, guest");
	expect_file("share/folder/inner", "inner");
}
END_TEST

START_TEST(fs__survives_every_operation)
{
	send_junk((unsigned)_i);
}
END_TEST

/* Edits on the host: another size, another file in the same place. */
START_TEST(fs__sees_edits_of_the_host)
{
	uint64_t node = node_of("file");

	make("share/file", "longer than before", 18);
	ck_assert_int_eq(getattr(node), 0);
	ck_assert_uint_eq(attr()->size, 18);
	ck_assert_uint_eq(((struct fuse_attr_out *)reply.data)->attr_valid, 0);
	ck_assert_int_eq(unlink("share/file"), 0);
	make("share/file", "another", 7);
	ck_assert_uint_ne(node_of("file"), node);
	ck_assert_uint_eq(entry()->attr.size, 7);
	ck_assert_int_eq(lookup(ROOT, "later"), 0);
	ck_assert_uint_eq(entry()->entry_valid, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("fs_write");
	TCase *t = tcase_create("share");
	TCase *masked = tcase_create("umask");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, fs__creates_and_writes);
	tcase_add_test(t, fs__appends);
	tcase_add_test(t, fs__makes_what_it_is_asked_for);
	tcase_add_loop_test(t, fs__makes_no_devices, 0, COUNT(no_files));
	tcase_add_test(t, fs__gives_files_away);
	tcase_add_test(t, fs__works_for_other_users);
	tcase_add_test(t, fs__makes_files_without_names);
	tcase_add_test(t, fs__removes);
	tcase_add_test(t, fs__renames);
	tcase_add_test(t, fs__sets_attributes);
	tcase_add_test(t, fs__sets_no_size_of_what_is_no_file);
	tcase_add_test(t, fs__kills_privileges);
	tcase_add_test(t, fs__sets_extended_attributes);
	tcase_add_test(t, fs__allocates);
	tcase_add_test(t, fs__copies);
	tcase_add_test(t, fs__refuses_wrong_writes);
	tcase_add_loop_test(t, fs__refuses_names_of_new_files, 0,
			    COUNT(bad_names));
	tcase_add_test(t, fs__creates_through_no_link);
	tcase_add_loop_test(t, fs__refuses_forged_numbers, 0, COUNT(forged));
	tcase_add_test(t, fs__refuses_handles_after_release);
	tcase_add_loop_test(t, fs__survives_every_operation, 0, JUNK_ROWS);
	tcase_add_test(t, fs__sees_edits_of_the_host);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(masked, setup_masked, teardown);
	tcase_add_test(masked, fs__keeps_modes_whatever_the_umask);
	suite_add_tcase(s, masked);
	return s;
}
