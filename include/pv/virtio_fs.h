/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues and configuration of virtio-fs. The messages in its queues are those
 * of FUSE, in <linux/fuse.h>.
 *
 * Spec: virtio 1.2, 5.11.
 */
#ifndef PV_VIRTIO_FS_H
#define PV_VIRTIO_FS_H

#define VIRTIO_ID_FS 26

/* Queues, without VIRTIO_FS_F_NOTIFICATION (5.11.2) */
#define VIRTIO_FS_HIPRIO  0
#define VIRTIO_FS_REQUEST 1 /* the first one */

/* The configuration space (5.11.4), little-endian */
#define VIRTIO_FS_TAG	      0 /* bytes; zeros fill it up */
#define VIRTIO_FS_TAG_SIZE    36
#define VIRTIO_FS_NUM_QUEUES  36 /* 32: request queues */
#define VIRTIO_FS_CONFIG_SIZE 40

#endif
