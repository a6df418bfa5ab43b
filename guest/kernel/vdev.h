/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for a virtio device of any type, over PCI or MMIO, that asks for no
 * interrupts and waits by looking. One device at a time: the one that was found
 * last. (rng.h is for claims about registers, queues and interrupts.)
 *
 * Spec: virtio 1.2, 2.7, 3.1, 4.1, 4.2.
 */
#ifndef GUEST_KERNEL_VDEV_H
#define GUEST_KERNEL_VDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/virtio.h"

#define VDEV_QUEUES	 6
#define VDEV_ENTRIES	 8 /* of each queue */
#define VDEV_BUFFER_SIZE 2048

/* What driver and device share; a buffer for each descriptor. */
extern struct vdev_ring {
	volatile struct virtq_desc desc[VDEV_ENTRIES];
	volatile uint16_t avail[VIRTQ_AVAIL_BYTES(VDEV_ENTRIES) / 2];
	volatile uint16_t used[VIRTQ_USED_BYTES(VDEV_ENTRIES) / 2]
		__attribute__((aligned(VIRTQ_USED_ALIGN)));
	volatile uint8_t buffer[VDEV_ENTRIES][VDEV_BUFFER_SIZE];
} vdev_rings[VDEV_QUEUES] __attribute__((aligned(VIRTQ_DESC_SIZE)));

/* Find the first device of type @id. */
bool vdev_find(unsigned id);

uint32_t vdev_status(void);

/* The first 32 features that it offers. */
uint32_t vdev_offered(void);

/* @size bytes (1, 2 or 4) of its configuration space. */
uint32_t vdev_config(unsigned off, unsigned size);
void vdev_set_config(unsigned off, unsigned size, uint32_t v);

/* From any state to a live device with these of its first 32 features, and
 * @queues empty queues. */
bool vdev_start(uint32_t features, unsigned queues);

/* Reset it; whether the reset is complete after a while. */
bool vdev_stop(void);

/* Fill in descriptor @i with @len bytes of its own buffer. */
void vdev_describe(unsigned queue, unsigned i, uint32_t len, uint16_t flags,
		   uint16_t next);

/* Make the chain that begins with @head available, and ring. */
void vdev_offer(unsigned queue, uint16_t head);

/* Wait until @n chains of this life were used; whether they are, after a
 * while. */
bool vdev_wait(unsigned queue, uint16_t n);

/* The length of the chain that was used as the @nth, from 0 on. */
uint32_t vdev_used_len(unsigned queue, uint16_t nth);

/* Wait until the device asks for a reset; whether it does, after a while. */
bool vdev_wait_refusal(void);

#endif
