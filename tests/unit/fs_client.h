/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the file server for its tests: it writes requests of FUSE into
 * buffers, as a guest's kernel does, or as one does that breaks the rules.
 *
 * The shared folder is `share` in the test's own folder. `secret`, beside it,
 * must never be reached.
 */
#ifndef TESTS_UNIT_FS_CLIENT_H
#define TESTS_UNIT_FS_CLIENT_H

#include "unit/unit.h"
#include "dev/fs/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT  FUSE_ROOT_ID
#define ROOM  (64u << 10) /* for replies */
#define PIECE 4096	  /* of a buffer */

static struct fs_folder folder;
static struct fs_server server;
static struct err e;
static uint64_t fds_before;

static uint8_t request[FS_DATA_MAX];
static size_t request_len;
static union {
	struct {
		struct fuse_out_header header;
		uint8_t data[FS_DATA_MAX];
	};
	uint8_t bytes[1];
} reply;
static uint32_t written;

static inline void make(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static inline unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- building a request */

static inline void add(const void *data, size_t len)
{
	ck_assert_uint_le(request_len + len, sizeof(request));
	memcpy(request + request_len, data, len);
	request_len += len;
}

static inline void add_name(const char *name)
{
	add(name, strlen(name) + 1);
}

static inline void begin(uint32_t opcode, uint64_t node)
{
	const struct fuse_in_header h = {
		.opcode = opcode,
		.unique = 0x1234567890 + opcode,
		.nodeid = node,
		.uid = getuid(),
		.gid = getgid(),
	};

	request_len = 0;
	add(&h, sizeof(h));
}

#define ADD(...) add(&(__VA_ARGS__), sizeof(__VA_ARGS__))

/* Send it as it is, with @room bytes for the reply. Returns fs_serve()'s. */
static inline int send_raw(size_t room)
{
	static struct virtq_chain c;

	memset(&c, 0, sizeof(c));
	memset(&reply, 0xee, sizeof(reply.header));
	for (size_t at = 0; at < request_len;) {
		size_t n = at ? request_len - at : 7;

		n = n > request_len - at ? request_len - at : n;
		c.seg[c.count++] = (struct virtq_seg){ request + at,
						       (uint32_t)n };
		at += n;
	}
	c.readable = c.count;
	c.readable_bytes = request_len;
	for (size_t at = 0; at < room;) {
		size_t n = room - at > PIECE ? PIECE : room - at;

		c.seg[c.count++] = (struct virtq_seg){ reply.bytes + at,
						       (uint32_t)n };
		at += n;
	}
	c.writable_bytes = room;
	return fs_serve(&server, virtq_reader(&c), virtq_writer(&c), &written,
			&e);
}

/* Send it with room for the largest reply that tests look at. Returns 0 or the
 * reply's negative errno. */
static inline int ask(void)
{
	struct fuse_in_header *h = (void *)request;

	h->len = (uint32_t)request_len;
	assert_ok(send_raw(ROOM), &e);
	if (fs_has_no_reply(h->opcode)) {
		ck_assert_uint_eq(written, 0);
		return 0;
	}
	ck_assert_uint_eq(written, reply.header.len);
	ck_assert_uint_eq(reply.header.unique, h->unique);
	if (reply.header.error)
		ck_assert_uint_eq(written, sizeof(reply.header));
	return reply.header.error;
}

/* How many bytes are behind the reply's header. */
static inline size_t reply_len(void)
{
	return reply.header.len - sizeof(reply.header);
}

/* --- whole requests */

static inline int init(uint32_t minor, uint32_t flags)
{
	begin(FUSE_INIT, 0);
	ADD((struct fuse_init_in){ .major = 7,
				   .minor = minor,
				   .max_readahead = 1u << 20,
				   .flags = flags });
	return ask();
}

static inline struct fuse_entry_out *entry(void)
{
	return (struct fuse_entry_out *)reply.data;
}

static inline int lookup(uint64_t parent, const char *name)
{
	begin(FUSE_LOOKUP, parent);
	add_name(name);
	return ask();
}

/* The number of a file that exists: a path of names. */
static inline uint64_t node_of(const char *path)
{
	char copy[4096], *rest = copy, *name;
	uint64_t node = ROOT;

	ck_assert_uint_lt(strlen(path), sizeof(copy));
	strcpy(copy, path);
	while ((name = strsep(&rest, "/"))) {
		ck_assert_int_eq(lookup(node, name), 0);
		node = entry()->nodeid;
		ck_assert_uint_ne(node, 0);
	}
	return node;
}

static inline int open_node(uint32_t opcode, uint64_t node, uint32_t flags,
			    uint64_t *fh)
{
	int rc;

	begin(opcode, node);
	ADD((struct fuse_open_in){ .flags = flags });
	rc = ask();
	if (!rc)
		*fh = ((struct fuse_open_out *)reply.data)->fh;
	return rc;
}

static inline int read_at(uint32_t opcode, uint64_t node, uint64_t fh,
			  uint64_t off, uint32_t size)
{
	begin(opcode, node);
	ADD((struct fuse_read_in){ .fh = fh, .offset = off, .size = size });
	return ask();
}

static inline int release(uint32_t opcode, uint64_t fh)
{
	begin(opcode, ROOT);
	ADD((struct fuse_release_in){ .fh = fh });
	return ask();
}

static inline void forget(uint64_t node, uint64_t lookups)
{
	begin(FUSE_FORGET, node);
	ADD((struct fuse_forget_in){ .nlookup = lookups });
	ask();
}

static inline int getattr(uint64_t node)
{
	begin(FUSE_GETATTR, node);
	ADD((struct fuse_getattr_in){ .getattr_flags = 0 });
	return ask();
}

static inline struct fuse_attr *attr(void)
{
	return &((struct fuse_attr_out *)reply.data)->attr;
}

/* --- what both kinds of shares are tried with */

/* Names that no entry can have. */
static const char *const bad_names[] = {
	"..", ".", "", "/", "/x", "x/", "../x", "folder/inner", "/etc/passwd",
};

/* Numbers that the server has not given out. */
static const uint64_t forged[] = {
	0,
	2,
	3,
	63,
	64,
	1000,
	UINT32_MAX,
	UINT64_MAX,
	UINT64_C(1) << 32 | 2,
	UINT64_C(1) << 32 | 1,
	UINT64_C(1) << 63,
};

/* For a loop over every opcode, defined and not, with junk of zeros and of
 * ones: @row is 2 * opcode + 0 or 1. */
#define JUNK_ROWS (2 * 60)

static inline void send_junk(unsigned row)
{
	uint64_t nodes[] = { 0, ROOT, node_of("file"), node_of("folder") };
	uint32_t opcode = row / 2;
	uint8_t junk[200];

	memset(junk, row % 2 ? 0xff : 0, sizeof(junk));
	for (size_t n = 0; n < COUNT(nodes); n++) {
		for (size_t len = 0; len < sizeof(junk); len += 3) {
			begin(opcode, nodes[n]);
			add(junk, len);
			ask();
		}
		if (opcode == FUSE_INIT || opcode == FUSE_DESTROY)
			return;
	}
	ck_assert_int_eq(getattr(ROOT), 0);
}

/* --- the server */

static inline void start_server(bool is_rw, unsigned fds_max)
{
	/* A test that failed has left its files. */
	ck_assert_int_eq(system("rm -rf share secret"), 0);
	ck_assert_int_eq(mkdir("share", 0755), 0);
	ck_assert_int_eq(mkdir("share/folder", 0755), 0);
	make("secret", "secret", 6);
	make("share/file", "hello, guest", 12);
	make("share/folder/inner", "inner", 5);
	ck_assert_int_eq(symlink("../secret", "share/up"), 0);
	ck_assert_int_eq(symlink("file", "share/link"), 0);
	ck_assert_int_eq(link("share/file", "share/folder/same"), 0);
	ck_assert_int_eq(mkfifo("share/fifo", 0644), 0);
	fds_before = count_fds();
	assert_ok(fs_folder_open(&folder, "share", &e), &e);
	if (fds_max)
		folder.fds_max = fds_max;
	assert_ok(fs_server_init(&server, &folder, is_rw, &e), &e);
	ck_assert_int_eq(init(38, UINT32_MAX), 0);
}

/* Every descriptor is closed, and the file beside the share is as it was. */
static inline void stop_server(void)
{
	char got[16];
	int fd;

	fs_server_release(&server);
	fs_folder_close(&folder);
	ck_assert_uint_eq(count_fds(), fds_before);
	fd = open("secret", O_RDONLY);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 6);
	close(fd);
	ck_assert_mem_eq(got, "secret", 6);
	ck_assert_int_eq(system("rm -rf share secret"), 0);
}

#endif
