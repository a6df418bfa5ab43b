/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the registers of the first virtio device over MMIO.
 *
 * Where no virtio device is reached over MMIO, there is nothing to claim.
 *
 * Spec: virtio 1.2, 4.2.
 */
#include "claims.h"
#include "rng.h"
#include "rng_mmio.h"

static enum verdict is_entropy_source(const struct boot *b)
{
	(void)b;
	if (!rng_mmio.is_there())
		return SKIP;
	return expect_equal("Version", mmio_read(VIRTIO_REG_VERSION),
			    VIRTIO_VERSION) &&
	       expect_equal("DeviceID", mmio_read(VIRTIO_REG_DEVICE_ID),
			    VIRTIO_ID_ENTROPY);
}

/* 4.2.2.2: registers are 32 bits wide and aligned. */
static enum verdict odd_sizes_do_nothing(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!rng_mmio.is_there())
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
	ok = ok && expect_equal("Status", rng_read(RNG_STATUS), STATUS_LIVE) &&
	     rng_get(1) && rng_looks_random();
	rng_quiet();
	return ok;
}

static enum verdict absent_doorbell_is_a_fault(const struct boot *b)
{
	(void)b;
	if (!rng_mmio.is_there())
		return SKIP;
	if (!rng_start())
		return FAIL;
	mmio_write(VIRTIO_REG_QUEUE_NOTIFY, 7);
	return expect_equal("Status", rng_read(RNG_STATUS),
			    STATUS_LIVE | VIRTIO_STATUS_NEEDS_RESET) &&
	       rng_works();
}

static enum verdict serves_after_garbage(const struct boot *b)
{
	static const uint32_t values[] = { 0xffffffff, 0x80000001, 1, 0x55 };
	(void)b;
	if (!rng_mmio.is_there())
		return SKIP;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (unsigned r = 0; r < VIRTIO_REG_CONFIG + 16; r += 4) {
			mmio_write(r, values[i]);
			(void)mmio_read(r);
		}
	return rng_works();
}

static const struct claim claims[] = {
	{ "the device is a modern source of entropy", is_entropy_source },
	{ "accesses of odd sizes and places do nothing", odd_sizes_do_nothing },
	{ "a doorbell of a queue that does not exist is a fault",
	  absent_doorbell_is_a_fault },
	{ "garbage in every register is forgotten by a reset",
	  serves_after_garbage },
	{ 0 },
};

const struct group mmio_group = { "mmio", claims };
