/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-blk that sends any request, cut in any way, to a disk in
 * memory or to a snapshot of one. Beyond not crashing: each request that has
 * room for a status gets one, a read returns what was written, and the image
 * under a snapshot never changes.
 *
 * The input: a byte (bit 0: snapshot), then requests of
 *
 *   type, sector, sectors, flags, cuts    5 bytes
 *
 * `cuts` says how many bytes the pieces of the data have; small numbers are
 * sectors on the disk or just past its end, large ones are far outside.
 */
#include "fuzz/fuzz.h"
#include "dev/virtio/blk.h"
#include "support/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTORS	     24
#define SIZE	     (SECTORS * DISK_SECTOR)
#define REQUESTS_MAX 64

static struct guest_mem gm;
static uint8_t image[SIZE], model[SIZE], data[2 * SIZE];
static bool is_unknown[SECTORS]; /* discarded: any content is right */

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static int make_image(char *path, size_t size)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	claim(fd >= 0);
	for (size_t i = 0; i < SIZE; i++)
		image[i] = (uint8_t)(i / DISK_SECTOR + i % 251);
	claim(write(fd, image, SIZE) == SIZE);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static void add_cut(struct virtq_chain *c, uint8_t *p, size_t len, size_t piece,
		    bool writable)
{
	while (len) {
		size_t n = len < piece || c->count > 200 ? len : piece;

		chain_add(c, p, n, writable);
		p += n;
		len -= n;
	}
}

static bool is_inside(uint64_t sector, uint64_t n)
{
	return sector <= SECTORS && n <= SECTORS - sector;
}

static void expect_read(uint64_t sector, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		claim(is_unknown[sector + i] ||
		      !memcmp(data + i * DISK_SECTOR,
			      model + (sector + i) * DISK_SECTOR, DISK_SECTOR));
}

static void note(uint32_t type, uint64_t sector, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		is_unknown[sector + i] = type == VIRTIO_BLK_T_DISCARD;
	if (type == VIRTIO_BLK_T_OUT)
		memcpy(model + sector * DISK_SECTOR, data, n * DISK_SECTOR);
	else
		memset(model + sector * DISK_SECTOR, 0, n * DISK_SECTOR);
}

static void judge(uint32_t type, uint64_t sector, unsigned n, uint8_t status)
{
	bool moves = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_OUT;
	bool ranges = type == VIRTIO_BLK_T_DISCARD ||
		      type == VIRTIO_BLK_T_WRITE_ZEROES;

	claim(status <= VIRTIO_BLK_S_UNSUPP);
	if (!moves && !ranges)
		return;
	if (status != VIRTIO_BLK_S_OK) {
		claim(ranges || !n || !is_inside(sector, n));
		return;
	}
	claim(is_inside(sector, n));
	if (type == VIRTIO_BLK_T_IN)
		expect_read(sector, n);
	else
		note(type, sector, n);
}

static void request(struct virtio_blk *b, const uint8_t *in)
{
	static const uint32_t types[] = { 0, 1, 4, 8, 11, 13, 2, UINT32_MAX };
	static struct virtio_request r;
	struct virtio_blk_header h = {
		.type = types[in[0] % 8],
		.sector = in[1] < 200 ? in[1] % (SECTORS + 2)
				      : UINT64_MAX / DISK_SECTOR - 200 + in[1],
	};
	unsigned n = in[2] % (2 * SECTORS);
	struct virtio_blk_range range = { h.sector, n, in[3] % 4 };
	size_t piece = 1 + in[4] * 7u;
	uint8_t status = 0xff;
	struct err e;

	memset(&r, 0, sizeof(r));
	memset(data, in[3], sizeof(data));
	add_cut(&r.chain, (uint8_t *)&h, sizeof(h) - (in[4] == 255), piece,
		false);
	if (h.type == VIRTIO_BLK_T_OUT)
		add_cut(&r.chain, data, n * DISK_SECTOR, piece, false);
	if (h.type >= VIRTIO_BLK_T_DISCARD)
		add_cut(&r.chain, (uint8_t *)&range, sizeof(range), piece,
			false);
	if (h.type == VIRTIO_BLK_T_IN)
		add_cut(&r.chain, data, n * DISK_SECTOR, piece, true);
	if (in[4] != 254)
		chain_add(&r.chain, &status, 1, true);
	if (b->core.is.ops->serve(b, &r, &e) == VIRTIO_DRIVER_FAULT)
		claim(in[4] >= 254);
	/* A request without a whole header or status has a byte of data. */
	else if (in[4] < 254)
		judge(h.type, h.sector, n, status);
}

static void expect_image(int fd)
{
	static uint8_t got[SIZE];

	claim(pread(fd, got, SIZE, 0) == SIZE && !memcmp(got, image, SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t size)
{
	struct worker worker = WORKER_EMPTY;
	struct disk_config c = { .path = NULL };
	struct disk disk;
	struct virtio_blk b;
	char path[64];
	struct err e;
	int fd;

	if (size < 6)
		return 0;
	fd = make_image(path, sizeof(path));
	memcpy(model, image, SIZE);
	memset(is_unknown, 0, sizeof(is_unknown));
	c.path = path;
	c.snapshot = in[0] & 1;
	claim(!disk_open(&disk, &c, &e) && !worker_init(&worker, &e) &&
	      !virtio_blk_init(&b, &disk, "fuzz", &gm, &worker, &e));
	for (size_t at = 1; at + 5 <= size && at < 5 * REQUESTS_MAX; at += 5)
		request(&b, in + at);
	if (c.snapshot)
		expect_image(fd);
	virtio_blk_release(&b);
	worker_release(&worker);
	disk_close(&disk);
	close(fd);
	return 0;
}

void fuzz_seeds(void)
{
	static const uint8_t every[] = { 0,  0, 1, 3, 0, 9,  1,	 2,  5, 7, 80,
					 0,  2, 5, 0, 9, 2,  0,	 0,  0, 1, 3,
					 0,  0, 0, 1, 4, 2,  3,	 0,  9, 5, 7,
					 11, 1, 9, 0, 0, 24, 10, 200 };
	static const uint8_t bad[] = { 1, 0,  23,  2, 0,  9, 1, 250, 1, 0,  9,
				       4, 20, 9,   0, 20, 5, 0, 1,   2, 20, 6,
				       0, 0,  0,   9, 7,  0, 0, 0,   9, 0,  0,
				       1, 0,  255, 0, 0,  1, 0, 254 };

	fuzz_seed("every", every, sizeof(every));
	fuzz_seed("bad", bad, sizeof(bad));
}
