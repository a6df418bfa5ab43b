/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues and configuration of virtio-balloon.
 *
 * Spec: virtio 1.2, 5.5.
 */
#ifndef PV_VIRTIO_BALLOON_H
#define PV_VIRTIO_BALLOON_H

#define VIRTIO_ID_BALLOON 5

#define VIRTIO_BALLOON_PAGE 4096 /* bytes, whatever the guest's pages (5.5.6) */

/* Feature bits, by number (5.5.3) */
#define VIRTIO_BALLOON_F_DEFLATE_ON_OOM 2
#define VIRTIO_BALLOON_F_PAGE_POISON	4
#define VIRTIO_BALLOON_F_PAGE_REPORTING 5

/* The configuration space (5.5.4): 32 bits each, little-endian */
#define VIRTIO_BALLOON_NUM_PAGES   0
#define VIRTIO_BALLOON_ACTUAL	   4
#define VIRTIO_BALLOON_POISON_VAL  12
#define VIRTIO_BALLOON_CONFIG_SIZE 16

/* Queues (5.5.2) */
#define VIRTIO_BALLOON_INFLATE 0
#define VIRTIO_BALLOON_DEFLATE 1
#define VIRTIO_BALLOON_QUEUES  5

#endif
