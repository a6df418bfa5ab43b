/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that sends any request to a file server, over a small folder that is
 * made anew for each input. Beyond not crashing: a reply has the length that it
 * says, and the number of its request; nothing outside the folder changes or
 * appears; at the end every descriptor is closed.
 *
 * The input: a byte (bit 0: rw), then requests of
 *
 *   opcode, node, handle, flags, length    5 bytes, then `length` of arguments
 *
 * `node` and `handle` choose among the numbers that the server gave out, or are
 * numbers that it did not. The fixed arguments of an operation get the handle,
 * small sizes and flags; the rest of the arguments is from the input, so it has
 * names of files that exist ("a" to "f") and others.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "dev/fs/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUESTS_MAX 48
#define NUMBERS	     8
#define ROOM	     8192

static char top[4096];
static int home = -1; /* the current folder between two inputs */
static struct fs_folder folder;
static struct fs_server server;
static uint64_t nodes[NUMBERS], handles[NUMBERS];
static unsigned nodes_count, handles_count;
static uint8_t message[512], room[ROOM];

static void claim(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the folder */

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_all(void)
{
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	claim(fd >= 0 &&
	      write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void make_all(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(top, sizeof(top), "%s/fuzz_fs.XXXXXX", tmp ? tmp : "/tmp");
	claim(mkdtemp(top) && !chdir(top) && !mkdir("share", 0755) &&
	      !mkdir("share/d", 0755));
	make("secret", "secret");
	make("share/a", "text of a");
	make("share/b", "");
	make("share/d/a", "inner");
	claim(!symlink("../secret", "share/c") && !symlink("d", "share/e") &&
	      !mkfifo("share/f", 0644));
}

/* Beside the share there still is one file, and it is as it was. */
static void expect_outside(void)
{
	DIR *dir = opendir(top);
	char got[16];
	unsigned n = 0;
	int fd = open("secret", O_RDONLY);

	claim(dir && fd >= 0 && read(fd, got, sizeof(got)) == 6 &&
	      !memcmp(got, "secret", 6));
	while (readdir(dir))
		n++;
	claim(n == 4);
	close(fd);
	closedir(dir);
}

/* ---- requests */

static uint64_t choose(const uint64_t *of, unsigned count, uint8_t byte)
{
	if (byte == 255)
		return UINT64_MAX;
	return byte < 240 && count ? of[byte % count] : byte;
}

static void note(uint64_t *of, unsigned *count, uint64_t number)
{
	of[(*count)++ % NUMBERS] = number;
	if (*count > NUMBERS)
		*count = NUMBERS;
}

/* The fixed arguments: zeros, and what most operations read first. */
static size_t put_args(uint32_t opcode, const uint8_t *in, uint8_t *to)
{
	uint64_t fh = choose(handles, handles_count, in[2]);
	uint64_t node = choose(nodes, nodes_count, in[2]);

	switch (opcode) {
	case FUSE_READ:
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:
		memcpy(to,
		       &(struct fuse_read_in){ .fh = fh,
					       .offset = in[3] % 32,
					       .size = in[3] * 30u },
		       sizeof(struct fuse_read_in));
		return sizeof(struct fuse_read_in);
	case FUSE_WRITE:
		memcpy(to,
		       &(struct fuse_write_in){
			       .fh = fh, .offset = in[3], .size = in[4] },
		       sizeof(struct fuse_write_in));
		return sizeof(struct fuse_write_in);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		to[0] = in[3];
		return sizeof(struct fuse_open_in);
	case FUSE_CREATE:
	case FUSE_TMPFILE:
		to[0] = in[3] & 3;
		to[5] = 0x81;
		return sizeof(struct fuse_create_in);
	case FUSE_MKNOD:
		to[1] = (uint8_t)(in[3] << 4);
		return sizeof(struct fuse_mknod_in);
	case FUSE_MKDIR:
	case FUSE_LINK:
	case FUSE_RENAME:
		memcpy(to, &node, sizeof(node));
		return sizeof(node);
	case FUSE_RENAME2:
		memcpy(to, &node, sizeof(node));
		to[8] = in[3];
		return sizeof(struct fuse_rename2_in);
	case FUSE_SETATTR:
		to[0] = in[3];
		return sizeof(struct fuse_setattr_in);
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FSYNC:
	case FUSE_FALLOCATE:
	case FUSE_LSEEK:
		memcpy(to, &fh, sizeof(fh));
		to[16] = in[3];
		return opcode == FUSE_FALLOCATE ? 32 : 24;
	case FUSE_FORGET:
		to[0] = in[3];
		return sizeof(struct fuse_forget_in);
	case FUSE_INIT:
		to[0] = 7;
		to[4] = 31;
		return sizeof(struct fuse_init_in);
	case FUSE_GETXATTR:
	case FUSE_LISTXATTR:
	case FUSE_SETXATTR:
		to[0] = in[3];
		return 8;
	default:
		return 0;
	}
}

/* What the reply gives the guest. */
static void learn(uint32_t opcode)
{
	const struct fuse_entry_out *entry = (void *)(room + 16);
	const struct fuse_open_out *open = (void *)(room + 16);

	if (opcode == FUSE_LOOKUP || opcode == FUSE_MKDIR ||
	    opcode == FUSE_CREATE || opcode == FUSE_LINK)
		note(nodes, &nodes_count, entry->nodeid);
	if (opcode == FUSE_CREATE)
		open = (void *)(entry + 1);
	if (opcode == FUSE_OPEN || opcode == FUSE_OPENDIR ||
	    opcode == FUSE_CREATE)
		note(handles, &handles_count, open->fh);
}

/* Returns how much of the input it took. */
static size_t request(const uint8_t *in, size_t left)
{
	uint32_t opcode = in[0] % 64, written;
	struct fuse_in_header h = { .opcode = opcode, .unique = opcode + 7u };
	size_t len = in[4] < left - 5 ? in[4] : left - 5, size = sizeof(h);
	uint32_t wants = in[3] == 254 ? 100 : ROOM;
	struct virtq_seg seg[3];
	struct fuse_out_header out;
	struct err e;

	h.nodeid = choose(nodes, nodes_count, in[1]);
	memset(message, 0, sizeof(message));
	size += put_args(opcode, in, message + size);
	memcpy(message + size, in + 5, len);
	size += len;
	h.len = (uint32_t)size - (in[3] == 253);
	memcpy(message, &h, sizeof(h));
	/* Buffers of just this size, so that a sanitizer sees their ends. */
	seg[0] = (struct virtq_seg){ malloc(size), (uint32_t)size };
	seg[1] = (struct virtq_seg){ room, 24 };
	seg[2] = (struct virtq_seg){ room + 24, wants - 24 };
	memcpy(seg[0].data, message, size);
	if (!fs_serve(&server,
		      (struct virtq_cursor){ .seg = seg, .left = size },
		      (struct virtq_cursor){ .seg = seg + 1,
					     .left = wants,
					     .is_writable = true },
		      &written, &e) &&
	    written) {
		memcpy(&out, room, sizeof(out));
		claim(out.len == written && out.len >= 16 && out.len <= wants &&
		      out.unique == h.unique && out.error <= 0 &&
		      (!out.error || written == 16));
		if (!out.error)
			learn(opcode);
	}
	free(seg[0].data);
	return 5 + len;
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	unsigned fds, n = 0;
	struct err e;

	if (size < 6)
		return 0;
	if (home < 0)
		home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fds = count_fds();
	make_all();
	nodes[0] = FUSE_ROOT_ID;
	nodes_count = 1;
	handles_count = 0;
	claim(!fs_folder_open(&folder, "share", &e));
	folder.fds_max = 12;
	claim(!fs_server_init(&server, &folder, in[0] & 1, &e));
	request((const uint8_t[]){ FUSE_INIT, 0, 0, 0, 0 }, 5);
	for (size_t at = 1; at + 5 <= size && n < REQUESTS_MAX; n++)
		at += request(in + at, size - at);
	fs_server_release(&server);
	fs_folder_close(&folder);
	expect_outside();
	claim(count_fds() == fds);
	claim(!fchdir(home));
	remove_all();
	return 0;
}

/* See the head of this file; numbers that the server gave out are small. */
static const uint32_t opcodes[] = {
	FUSE_LOOKUP,	FUSE_FORGET,	FUSE_GETATTR,	  FUSE_SETATTR,
	FUSE_READLINK,	FUSE_SYMLINK,	FUSE_MKNOD,	  FUSE_MKDIR,
	FUSE_UNLINK,	FUSE_RMDIR,	FUSE_RENAME,	  FUSE_LINK,
	FUSE_OPEN,	FUSE_READ,	FUSE_WRITE,	  FUSE_STATFS,
	FUSE_RELEASE,	FUSE_FSYNC,	FUSE_SETXATTR,	  FUSE_GETXATTR,
	FUSE_LISTXATTR, FUSE_INIT,	FUSE_OPENDIR,	  FUSE_READDIR,
	FUSE_CREATE,	FUSE_FALLOCATE, FUSE_READDIRPLUS, FUSE_RENAME2,
	FUSE_LSEEK,	FUSE_TMPFILE,	FUSE_RELEASEDIR,  FUSE_BATCH_FORGET,
};
static const uint32_t numbers[] = { 0, 1, 2, 3, 4, 7, 240, 255 };
static const uint32_t flags[] = { 0, 1, 2, 3, 9, 0x40, 0x81, 200, 253, 254 };
static const struct fuzz_field opcode_field = FUZZ_VALUES(1, opcodes);
static const struct fuzz_field message_fields[] = {
	FUZZ_VALUES(1, numbers),
	FUZZ_VALUES(1, numbers),
	FUZZ_VALUES(1, flags),
	{ .width = 1 },
};
static const struct fuzz_kind a_message = { message_fields, 4, true };
static const char *const names[] = { "a", "b", "c", "d",  "e",	 "f",
				     "n", "",  ".", "..", "d/a", "/" };
static const struct fuzz_table messages = { &a_message, 1, &opcode_field, names,
					    sizeof(names) / sizeof(*names) };
static const struct fuzz_grammar grammar = FUZZ_TABLE(1, &messages);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	return fuzz_is_plain(seed) ? LLVMFuzzerMutate(data, size, max)
				   : fuzz_mutate(&grammar, data, size, max);
}

#define R(op, node, fh, flags, name) op, node, fh, flags, sizeof(name)

void fuzz_seeds(void)
{
	static const uint8_t reads[] = {
		0,
		R(FUSE_LOOKUP, 0, 0, 0, "a"),
		'a',
		0,
		R(FUSE_OPEN, 1, 0, 0, ""),
		0,
		R(FUSE_READ, 1, 0, 9, ""),
		0,
		R(FUSE_OPENDIR, 0, 0, 0, ""),
		0,
		R(FUSE_READDIRPLUS, 0, 1, 200, ""),
		0,
		R(FUSE_LOOKUP, 0, 0, 0, ".."),
		'.',
		'.',
		0,
		R(FUSE_LOOKUP, 0, 0, 0, "c"),
		'c',
		0,
		R(FUSE_READLINK, 2, 0, 0, ""),
		0,
		R(FUSE_RELEASE, 0, 0, 0, ""),
		0,
		R(FUSE_FORGET, 1, 0, 9, ""),
		0,
	};
	static const uint8_t writes[] = {
		1,
		R(FUSE_CREATE, 0, 0, 2, "n"),
		'n',
		0,
		R(FUSE_WRITE, 1, 0, 3, "text"),
		't',
		'e',
		'x',
		't',
		0,
		R(FUSE_MKDIR, 0, 0, 0, "m"),
		'm',
		0,
		R(FUSE_RENAME, 0, 2, 0, "a\0b"),
		'a',
		0,
		'b',
		0,
		R(FUSE_LINK, 0, 1, 0, "l"),
		'l',
		0,
		R(FUSE_SYMLINK, 0, 0, 0, "s\0../x"),
		's',
		0,
		'.',
		'.',
		'/',
		'x',
		0,
		R(FUSE_UNLINK, 0, 0, 0, "a"),
		'a',
		0,
		R(FUSE_SETATTR, 1, 0, 9, ""),
		0,
		R(FUSE_FALLOCATE, 0, 0, 9, ""),
		0,
	};

	fuzz_seed("reads", reads, sizeof(reads));
	fuzz_seed("writes", writes, sizeof(writes));
}
