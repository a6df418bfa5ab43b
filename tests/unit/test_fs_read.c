/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A read-only share: what a guest finds in it, and what a hostile guest gets.
 */
#include "unit/fs_client.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/xattr.h>

static void setup(void)
{
	start_server(false, 0);
}

/* Few descriptors, so that they must be used again. */
static void setup_few(void)
{
	start_server(false, 40);
}

static void teardown(void)
{
	stop_server();
}

/* ---- sessions */

START_TEST(fs__negotiates)
{
	const struct fuse_init_out *out = (void *)reply.data;

	/* The fixture has sent every flag. */
	ck_assert_uint_eq(out->major, 7);
	ck_assert_uint_ge(out->minor, 31);
	ck_assert_uint_eq(out->max_write, FS_DATA_MAX);
	ck_assert_uint_eq(out->max_pages, FS_PAGES_MAX);
	ck_assert(out->flags & FUSE_DO_READDIRPLUS);
	ck_assert(out->flags & FUSE_MAX_PAGES);
	ck_assert(!(out->flags & FUSE_POSIX_ACL));
	ck_assert(!(out->flags & FUSE_SUBMOUNTS));
	ck_assert(!(out->flags & (FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS)));
	ck_assert_uint_eq(out->flags2, 0);
	/* Nothing that the kernel does not have. */
	ck_assert_int_eq(init(31, FUSE_MAX_PAGES), 0);
	ck_assert_uint_eq(out->flags, FUSE_MAX_PAGES);
}
END_TEST

static const struct {
	uint32_t major, minor;
	int want;
} versions[] = {
	{ 7, 31, 0 },	    { 7, 45, 0 },      { 8, 0, 0 },
	{ 7, 30, -EPROTO }, { 7, 0, -EPROTO }, { 6, 99, -EPROTO },
	{ 0, 0, -EPROTO },
};

START_TEST(fs__versions)
{
	begin(FUSE_INIT, 0);
	ADD((struct fuse_init_in){ .major = versions[_i].major,
				   .minor = versions[_i].minor });
	ck_assert_int_eq(ask(), versions[_i].want);
	if (!versions[_i].want)
		ck_assert_uint_eq(*(uint32_t *)reply.data, 7);
	/* A kernel that speaks 8 must first ask again. */
	ck_assert_int_eq(getattr(ROOT),
			 versions[_i].want || versions[_i].major > 7 ? -EIO
								     : 0);
}
END_TEST

START_TEST(fs__forgets_all_at_a_new_mount)
{
	uint64_t node = node_of("file"), fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	ck_assert_int_eq(init(38, 0), 0);
	ck_assert_int_eq(getattr(node), -ESTALE);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, 10), -EBADF);
	begin(FUSE_DESTROY, 0);
	ck_assert_int_eq(ask(), 0);
	ck_assert_int_eq(getattr(ROOT), -EIO);
}
END_TEST

/* ---- reading */

START_TEST(fs__looks_up)
{
	struct stat st;

	ck_assert_int_eq(lookup(ROOT, "file"), 0);
	ck_assert_int_eq(stat("share/file", &st), 0);
	ck_assert_uint_eq(entry()->attr.ino, st.st_ino);
	ck_assert_uint_eq(entry()->attr.size, 12);
	ck_assert_uint_eq(entry()->attr.mode, st.st_mode);
	ck_assert_uint_eq(entry()->attr.nlink, 2);
	ck_assert_uint_eq(entry()->attr.uid, getuid());
	ck_assert_uint_eq(entry()->entry_valid, 24 * 3600);
	/* A hard link is the same file. */
	ck_assert_uint_eq(node_of("folder/same"), node_of("file"));
	/* What is not there may be remembered, too. */
	ck_assert_int_eq(lookup(ROOT, "nothing"), 0);
	ck_assert_uint_eq(entry()->nodeid, 0);
	ck_assert_uint_eq(entry()->entry_valid, 24 * 3600);
}
END_TEST

START_TEST(fs__reads)
{
	uint64_t node = node_of("file"), fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, 4096), 0);
	ck_assert_uint_eq(reply_len(), 12);
	ck_assert_mem_eq(reply.data, "hello, guest", 12);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 7, 3), 0);
	ck_assert_uint_eq(reply_len(), 3);
	ck_assert_mem_eq(reply.data, "gue", 3);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 12, 4096), 0);
	ck_assert_uint_eq(reply_len(), 0);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 1ll << 40, 1), 0);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, UINT64_MAX, 1), -EINVAL);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, UINT32_MAX), -EINVAL);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), 0);
}
END_TEST

START_TEST(fs__reads_large_files)
{
	static uint8_t data[300000];
	uint64_t node, fh;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 251);
	make("share/large", data, sizeof(data));
	node = node_of("large");
	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	for (size_t at = 0; at < sizeof(data); at += 60000) {
		ck_assert_int_eq(read_at(FUSE_READ, node, fh, at, 60000), 0);
		ck_assert_uint_eq(reply_len(), 60000);
		ck_assert_mem_eq(reply.data, data + at, 60000);
	}
}
END_TEST

START_TEST(fs__reads_links)
{
	begin(FUSE_READLINK, node_of("up"));
	((struct fuse_in_header *)request)->opcode = FUSE_READLINK;
	ck_assert_int_eq(ask(), 0);
	ck_assert_uint_eq(reply_len(), 9);
	ck_assert_mem_eq(reply.data, "../secret", 9);
	begin(FUSE_READLINK, node_of("file"));
	ck_assert_int_eq(ask(), -EINVAL);
}
END_TEST

/* The entries from @off on in a reply of @size bytes; the last position. */
static uint64_t list(uint32_t opcode, uint64_t fh, uint64_t off, uint32_t size,
		     char *names)
{
	size_t skip = opcode == FUSE_READDIRPLUS ? sizeof(struct fuse_entry_out)
						 : 0;

	ck_assert_int_eq(read_at(opcode, ROOT, fh, off, size), 0);
	ck_assert_uint_le(reply_len(), size);
	for (size_t at = 0; at < reply_len();) {
		const struct fuse_dirent *d = (void *)(reply.data + at + skip);

		strncat(names, d->name, d->namelen);
		strcat(names, " ");
		off = d->off;
		at += skip + FUSE_DIRENT_SIZE(d);
	}
	return off;
}

static const char *const every_name[] = { ".",	  "..", "file", "folder",
					  "fifo", "up", "link" };

START_TEST(fs__lists)
{
	uint32_t opcode = _i % 2 ? FUSE_READDIRPLUS : FUSE_READDIR;
	uint32_t size = _i < 2 ? 4096 : 200;
	char names[4096] = " ";
	uint64_t fh, off = 0, next;

	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, 0, &fh), 0);
	while ((next = list(opcode, fh, off, size, names)) != off)
		off = next;
	for (size_t i = 0; i < COUNT(every_name); i++) {
		char name[32];

		snprintf(name, sizeof(name), " %s ", every_name[i]);
		ck_assert_msg(strstr(names, name), "%s is not in %s", name,
			      names);
	}
	/* From the start again. */
	names[1] = '\0';
	list(opcode, fh, 0, 4096, names);
	ck_assert(strstr(names, " folder "));
	ck_assert_int_eq(release(FUSE_RELEASEDIR, fh), 0);
}
END_TEST

/* Files in a listing with attributes count as looked up; "." and ".." do
 * not. */
START_TEST(fs__lists_with_attributes)
{
	uint64_t fh, file = node_of("file");
	bool seen = false;

	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, 0, &fh), 0);
	ck_assert_int_eq(read_at(FUSE_READDIRPLUS, ROOT, fh, 0, 8192), 0);
	for (size_t at = 0; at < reply_len();) {
		const struct fuse_direntplus *d = (void *)(reply.data + at);

		if (d->dirent.name[0] == '.')
			ck_assert_uint_eq(d->entry_out.nodeid, 0);
		else
			ck_assert_uint_ne(d->entry_out.nodeid, 0);
		ck_assert_uint_ne(d->dirent.type, DT_UNKNOWN);
		if (d->entry_out.nodeid == file)
			seen = true;
		at += FUSE_DIRENTPLUS_SIZE(d);
	}
	ck_assert(seen);
	forget(file, 1);
	ck_assert_int_eq(getattr(file), 0);
	forget(file, 1);
	ck_assert_int_eq(getattr(file), -ESTALE);
}
END_TEST

START_TEST(fs__seeks_data_and_holes)
{
	int fd = open("share/holes", O_RDWR | O_CREAT, 0644);
	uint64_t node, fh;

	ck_assert_int_eq(pwrite(fd, "x", 1, 1 << 20), 1);
	close(fd);
	node = node_of("holes");
	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	begin(FUSE_LSEEK, node);
	ADD((struct fuse_lseek_in){ .fh = fh, .whence = SEEK_HOLE });
	ck_assert_int_eq(ask(), 0);
	begin(FUSE_LSEEK, node);
	ADD((struct fuse_lseek_in){ .fh = fh, .whence = SEEK_SET });
	ck_assert_int_eq(ask(), -EINVAL);
}
END_TEST

START_TEST(fs__statfs_and_access)
{
	begin(FUSE_STATFS, ROOT);
	ck_assert_int_eq(ask(), 0);
	ck_assert_uint_gt(((struct fuse_statfs_out *)reply.data)->st.bsize, 0);
	begin(FUSE_ACCESS, ROOT);
	ADD((struct fuse_access_in){ .mask = R_OK });
	ck_assert_int_eq(ask(), 0);
}
END_TEST

static int getxattr_of(uint64_t node, const char *name, uint32_t size)
{
	begin(FUSE_GETXATTR, node);
	ADD((struct fuse_getxattr_in){ .size = size });
	add_name(name);
	return ask();
}

START_TEST(fs__extended_attributes)
{
	uint64_t node = node_of("file"), link = node_of("link");

	if (setxattr("share/file", "user.colour", "green", 5, 0))
		UNIT_SKIP("this file system has no extended attributes");
	ck_assert_int_eq(getxattr_of(node, "user.colour", 0), 0);
	ck_assert_uint_eq(*(uint32_t *)reply.data, 5);
	ck_assert_int_eq(getxattr_of(node, "user.colour", 100), 0);
	ck_assert_uint_eq(reply_len(), 5);
	ck_assert_mem_eq(reply.data, "green", 5);
	ck_assert_int_eq(getxattr_of(node, "user.colour", 4), -ERANGE);
	ck_assert_int_eq(getxattr_of(node, "user.none", 4), -ENODATA);
	/* A link has its own, not those of its target. */
	ck_assert_int_ne(getxattr_of(link, "user.colour", 100), 0);
	/* What overlayfs in the guest would obey, and ACLs. */
	setxattr("share/file", "trusted.overlay.opaque", "y", 1, 0);
	ck_assert_int_eq(getxattr_of(node, "trusted.overlay.opaque", 9),
			 -EOPNOTSUPP);
	ck_assert_int_eq(getxattr_of(node, "system.posix_acl_access", 99),
			 -EOPNOTSUPP);
	begin(FUSE_LISTXATTR, node);
	ADD((struct fuse_getxattr_in){ .size = 1000 });
	ck_assert_int_eq(ask(), 0);
	ck_assert_uint_eq(reply_len(), 12);
	ck_assert_mem_eq(reply.data, "user.colour", 12);
}
END_TEST

/* ---- hostile guests */

START_TEST(fs__refuses_names)
{
	ck_assert_int_eq(lookup(ROOT, bad_names[_i]), -EINVAL);
	ck_assert_uint_eq(server.counts[FS_REFUSED], 1);
}
END_TEST

START_TEST(fs__refuses_names_without_an_end)
{
	char name[300];

	begin(FUSE_LOOKUP, ROOT);
	add("file", 4);
	ck_assert_int_eq(ask(), -EINVAL);
	begin(FUSE_LOOKUP, ROOT);
	ck_assert_int_eq(ask(), -EINVAL);
	/* A NUL inside ends the name; what is behind it is another. */
	begin(FUSE_LOOKUP, ROOT);
	add("file\0/../x", 11);
	ck_assert_int_eq(ask(), 0);
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	ck_assert_int_eq(lookup(ROOT, name), -ENAMETOOLONG);
	name[255] = '\0';
	ck_assert_int_eq(lookup(ROOT, name), 0);
	ck_assert_uint_eq(entry()->nodeid, 0);
}
END_TEST

START_TEST(fs__follows_no_link)
{
	uint64_t up = node_of("up"), fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, up, O_RDONLY, &fh), -ELOOP);
	ck_assert_int_eq(open_node(FUSE_OPENDIR, up, 0, &fh), -ENOTDIR);
	ck_assert_int_eq(lookup(up, "x"), -ENOTDIR);
	ck_assert_int_eq(lookup(node_of("file"), "x"), -ENOTDIR);
}
END_TEST

START_TEST(fs__opens_no_devices_and_no_fifos)
{
	uint64_t fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("fifo"), O_RDONLY, &fh),
			 -ENXIO);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("folder"), O_RDONLY, &fh),
			 -EISDIR);
	if (mknod("share/null", S_IFCHR | 0666, 0x103))
		UNIT_SKIP("this user cannot make device nodes");
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("null"), O_RDONLY, &fh),
			 -ENXIO);
	ck_assert_uint_eq(entry()->attr.rdev, 0x103);
}
END_TEST

/* A folder becomes a link to what is outside, between two requests. */
START_TEST(fs__survives_races_of_links)
{
	uint64_t node = node_of("folder");

	ck_assert_int_eq(rename("share/folder", "share/moved"), 0);
	ck_assert_int_eq(symlink("..", "share/folder"), 0);
	/* The number still is the folder that it was. */
	ck_assert_int_eq(lookup(node, "inner"), 0);
	ck_assert_uint_ne(entry()->nodeid, 0);
	ck_assert_int_eq(lookup(node, "secret"), 0);
	ck_assert_uint_eq(entry()->nodeid, 0);
	ck_assert_int_eq(lookup(ROOT, "folder"), 0);
	ck_assert(S_ISLNK(entry()->attr.mode));
	ck_assert_int_eq(lookup(entry()->nodeid, "secret"), -ENOTDIR);
}
END_TEST

START_TEST(fs__refuses_forged_numbers)
{
	uint64_t id = forged[_i], fh;

	ck_assert_int_eq(getattr(id), -ESTALE);
	ck_assert_int_eq(lookup(id, "file"), -ESTALE);
	ck_assert_int_eq(open_node(FUSE_OPEN, id, O_RDONLY, &fh), -ESTALE);
	ck_assert_int_eq(read_at(FUSE_READ, ROOT, id, 0, 10), -EBADF);
	ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, id, 0, 1000), -EBADF);
	ck_assert_int_eq(release(FUSE_RELEASE, id), -EBADF);
	forget(id, 1);
	forget(id, UINT64_MAX);
	ck_assert_int_eq(getattr(ROOT), 0);
}
END_TEST

START_TEST(fs__refuses_numbers_after_their_end)
{
	uint64_t node = node_of("file"), other, fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), 0);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, 10), -EBADF);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), -EBADF);
	/* More than was looked up. */
	forget(node, UINT64_MAX);
	ck_assert_int_eq(getattr(node), -ESTALE);
	other = node_of("link");
	ck_assert_uint_ne(other, node);
	ck_assert_int_eq(getattr(node), -ESTALE);
	/* The root cannot be forgotten. */
	forget(ROOT, UINT64_MAX);
	ck_assert_int_eq(getattr(ROOT), 0);
}
END_TEST

START_TEST(fs__keeps_open_files_that_are_forgotten)
{
	uint64_t node = node_of("file"), fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	forget(node, 1);
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, 5), 0);
	ck_assert_mem_eq(reply.data, "hello", 5);
	ck_assert_int_eq(release(FUSE_RELEASE, fh), 0);
	ck_assert_int_eq(getattr(node), -ESTALE);
}
END_TEST

START_TEST(fs__forgets_many_at_once)
{
	uint64_t file = node_of("file"), folder_node = node_of("folder");

	begin(FUSE_BATCH_FORGET, 0);
	ADD((struct fuse_batch_forget_in){ .count = UINT32_MAX });
	ADD((struct fuse_forget_one){ file, 1 });
	ADD((struct fuse_forget_one){ 12345, 1 });
	ADD((struct fuse_forget_one){ folder_node, 1 });
	ask();
	ck_assert_int_eq(getattr(file), -ESTALE);
	ck_assert_int_eq(getattr(folder_node), -ESTALE);
}
END_TEST

/* Any operation, with arguments of any length, with and without a file. */
START_TEST(fs__survives_every_operation)
{
	send_junk((unsigned)_i);
}
END_TEST

static const uint32_t unknown[] = {
	0,	    7,	       19,	   FUSE_GETLK,	      FUSE_SETLKW,
	FUSE_IOCTL, FUSE_POLL, FUSE_BMAP,  FUSE_SETUPMAPPING, FUSE_FLUSH,
	52,	    4096,      UINT32_MAX,
};

START_TEST(fs__refuses_unknown_operations)
{
	begin(unknown[_i], ROOT);
	ck_assert_int_eq(ask(), -ENOSYS);
}
END_TEST

static const uint32_t writers[] = {
	FUSE_SETATTR, FUSE_SYMLINK, FUSE_MKNOD,	    FUSE_MKDIR,
	FUSE_UNLINK,  FUSE_RMDIR,   FUSE_RENAME,    FUSE_RENAME2,
	FUSE_LINK,    FUSE_WRITE,   FUSE_SETXATTR,  FUSE_REMOVEXATTR,
	FUSE_CREATE,  FUSE_TMPFILE, FUSE_FALLOCATE, FUSE_COPY_FILE_RANGE,
};

START_TEST(fs__changes_nothing)
{
	uint64_t fh;

	begin(writers[_i], ROOT);
	ck_assert_int_eq(ask(), -EROFS);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_RDWR, &fh),
			 -EROFS);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_WRONLY, &fh),
			 -EROFS);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), O_TRUNC, &fh),
			 -EROFS);
}
END_TEST

/* ---- broken messages */

START_TEST(fs__broken_lengths)
{
	static const uint32_t lens[] = { 0, 1, 39, 46, UINT32_MAX };
	struct fuse_in_header *h = (void *)request;

	for (size_t i = 0; i < COUNT(lens); i++) {
		begin(FUSE_LOOKUP, ROOT);
		add_name("file");
		h->len = lens[i];
		assert_ok(send_raw(ROOM), &e);
		ck_assert_int_eq(reply.header.error, -EINVAL);
		ck_assert_uint_eq(written, 16);
	}
	/* Larger than any request has. */
	begin(FUSE_LOOKUP, ROOT);
	request_len = FS_ARGS_MAX + 100;
	ck_assert_int_eq(ask(), -E2BIG);
	/* No whole header; no room for a reply, or too little. */
	begin(FUSE_GETATTR, ROOT);
	request_len = 39;
	ck_assert_int_eq(send_raw(ROOM), -EPROTO);
	ck_assert_str_eq(e.msg, "fewer than 40 bytes of request (5.11.6)");
	begin(FUSE_GETATTR, ROOT);
	ck_assert_int_eq(send_raw(15), -EPROTO);
	begin(FUSE_GETATTR, ROOT);
	ADD((struct fuse_getattr_in){ .getattr_flags = 0 });
	h->len = (uint32_t)request_len;
	assert_ok(send_raw(16 + sizeof(struct fuse_attr_out) - 1), &e);
	ck_assert_int_eq(reply.header.error, -EINVAL);
	assert_ok(send_raw(16 + sizeof(struct fuse_attr_out)), &e);
	ck_assert_int_eq(reply.header.error, 0);
}
END_TEST

START_TEST(fs__does_not_lose_lookups_without_room)
{
	struct fuse_in_header *h = (void *)request;

	begin(FUSE_LOOKUP, ROOT);
	add_name("file");
	h->len = (uint32_t)request_len;
	assert_ok(send_raw(16 + sizeof(struct fuse_entry_out) - 1), &e);
	ck_assert_int_eq(reply.header.error, -EINVAL);
	ck_assert_uint_eq(server.nodes.ids.used, 0);
}
END_TEST

START_TEST(fs__positions_in_folders)
{
	static const uint64_t at[] = { 1, 12345, INT64_MAX, UINT64_MAX,
				       UINT64_C(1) << 63 };
	uint64_t fh;

	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, 0, &fh), 0);
	for (size_t i = 0; i < COUNT(at); i++) {
		int rc = read_at(FUSE_READDIR, ROOT, fh, at[i], 4096);

		ck_assert(rc == 0 || rc == -EINVAL);
	}
	ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, fh, 0, 8), -EINVAL);
	ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, fh, 0, UINT32_MAX),
			 -EINVAL);
	/* A handle of the other kind. */
	ck_assert_int_eq(read_at(FUSE_READ, ROOT, fh, 0, 10), -EISDIR);
	ck_assert_int_eq(open_node(FUSE_OPEN, node_of("file"), 0, &fh), 0);
	ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, fh, 0, 4096), -ENOTDIR);
}
END_TEST

/* Reads for more than there is room, or than anybody has. */
START_TEST(fs__huge_reads)
{
	static const uint32_t sizes[] = { ROOM, ROOM + 1, FS_DATA_MAX,
					  INT32_MAX, UINT32_MAX };
	uint64_t node = node_of("file"), dir, fh;

	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh), 0);
	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, 0, &dir), 0);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, sizes[i]),
				 -EINVAL);
		ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, dir, 0, sizes[i]),
				 -EINVAL);
		ck_assert_int_eq(getxattr_of(node, "user.none", sizes[i]),
				 -ENODATA);
	}
	ck_assert_int_eq(read_at(FUSE_READ, node, fh, 0, ROOM - 16), 0);
	ck_assert_uint_eq(reply_len(), 12);
}
END_TEST

/* Listings without an end: from the start, from anywhere, with one handle and
 * with many that are never closed. */
START_TEST(fs__endless_listings)
{
	uint64_t fh, other;
	unsigned n = 0;
	int rc;

	ck_assert_int_eq(open_node(FUSE_OPENDIR, ROOT, 0, &fh), 0);
	for (unsigned i = 0; i < 2000; i++) {
		rc = read_at(_i ? FUSE_READDIRPLUS : FUSE_READDIR, ROOT, fh,
			     i % 3 ? 0 : i * UINT64_C(0x123456789abc), 4096);
		ck_assert(!rc || rc == -EINVAL);
	}
	while (!(rc = open_node(FUSE_OPENDIR, ROOT, 0, &other))) {
		ck_assert_int_eq(read_at(FUSE_READDIR, ROOT, other, 0, 4096),
				 0);
		n++;
	}
	ck_assert_int_eq(rc, -ENFILE);
	ck_assert_uint_le(n, fs_handles_of(folder.fds_max));
	/* Eight names are eight files, however often they are listed. */
	ck_assert_uint_le(server.nodes.ids.used, 8);
	ck_assert_uint_le(server.nodes.fds, folder.fds_max);
}
END_TEST

/* ---- descriptors */

#define FILES 500

START_TEST(fs__recycles_descriptors)
{
	uint64_t node[FILES];
	char name[32];

	mkdir("share/deep", 0755);
	mkdir("share/deep/er", 0755);
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "share/deep/er/%u", i);
		make(name, name, i % 20);
		node[i] = node_of(name + 6);
	}
	ck_assert_uint_le(server.nodes.fds, 40);
	ck_assert_uint_le(count_fds(), fds_before + 45);
	for (unsigned i = 0; i < FILES; i++) {
		ck_assert_int_eq(getattr(node[i]), 0);
		ck_assert_uint_eq(attr()->size, i % 20);
	}
	ck_assert_uint_gt(server.nodes.evicted, FILES);
	/* Moved where its number is not known to be: looked up again. */
	ck_assert_int_eq(rename("share/deep/er/7", "share/deep/er/x"), 0);
	make("share/deep/er/7", "another", 7);
	ck_assert_int_eq(getattr(node[7]), -ESTALE);
	ck_assert_uint_eq(node_of("deep/er/x"), node[7]);
	ck_assert_int_eq(getattr(node[7]), 0);
	/* Folders on the way were closed, and moved. */
	ck_assert_int_eq(rename("share/deep", "share/away"), 0);
	ck_assert_int_eq(symlink("..", "share/deep"), 0);
	for (unsigned i = 100; i < 200; i++) {
		int rc = getattr(node[i]);

		ck_assert(rc == 0 || rc == -ESTALE);
	}
	for (unsigned i = 0; i < FILES; i++)
		forget(node[i], 100000);
}
END_TEST

START_TEST(fs__limits_open_files)
{
	uint64_t node = node_of("file"), fh[40];
	unsigned n = 0;
	int rc;

	while (n < COUNT(fh) &&
	       !(rc = open_node(FUSE_OPEN, node, O_RDONLY, &fh[n])))
		n++;
	ck_assert_int_eq(rc, -ENFILE);
	ck_assert_uint_ge(n, 8);
	/* What is open still works, and there is room for other files. */
	ck_assert_int_eq(read_at(FUSE_READ, node, fh[0], 0, 5), 0);
	ck_assert_int_eq(getattr(node_of("folder/inner")), 0);
	ck_assert_int_eq(release(FUSE_RELEASE, fh[0]), 0);
	ck_assert_int_eq(open_node(FUSE_OPEN, node, O_RDONLY, &fh[0]), 0);
}
END_TEST

#define LOOKUPS 20000

/* The same file again and again costs one node; names that do not exist cost
 * nothing. */
START_TEST(fs__many_lookups)
{
	uint64_t node = node_of("file");
	char name[32];

	for (unsigned i = 0; i < LOOKUPS / 2; i++) {
		ck_assert_int_eq(lookup(ROOT, "file"), 0);
		snprintf(name, sizeof(name), "none-%u", i);
		ck_assert_int_eq(lookup(ROOT, name), 0);
	}
	ck_assert_uint_eq(server.nodes.ids.used, 1);
	forget(node, LOOKUPS / 2);
	ck_assert_int_eq(getattr(node), 0);
	forget(node, 1);
	ck_assert_uint_eq(server.nodes.ids.used, 0);
}
END_TEST

#define KNOWN 5000

/* What a known file costs, by which FS_NODES_MAX bounds the memory that a guest
 * can make the server use. */
START_TEST(fs__memory_of_known_files)
{
	size_t before, used;
	char name[64];

	fs_server_reset(&server);
	ck_assert_int_eq(init(38, 0), 0);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < KNOWN; i++) {
		snprintf(name, sizeof(name), "share/known-%u", i);
		make(name, "", 0);
		ck_assert_int_eq(lookup(ROOT, name + 6), 0);
	}
	ck_assert_uint_eq(server.nodes.ids.used, KNOWN);
	used = mallinfo2().uordblks - before;
	ck_assert_uint_le(used / KNOWN, FS_NODE_BYTES);
	for (unsigned i = 0; i < KNOWN; i++) {
		snprintf(name, sizeof(name), "known-%u", i);
		forget(node_of(name), 2);
	}
	ck_assert_uint_eq(server.nodes.ids.used, 0);
	/* The tables of numbers stay for the next ones. */
	used = mallinfo2().uordblks - before;
	ck_assert_uint_le(used / KNOWN, 64);
}
END_TEST

/* With as many files as there may be, others are refused until some are
 * forgotten. */
START_TEST(fs__limits_known_files)
{
	uint64_t node;

	fs_server_reset(&server);
	ck_assert_int_eq(init(38, 0), 0);
	server.nodes.ids.max = 2;
	node = node_of("file");
	node_of("folder");
	ck_assert_int_eq(lookup(ROOT, "link"), -ENFILE);
	ck_assert_int_eq(lookup(ROOT, "file"), 0);
	forget(node, 2);
	ck_assert_int_eq(lookup(ROOT, "link"), 0);
	ck_assert_int_eq(lookup(ROOT, "file"), -ENFILE);
	ck_assert_uint_le(server.nodes.fds, 3);
}
END_TEST

/* The kernel's own files are not the user's: their folder is empty. */
START_TEST(fs__hides_procfs)
{
	uint64_t proc, fh;
	char names_seen[256] = "";
	struct fs_folder f;

	fs_server_release(&server);
	assert_ok(fs_folder_open(&f, "/", &e), &e);
	assert_ok(fs_server_init(&server, &f, true, &e), &e);
	ck_assert_int_eq(init(38, 0), 0);
	proc = node_of("proc");
	ck_assert_int_eq(lookup(proc, "self"), 0);
	ck_assert_uint_eq(entry()->nodeid, 0);
	ck_assert_int_eq(open_node(FUSE_OPENDIR, proc, 0, &fh), 0);
	list(FUSE_READDIR, fh, 0, 4096, names_seen);
	ck_assert(!strcmp(names_seen, ". .. ") || !strcmp(names_seen, ".. . "));
	/* Nothing can be made or changed there, even where it could be. */
	begin(FUSE_MKDIR, proc);
	ADD((struct fuse_mkdir_in){ .mode = 0755 });
	add_name("x");
	ck_assert_int_eq(ask(), -EACCES);
	begin(FUSE_SETATTR, proc);
	ADD((struct fuse_setattr_in){ .valid = 0 });
	ck_assert_int_eq(ask(), -EACCES);
	/* Another file system has other inode numbers. */
	ck_assert_int_eq(getattr(proc), 0);
	ck_assert_uint_ne(attr()->ino >> 48, 0);
	fs_server_release(&server);
	fs_folder_close(&f);
}
END_TEST

START_TEST(fs__folders)
{
	struct fs_folder f;

	assert_err(fs_folder_open(&f, "none", &e), -ENOENT, &e,
		   "none: No such file");
	assert_err(fs_folder_open(&f, "secret", &e), -ENOTDIR, &e,
		   "secret: Not a directory");
	ck_assert_int_eq(f.fd, -1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("fs_read");
	TCase *t = tcase_create("share");
	TCase *few = tcase_create("few descriptors");

	tcase_set_timeout(t, 600);
	tcase_set_timeout(few, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, fs__negotiates);
	tcase_add_loop_test(t, fs__versions, 0, COUNT(versions));
	tcase_add_test(t, fs__forgets_all_at_a_new_mount);
	tcase_add_test(t, fs__looks_up);
	tcase_add_test(t, fs__reads);
	tcase_add_test(t, fs__reads_large_files);
	tcase_add_test(t, fs__reads_links);
	tcase_add_loop_test(t, fs__lists, 0, 4);
	tcase_add_test(t, fs__lists_with_attributes);
	tcase_add_test(t, fs__seeks_data_and_holes);
	tcase_add_test(t, fs__statfs_and_access);
	tcase_add_test(t, fs__extended_attributes);
	tcase_add_loop_test(t, fs__refuses_names, 0, COUNT(bad_names));
	tcase_add_test(t, fs__refuses_names_without_an_end);
	tcase_add_test(t, fs__follows_no_link);
	tcase_add_test(t, fs__opens_no_devices_and_no_fifos);
	tcase_add_test(t, fs__survives_races_of_links);
	tcase_add_loop_test(t, fs__refuses_forged_numbers, 0, COUNT(forged));
	tcase_add_test(t, fs__refuses_numbers_after_their_end);
	tcase_add_test(t, fs__keeps_open_files_that_are_forgotten);
	tcase_add_test(t, fs__forgets_many_at_once);
	tcase_add_loop_test(t, fs__survives_every_operation, 0, JUNK_ROWS);
	tcase_add_loop_test(t, fs__refuses_unknown_operations, 0,
			    COUNT(unknown));
	tcase_add_loop_test(t, fs__changes_nothing, 0, COUNT(writers));
	tcase_add_test(t, fs__broken_lengths);
	tcase_add_test(t, fs__does_not_lose_lookups_without_room);
	tcase_add_test(t, fs__positions_in_folders);
	tcase_add_test(t, fs__huge_reads);
	tcase_add_test(t, fs__many_lookups);
	tcase_add_test(t, fs__memory_of_known_files);
	tcase_add_test(t, fs__limits_known_files);
	tcase_add_test(t, fs__hides_procfs);
	tcase_add_test(t, fs__folders);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(few, setup_few, teardown);
	tcase_add_test(few, fs__recycles_descriptors);
	tcase_add_test(few, fs__limits_open_files);
	tcase_add_loop_test(few, fs__endless_listings, 0, 2);
	suite_add_tcase(s, few);
	return s;
}
