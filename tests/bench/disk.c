/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench disk FILE
 *
 * What a request to virtio-blk costs without a guest: from the driver's write
 * to the doorbell to the used entry and the interrupt. The driver is this
 * program; it rings once for each batch, and waits for an interrupt when
 * nothing is done. Beside each row, pread() or pwrite() of the same ranges by
 * one thread. FILE is read first, so its pages are in memory.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "dev/virtio/blk.h"
#include "dev/virtio/mmio.h"
#include "pv/virtio.h"

#define MIB ((uint64_t)1 << 20)

#define SLOTS	   32
#define QUEUE_SIZE 128 /* three descriptors a request */
#define ROW_NS	   UINT64_C(400000000)

/* Guest-physical. A slot's header and status have a page of their own. */
#define DESC	0x10000
#define AVAIL	0x11000
#define USED	0x12000
#define HEADERS 0x20000
#define STATUS	0x800 /* in that page */
#define DATA	(16 * MIB)
#define MEMORY	(64 * MIB)

struct work {
	const char *name;
	uint32_t type;
	uint32_t len;
	unsigned depth;
	bool random;
};

static const struct work works[] = {
	{ "4k random read", VIRTIO_BLK_T_IN, 4096, 1, true },
	{ "4k random read", VIRTIO_BLK_T_IN, 4096, 32, true },
	{ "4k random write", VIRTIO_BLK_T_OUT, 4096, 1, true },
	{ "4k random write", VIRTIO_BLK_T_OUT, 4096, 32, true },
	{ "1M read", VIRTIO_BLK_T_IN, 1 << 20, 1, false },
	{ "1M read", VIRTIO_BLK_T_IN, 1 << 20, 32, false },
	{ "1M write", VIRTIO_BLK_T_OUT, 1 << 20, 1, false },
	{ "1M write", VIRTIO_BLK_T_OUT, 1 << 20, 32, false },
};

struct bench_disk {
	struct disk disk;
	struct guest_mem gm;
	struct worker worker;
	struct virtio_blk blk;
	struct virtio_mmio mmio;
	int irq;	     /* what the device raises */
	uint64_t at, random; /* of the next range */
	uint16_t available, seen;
	uint64_t interrupts;
};

/* ---- the driver */

static void *at(struct bench_disk *b, uint64_t gpa, uint64_t len)
{
	return guest_mem_ptr(&b->gm, gpa, len);
}

static void set(struct bench_disk *b, unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&b->mmio, reg, 4, value);
}

static void start_driver(struct bench_disk *b)
{
	set(b, VIRTIO_REG_STATUS, 3);
	set(b, VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	set(b, VIRTIO_REG_DRIVER_FEATURES, 1u << VIRTIO_BLK_F_FLUSH);
	set(b, VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set(b, VIRTIO_REG_DRIVER_FEATURES, 1); /* VERSION_1 */
	set(b, VIRTIO_REG_STATUS, 11);
	set(b, VIRTIO_REG_QUEUE_NUM, QUEUE_SIZE);
	set(b, VIRTIO_REG_QUEUE_DESC, DESC);
	set(b, VIRTIO_REG_QUEUE_DRIVER, AVAIL);
	set(b, VIRTIO_REG_QUEUE_DEVICE, USED);
	set(b, VIRTIO_REG_QUEUE_READY, 1);
	set(b, VIRTIO_REG_STATUS, 15);
}

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* Each slot always has the same descriptors. */
static void put_slot(struct bench_disk *b, unsigned slot, const struct work *w)
{
	struct desc *d = (struct desc *)at(b, DESC, 16 * QUEUE_SIZE) + 3 * slot;
	uint64_t page = HEADERS + slot * 4096;
	uint16_t first = (uint16_t)(3 * slot);

	d[0] = (struct desc){ page, VIRTIO_BLK_HEADER_SIZE, 1,
			      (uint16_t)(first + 1) };
	d[1] = (struct desc){ DATA + slot * MIB, w->len,
			      w->type == VIRTIO_BLK_T_IN ? 3 : 1,
			      (uint16_t)(first + 2) };
	d[2] = (struct desc){ page + STATUS, 1, 2, 0 };
}

/* Where the next range begins. */
static uint64_t next_range(struct bench_disk *b, const struct work *w)
{
	uint64_t n = b->disk.size / w->len;

	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return (w->random ? b->random : b->at++) % n * w->len;
}

static void submit(struct bench_disk *b, unsigned slot, const struct work *w)
{
	struct virtio_blk_header *h = at(b, HEADERS + slot * 4096,
					 VIRTIO_BLK_HEADER_SIZE);
	uint16_t *ring = at(b, AVAIL, 4 + 2 * QUEUE_SIZE);

	*h = (struct virtio_blk_header){
		.type = w->type,
		.sector = next_range(b, w) / VIRTIO_BLK_SECTOR,
	};
	ring[2 + b->available % QUEUE_SIZE] = (uint16_t)(3 * slot);
	__atomic_store_n(&ring[1], ++b->available, __ATOMIC_RELEASE);
}

/* Wait until at least one request is done. */
static unsigned await_used(struct bench_disk *b)
{
	const uint16_t *ring = at(b, USED, 4);
	uint64_t raised;

	for (;;) {
		uint16_t idx = __atomic_load_n(&ring[1], __ATOMIC_ACQUIRE);

		if (idx != b->seen)
			return (uint16_t)(idx - b->seen);
		if (read(b->irq, &raised, sizeof(raised)) < 0 && errno != EINTR)
			bench_die("read of the interrupt: %s", strerror(errno));
		b->interrupts++;
	}
}

/* Take a used entry. Returns its slot. */
static unsigned take_used(struct bench_disk *b)
{
	const uint8_t *ring = at(b, USED, 4 + 8 * QUEUE_SIZE);
	uint32_t id;
	unsigned slot;

	memcpy(&id, ring + 4 + 8 * (b->seen++ % QUEUE_SIZE), sizeof(id));
	slot = id / 3;
	if (*(uint8_t *)at(b, HEADERS + slot * 4096 + STATUS, 1))
		bench_die("a request failed: %s", b->blk.core.host_error.msg);
	return slot;
}

/* Prints a row's first cells; returns the microseconds for each request. */
static double run_device(struct bench_disk *b, const struct work *w)
{
	uint64_t start = clock_ns(), now = start, done = 0;
	bool more = true;

	b->interrupts = 0;
	for (unsigned i = 0; i < w->depth; i++) {
		put_slot(b, i, w);
		submit(b, i, w);
	}
	set(b, VIRTIO_REG_QUEUE_NOTIFY, 0);
	for (unsigned flying = w->depth; flying;) {
		unsigned n = await_used(b);

		now = clock_ns();
		more = more && now - start < ROW_NS;
		done += n;
		for (unsigned i = 0; i < n; i++) {
			unsigned slot = take_used(b);

			if (more)
				submit(b, slot, w);
		}
		if (more)
			set(b, VIRTIO_REG_QUEUE_NOTIFY, 0);
		else
			flying -= n;
	}
	printf("%-16s %5u %9.0f %8.1f %10.2f", w->name, w->depth,
	       (double)done * 1e9 / (double)(now - start),
	       (double)(now - start) / 1e3 / (double)done,
	       (double)b->interrupts / (double)done);
	return (double)(now - start) / 1e3 / (double)done;
}

static double run_system_call(struct bench_disk *b, const struct work *w)
{
	uint64_t start = clock_ns(), now = start, done = 0;
	void *data = at(b, DATA, w->len);

	for (; now - start < ROW_NS; now = clock_ns(), done++) {
		off_t off = (off_t)next_range(b, w);
		ssize_t n = w->type == VIRTIO_BLK_T_IN
				    ? pread(b->disk.fd, data, w->len, off)
				    : pwrite(b->disk.fd, data, w->len, off);

		if (n != (ssize_t)w->len)
			bench_die("%s: %s", b->disk.path, strerror(errno));
	}
	return (double)(now - start) / 1e3 / (double)done;
}

/* ---- the device */

static void open_device(struct bench_disk *b, const char *path)
{
	const struct disk_config c = { .path = path };
	struct err e = ERR_EMPTY;
	struct irq_edge irq = { .line = { .vm = -1 } };

	b->random = 1;
	b->worker = (struct worker)WORKER_EMPTY;
	/* The transport owns one of the two descriptors. */
	b->irq = eventfd(0, 0);
	irq.fd = dup(b->irq);
	if (irq.fd < 0 || disk_open(&b->disk, &c, &e) ||
	    guest_mem_init(&b->gm, MEMORY, &e) || worker_init(&b->worker, &e) ||
	    virtio_blk_init(&b->blk, &b->disk, "bench", &b->gm, &b->worker, &e))
		bench_die("%s", e.msg);
	virtio_mmio_init(&b->mmio, &b->blk.core, irq);
	if (worker_start(&b->worker, "the disk", &e))
		bench_die("%s", e.msg);
	start_driver(b);
}

static void close_device(struct bench_disk *b)
{
	virtio_stop(&b->blk.core);
	worker_stop(&b->worker);
	virtio_blk_release(&b->blk);
	virtio_mmio_release(&b->mmio);
	worker_release(&b->worker);
	guest_mem_release(&b->gm);
	disk_close(&b->disk);
	close(b->irq);
}

static void read_all(const struct bench_disk *b)
{
	static uint8_t data[1 << 20];

	for (uint64_t off = 0; off < b->disk.size; off += sizeof(data))
		if (pread(b->disk.fd, data, sizeof(data), (off_t)off) < 0)
			bench_die("%s: %s", b->disk.path, strerror(errno));
}

int cmd_disk(int argc, char **argv)
{
	static struct bench_disk b;

	if (argc != 1)
		bench_die("usage: bench disk FILE");
	open_device(&b, argv[0]);
	read_all(&b);
	printf("%-16s %5s %9s %8s %10s %8s %6s\n", "requests", "depth", "IOPS",
	       "us", "interrupts", "call us", "ratio");
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++) {
		double alone = run_system_call(&b, &works[i]);
		double us = run_device(&b, &works[i]);

		printf(" %8.1f %6.2f\n", alone, us / alone);
		fflush(stdout);
	}
	close_device(&b);
	return 0;
}
