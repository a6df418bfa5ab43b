/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the virtio tests: it writes rings into guest memory as the
 * layouts of virtio 1.2, 2.7 have them, and breaks them where a test says so.
 *
 *   0x10000  descriptor table     0x11000  available ring
 *   0x12000  used ring            0x14000  an indirect table
 *   0x20000  buffers
 */
#ifndef TESTS_UNIT_VIRTIO_DRIVER_H
#define TESTS_UNIT_VIRTIO_DRIVER_H

#include "unit/unit.h"
#include "vm/guest_mem.h"

#define DESC	 0x10000
#define AVAIL	 0x11000
#define USED	 0x12000
#define INDIRECT 0x14000
#define BUFFERS	 0x20000

#define NEXT  1 /* descriptor flags */
#define WRITE 2
#define TABLE 4

struct driver_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct guest_mem gm;

static inline void put(uint64_t gpa, const void *data, size_t len)
{
	struct err e;

	assert_ok(guest_mem_write(&gm, gpa, data, len, "test", &e), &e);
}

/* As a driver on another thread must: in order with what was written before,
 * where the address allows it. */
static inline void put16(uint64_t gpa, unsigned value)
{
	uint16_t v = (uint16_t)value;

	if (gpa % sizeof(v))
		put(gpa, &v, sizeof(v));
	else
		__atomic_store_n((uint16_t *)guest_mem_ptr(&gm, gpa, sizeof(v)),
				 v, __ATOMIC_RELEASE);
}

static inline uint16_t get16(uint64_t gpa)
{
	return __atomic_load_n(
		(const uint16_t *)guest_mem_ptr(&gm, gpa, sizeof(uint16_t)),
		__ATOMIC_ACQUIRE);
}

static inline uint32_t get32(uint64_t gpa)
{
	return get16(gpa) | (uint32_t)get16(gpa + 2) << 16;
}

/* Descriptor @i of the table at @table. */
static inline void put_desc(uint64_t table, unsigned i, struct driver_desc d)
{
	const uint16_t words[] = { (uint16_t)d.addr,
				   (uint16_t)(d.addr >> 16),
				   (uint16_t)(d.addr >> 32),
				   (uint16_t)(d.addr >> 48),
				   (uint16_t)d.len,
				   (uint16_t)(d.len >> 16),
				   d.flags,
				   d.next };

	for (unsigned n = 0; n < COUNT(words); n++)
		put16(table + 16 * i + 2 * n, words[n]);
}

/* The next entry of the available ring of a queue of @size. */
static inline void make_available(unsigned size, unsigned head)
{
	uint16_t idx = get16(AVAIL + 2);

	put16(AVAIL + 4 + 2 * (idx % size), head);
	put16(AVAIL + 2, idx + 1u);
}

static inline void driver_setup(void)
{
	struct err e;

	assert_ok(guest_mem_init(&gm, GUEST_MEM_MIN, &e), &e);
}

static inline void driver_teardown(void)
{
	guest_mem_release(&gm);
}

#endif
