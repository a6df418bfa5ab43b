/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/queue.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* 2.7.5.2: "Drivers MUST NOT add a descriptor chain longer than 2^32 bytes" */
#define CHAIN_BYTES_MAX (UINT64_C(1) << 32)

/*
 * The rings are shared with processors that run guest code; neither compiler
 * may split or repeat an access.
 */
static uint16_t load16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void store16(uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

/* A copy of descriptor @i; reads each byte once. */
static struct virtq_desc snapshot(const uint8_t *table, uint32_t i)
{
	const uint8_t *p = table + (size_t)i * VIRTQ_DESC_SIZE;
	const uint64_t *word = (const void *)p;
	union {
		struct virtq_desc desc;
		uint64_t words[2];
		uint8_t bytes[VIRTQ_DESC_SIZE];
	} d;

	/* An indirect table may lie at any address (2.7.5.3). */
	if ((uintptr_t)p % sizeof(*word))
		for (unsigned n = 0; n < VIRTQ_DESC_SIZE; n++)
			d.bytes[n] = __atomic_load_n(p + n, __ATOMIC_RELAXED);
	else
		for (unsigned n = 0; n < 2; n++)
			d.words[n] = __atomic_load_n(word + n,
						     __ATOMIC_RELAXED);
	return d.desc;
}

/* A pointer to one part of the queue, or NULL with @e filled in. */
static void *part(const struct guest_mem *gm, const char *name, uint64_t gpa,
		  uint32_t len, uint32_t align, struct err *e)
{
	void *p = guest_mem_ptr(gm, gpa, len);

	/* 2.7, driver: "the physical address of the first byte of each
	 * virtqueue part is a multiple of the specified alignment value" */
	if (gpa % align) {
		err_set(e, EPROTO,
			"the %s at 0x%" PRIx64 " is not aligned to %u (2.7)",
			name, gpa, align);
		return NULL;
	}
	if (!p)
		err_set(e, EPROTO,
			"the %s, %u bytes at 0x%" PRIx64 ", is not all RAM",
			name, len, gpa);
	return p;
}

int virtq_enable(struct virtq *q, const struct guest_mem *gm, uint16_t max,
		 uint64_t features, struct err *e)
{
	const uint8_t *desc;
	const uint16_t *avail;
	uint16_t *used;

	assert(max <= VIRTQ_SIZE_MAX);
	/* 4.2.2.2: "a value to QueueNum which is less than or equal to [...]
	 * QueueNumMax"; 2.7: "Queue Size value is always a power of 2" */
	if (!q->num || q->num > max || (q->num & (q->num - 1)))
		return err_set(e, EPROTO,
			       "queue size %u is not a power of 2 up to %u "
			       "(2.7, 4.2.2.2)",
			       q->num, max);
	desc = part(gm, "descriptor table", q->desc_gpa,
		    VIRTQ_DESC_SIZE * q->num, VIRTQ_DESC_SIZE, e);
	if (!desc)
		return -EPROTO;
	avail = part(gm, "available ring", q->driver_gpa,
		     VIRTQ_AVAIL_BYTES(q->num), VIRTQ_AVAIL_ALIGN, e);
	if (!avail)
		return -EPROTO;
	used = part(gm, "used ring", q->device_gpa, VIRTQ_USED_BYTES(q->num),
		    VIRTQ_USED_ALIGN, e);
	if (!used)
		return -EPROTO;
	q->size = (uint16_t)q->num;
	q->desc = desc;
	q->avail = avail;
	q->used = used;
	q->next_avail = q->next_used = 0;
	q->event_idx = features >> VIRTIO_F_EVENT_IDX & 1;
	q->indirect = features >> VIRTIO_F_INDIRECT_DESC & 1;
	q->ready = true;
	/* 2.7.10.2: "The device MUST set flags to 0 or 1", with or without
	 * VIRTIO_F_EVENT_IDX: we never decline notifications. */
	store16(&q->used[VIRTQ_FLAGS], 0);
	return 0;
}

void virtq_disable(struct virtq *q)
{
	q->ready = false;
	q->desc = NULL;
	q->avail = NULL;
	q->used = NULL;
}

/* Where a walk along a chain is. */
struct walk {
	const uint8_t *desc; /* the table */
	uint32_t count;	     /* its descriptors */
	bool is_indirect;
	bool is_writable; /* the last buffer was */
};

/* Go on in the table that @d refers to (2.7.5.3). */
static int enter_indirect(const struct virtq *q, const struct guest_mem *gm,
			  const struct virtq_desc *d, struct walk *w,
			  struct err *e)
{
	if (!q->indirect)
		return err_set(e, EPROTO,
			       "an indirect descriptor, which was not "
			       "negotiated (2.7.5.3.1)");
	if (w->is_indirect)
		return err_set(e, EPROTO,
			       "an indirect descriptor in an indirect table "
			       "(2.7.5.3.1)");
	if (d->flags & VIRTQ_DESC_NEXT)
		return err_set(e, EPROTO,
			       "an indirect descriptor with a next one "
			       "(2.7.5.3.1)");
	if (!d->len || d->len % VIRTQ_DESC_SIZE)
		return err_set(e, EPROTO,
			       "an indirect table of %u bytes, not a multiple "
			       "of %u (2.7.5.3)",
			       d->len, VIRTQ_DESC_SIZE);
	w->desc = guest_mem_ptr(gm, d->addr, d->len);
	if (!w->desc)
		return err_set(e, EPROTO,
			       "the indirect table, %u bytes at 0x%" PRIx64
			       ", is not all RAM",
			       d->len, d->addr);
	/* 2.7.5.3.2: "The device MUST ignore the write-only flag". */
	w->count = d->len / VIRTQ_DESC_SIZE;
	w->is_indirect = true;
	return 0;
}

static int add_segment(const struct guest_mem *gm, const struct virtq_desc *d,
		       struct walk *w, struct virtq_chain *c, struct err *e)
{
	bool writable = d->flags & VIRTQ_DESC_WRITE;
	uint8_t *data;

	/* 2.7.4.2: "The driver MUST place any device-writable descriptor
	 * elements after any device-readable descriptor elements." */
	if (!writable && w->is_writable)
		return err_set(e, EPROTO,
			       "a readable buffer behind a writable one "
			       "(2.7.4.2)");
	w->is_writable = writable;
	/* Cannot overflow: two sums of at most VIRTQ_SIZE_MAX 32-bit terms. */
	if (c->readable_bytes + c->writable_bytes + d->len > CHAIN_BYTES_MAX)
		return err_set(e, EPROTO,
			       "a chain of more than 2^32 bytes (2.7.5.2)");
	/* The specification allows empty buffers, at any address. */
	if (!d->len)
		return 0;
	data = guest_mem_ptr(gm, d->addr, d->len);
	if (!data)
		return err_set(e, EPROTO,
			       "a buffer, %u bytes at 0x%" PRIx64
			       ", is not all RAM",
			       d->len, d->addr);
	c->seg[c->count++] = (struct virtq_seg){ data, d->len };
	if (writable) {
		c->writable_bytes += d->len;
	} else {
		c->readable_bytes += d->len;
		c->readable++;
	}
	return 0;
}

static int walk(const struct virtq *q, const struct guest_mem *gm,
		struct virtq_chain *c, struct err *e)
{
	struct walk w = { .desc = q->desc, .count = q->size };
	struct virtq_desc d;
	unsigned buffers = 0;
	uint32_t i = c->head;
	int rc;

	/* Each iteration takes one of at most q->size buffers or enters the one
	 * table that a chain may have. */
	do {
		if (i >= w.count)
			return err_set(e, EPROTO,
				       "descriptor %u of a table of %u (2.7.5)",
				       i, w.count);
		d = snapshot(w.desc, i);
		i = d.next;
		if (d.flags & VIRTQ_DESC_INDIRECT) {
			rc = enter_indirect(q, gm, &d, &w, e);
			d.flags = VIRTQ_DESC_NEXT;
			i = 0;
		} else if (buffers++ == q->size) {
			/* 2.7.5.3.1: "A driver MUST NOT create a descriptor
			 * chain longer than the Queue Size of the device." */
			rc = err_set(e, EPROTO,
				     "a chain of more than %u buffers, or a "
				     "loop (2.7.5.2, 2.7.5.3.1)",
				     q->size);
		} else {
			rc = add_segment(gm, &d, &w, c, e);
		}
	} while (!rc && (d.flags & VIRTQ_DESC_NEXT));
	return rc;
}

int virtq_pop(struct virtq *q, const struct guest_mem *gm,
	      struct virtq_chain *c, struct err *e)
{
	uint16_t idx, pending;
	int rc;

	assert(q->ready);
	/* After this we see what the driver wrote before it raised idx. */
	idx = __atomic_load_n(&q->avail[VIRTQ_IDX], __ATOMIC_ACQUIRE);
	pending = (uint16_t)(idx - q->next_avail);
	if (!pending)
		return 0;
	/* 2.7.6.1: idx never decreases, and a queue holds no more chains
	 * than it has descriptors. */
	if (pending > q->size)
		return err_set(e, EPROTO,
			       "available idx went from %u to %u in a queue "
			       "of %u (2.7.6.1)",
			       q->next_avail, idx, q->size);
	c->readable = c->count = 0;
	c->readable_bytes = c->writable_bytes = 0;
	c->head =
		load16(&q->avail[VIRTQ_RING + (q->next_avail & (q->size - 1))]);
	rc = walk(q, gm, c, e);
	if (rc)
		return err_prefix(e, rc, "chain %u", c->head);
	q->next_avail++;
	return 1;
}

void virtq_unpop(struct virtq *q)
{
	q->next_avail--;
}

void virtq_fill(struct virtq *q, unsigned n, uint16_t head, uint32_t len)
{
	uint16_t slot = (uint16_t)(q->next_used + n) & (uint16_t)(q->size - 1);
	uint32_t *elem = (void *)&q->used[VIRTQ_RING + 4 * slot];

	assert(q->ready);
	__atomic_store_n(&elem[0], head, __ATOMIC_RELAXED);
	__atomic_store_n(&elem[1], len, __ATOMIC_RELAXED);
}

void virtq_publish(struct virtq *q, unsigned n)
{
	assert(q->ready);
	q->next_used = (uint16_t)(q->next_used + n);
	/* 2.7.8.2: "The device MUST set len prior to updating the used idx",
	 * and the buffer's bytes before that. */
	__atomic_store_n(&q->used[VIRTQ_IDX], q->next_used, __ATOMIC_RELEASE);
}

bool virtq_wants_interrupt(const struct virtq *q, unsigned n)
{
	uint16_t event;

	assert(q->ready);
	/* The driver writes its wish and then reads idx; we have written idx
	 * and now read the wish. One of us must see the other's write. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* 2.7.7.2: which of the two counts, and what it means. */
	if (!q->event_idx)
		return !(load16(&q->avail[VIRTQ_FLAGS]) & VIRTQ_NO_INTERRUPT);
	event = load16(&q->avail[VIRTQ_RING + q->size]);
	return (uint16_t)(event - (uint16_t)(q->next_used - n)) < n;
}

bool virtq_arm(struct virtq *q)
{
	assert(q->ready);
	/* 2.7.10.2: avail_event is ours to use once negotiated. */
	if (q->event_idx)
		store16(&q->used[VIRTQ_RING + 4 * q->size], q->next_avail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(&q->avail[VIRTQ_IDX]) != q->next_avail;
}

/* --- cursors */

struct virtq_cursor virtq_reader(const struct virtq_chain *c)
{
	return (struct virtq_cursor){ .seg = c->seg,
				      .left = c->readable_bytes };
}

struct virtq_cursor virtq_writer(const struct virtq_chain *c)
{
	return (struct virtq_cursor){ .seg = c->seg + c->readable,
				      .left = c->writable_bytes,
				      .is_writable = true };
}

/* The next piece in one segment, at most @len bytes; 0 at the end. */
static uint32_t next_piece(struct virtq_cursor *c, uint64_t len, uint8_t **data)
{
	uint32_t n;

	if (len > c->left)
		len = c->left;
	if (!len)
		return 0;
	*data = c->seg->data + c->off;
	n = c->seg->len - c->off;
	if (n > len)
		n = (uint32_t)len;
	c->left -= n;
	c->off += n;
	if (c->off == c->seg->len) {
		c->seg++;
		c->off = 0;
	}
	return n;
}

size_t virtq_read(struct virtq_cursor *r, void *dst, size_t len)
{
	uint8_t *to = dst, *data;
	size_t done = 0;
	uint32_t n;

	assert(!r->is_writable);
	for (; (n = next_piece(r, len - done, &data)); done += n)
		memcpy(to + done, data, n);
	return done;
}

size_t virtq_write(struct virtq_cursor *w, const void *src, size_t len)
{
	const uint8_t *from = src;
	uint8_t *data;
	size_t done = 0;
	uint32_t n;

	assert(w->is_writable);
	for (; (n = next_piece(w, len - done, &data)); done += n)
		memcpy(data, from + done, n);
	return done;
}

struct virtq_cursor virtq_split(struct virtq_cursor *c, uint64_t len)
{
	struct virtq_cursor front = *c;
	uint8_t *data;
	uint32_t n;

	front.left = len < c->left ? len : c->left;
	for (uint64_t left = front.left; left; left -= n)
		n = next_piece(c, left, &data);
	return front;
}

unsigned virtq_iov(struct virtq_cursor *c, uint64_t len, struct iovec *iov,
		   unsigned max)
{
	unsigned count = 0;
	uint8_t *data;
	uint32_t n;

	while (count < max && (n = next_piece(c, len, &data))) {
		iov[count++] = (struct iovec){ data, n };
		len -= n;
	}
	return count;
}
