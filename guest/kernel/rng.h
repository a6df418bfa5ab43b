/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the first virtio device, a source of random bytes: one queue,
 * one request at a time. Its parts are public, so that claims can misuse them.
 *
 * Spec: virtio 1.2, 2.7, 4.2, 5.4.
 */
#ifndef GUEST_KERNEL_RNG_H
#define GUEST_KERNEL_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/virtio.h"

#define RNG_ENTRIES	8 /* of the queue */
#define RNG_BUFFER_SIZE 64

#define STATUS_NEGOTIATED                                   \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_FEATURES_OK)
#define STATUS_LIVE (STATUS_NEGOTIATED | VIRTIO_STATUS_DRIVER_OK)

/* What driver and device share. */
extern struct rng_mem {
	volatile struct virtq_desc desc[RNG_ENTRIES];
	volatile uint16_t avail[VIRTQ_AVAIL_BYTES(RNG_ENTRIES) / 2];
	volatile uint16_t used[VIRTQ_USED_BYTES(RNG_ENTRIES) / 2]
		__attribute__((aligned(VIRTQ_USED_ALIGN)));
	volatile uint8_t buffer[RNG_BUFFER_SIZE];
	volatile uint32_t other; /* not known to the device */
} rng_mem __attribute__((aligned(VIRTQ_DESC_SIZE)));

/* Registers that every transport has. */
enum rng_register {
	RNG_STATUS,
	RNG_DEVICE_FEATURES_SEL,
	RNG_DEVICE_FEATURES,
	RNG_DRIVER_FEATURES_SEL,
	RNG_DRIVER_FEATURES,
	RNG_QUEUE_SEL,
	RNG_QUEUE_SIZE,
	RNG_QUEUE_READY,
	RNG_QUEUE_DESC,
	RNG_QUEUE_DESC_HIGH,
	RNG_QUEUE_DRIVER,
	RNG_QUEUE_DRIVER_HIGH,
	RNG_QUEUE_DEVICE,
	RNG_QUEUE_DEVICE_HIGH,
	RNG_NOTIFY, /* is only written */
	RNG_REGISTERS
};

struct rng_transport {
	bool (*is_there)(void);
	uint32_t (*read)(enum rng_register r);
	void (*write)(enum rng_register r, uint32_t v);
	/* Take the device's interrupts, and none any more. */
	void (*listen)(void);
	void (*quiet)(void);
	/* After the features, before the queue is ready. NULL: nothing. */
	void (*map_interrupts)(void);
	/* What interrupts came for, acknowledged: VIRTIO_INT_..., or 0. */
	uint32_t (*take_events)(void);
};

extern const struct rng_transport rng_mmio, rng_pci;

uint32_t rng_read(enum rng_register r);
void rng_write(enum rng_register r, uint32_t v);

/* Where the kernel's own @p lies for a device. */
uint32_t rng_phys(const volatile void *p);

bool rng_is_there(void);

/* Offer back feature word 1 as @high; returns whether it was accepted. */
bool rng_negotiate(uint32_t high);

/* Reset it; whether the reset is complete after a while. */
bool rng_reset(void);

/* From any state to a device whose empty queue is set up, but not ready. */
bool rng_prepare(void);

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

/* Wait until the device's used index is @idx; whether it is, after a while. */
bool rng_wait_used(uint16_t idx);

/* Request number @nth, a full buffer: whether it was answered in order. */
bool rng_get(uint16_t nth);

/* Whether the buffer may be random. */
bool rng_looks_random(void);

/* Whether a driver that keeps the rules is served, from any state. */
bool rng_works(void);

#endif
