/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-fs: a folder of the host.
 *
 * Two queues: one for messages without a reply (FORGET), and one for the rest.
 * The device's threads serve them, several at a time. Before a request that may
 * wait for the host, its thread lets another one look for more. The file server
 * (dev/fs/) reads requests out of the guest's buffers and writes replies to
 * them.
 *
 * Must never trust: see dev/fs/server.h.
 *
 * Spec: virtio 1.2, 5.11.
 */
#ifndef DEV_VIRTIO_FS_H
#define DEV_VIRTIO_FS_H

#include "dev/device.h"
#include "dev/fs/server.h"
#include "dev/virtio/core.h"
#include "pv/virtio_fs.h"

/* --share DIR[,ro][,rw][,tag=NAME]; the slot's config. */
struct virtio_fs_config {
	const char *path;
	const char *tag; /* NULL: from the path */
	bool ro, rw;
	bool is_open;
	struct fs_folder folder; /* once it is opened */
};

extern const struct device_type virtio_fs_type;

struct virtio_fs {
	struct virtio core;
	struct fs_server server;
};

/*
 * @f is open and outlives the device. @tag has at most VIRTIO_FS_TAG_SIZE
 * bytes. @worker does not run yet. On failure the caller releases nothing.
 */
int virtio_fs_init(struct virtio_fs *fs, const struct fs_folder *f,
		   const char *tag, bool is_rw, const struct guest_mem *gm,
		   struct worker *worker, struct err *e);
void virtio_fs_release(struct virtio_fs *fs);

#endif
