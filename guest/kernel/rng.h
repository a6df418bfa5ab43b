/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the first virtio device, a source of random bytes: one queue,
 * one request at a time. Its parts are public, so that claims can misuse them.
 *
 * Spec: virtio 1.2, 2.7, 4.2, 5.4.
 */
#ifndef KERNEL_RNG_H
#define KERNEL_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/virtio.h"

#define RNG_QUEUE_SIZE	8
#define RNG_BUFFER_SIZE 64

#define STATUS_NEGOTIATED                                   \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_FEATURES_OK)
#define STATUS_LIVE (STATUS_NEGOTIATED | VIRTIO_STATUS_DRIVER_OK)

/* What driver and device share. */
extern struct rng_mem {
	volatile struct virtq_desc desc[RNG_QUEUE_SIZE];
	volatile uint16_t avail[VIRTQ_AVAIL_BYTES(RNG_QUEUE_SIZE) / 2];
	volatile uint16_t used[VIRTQ_USED_BYTES(RNG_QUEUE_SIZE) / 2]
		__attribute__((aligned(VIRTQ_USED_ALIGN)));
	volatile uint8_t buffer[RNG_BUFFER_SIZE];
} rng_mem __attribute__((aligned(VIRTQ_DESC_SIZE)));

/* Register @r of the device. */
uint32_t rng_read(unsigned r);
void rng_write(unsigned r, uint32_t v);

/* Where the kernel's own @p lies for a device. */
uint32_t rng_phys(const volatile void *p);

bool rng_is_there(void);

/* Offer back feature word 1 as @high; returns whether it was accepted. */
bool rng_negotiate(uint32_t high);

/* From any state to a live device with an empty queue. */
bool rng_start(void);

/* Fill in descriptor @i. */
void rng_describe(unsigned i, uint64_t gpa, uint32_t len, uint16_t flags,
		  uint16_t next);

/* Make the chain that begins with @head available, and @idx the index. */
void rng_offer(uint16_t head, uint16_t idx);

/* Start and stop to take its interrupts; stopping also resets the device. */
void rng_listen(void);
void rng_quiet(void);

/*
 * Wait for the device's interrupt; returns its events, acknowledged. An
 * interrupt without an event was raised before a reset and delivered after it.
 */
uint32_t rng_wait(void);

/* Request number @nth, a full buffer: whether it was answered in order. */
bool rng_get(uint16_t nth);

#endif
