/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon: memory that the guest does not use returns to the host.
 *
 *   free page reporting   the guest frees memory, waits a moment and reports
 *                         the free pages; it may use them again at any time
 *   the balloon           the guest gives up as many pages as the option says,
 *                         and takes them back when it runs out of memory
 *                         (DEFLATE_ON_OOM)
 *
 * In both cases the device drops the host's pages behind the guest's. If the
 * guest touches them again, it finds zeros and the host has to provide them
 * anew.
 *
 * The queue of reports is number 4 in the specification, but drivers number the
 * queues that exist without gaps. The device serves reports on queue 2 and on
 * queue 4, because it has no statistics queue.
 *
 * Must never trust: page numbers; where and how long reported pages are.
 *
 * Spec: virtio 1.2, 5.5.
 */
#ifndef DEV_VIRTIO_BALLOON_H
#define DEV_VIRTIO_BALLOON_H

#include <stdatomic.h>

#include "dev/device.h"
#include "dev/virtio/core.h"
#include "pv/virtio_balloon.h"

/* --balloon SIZE; the slot's config. */
struct virtio_balloon_config {
	uint64_t size; /* bytes that the guest is to give up */
};

extern const struct device_type virtio_balloon_type;

/* The counter of all that was returned, for the report's memory section. */
#define BALLOON_RETURNED "returned_bytes"

struct virtio_balloon {
	struct virtio core;
	const struct guest_mem *gm;
	/* What the driver says that free pages contain (5.5.6.7.1). */
	_Atomic uint32_t poison;
	/* How many bytes the driver says are in the balloon. */
	_Atomic uint64_t held;
	_Atomic uint64_t reported; /* bytes that were returned by reports */
	_Atomic uint64_t inflated; /* and by the balloon */
};

/* @size: less than the guest's memory, a multiple of VIRTIO_BALLOON_PAGE.
 * @worker does not run yet. On failure the caller releases nothing. */
int virtio_balloon_init(struct virtio_balloon *b, uint64_t size,
			const struct guest_mem *gm, struct worker *worker,
			struct err *e);
void virtio_balloon_release(struct virtio_balloon *b);

#endif
