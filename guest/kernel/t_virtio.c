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
#include "pv/pci.h"
#include "rng.h"

#define STORM 30

static enum verdict insists_on_version_1(const struct boot *b)
{
	bool legacy;

	(void)b;
	if (!rng_is_there())
		return SKIP;
	rng_write(RNG_DEVICE_FEATURES_SEL, 1);
	if (!(rng_read(RNG_DEVICE_FEATURES) & 1))
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
	ready = rng_read(RNG_QUEUE_READY);
	rng_quiet();
	return live && expect_equal("QueueReady", ready, 1) &&
	       expect_equal("QueueReady after reset", rng_read(RNG_QUEUE_READY),
			    0);
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
	for (uint16_t n = 1; ok && n <= RNG_ENTRIES + 2; n++)
		ok = rng_get(n) && rng_looks_random() &&
		     expect_equal("the length used",
				  rng_mem.used[VIRTQ_RING +
					       4 * ((n - 1) % RNG_ENTRIES) + 2],
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
	{ "a buffer at registers",
	  { VIRTIO_MMIO_GPA, 64, VIRTQ_DESC_WRITE, 0 },
	  0,
	  1 },
	{ "a buffer at registers behind PCI",
	  { PCI_WINDOW_GPA, 64, VIRTQ_DESC_WRITE, 0 },
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
	for (unsigned i = 0; i < RNG_ENTRIES; i++)
		rng_describe(i, d->addr, d->len, d->flags, d->next);
	rng_offer(hostile[row].head, hostile[row].idx);
	events = rng_wait();
	ok = expect_equal("what the interrupt is for", events,
			  VIRTIO_INT_CONFIG) &&
	     expect_equal("Status", rng_read(RNG_STATUS),
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
	enum rng_register reg;
	uint32_t value;
} misuses[] = {
	{ "a status bit that is cleared", true, RNG_STATUS, STATUS_NEGOTIATED },
	{ "features after they were agreed upon", true, RNG_DRIVER_FEATURES,
	  1 },
	{ "the size of a queue that is ready", true, RNG_QUEUE_SIZE, 4 },
	{ "an address of a queue that is ready", true, RNG_QUEUE_DESC, 0 },
	{ "QueueReady that is neither 0 nor 1", false, RNG_QUEUE_READY, 2 },
	{ "a size that is not a power of two", false, RNG_QUEUE_SIZE, 3 },
	{ "a size of 0", false, RNG_QUEUE_SIZE, 0 },
	{ "a size past QueueNumMax", false, RNG_QUEUE_SIZE, 0x8000 },
	{ "a ring at registers", false, RNG_QUEUE_DRIVER, VIRTIO_MMIO_GPA },
	{ "a ring at registers behind PCI", false, RNG_QUEUE_DEVICE,
	  PCI_WINDOW_GPA },
	{ "a ring past the end of the address space", false,
	  RNG_QUEUE_DRIVER_HIGH, 0xffffffff },
};

static bool is_asked_to_reset(unsigned row)
{
	uint32_t status;

	if (!(misuses[row].is_live ? rng_start() : rng_prepare()))
		return false;
	rng_write(misuses[row].reg, misuses[row].value);
	if (misuses[row].reg != RNG_QUEUE_READY && !misuses[row].is_live)
		rng_write(RNG_QUEUE_READY, 1);
	status = rng_read(RNG_STATUS);
	if (!rng_reset())
		return false;
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
	return ok && rng_works();
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
			rng_write(RNG_NOTIFY, 0);
		rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
			     VIRTQ_DESC_WRITE, 0);
		rng_offer(0, 1);
		rng_write(RNG_STATUS, 0);
	}
	return ok && rng_works();
}

static const struct claim claims[] = {
	{ "it does not accept legacy drivers", insists_on_version_1 },
	{ "a queue becomes ready, and is not after a reset",
	  queue_becomes_ready },
	{ "random bytes arrive with an interrupt", random_bytes_arrive },
	{ "a driver that breaks a rule is asked to reset",
	  broken_rules_are_refused },
	{ "a driver that misuses a register is asked to reset",
	  misuse_is_refused },
	{ "it works after many doorbells and resets", storm_is_survived },
	{ 0 },
};

const struct group virtio_group = { "virtio", claims };
