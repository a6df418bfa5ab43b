/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first virtio device over MMIO: where registers are, and its interrupt by
 * the PIC.
 *
 * Spec: virtio 1.2, 4.2.
 */
#include "pic.h"
#include "rng.h"
#include "rng_mmio.h"
#include "trap.h"

#define VECTOR (VECTOR_PIC_MASTER + VIRTIO_MMIO_GSI)

const uint16_t rng_mmio_offsets[RNG_REGISTERS] = {
	[RNG_STATUS] = VIRTIO_REG_STATUS,
	[RNG_DEVICE_FEATURES_SEL] = VIRTIO_REG_DEVICE_FEATURES_SEL,
	[RNG_DEVICE_FEATURES] = VIRTIO_REG_DEVICE_FEATURES,
	[RNG_DRIVER_FEATURES_SEL] = VIRTIO_REG_DRIVER_FEATURES_SEL,
	[RNG_DRIVER_FEATURES] = VIRTIO_REG_DRIVER_FEATURES,
	[RNG_QUEUE_SEL] = VIRTIO_REG_QUEUE_SEL,
	[RNG_QUEUE_SIZE] = VIRTIO_REG_QUEUE_NUM,
	[RNG_QUEUE_READY] = VIRTIO_REG_QUEUE_READY,
	[RNG_QUEUE_DESC] = VIRTIO_REG_QUEUE_DESC,
	[RNG_QUEUE_DESC_HIGH] = VIRTIO_REG_QUEUE_DESC + 4,
	[RNG_QUEUE_DRIVER] = VIRTIO_REG_QUEUE_DRIVER,
	[RNG_QUEUE_DRIVER_HIGH] = VIRTIO_REG_QUEUE_DRIVER + 4,
	[RNG_QUEUE_DEVICE] = VIRTIO_REG_QUEUE_DEVICE,
	[RNG_QUEUE_DEVICE_HIGH] = VIRTIO_REG_QUEUE_DEVICE + 4,
	[RNG_NOTIFY] = VIRTIO_REG_QUEUE_NOTIFY,
};

uint32_t mmio_read(unsigned off)
{
	return *(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + off);
}

void mmio_write(unsigned off, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(VIRTIO_MMIO_GPA + off) = v;
}

static bool is_there(void)
{
	return mmio_read(VIRTIO_REG_MAGIC) == VIRTIO_MAGIC &&
	       mmio_read(VIRTIO_REG_DEVICE_ID) != 0;
}

static uint32_t read(enum rng_register r)
{
	return mmio_read(rng_mmio_offsets[r]);
}

static void write(enum rng_register r, uint32_t v)
{
	mmio_write(rng_mmio_offsets[r], v);
}

static void listen(void)
{
	pic_init();
	pic_unmask(VIRTIO_MMIO_GSI);
}

/* One that comes for nothing was raised before a reset and delivered after
 * it. */
static uint32_t take_events(void)
{
	uint32_t events;

	if (!trap_count(VECTOR))
		return 0;
	trap_count_clear();
	events = mmio_read(VIRTIO_REG_INTERRUPT_STATUS);
	mmio_write(VIRTIO_REG_INTERRUPT_ACK, events);
	return events;
}

const struct rng_transport rng_mmio = {
	.is_there = is_there,
	.read = read,
	.write = write,
	.listen = listen,
	.quiet = pic_mask_all,
	.take_events = take_events,
};
