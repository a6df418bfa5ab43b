/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first shared folder: requests and FORGETs in flight in both
 * queues are answered once each, and nothing is written into a request that was
 * given back.
 *
 * Without a shared folder there is nothing to claim.
 *
 * Spec: virtio 1.2, 5.11; <linux/fuse.h>.
 */
#include <linux/fuse.h>

#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pv/virtio_fs.h"
#include "vdev.h"

#define QUEUES	 2
#define REQUESTS (VDEV_ENTRIES / 2) /* in flight: each has two descriptors */
#define FORGETS	 VDEV_ENTRIES
#define ROUNDS	 50
#define RESETS	 4
#define REPLY	 128 /* bytes of room */
#define PATTERN	 0xa5

#define QUIET_CYCLES 3000000 /* a millisecond */

#define GETATTR_REPLY \
	(sizeof(struct fuse_out_header) + sizeof(struct fuse_attr_out))
#define ROOT 1

static volatile uint8_t *request(unsigned i)
{
	return vdev_rings[VIRTIO_FS_REQUEST].buffer[2 * i];
}

static volatile uint8_t *reply(unsigned i)
{
	return vdev_rings[VIRTIO_FS_REQUEST].buffer[2 * i + 1];
}

static void fill_reply(unsigned i)
{
	for (unsigned at = 0; at < REPLY; at++)
		reply(i)[at] = PATTERN;
}

static bool is_untouched(unsigned i)
{
	for (unsigned at = 0; at < REPLY; at++)
		if (reply(i)[at] != PATTERN)
			return expect_equal("a byte of a reply", reply(i)[at],
					    PATTERN);
	return true;
}

/* ---- requests */

static void write_header(volatile void *at, uint32_t opcode, uint64_t unique,
			 uint64_t node, uint32_t args)
{
	volatile struct fuse_in_header *h = at;

	h->len = (uint32_t)sizeof(*h) + args;
	h->opcode = opcode;
	h->unique = unique;
	h->nodeid = node;
	h->uid = h->gid = h->pid = 0;
}

/* Request @i, with @args bytes behind its header. */
static void submit(unsigned i, uint32_t args)
{
	vdev_describe(VIRTIO_FS_REQUEST, 2 * i,
		      (uint32_t)sizeof(struct fuse_in_header) + args,
		      VIRTQ_DESC_NEXT, (uint16_t)(2 * i + 1));
	vdev_describe(VIRTIO_FS_REQUEST, 2 * i + 1, REPLY, VIRTQ_DESC_WRITE, 0);
	vdev_offer(VIRTIO_FS_REQUEST, (uint16_t)(2 * i));
}

static void submit_getattr(unsigned i, uint64_t unique)
{
	volatile uint8_t *args = request(i) + sizeof(struct fuse_in_header);

	fill_reply(i);
	for (unsigned at = 0; at < sizeof(struct fuse_getattr_in); at++)
		args[at] = 0;
	write_header(request(i), FUSE_GETATTR, unique, ROOT,
		     sizeof(struct fuse_getattr_in));
	submit(i, sizeof(struct fuse_getattr_in));
}

/* Of a file that is not known, which is harmless. */
static void submit_forget(unsigned i)
{
	volatile uint8_t *at = vdev_rings[VIRTIO_FS_HIPRIO].buffer[i];
	volatile struct fuse_forget_in *in =
		(volatile void *)(at + sizeof(struct fuse_in_header));

	write_header(at, FUSE_FORGET, 0, 0x7777777, sizeof(*in));
	in->nlookup = 1;
	vdev_describe(VIRTIO_FS_HIPRIO, i,
		      sizeof(struct fuse_in_header) + sizeof(*in), 0, 0);
	vdev_offer(VIRTIO_FS_HIPRIO, (uint16_t)i);
}

static bool has_reply(unsigned i, uint64_t unique)
{
	volatile const struct fuse_out_header *h = (volatile void *)reply(i);

	return expect_equal("the reply's length", h->len, GETATTR_REPLY) &&
	       expect_equal("the reply's error", (uint32_t)h->error, 0) &&
	       expect_equal("the reply's number", h->unique, unique);
}

/* A life with a session. */
static bool begin(void)
{
	volatile struct fuse_init_in *in =
		(volatile void *)(request(0) + sizeof(struct fuse_in_header));

	if (!vdev_start(0, QUEUES))
		return false;
	for (unsigned at = 0; at < sizeof(*in); at++)
		((volatile uint8_t *)in)[at] = 0;
	in->major = FUSE_KERNEL_VERSION;
	in->minor = FUSE_KERNEL_MINOR_VERSION;
	write_header(request(0), FUSE_INIT, 1, 0, sizeof(*in));
	submit(0, sizeof(*in));
	return vdev_wait(VIRTIO_FS_REQUEST, 1);
}

/* ---- claims */

static bool round_is_answered(unsigned round)
{
	uint16_t requests = (uint16_t)(1 + (round + 1) * REQUESTS);
	uint16_t forgets = (uint16_t)((round + 1) * FORGETS);
	bool ok = true;

	for (unsigned i = 0; i < FORGETS; i++) {
		if (i < REQUESTS)
			submit_getattr(i, round * REQUESTS + i + 2);
		submit_forget(i);
	}
	ok = vdev_wait(VIRTIO_FS_REQUEST, requests) &&
	     vdev_wait(VIRTIO_FS_HIPRIO, forgets);
	for (unsigned i = 0; ok && i < REQUESTS; i++) {
		ok = has_reply(i, round * REQUESTS + i + 2) &&
		     expect_equal("the length used",
				  vdev_used_len(VIRTIO_FS_REQUEST,
						(uint16_t)(requests - 1 - i)),
				  GETATTR_REPLY);
		fill_reply(i);
	}
	for (unsigned i = 0; ok && i < FORGETS; i++)
		ok = expect_equal("the length used of a FORGET",
				  vdev_used_len(VIRTIO_FS_HIPRIO,
						(uint16_t)(forgets - 1 - i)),
				  0);
	return ok;
}

static enum verdict answers_a_flood(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_FS))
		return SKIP;
	ok = begin();
	for (unsigned round = 0; ok && round < ROUNDS; round++) {
		ok = round_is_answered(round);
		for (unsigned i = 0; ok && i < REQUESTS; i++)
			ok = is_untouched(i);
	}
	return vdev_stop() && ok;
}

/* After a reset, neither the replies nor the used rings change. */
static bool is_left_alone(void)
{
	uint16_t used[QUEUES];
	uint64_t from;
	bool ok = true;

	for (unsigned i = 0; i < REQUESTS; i++)
		fill_reply(i);
	for (unsigned n = 0; n < QUEUES; n++)
		used[n] = vdev_rings[n].used[VIRTQ_IDX];
	from = read_tsc();
	while (read_tsc() - from < QUIET_CYCLES)
		cpu_pause();
	for (unsigned i = 0; ok && i < REQUESTS; i++)
		ok = is_untouched(i);
	for (unsigned n = 0; ok && n < QUEUES; n++)
		ok = expect_equal("the used index",
				  vdev_rings[n].used[VIRTQ_IDX], used[n]);
	return ok;
}

static enum verdict resets_during_requests(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!vdev_find(VIRTIO_ID_FS))
		return SKIP;
	for (unsigned n = 0; ok && n < RESETS; n++) {
		ok = begin();
		for (unsigned i = 0; i < FORGETS; i++) {
			if (i < REQUESTS)
				submit_getattr(i, i + 2);
			submit_forget(i);
		}
		ok = vdev_stop() && ok && is_left_alone();
	}
	return ok && begin() && vdev_stop();
}

static const struct claim claims[] = {
	{ "requests and FORGETs in flight are answered once each",
	  answers_a_flood },
	{ "a reset waits for requests, which then change nothing",
	  resets_during_requests },
	{ 0 },
};

const struct group fs_group = { "fs", claims };
