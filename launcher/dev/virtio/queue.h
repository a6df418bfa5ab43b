/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue, seen from the device: take the chains of buffers that
 * the driver made available, give them back used.
 *
 *   descriptor table          available ring          used ring
 *   [0] addr len flags next   idx --> ring[] of       idx --> ring[] of
 *   [1] ...                   heads, by the driver    { head, len }, by us
 *
 * All three lie in guest memory and may change at any time, so each field is
 * read only once: a descriptor is copied, the copy is checked, and the device
 * gets a struct virtq_chain that the guest cannot reach. A chain is at most as
 * long as the queue, whatever its links say; that also ends loops.
 *
 * A device reads and writes a chain's bytes by cursors, which hide how the
 * driver split them into buffers: "the device MUST NOT make assumptions about
 * the particular arrangement of descriptors" (2.7.4.1).
 *
 * Must never trust: addresses, lengths, links, flags and indices in the rings.
 * A broken rule is -EPROTO; the message gives the rule's section of the
 * specification, and the device stops.
 *
 * Spec: virtio 1.2, 2.7.
 */
#ifndef DEV_VIRTIO_QUEUE_H
#define DEV_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "pv/virtio.h"
#include "vm/guest_mem.h"

/* The longest queue any device here offers. */
#define VIRTQ_SIZE_MAX 256

/* The features in section 6 that concern the queue; every device offers
 * them. */
#define VIRTQ_FEATURES                           \
	(UINT64_C(1) << VIRTIO_F_INDIRECT_DESC | \
	 UINT64_C(1) << VIRTIO_F_EVENT_IDX)

struct virtq {
	/* As the driver wrote it, unchecked until virtq_enable(). */
	uint32_t num;
	uint64_t desc_gpa, driver_gpa, device_gpa;

	bool ready; /* the fields below are valid while this is set */
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

/* The driver wrote half of one of the addresses. */
static inline void virtq_set_half(uint64_t *gpa, bool is_high, uint32_t value)
{
	if (is_high)
		*gpa = (*gpa & UINT32_MAX) | (uint64_t)value << 32;
	else
		*gpa = (*gpa & ~(uint64_t)UINT32_MAX) | value;
}

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
 * Give back chains in steps: fill in the @n-th of them, from 0, of whose
 * writable bytes the first @len were written; publish all @n that were filled
 * in, which the driver then sees at once; and ask, now or after more of them,
 * whether it wants a notification of the last @n that were published.
 */
void virtq_fill(struct virtq *q, unsigned n, uint16_t head, uint32_t len);
void virtq_publish(struct virtq *q, unsigned n);
bool virtq_wants_interrupt(const struct virtq *q, unsigned n);

/*
 * Ask the driver for a notification of the next chain. Returns whether there is
 * one already; it will cause no notification.
 */
bool virtq_arm(struct virtq *q);

/*
 * A place among a chain's readable or writable bytes. A cursor is a value: a
 * copy moves independently. It refers to the chain's segments, which must
 * outlive it.
 *
 * Calls take the requested bytes, or as many as are left, and move the cursor
 * past them.
 */
struct virtq_cursor {
	const struct virtq_seg *seg; /* the one it is in, unless left is 0 */
	uint32_t off;		     /* bytes of that before the cursor */
	uint64_t left;		     /* bytes before its end */
	bool is_writable;
};

struct virtq_cursor virtq_reader(const struct virtq_chain *c);
struct virtq_cursor virtq_writer(const struct virtq_chain *c);

/* Copy from a reader to @dst. Returns how many bytes. The guest cannot change
 * this copy; a second copy may differ. */
size_t virtq_read(struct virtq_cursor *r, void *dst, size_t len);

/* Copy from @src to a writer. Returns how many bytes. */
size_t virtq_write(struct virtq_cursor *w, const void *src, size_t len);

/* A separate cursor for the next @len bytes: the header of a request, or all
 * that comes before its last byte. */
struct virtq_cursor virtq_split(struct virtq_cursor *c, uint64_t len);

/*
 * The next @len bytes as pieces of guest memory for readv(2), writev(2) and
 * similar calls. Returns how many pieces, at most @max. Takes fewer bytes if
 * @max pieces do not hold them all.
 */
unsigned virtq_iov(struct virtq_cursor *c, uint64_t len, struct iovec *iov,
		   unsigned max);

#endif
