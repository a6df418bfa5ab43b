/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue, seen from the device: take the chains of buffers that
 * the driver made available, give them back used.
 *
 *   descriptor table          available ring          used ring
 *   [0] addr len flags next   idx --> ring[] of       idx --> ring[] of
 *   [1] ...                   heads, by the driver    { head, len }, by us
 *
 * All three lie in guest memory and may change at any time, so nothing is
 * read from them twice: a descriptor is copied, the copy is checked, and what
 * a device gets is a struct virtq_chain that no guest can reach. A chain is
 * at most as long as the queue, whatever its links say; that also ends loops.
 *
 * Must never trust: addresses, lengths, links, flags and indices in the rings.
 * What breaks a rule is -EPROTO with the rule's section of the specification,
 * and the device stops (see virtio_mmio.h).
 *
 * Spec: virtio 1.2, 2.7.
 */
#ifndef DEV_VIRTIO_QUEUE_H
#define DEV_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pv/virtio.h"
#include "vm/guest_mem.h"

/* The longest queue any device here offers. */
#define VIRTQ_SIZE_MAX 256

/* The features of 6 that are the queue's; offered for every device. */
#define VIRTQ_FEATURES                           \
	(UINT64_C(1) << VIRTIO_F_INDIRECT_DESC | \
	 UINT64_C(1) << VIRTIO_F_EVENT_IDX)

struct virtq {
	/* As the driver wrote it, unchecked until virtq_enable(). */
	uint32_t num;
	uint64_t desc_gpa, driver_gpa, device_gpa;

	bool ready; /* what follows is valid while this is set */
	bool event_idx, indirect;
	uint16_t size;
	uint16_t next_avail, next_used;
	const uint8_t *desc;
	const uint16_t *avail;
	uint16_t *used;
};

struct virtq_seg {
	uint8_t *data; /* guest memory: its bytes may change */
	uint32_t len;  /* never 0 */
};

/* One chain: segments the device may read, then those it may write. */
struct virtq_chain {
	uint16_t head;
	unsigned readable; /* segments, the first ones */
	unsigned count;	   /* segments in all */
	uint64_t readable_bytes, writable_bytes;
	struct virtq_seg seg[VIRTQ_SIZE_MAX];
};

/*
 * Check what the driver wrote and start from its rings' beginning.
 * @max: the device's QueueNumMax. @features: as negotiated.
 */
int virtq_enable(struct virtq *q, const struct guest_mem *gm, uint16_t max,
		 uint64_t features, struct err *e);
void virtq_disable(struct virtq *q);

/*
 * The next available chain, of a ready queue. Returns 1 and fills *@c, 0 if
 * there is none, -EPROTO if the driver broke a rule; then *@c is undefined.
 */
int virtq_pop(struct virtq *q, const struct guest_mem *gm,
	      struct virtq_chain *c, struct err *e);

/* The chain that was popped last is not served yet: pop it again later. */
void virtq_unpop(struct virtq *q);

/*
 * Give back the chain @head, of whose writable bytes the first @len were
 * written. Returns whether the driver wants to be notified of that.
 */
bool virtq_push(struct virtq *q, uint16_t head, uint32_t len);

/*
 * Ask the driver for a notification of the next chain. Returns whether there
 * is one already, of which no notification will come.
 */
bool virtq_arm(struct virtq *q);

#endif
