/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server of FUSE for one shared folder: a request in, a reply out, in the
 * guest's own buffers.
 *
 *   message.h   what a request says, and where its reply goes
 *   nodes.h     numbers of files, O_PATH descriptors
 *   handles.h   numbers of open files
 *   read.c, write.c   the operations; operations[] in server.c is their table
 *   answers.h   what both have in common
 *
 * Why this is not libfuse: its low-level API expects a kernel as its peer. It
 * takes lengths and the ends of names from a request unchecked, and copies all
 * data through buffers of its own. Here the peer is a guest, and reads and
 * writes go straight to its memory. docs/shared-folders.md says more.
 *
 * An operation that the table lacks is -ENOSYS, and one that writes is -EROFS
 * in a read-only share, before its arguments are looked at. What the table
 * leaves out on purpose:
 *
 *   GETLK, SETLK, SETLKW    not negotiated: the guest's kernel has the locks
 *   FLUSH                   there is nothing to flush, and so it asks once
 *   IOCTL, POLL, BMAP       they would reach the host's drivers
 *   SETUPMAPPING            no DAX
 *
 * POSIX ACLs are not negotiated either: with them, kernels before 5.11 refuse
 * access that the mode allows. Submounts are not announced as such, because
 * overlayfs refuses folders that mount by themselves ("Object is remote");
 * inode numbers are made unique instead.
 *
 * Caching: what a read-only share has said holds for a day. In a share that
 * may be written to, it holds for half a second, and file data as long as size
 * and time of change stay the same, so edits on the host are seen.
 *
 * Must never trust: anything in a request; files of the host, which may be
 * replaced by others at any time.
 *
 * Threads: fs_serve() from any number of them.
 *
 * Spec: <linux/fuse.h> 7.31 to 7.38.
 */
#ifndef DEV_FS_SERVER_H
#define DEV_FS_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dev/fs/handles.h"
#include "dev/fs/message.h"
#include "dev/fs/nodes.h"

/* Pages of data in a message, so that it fits into a queue of 256. */
#define FS_PAGES_MAX 128
#define FS_DATA_MAX  (FS_PAGES_MAX * 4096u)

/* The folder, and what the server needs of the host; opened before a guest
 * runs. */
struct fs_folder {
	int fd;	     /* O_PATH; -1: not open */
	int proc_fd; /* /proc/self/fd */
	unsigned fds_max;
	unsigned umask;
	uid_t uid;
	bool gives_away; /* the user may give files to other users */
};

#define FS_FOLDER_EMPTY                 \
	{                               \
		.fd = -1, .proc_fd = -1 \
	}

/*
 * Open @path. Raises the limit of open files as far as it may.
 *
 * -ENOENT, -ENOTDIR, -EACCES as the system says; -ENOSYS without openat2(2).
 * Every message begins with the path. On failure *@f is empty.
 */
int fs_folder_open(struct fs_folder *f, const char *path, struct err *e);
void fs_folder_close(struct fs_folder *f);

/* Counts for the report. */
enum fs_count {
	FS_LOOKUPS,
	FS_OPENS,
	FS_READS,
	FS_READ_BYTES,
	FS_WRITES,
	FS_WRITTEN_BYTES,
	FS_REFUSED, /* unknown operations, malformed requests, forged handles */
	FS_COUNTS,
};

struct fs_server {
	const struct fs_folder *folder;
	bool is_rw;
	/* Shared by the operations in progress; INIT and DESTROY, which forget
	 * all numbers, have it alone. */
	pthread_rwlock_t session;
	atomic_bool is_ready; /* after INIT */
	struct fs_nodes nodes;
	struct fs_handles handles;
	_Atomic uint64_t counts[FS_COUNTS];
};

/* @f outlives the server. */
int fs_server_init(struct fs_server *s, const struct fs_folder *f, bool is_rw,
		   struct err *e);

/* A new driver, or a new mount: forget all numbers. No request may be in
 * progress. */
void fs_server_reset(struct fs_server *s);
void fs_server_release(struct fs_server *s);

/*
 * Serve the request in @in, and write the reply to @out. May wait for the host.
 *
 * Returns 0 with the number of bytes in *@written, or -EPROTO with @e filled in
 * if the chain cannot hold a request and its reply.
 */
int fs_serve(struct fs_server *s, struct virtq_cursor in,
	     struct virtq_cursor out, uint32_t *written, struct err *e);

/* Whether @opcode never waits for the host. */
bool fs_is_quick(uint32_t opcode);

#endif
