/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first virtio device, a source of random bytes: a driver that
 * keeps the rules is served; a driver that breaks them must reset the device,
 * and is then served again.
 *
 * Without a virtio device there is nothing to claim.
 *
 * Spec: virtio 1.2, 2.7, 4.2, 5.4.
 */
#include "claims.h"
#include "lib/say.h"
#include "rng.h"

#define STORM 30

static enum verdict is_entropy_source(const struct boot *b)
{
	(void)b;
	if (!rng_is_there())
		return SKIP;
	return expect_equal("Version", rng_read(VIRTIO_REG_VERSION),
			    VIRTIO_VERSION) &&
	       expect_equal("DeviceID", rng_read(VIRTIO_REG_DEVICE_ID),
			    VIRTIO_ID_ENTROPY);
}

static enum verdict insists_on_version_1(const struct boot *b)
{
	bool legacy;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	rng_write(VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
	if (!(rng_read(VIRTIO_REG_DEVICE_FEATURES) & 1))
		return FAIL;
	legacy = rng_negotiate(0);
	rng_quiet();
	return !legacy;
}

static enum verdict queue_becomes_ready(const struct boot *b)
{
	bool live;
	uint32_t ready;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	live = rng_start();
	ready = rng_read(VIRTIO_REG_QUEUE_READY);
	rng_quiet();
	return live && expect_equal("QueueReady", ready, 1) &&
	       expect_equal("QueueReady after reset",
			    rng_read(VIRTIO_REG_QUEUE_READY), 0);
}

/* 64 bytes of which more than half are zero: once in 2^200 tries. */
static bool looks_random(void)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < RNG_BUFFER_SIZE; i++)
		zeros += rng_mem.buffer[i] == 0;
	if (zeros > RNG_BUFFER_SIZE / 2)
		say("     %u of %u bytes are zero\n", zeros, RNG_BUFFER_SIZE);
	return zeros <= RNG_BUFFER_SIZE / 2;
}

static enum verdict random_bytes_arrive(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	rng_listen();
	ok = rng_start();
	/* More than the ring holds, so that it goes round. */
	for (uint16_t n = 1; ok && n <= RNG_QUEUE_SIZE + 2; n++)
		ok = rng_get(n) && looks_random() &&
		     expect_equal(
			     "the length used",
			     rng_mem.used[VIRTQ_RING +
					  4 * ((n - 1) % RNG_QUEUE_SIZE) + 2],
			     RNG_BUFFER_SIZE);
	rng_quiet();
	return ok;
}

/* --- rules broken: one row each */

static const struct {
	const char *what;
	struct virtq_desc desc; /* of all descriptors */
	uint16_t head, idx;
} hostile[] = {
	{ "a head outside the table", { 0, 0, VIRTQ_DESC_WRITE, 0 }, 8, 1 },
	{ "a loop",
	  { 0x1000, 1, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT, 0 },
	  0,
	  1 },
	{ "a link outside the table",
	  { 0x1000, 1, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT, 0xffff },
	  0,
	  1 },
	{ "a buffer at the device's own registers",
	  { VIRTIO_MMIO_GPA, 64, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer around the end of the address space",
	  { -(uint64_t)16, 64, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer of 4 GiB",
	  { 0x1000, 0xffffffff, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer to read", { 0x1000, 64, 0, 0 }, 0, 1 },
	{ "an indirect table that was not negotiated",
	  { 0x1000, 16, VIRTQ_DESC_INDIRECT, 0 },
	  0,
	  1 },
	{ "an available index far ahead",
	  { 0x1000, 0, VIRTQ_DESC_WRITE, 0 },
	  0,
	  0x8000 },
};

static bool is_refused(unsigned row)
{
	const struct virtq_desc *d = &hostile[row].desc;
	uint32_t events;
	bool ok;

	if (!rng_start())
		return false;
	for (unsigned i = 0; i < RNG_QUEUE_SIZE; i++)
		rng_describe(i, d->addr, d->len, d->flags, d->next);
	rng_offer(hostile[row].head, hostile[row].idx);
	events = rng_wait();
	ok = expect_equal("InterruptStatus", events, VIRTIO_INT_CONFIG) &&
	     expect_equal("Status", rng_read(VIRTIO_REG_STATUS),
			  STATUS_LIVE | VIRTIO_STATUS_NEEDS_RESET) &&
	     expect_equal("the used index", rng_mem.used[VIRTQ_IDX], 0);
	if (!ok)
		say("     for %s\n", hostile[row].what);
	return ok;
}

static enum verdict broken_rules_are_refused(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	rng_listen();
	for (unsigned i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		ok &= is_refused(i);
	rng_quiet();
	return ok;
}

/* --- registers misused: one row each; the device asks for a reset */

static const struct {
	const char *what;
	bool is_live; /* else: all set up but QueueReady */
	unsigned reg;
	uint32_t value;
} misuses[] = {
	{ "a status bit that is cleared", true, VIRTIO_REG_STATUS,
	  STATUS_NEGOTIATED },
	{ "features after they were agreed upon", true,
	  VIRTIO_REG_DRIVER_FEATURES, 1 },
	{ "the size of a queue that is ready", true, VIRTIO_REG_QUEUE_NUM, 4 },
	{ "an address of a queue that is ready", true, VIRTIO_REG_QUEUE_DESC,
	  0 },
	{ "a doorbell of a queue that does not exist", true,
	  VIRTIO_REG_QUEUE_NOTIFY, 7 },
	{ "QueueReady that is neither 0 nor 1", false, VIRTIO_REG_QUEUE_READY,
	  2 },
	{ "a size that is not a power of two", false, VIRTIO_REG_QUEUE_NUM, 3 },
	{ "a size past QueueNumMax", false, VIRTIO_REG_QUEUE_NUM, 0x8000 },
	{ "a ring past the end of the address space", false,
	  VIRTIO_REG_QUEUE_DRIVER + 4, 0xffffffff },
};

static bool is_asked_to_reset(unsigned row)
{
	uint32_t status;

	if (!rng_start())
		return false;
	if (!misuses[row].is_live)
		rng_write(VIRTIO_REG_QUEUE_READY, 0);
	rng_write(misuses[row].reg, misuses[row].value);
	if (misuses[row].reg != VIRTIO_REG_QUEUE_READY && !misuses[row].is_live)
		rng_write(VIRTIO_REG_QUEUE_READY, 1);
	status = rng_read(VIRTIO_REG_STATUS);
	rng_write(VIRTIO_REG_STATUS, 0);
	if (expect_equal("NEEDS_RESET", status & VIRTIO_STATUS_NEEDS_RESET,
			 VIRTIO_STATUS_NEEDS_RESET))
		return true;
	say("     for %s\n", misuses[row].what);
	return false;
}

static enum verdict misuse_is_refused(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	for (unsigned i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++)
		ok &= is_asked_to_reset(i);
	rng_listen();
	ok = ok && rng_start() && rng_get(1) && looks_random();
	rng_quiet();
	return ok;
}

/* 4.2.2.2: registers are 32 bits wide and aligned. */
static enum verdict odd_sizes_do_nothing(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	rng_listen();
	ok = rng_start();
	for (unsigned off = 0; off < VIRTIO_REG_CONFIG + 16; off++) {
		volatile uint8_t *p =
			(volatile uint8_t *)(uintptr_t)(VIRTIO_MMIO_GPA + off);

		*p = 0xff;
		*(volatile uint16_t *)p = 0xffff;
		if (off % 4)
			*(volatile uint32_t *)p = 0xffffffff;
		(void)*p;
		(void)*(volatile uint16_t *)p;
		(void)*(volatile uint32_t *)p;
	}
	ok = ok &&
	     expect_equal("Status", rng_read(VIRTIO_REG_STATUS), STATUS_LIVE) &&
	     rng_get(1) && looks_random();
	rng_quiet();
	return ok;
}

/* Doorbells without a request, and resets during requests. */
static enum verdict storm_is_survived(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	for (unsigned round = 0; ok && round < STORM; round++) {
		ok = rng_start();
		for (unsigned i = 0; i < STORM; i++)
			rng_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
		rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
			     VIRTQ_DESC_WRITE, 0);
		rng_offer(0, 1);
		rng_write(VIRTIO_REG_STATUS, 0);
	}
	rng_listen();
	ok = ok && rng_start() && rng_get(1) && looks_random();
	rng_quiet();
	return ok;
}

static enum verdict serves_after_garbage(const struct boot *b)
{
	static const uint32_t values[] = { 0xffffffff, 0x80000001, 1, 0x55 };
	bool ok;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (unsigned r = 0; r < VIRTIO_REG_CONFIG + 16; r += 4) {
			rng_write(r, values[i]);
			(void)rng_read(r);
		}
	rng_listen();
	ok = rng_start() && rng_get(1) && looks_random();
	rng_quiet();
	return ok;
}

static const struct claim claims[] = {
	{ "the device is a modern source of entropy", is_entropy_source },
	{ "it does not accept legacy drivers", insists_on_version_1 },
	{ "a queue becomes ready, and is not after a reset",
	  queue_becomes_ready },
	{ "random bytes arrive with an interrupt", random_bytes_arrive },
	{ "a driver that breaks a rule is asked to reset",
	  broken_rules_are_refused },
	{ "a driver that misuses a register is asked to reset",
	  misuse_is_refused },
	{ "accesses of odd sizes and places do nothing", odd_sizes_do_nothing },
	{ "it works after many doorbells and resets", storm_is_survived },
	{ "garbage in every register is forgotten by a reset",
	  serves_after_garbage },
	{ 0 },
};

const struct group virtio_group = { "virtio", claims };
