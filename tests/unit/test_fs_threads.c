/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to one file server from several threads at a time, as the device
 * sends them: lookups, forgets, opens, reads, renames and new mounts, with so
 * few descriptors that they are always used again for other files; and while a
 * folder on the host becomes a link to the outside, again and again.
 */
#include "unit/unit.h"
#include "dev/fs/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
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

/* Open the file @node, read it, and close it. Whether it could be read; what it
 * has then must begin with @text. */
static bool reads(struct client *c, uint64_t node, uint32_t flags,
		  const char *text)
{
	struct fuse_open_in open_in = { .flags = flags };
	struct fuse_read_in read_in = { .size = 64 };
	struct fuse_release_in release = { .fh = 0 };
	bool was_read;

	begin(c, FUSE_OPEN, node, &open_in, sizeof(open_in));
	if (!ask(c))
		return false;
	release.fh = read_in.fh = *(uint64_t *)(c->reply + 16);
	begin(c, FUSE_READ, node, &read_in, sizeof(read_in));
	was_read = ask(c);
	if (was_read && memcmp(c->reply + 16, text, strlen(text)))
		abort();
	begin(c, FUSE_RELEASE, node, &release, sizeof(release));
	ask(c);
	return was_read;
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
			c->read += reads(c, node, O_RDONLY, "contents");
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

/* ---- a folder that becomes a link to the outside */

#define SWAPS	1000
#define FOLDERS 30

static atomic_bool swaps_end;
static atomic_uint swaps_done, reads_inside;

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Each folder changes places with a link to `outside`. */
static void *swap_links(void *arg)
{
	char folder_name[32], link_name[32];

	(void)arg;
	for (unsigned i = 0; !atomic_load(&swaps_end); i++) {
		snprintf(folder_name, sizeof(folder_name), "share/d%u",
			 i % FOLDERS);
		snprintf(link_name, sizeof(link_name), "share/l%u",
			 i % FOLDERS);
		if (renameat2(AT_FDCWD, folder_name, AT_FDCWD, link_name,
			      RENAME_EXCHANGE))
			abort();
		atomic_fetch_add(&swaps_done, 1);
	}
	return NULL;
}

static uint64_t look_up_in(struct client *c, uint64_t node, const char *name)
{
	begin(c, FUSE_LOOKUP, node, "", 0);
	add_name(c, name);
	return ask(c) ? *(uint64_t *)(c->reply + 16) : 0;
}

/* What is read must be from inside. */
static void read_inside(struct client *c, uint64_t node)
{
	if (reads(c, node, O_RDWR, "inside"))
		atomic_fetch_add(&reads_inside, 1);
}

/* Names of the folder's files, through which another's could be reached. */
static void change_inside(struct client *c, uint64_t dir)
{
	const struct fuse_mkdir_in mkdir_in = { .mode = 0755 };
	const struct fuse_rename2_in rename_in = { .newdir = dir };

	begin(c, FUSE_MKDIR, dir, &mkdir_in, sizeof(mkdir_in));
	add_name(c, "made");
	ask(c);
	begin(c, FUSE_RENAME2, dir, &rename_in, sizeof(rename_in));
	add_name(c, "made");
	add_name(c, "moved");
	ask(c);
	begin(c, FUSE_UNLINK, dir, "", 0);
	add_name(c, "victim");
	ask(c);
	begin(c, FUSE_RMDIR, dir, "", 0);
	add_name(c, "moved");
	ask(c);
}

static void *go_through(void *arg)
{
	struct client *c = arg;
	char name[16];

	while (atomic_load(&swaps_done) < SWAPS) {
		uint64_t dir, file;

		snprintf(name, sizeof(name), "%c%u", pick(c, 2) ? 'd' : 'l',
			 pick(c, FOLDERS));
		dir = look_up_in(c, FUSE_ROOT_ID, name);
		if (!dir)
			continue;
		/* The file's descriptor is soon closed for another's, and
		 * opened again by its name. */
		file = look_up_in(c, dir, "inner");
		read_inside(c, file);
		change_inside(c, dir);
		read_inside(c, file);
		if (pick(c, 3) && file)
			forget(c, file);
		if (pick(c, 3))
			forget(c, dir);
	}
	return NULL;
}

static void make_folders(void)
{
	char path[64];

	ck_assert_int_eq(system("rm -rf share outside"), 0);
	mkdir("share", 0755);
	mkdir("outside", 0755);
	make_file("outside/inner", "secret");
	make_file("outside/victim", "secret");
	for (unsigned i = 0; i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "share/l%u", i);
		ck_assert_int_eq(symlink("../outside", path), 0);
		snprintf(path, sizeof(path), "share/d%u", i);
		mkdir(path, 0755);
		snprintf(path, sizeof(path), "share/d%u/inner", i);
		make_file(path, "inside");
	}
}

START_TEST(fs__races_of_links)
{
	static struct client clients[THREADS];
	pthread_t threads[THREADS], swapper;
	struct err e;

	make_folders();
	assert_ok(fs_folder_open(&folder, "share", &e), &e);
	folder.fds_max = 40;
	assert_ok(fs_server_init(&server, &folder, true, &e), &e);
	ck_assert(mount_again(&clients[0]));
	ck_assert_int_eq(pthread_create(&swapper, NULL, swap_links, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		clients[i].seed = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, go_through,
						&clients[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&swaps_end, true);
	pthread_join(swapper, NULL);
	ck_assert_uint_gt(reads_inside, 0);
	/* Outside, everything is as it was. */
	ck_assert_int_eq(system("[ \"$(ls outside | tr '\\n' ' ')\" = "
				"'inner victim ' ] && "
				"[ \"$(cat outside/*)\" = secretsecret ]"),
			 0);
	fs_server_release(&server);
	fs_folder_close(&folder);
	ck_assert_int_eq(system("rm -rf share outside"), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("fs_threads");
	TCase *t = tcase_create("threads");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, fs__from_several_threads);
	tcase_add_test(t, fs__races_of_links);
	suite_add_tcase(s, t);
	return s;
}
