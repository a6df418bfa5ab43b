/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng: the host's random bytes, so that guests do not wait for entropy.
 *
 * One queue; the driver puts writable buffers in, the device fills them
 * straight from the host kernel. A chain gets at most RNG_CHAIN_MAX bytes, so
 * that a request for gigabytes does not keep the worker busy. While the host
 * has no random bytes, as in its first seconds, or its call fails, chains stay
 * in the queue and a timer tries again.
 *
 * Must never trust: how many bytes the driver requests.
 *
 * Spec: virtio 1.2, 5.4.
 */
#ifndef DEV_VIRTIO_RNG_H
#define DEV_VIRTIO_RNG_H

#include <stdatomic.h>
#include <sys/types.h>

#include "dev/device.h"
#include "dev/virtio/core.h"

#define RNG_CHAIN_MAX (64u << 10)

/* How long to wait before asking the host again. */
#define RNG_RETRY_NS 100000000

extern const struct device_type virtio_rng_type;

struct virtio_rng {
	struct virtio core;
	/* getrandom(2), or a test's replacement. */
	ssize_t (*source)(void *buf, size_t len, unsigned flags);
	struct loop_timer retry;
	_Atomic uint64_t bytes; /* given to the guest */
};

/* @worker does not run yet. On failure the caller releases nothing. */
int virtio_rng_init(struct virtio_rng *rng, const struct guest_mem *gm,
		    struct worker *worker, struct err *e);
void virtio_rng_release(struct virtio_rng *rng);

#endif
