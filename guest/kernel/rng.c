/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rng.h"

#include "claims.h"
#include "cpu.h"
#include "entry.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pic.h"
#include "trap.h"

#define WAIT_CYCLES    20000000000 /* seconds: the device has its own thread */
#define WAIT_TURNS_MAX 200000000
#define VECTOR	       (VECTOR_PIC_MASTER + VIRTIO_MMIO_GSI)

struct rng_mem rng_mem;

uint32_t rng_read(unsigned r)
{
	return *(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + r);
}

void rng_write(unsigned r, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + r) = v;
}

uint32_t rng_phys(const volatile void *p)
{
	return (uint32_t)((uintptr_t)p - KERNEL_VIRT);
}

bool rng_is_there(void)
{
	return rng_read(VIRTIO_REG_MAGIC) == VIRTIO_MAGIC &&
	       rng_read(VIRTIO_REG_DEVICE_ID) != 0;
}

bool rng_negotiate(uint32_t high)
{
	rng_write(VIRTIO_REG_STATUS, 0);
	rng_write(VIRTIO_REG_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	rng_write(VIRTIO_REG_STATUS,
		  VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	rng_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	rng_write(VIRTIO_REG_DRIVER_FEATURES, 0);
	rng_write(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	rng_write(VIRTIO_REG_DRIVER_FEATURES, high);
	rng_write(VIRTIO_REG_STATUS, STATUS_NEGOTIATED);
	return rng_read(VIRTIO_REG_STATUS) == STATUS_NEGOTIATED;
}

static void set_up_queue(void)
{
	volatile uint8_t *p = (volatile uint8_t *)&rng_mem;

	for (unsigned i = 0; i < sizeof(rng_mem); i++)
		p[i] = 0;
	rng_write(VIRTIO_REG_QUEUE_SEL, 0);
	rng_write(VIRTIO_REG_QUEUE_NUM, RNG_QUEUE_SIZE);
	rng_write(VIRTIO_REG_QUEUE_DESC, rng_phys(rng_mem.desc));
	rng_write(VIRTIO_REG_QUEUE_DESC + 4, 0);
	rng_write(VIRTIO_REG_QUEUE_DRIVER, rng_phys(rng_mem.avail));
	rng_write(VIRTIO_REG_QUEUE_DRIVER + 4, 0);
	rng_write(VIRTIO_REG_QUEUE_DEVICE, rng_phys(rng_mem.used));
	rng_write(VIRTIO_REG_QUEUE_DEVICE + 4, 0);
	rng_write(VIRTIO_REG_QUEUE_READY, 1);
}

bool rng_start(void)
{
	if (!rng_negotiate(1u << (VIRTIO_F_VERSION_1 - 32)))
		return false;
	set_up_queue();
	rng_write(VIRTIO_REG_STATUS, STATUS_LIVE);
	return rng_read(VIRTIO_REG_STATUS) == STATUS_LIVE;
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
	rng_mem.avail[VIRTQ_RING + rng_mem.avail[VIRTQ_IDX] % RNG_QUEUE_SIZE] =
		head;
	rng_mem.avail[VIRTQ_IDX] = idx;
	rng_write(VIRTIO_REG_QUEUE_NOTIFY, 0);
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
		if (trap_count(VECTOR)) {
			trap_count_clear();
			events = rng_read(VIRTIO_REG_INTERRUPT_STATUS);
		}
	}
	interrupts_off();
	if (!events)
		say("     no interrupt came\n");
	rng_write(VIRTIO_REG_INTERRUPT_ACK, events);
	return events;
}

void rng_listen(void)
{
	trap_count_clear();
	pic_init();
	pic_unmask(VIRTIO_MMIO_GSI);
}

void rng_quiet(void)
{
	pic_mask_all();
	rng_write(VIRTIO_REG_STATUS, 0);
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
	return expect_equal("InterruptStatus", events, VIRTIO_INT_USED) &&
	       expect_equal("the used index", rng_mem.used[VIRTQ_IDX], nth);
}
