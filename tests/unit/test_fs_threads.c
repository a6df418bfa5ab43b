/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to one file server from several threads at a time, as the device
 * sends them: lookups, forgets, opens, reads, renames and new mounts, with so
 * few descriptors that they are always used again for other files.
 */
#include "unit/unit.h"
#include "dev/fs/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS	 4
#define REQUESTS 2000
#define FILES	 60

static struct fs_folder folder;
static struct fs_server server;

struct client {
	uint64_t seed;
	uint8_t request[512], reply[4096];
	size_t len;
	unsigned found, read;
};

static unsigned pick(struct client *c, unsigned n)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(c->seed >> 33) % n;
}

static void begin(struct client *c, uint32_t opcode, uint64_t node,
		  const void *args, size_t len)
{
	const struct fuse_in_header h = { .opcode = opcode, .nodeid = node };

	memcpy(c->request, &h, sizeof(h));
	memcpy(c->request + sizeof(h), args, len);
	c->len = sizeof(h) + len;
}

static void add_name(struct client *c, const char *name)
{
	strcpy((char *)c->request + c->len, name);
	c->len += strlen(name) + 1;
}

/* Returns whether it was carried out; what it replied is at ->reply + 16. */
static bool ask(struct client *c)
{
	struct virtq_seg in = { c->request, (uint32_t)c->len };
	struct virtq_seg out = { c->reply, sizeof(c->reply) };
	struct fuse_in_header *h = (void *)c->request;
	struct fuse_out_header *reply = (void *)c->reply;
	uint32_t written;
	struct err e;

	h->len = (uint32_t)c->len;
	if (fs_serve(&server,
		     (struct virtq_cursor){ .seg = &in, .left = c->len },
		     (struct virtq_cursor){ .seg = &out,
					    .left = sizeof(c->reply),
					    .is_writable = true },
		     &written, &e))
		abort();
	return written && !reply->error;
}

/* The number of a file; 0 if it has just been renamed. */
static uint64_t look_up(struct client *c, unsigned file)
{
	char name[16];

	snprintf(name, sizeof(name), "f%u", file);
	begin(c, FUSE_LOOKUP, FUSE_ROOT_ID, "", 0);
	add_name(c, name);
	return ask(c) ? *(uint64_t *)(c->reply + 16) : 0;
}

static void forget(struct client *c, uint64_t node)
{
	const struct fuse_forget_in in = { .nlookup = 1 };

	begin(c, FUSE_FORGET, node, &in, sizeof(in));
	ask(c);
}

/* What is read of a file is the number that it was made with. */
static void read_file(struct client *c, uint64_t node)
{
	struct fuse_open_in open_in = { .flags = O_RDONLY };
	struct fuse_read_in read_in = { .size = 64 };
	struct fuse_release_in release = { .fh = 0 };

	begin(c, FUSE_OPEN, node, &open_in, sizeof(open_in));
	if (!ask(c))
		return;
	release.fh = read_in.fh = *(uint64_t *)(c->reply + 16);
	begin(c, FUSE_READ, node, &read_in, sizeof(read_in));
	if (ask(c)) {
		if (memcmp(c->reply + 16, "contents", 8))
			abort();
		c->read++;
	}
	begin(c, FUSE_RELEASE, node, &release, sizeof(release));
	ask(c);
}

static void swap(struct client *c)
{
	const struct fuse_rename2_in in = { .newdir = FUSE_ROOT_ID,
					    .flags = RENAME_EXCHANGE };
	char from[16], to[16];

	snprintf(from, sizeof(from), "f%u", pick(c, FILES));
	snprintf(to, sizeof(to), "f%u", pick(c, FILES));
	begin(c, FUSE_RENAME2, FUSE_ROOT_ID, &in, sizeof(in));
	add_name(c, from);
	add_name(c, to);
	ask(c);
}

static bool mount_again(struct client *c)
{
	const struct fuse_init_in in = { .major = 7, .minor = 31 };

	begin(c, FUSE_INIT, 0, &in, sizeof(in));
	return ask(c);
}

static void *hammer(void *arg)
{
	struct client *c = arg;

	for (unsigned i = 0; i < REQUESTS; i++) {
		uint64_t node = look_up(c, pick(c, FILES));

		c->found += node != 0;
		if (pick(c, 2))
			read_file(c, node);
		if (!pick(c, 8))
			swap(c);
		if (!pick(c, 500))
			mount_again(c);
		if (pick(c, 3))
			forget(c, node);
	}
	return NULL;
}

START_TEST(fs__from_several_threads)
{
	static struct client clients[THREADS];
	pthread_t threads[THREADS];
	unsigned found = 0, read = 0;
	struct err e;
	char name[32];

	mkdir("share", 0755);
	for (unsigned i = 0; i < FILES; i++) {
		int fd;

		snprintf(name, sizeof(name), "share/f%u", i);
		fd = open(name, O_WRONLY | O_CREAT, 0644);
		ck_assert_int_eq(write(fd, "contents", 8), 8);
		close(fd);
	}
	assert_ok(fs_folder_open(&folder, "share", &e), &e);
	folder.fds_max = 40;
	assert_ok(fs_server_init(&server, &folder, true, &e), &e);
	ck_assert(mount_again(&clients[0]));
	for (unsigned i = 0; i < THREADS; i++) {
		clients[i].seed = i;
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, hammer, &clients[i]),
			0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		found += clients[i].found;
		read += clients[i].read;
	}
	ck_assert_uint_gt(found, THREADS * REQUESTS / 2);
	ck_assert_uint_gt(read, THREADS * REQUESTS / 8);
	ck_assert_uint_le(server.nodes.fds, 40);
	ck_assert_uint_eq(server.handles.ids.used, 0);
	fs_server_release(&server);
	fs_folder_close(&folder);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("fs_threads");
	TCase *t = tcase_create("threads");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, fs__from_several_threads);
	suite_add_tcase(s, t);
	return s;
}
