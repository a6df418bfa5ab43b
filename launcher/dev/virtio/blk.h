/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk: a disk.
 *
 * One queue, also for a guest with many CPUs (no VIRTIO_BLK_F_MQ). A second one
 * would spare them a lock, but behind it is the same work: at depth 32, a read
 * of cached bytes takes 1.05 times as long as the host's system call alone
 * (scripts/bench disk), and calls that wait already run several at a time.
 *
 * A request is checked before any I/O and then carried out on the guest's own
 * buffers, without a copy, by the thread that the doorbell woke. It is one of a
 * few that the device has: while one waits for the host, another serves the
 * next request. A read of bytes that the host has in memory waits for nothing,
 * nor does a write, unless the one before it did.
 *
 * A write is complete when the host's kernel has it. FLUSH makes it durable; if
 * the driver turned the cache off, each write does. When a host call fails, the
 * guest gets IOERR and the user one line.
 *
 * Must never trust: sectors, lengths, types and flags of requests; how buffers
 * are cut into pieces.
 *
 * Spec: virtio 1.2, 5.2.
 */
#ifndef DEV_VIRTIO_BLK_H
#define DEV_VIRTIO_BLK_H

#include <stdatomic.h>

#include "dev/device.h"
#include "dev/virtio/core.h"
#include "dev/virtio/disk.h"
#include "pv/virtio_blk.h"

/* --disk FILE[,ro][,snapshot][,direct][,id=TEXT]; the slot's config. */
struct virtio_blk_config {
	const char *path;
	const char *id; /* NULL: the file's name */
	bool ro, rw, snapshot, direct;
	struct disk disk; /* once it is opened */
};

extern const struct device_type virtio_blk_type;

/* Counts for the report. */
enum blk_count {
	BLK_READS,
	BLK_READ_BYTES,
	BLK_WRITES,
	BLK_WRITTEN_BYTES,
	BLK_FLUSHES,
	BLK_DISCARDS, /* and writes of zeros */
	BLK_ERRORS,   /* requests that were refused or failed */
	BLK_COUNTS,
};

struct virtio_blk {
	struct virtio core;
	struct disk *disk;
	char id[VIRTIO_BLK_ID_SIZE];
	atomic_bool writes_back; /* what CONFIG_WCE chose */
	atomic_bool writes_wait; /* the last one did, for more than a copy */
	_Atomic uint64_t counts[BLK_COUNTS];
};

/*
 * @disk is open and outlives the device. At most VIRTIO_BLK_ID_SIZE bytes of
 * @id are used. @worker does not run yet. On failure the caller releases
 * nothing.
 */
int virtio_blk_init(struct virtio_blk *b, struct disk *disk, const char *id,
		    const struct guest_mem *gm, struct worker *worker,
		    struct err *e);
void virtio_blk_release(struct virtio_blk *b);

#endif
