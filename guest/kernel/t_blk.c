/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first disk, which may be written to: what was written is
 * read again; wrong requests get their status, and chains that are not requests
 * need a reset, after which the disk works.
 *
 * Without a disk there is nothing to claim.
 *
 * Spec: virtio 1.2, 5.2.
 */
#include "claims.h"
#include "cpu.h"
#include "entry.h"
#include "lib/io.h"
#include "lib/say.h"
#include "mem.h"
#include "pv/pci.h"
#include "pv/virtio_blk.h"
#include "pv/x86.h"
#include "rng.h"
#include "vdev.h"

#define QUEUE	0
#define HEADER	0 /* descriptors of a request, and their buffers */
#define DATA	1
#define LAST	2
#define SECTORS 4 /* in a buffer */
#define RESETS	4

/* A read that takes the host milliseconds: all descriptors between the header's
 * and the status's are of the same memory. */
#define STATUS	     (VDEV_ENTRIES - 1)
#define PIECES	     (STATUS - DATA)
#define PIECE	     (2u << 20)
#define PATTERN	     0x9e3779b97f4a7c15
#define QUIET_CYCLES 30000000 /* some more milliseconds */

#define FEATURES                                                 \
	(1u << VIRTIO_BLK_F_FLUSH | 1u << VIRTIO_BLK_F_DISCARD | \
	 1u << VIRTIO_BLK_F_WRITE_ZEROES)

static volatile uint8_t *data(void)
{
	return vdev_rings[QUEUE].buffer[DATA];
}

static uint32_t word(unsigned i)
{
	return 0x9e3779b9u * (i + 1);
}

static void fill(void)
{
	volatile uint32_t *p = (volatile uint32_t *)data();

	for (unsigned i = 0; i < VDEV_BUFFER_SIZE / sizeof(*p); i++)
		p[i] = word(i);
}

static void clear(void)
{
	volatile uint32_t *p = (volatile uint32_t *)data();

	for (unsigned i = 0; i < VDEV_BUFFER_SIZE / sizeof(*p); i++)
		p[i] = 0;
}

static bool is_filled(void)
{
	volatile const uint32_t *p = (volatile uint32_t *)data();

	for (unsigned i = 0; i < VDEV_BUFFER_SIZE / sizeof(*p); i++)
		if (p[i] != word(i))
			return expect_equal("a word that was read", p[i],
					    word(i));
	return true;
}

static bool is_clear(void)
{
	volatile const uint32_t *p = (volatile uint32_t *)data();

	for (unsigned i = 0; i < VDEV_BUFFER_SIZE / sizeof(*p); i++)
		if (p[i])
			return expect_equal("a word that was read", p[i], 0);
	return true;
}

static uint64_t capacity(void)
{
	return vdev_config(VIRTIO_BLK_CAPACITY, 4) |
	       (uint64_t)vdev_config(VIRTIO_BLK_CAPACITY + 4, 4) << 32;
}

/* ---- requests */

/* Lay out a request with @len bytes of data. */
static void lay_out(uint32_t type, uint64_t sector, uint32_t len)
{
	struct vdev_ring *r = &vdev_rings[QUEUE];
	volatile struct virtio_blk_header *h = (void *)r->buffer[HEADER];
	bool reads = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;

	h->type = type;
	h->reserved = 0;
	h->sector = sector;
	r->buffer[LAST][0] = 0xff;
	vdev_describe(QUEUE, HEADER, sizeof(*h), VIRTQ_DESC_NEXT,
		      len ? DATA : LAST);
	vdev_describe(QUEUE, DATA, len,
		      VIRTQ_DESC_NEXT | (reads ? VIRTQ_DESC_WRITE : 0), LAST);
	vdev_describe(QUEUE, LAST, 1, VIRTQ_DESC_WRITE, 0);
}

static void submit(uint32_t type, uint64_t sector, uint32_t len)
{
	lay_out(type, sector, len);
	vdev_offer(QUEUE, HEADER);
}

/* Wait for request @nth of this life, from 1 on, and its @status. */
static bool ends(uint16_t nth, uint8_t status)
{
	return vdev_wait(QUEUE, nth) &&
	       expect_equal("the request's status",
			    vdev_rings[QUEUE].buffer[LAST][0], status);
}

static bool works(void)
{
	bool ok = vdev_start(FEATURES, 1);

	if (ok) {
		fill();
		submit(VIRTIO_BLK_T_OUT, 0, VDEV_BUFFER_SIZE);
		ok = ends(1, VIRTIO_BLK_S_OK);
	}
	if (ok) {
		clear();
		submit(VIRTIO_BLK_T_IN, 0, VDEV_BUFFER_SIZE);
		ok = ends(2, VIRTIO_BLK_S_OK) && is_filled() &&
		     expect_equal("the length used", vdev_used_len(QUEUE, 1),
				  VDEV_BUFFER_SIZE + 1);
	}
	return ok;
}

/* ---- claims */

static enum verdict reads_what_was_written(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK))
		return SKIP;
	ok = works();
	if (ok) {
		submit(VIRTIO_BLK_T_FLUSH, 0, 0);
		ok = ends(3, VIRTIO_BLK_S_OK);
	}
	return vdev_stop() && ok;
}

static enum verdict has_a_serial_number(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK))
		return SKIP;
	ok = vdev_start(FEATURES, 1);
	clear();
	if (ok) {
		submit(VIRTIO_BLK_T_GET_ID, 0, VIRTIO_BLK_ID_SIZE);
		ok = ends(1, VIRTIO_BLK_S_OK) && data()[0];
	}
	return vdev_stop() && ok;
}

/* The whole sectors that WRITE_ZEROES covers are zero after it. */
static enum verdict writes_zeros(const struct boot *b)
{
	volatile struct virtio_blk_range *r;
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK))
		return SKIP;
	ok = works();
	r = (volatile struct virtio_blk_range *)data();
	for (uint32_t unmap = 0; ok && unmap <= VIRTIO_BLK_RANGE_UNMAP;
	     unmap++) {
		r->sector = 0;
		r->sectors = SECTORS;
		r->flags = unmap;
		submit(VIRTIO_BLK_T_WRITE_ZEROES, 0, sizeof(*r));
		ok = ends((uint16_t)(3 + 2 * unmap), VIRTIO_BLK_S_OK);
		fill();
		submit(VIRTIO_BLK_T_IN, 0, VDEV_BUFFER_SIZE);
		ok = ok && ends((uint16_t)(4 + 2 * unmap), VIRTIO_BLK_S_OK) &&
		     is_clear();
	}
	return vdev_stop() && ok;
}

/* --- wrong requests: one row each */

static const struct {
	const char *what;
	uint32_t type;
	uint64_t sector; /* counted from the end of the disk */
	uint32_t len;
	uint8_t status;
} wrong[] = {
	{ "a read behind the end", VIRTIO_BLK_T_IN, 0, 512,
	  VIRTIO_BLK_S_IOERR },
	{ "a read across the end", VIRTIO_BLK_T_IN, -(uint64_t)1, 1024,
	  VIRTIO_BLK_S_IOERR },
	{ "a write behind the end", VIRTIO_BLK_T_OUT, 0, 512,
	  VIRTIO_BLK_S_IOERR },
	{ "a write whose bytes wrap around", VIRTIO_BLK_T_OUT,
	  (UINT64_C(1) << 55) - 1, 512, VIRTIO_BLK_S_IOERR },
	{ "a write far behind the end", VIRTIO_BLK_T_OUT, UINT64_C(1) << 62,
	  512, VIRTIO_BLK_S_IOERR },
	{ "a read of part of a sector", VIRTIO_BLK_T_IN, -(uint64_t)1, 511,
	  VIRTIO_BLK_S_IOERR },
	{ "a write of part of a sector", VIRTIO_BLK_T_OUT, -(uint64_t)2, 513,
	  VIRTIO_BLK_S_IOERR },
	{ "a read of nothing", VIRTIO_BLK_T_IN, -(uint64_t)1, 0,
	  VIRTIO_BLK_S_IOERR },
	{ "a range that is cut off", VIRTIO_BLK_T_DISCARD, 0, 15,
	  VIRTIO_BLK_S_IOERR },
	{ "no range", VIRTIO_BLK_T_WRITE_ZEROES, 0, 0, VIRTIO_BLK_S_IOERR },
	{ "a range with unknown flags", VIRTIO_BLK_T_DISCARD, 0, 16,
	  VIRTIO_BLK_S_UNSUPP },
	{ "an unknown type", 0x77, 0, 512, VIRTIO_BLK_S_UNSUPP },
};

static enum verdict refuses_wrong_requests(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK))
		return SKIP;
	ok = vdev_start(FEATURES, 1);
	fill();
	for (unsigned i = 0; ok && i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		submit(wrong[i].type, capacity() + wrong[i].sector,
		       wrong[i].len);
		ok = ends((uint16_t)(i + 1), wrong[i].status);
		if (!ok)
			say("     for %s\n", wrong[i].what);
	}
	/* A request that fails does not change its data. */
	ok = ok && is_filled();
	return vdev_stop() && ok && works() && vdev_stop();
}

/* --- chains that are not requests: one row each */

static const struct {
	const char *what;
	uint32_t len;	/* of the first */
	uint16_t flags; /* of the last */
	uint64_t gpa;	/* of the last, instead of a buffer */
} broken[] = {
	{ "a header that is cut off", 15, VIRTQ_DESC_WRITE, 0 },
	{ "no room for a status", 16, 0, 0 },
	{ "a status at registers", 16, VIRTQ_DESC_WRITE, VIRTIO_MMIO_GPA },
	{ "a status behind PCI", 16, VIRTQ_DESC_WRITE, PCI_WINDOW_GPA },
};

static bool is_refused(unsigned row)
{
	bool ok = vdev_start(FEATURES, 1);

	vdev_describe(QUEUE, HEADER, broken[row].len, VIRTQ_DESC_NEXT, LAST);
	vdev_describe(QUEUE, LAST, 1, broken[row].flags, 0);
	if (broken[row].gpa)
		vdev_rings[QUEUE].desc[LAST].addr = broken[row].gpa;
	if (ok)
		vdev_offer(QUEUE, HEADER);
	ok = ok && vdev_wait_refusal();
	if (!ok)
		say("     for %s\n", broken[row].what);
	return ok;
}

static enum verdict refuses_broken_chains(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK))
		return SKIP;
	for (unsigned i = 0; ok && i < sizeof(broken) / sizeof(broken[0]); i++)
		ok = is_refused(i);
	return vdev_stop() && ok && works() && vdev_stop();
}

/* ---- requests in flight */

/* Memory behind the kernel; an initrd would be at the end of memory. */
static volatile uint64_t *spare(uint32_t off)
{
	return mem_at(((rng_phys(image_end) + PIECE - 1) & -PIECE) + off);
}

static void submit_long_read(void)
{
	lay_out(VIRTIO_BLK_T_IN, 0, PIECE);
	vdev_describe(QUEUE, STATUS, 1, VIRTQ_DESC_WRITE, 0);
	for (uint16_t i = DATA; i < STATUS; i++) {
		vdev_describe(QUEUE, i, PIECE,
			      VIRTQ_DESC_NEXT | VIRTQ_DESC_WRITE,
			      (uint16_t)(i + 1));
		vdev_rings[QUEUE].desc[i].addr = (uintptr_t)spare(0);
	}
	vdev_offer(QUEUE, HEADER);
}

/* After a reset: neither the data nor the status nor the used ring changes. */
static bool is_left_alone(void)
{
	struct vdev_ring *r = &vdev_rings[QUEUE];
	uint16_t used = r->used[VIRTQ_IDX];
	uint64_t begin;
	bool ok = true;

	r->buffer[STATUS][0] = 0xff;
	for (uint32_t off = 0; off < PIECE; off += PAGE_4K)
		*spare(off) = PATTERN ^ off;
	begin = read_tsc();
	while (read_tsc() - begin < QUIET_CYCLES)
		cpu_pause();
	for (uint32_t off = 0; ok && off < PIECE; off += PAGE_4K)
		ok = expect_equal("a word of the buffer", *spare(off),
				  PATTERN ^ off);
	return ok &&
	       expect_equal("the request's status", r->buffer[STATUS][0],
			    0xff) &&
	       expect_equal("the used index", r->used[VIRTQ_IDX], used);
}

static enum verdict resets_during_requests(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!vdev_find(VIRTIO_ID_BLOCK) ||
	    capacity() < PIECES * (PIECE / VIRTIO_BLK_SECTOR))
		return SKIP;
	for (unsigned i = 0; ok && i < RESETS; i++) {
		ok = works();
		submit_long_read();
		ok = vdev_stop() && ok && is_left_alone();
	}
	return ok && works() && vdev_stop();
}

static const struct claim claims[] = {
	{ "what was written is read again", reads_what_was_written },
	{ "it has a serial number", has_a_serial_number },
	{ "it writes zeros", writes_zeros },
	{ "wrong requests get their status, and change nothing",
	  refuses_wrong_requests },
	{ "chains that are not requests need a reset", refuses_broken_chains },
	{ "a reset waits for requests, which then change nothing",
	  resets_during_requests },
	{ 0 },
};

const struct group blk_group = { "blk", claims };
