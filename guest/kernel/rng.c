/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rng.h"

#include "claims.h"
#include "cpu.h"
#include "entry.h"
#include "lib/io.h"
#include "lib/say.h"
#include "trap.h"

#define WAIT_CYCLES    20000000000 /* seconds: the device has its own thread */
#define WAIT_TURNS_MAX 200000000

struct rng_mem rng_mem;

static const struct rng_transport *transport(void)
{
	return rng_pci.is_there() ? &rng_pci : &rng_mmio;
}

uint32_t rng_read(enum rng_register r)
{
	return transport()->read(r);
}

void rng_write(enum rng_register r, uint32_t v)
{
	transport()->write(r, v);
}

uint32_t rng_phys(const volatile void *p)
{
	const struct entry_frame *f =
		(const struct entry_frame *)(early_start + EARLY_FRAME);

	return (uint32_t)((uintptr_t)p - (uintptr_t)image_start + f->loaded);
}

bool rng_is_there(void)
{
	return transport()->is_there();
}

bool rng_reset(void)
{
	uint64_t begin = read_tsc();
	unsigned turns = 0;

	rng_write(RNG_STATUS, 0);
	while (rng_read(RNG_STATUS)) {
		if (read_tsc() - begin > WAIT_CYCLES ||
		    turns++ > WAIT_TURNS_MAX) {
			say("     a reset does not end\n");
			return false;
		}
		cpu_pause();
	}
	return true;
}

bool rng_negotiate(uint32_t high)
{
	if (!rng_reset())
		return false;
	rng_write(RNG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	rng_write(RNG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	rng_write(RNG_DRIVER_FEATURES_SEL, 0);
	rng_write(RNG_DRIVER_FEATURES, 0);
	rng_write(RNG_DRIVER_FEATURES_SEL, 1);
	rng_write(RNG_DRIVER_FEATURES, high);
	rng_write(RNG_STATUS, STATUS_NEGOTIATED);
	return rng_read(RNG_STATUS) == STATUS_NEGOTIATED;
}

static void place_queue(void)
{
	volatile uint8_t *p = (volatile uint8_t *)&rng_mem;

	for (unsigned i = 0; i < sizeof(rng_mem); i++)
		p[i] = 0;
	rng_write(RNG_QUEUE_SEL, 0);
	rng_write(RNG_QUEUE_SIZE, RNG_ENTRIES);
	rng_write(RNG_QUEUE_DESC, rng_phys(rng_mem.desc));
	rng_write(RNG_QUEUE_DESC_HIGH, 0);
	rng_write(RNG_QUEUE_DRIVER, rng_phys(rng_mem.avail));
	rng_write(RNG_QUEUE_DRIVER_HIGH, 0);
	rng_write(RNG_QUEUE_DEVICE, rng_phys(rng_mem.used));
	rng_write(RNG_QUEUE_DEVICE_HIGH, 0);
}

bool rng_prepare(void)
{
	if (!rng_negotiate(1u << (VIRTIO_F_VERSION_1 - 32)))
		return false;
	place_queue();
	if (transport()->map_interrupts)
		transport()->map_interrupts();
	return true;
}

bool rng_start(void)
{
	if (!rng_prepare())
		return false;
	rng_write(RNG_QUEUE_READY, 1);
	rng_write(RNG_STATUS, STATUS_LIVE);
	return rng_read(RNG_STATUS) == STATUS_LIVE;
}

void rng_describe(unsigned i, uint64_t gpa, uint32_t len, uint16_t flags,
		  uint16_t next)
{
	rng_mem.desc[i].addr = gpa;
	rng_mem.desc[i].len = len;
	rng_mem.desc[i].flags = flags;
	rng_mem.desc[i].next = next;
}

void rng_offer(uint16_t head, uint16_t idx)
{
	rng_mem.avail[VIRTQ_RING + rng_mem.avail[VIRTQ_IDX] % RNG_ENTRIES] =
		head;
	rng_mem.avail[VIRTQ_IDX] = idx;
	rng_write(RNG_NOTIFY, 0);
}

uint32_t rng_wait(void)
{
	uint64_t begin = read_tsc();
	unsigned turns = 0;
	uint32_t events = 0;

	interrupts_on();
	while (!events && read_tsc() - begin < WAIT_CYCLES &&
	       turns++ < WAIT_TURNS_MAX) {
		cpu_pause();
		events = transport()->take_events();
	}
	interrupts_off();
	if (!events)
		say("     no interrupt came\n");
	return events;
}

bool rng_wait_used(uint16_t idx)
{
	uint64_t begin = read_tsc();
	unsigned turns = 0;

	while (rng_mem.used[VIRTQ_IDX] != idx &&
	       read_tsc() - begin < WAIT_CYCLES && turns++ < WAIT_TURNS_MAX)
		cpu_pause();
	return expect_equal("the used index", rng_mem.used[VIRTQ_IDX], idx);
}

void rng_listen(void)
{
	trap_count_clear();
	transport()->listen();
}

void rng_quiet(void)
{
	transport()->quiet();
	rng_reset();
}

bool rng_get(uint16_t nth)
{
	uint32_t events;

	for (unsigned i = 0; i < RNG_BUFFER_SIZE; i++)
		rng_mem.buffer[i] = 0;
	rng_describe(0, rng_phys(rng_mem.buffer), RNG_BUFFER_SIZE,
		     VIRTQ_DESC_WRITE, 0);
	rng_offer(0, nth);
	events = rng_wait();
	return expect_equal("what the interrupt is for", events,
			    VIRTIO_INT_USED) &&
	       expect_equal("the used index", rng_mem.used[VIRTQ_IDX], nth);
}

/* 64 bytes of which more than half are zero: once in 2^200 tries. */
bool rng_looks_random(void)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < RNG_BUFFER_SIZE; i++)
		zeros += rng_mem.buffer[i] == 0;
	if (zeros > RNG_BUFFER_SIZE / 2)
		say("     %u of %u bytes are zero\n", zeros, RNG_BUFFER_SIZE);
	return zeros <= RNG_BUFFER_SIZE / 2;
}

bool rng_works(void)
{
	bool ok;

	rng_listen();
	ok = rng_start() && rng_get(1) && rng_looks_random();
	rng_quiet();
	return ok;
}
