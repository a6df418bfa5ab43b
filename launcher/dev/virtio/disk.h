/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of a disk: a raw file or a block device, and with `snapshot`
 * an overlay for the guest's writes.
 *
 *   guest's write --> overlay, a sparse file without a name
 *   guest's read  --> overlay where it has been written, else the image
 *
 * The format is never guessed: otherwise a guest could write a header into a
 * raw image that names another file of the host.
 *
 * Locks: a writable disk is locked against all other users of the file, a
 * read-only disk against writers (open file description locks, fcntl(2)). They
 * end with the process, however it ends.
 *
 * Must never trust: the kind of file a path leads to; offsets and lengths,
 * which the guest chooses: callers check them against `size`.
 */
#ifndef DEV_VIRTIO_DISK_H
#define DEV_VIRTIO_DISK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"

#define DISK_SECTOR 512

/* The unit in which an overlay replaces the image. */
#define DISK_PAGE 4096

struct disk_config {
	const char *path;
	bool ro, snapshot, direct;
};

struct disk {
	const char *path; /* for messages; must outlive this */
	int fd;		  /* -1: empty */
	int overlay;	  /* -1: none, writes go to fd */
	bool is_ro;
	bool is_device;
	uint64_t size; /* bytes, a multiple of DISK_SECTOR */
	/* With `direct`, offsets, lengths and addresses must be multiples of
	 * this; otherwise 1. */
	uint32_t align;
	/* A bit for each DISK_PAGE that the overlay has. */
	uint8_t *written;
	size_t written_len;
	pthread_mutex_t copying; /* a page from the image into the overlay */
};

#define DISK_EMPTY                      \
	{                               \
		.fd = -1, .overlay = -1 \
	}

/*
 * Open and lock the file that @c names. Never waits.
 *
 * -EINVAL for an empty file, a size that is not a multiple of DISK_SECTOR, or a
 * path to anything but a regular file or a block device; -EISDIR; -EROFS for a
 * file that may only be read; -EBUSY if it is locked, with the holder's name if
 * the kernel reports it; otherwise the system's own error. Every message begins
 * with the path. On failure *@d is empty.
 */
int disk_open(struct disk *d, const struct disk_config *c, struct err *e);

/*
 * Read or write @n pieces at @off. The range must lie within the disk. Returns
 * 0 if all bytes were transferred, else a negative errno. From any thread.
 */
int disk_read(struct disk *d, const struct iovec *iov, unsigned n, uint64_t off,
	      struct err *e);
int disk_write(struct disk *d, const struct iovec *iov, unsigned n,
	       uint64_t off, struct err *e);

/*
 * Read if the host can do it without waiting. Returns whether it did; if not,
 * the pieces may hold anything.
 */
bool disk_read_now(struct disk *d, const struct iovec *iov, unsigned n,
		   uint64_t off);

/* Make earlier writes durable. A snapshot is discarded at the end, so this does
 * nothing for it. */
int disk_flush(struct disk *d, struct err *e);

/* Forget @len bytes at @off: a hint. */
int disk_discard(struct disk *d, uint64_t off, uint64_t len, struct err *e);

/* Let @len bytes at @off read zero; @unmap: their space may be freed. */
int disk_zero(struct disk *d, uint64_t off, uint64_t len, bool unmap,
	      struct err *e);

void disk_close(struct disk *d);

#endif
