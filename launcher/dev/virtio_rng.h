/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng: the host's random bytes, so that no guest waits for entropy.
 *
 * One queue; the driver puts writable buffers in, the device fills them
 * straight from the host kernel. A chain is given at most RNG_CHAIN_MAX
 * bytes, so that asking for gigabytes does not keep the worker busy.
 *
 * Must never trust: how many bytes are asked for.
 *
 * Spec: virtio 1.2, 5.4.
 */
#ifndef DEV_VIRTIO_RNG_H
#define DEV_VIRTIO_RNG_H

#include <sys/types.h>

#include "dev/device.h"
#include "dev/virtio_mmio.h"

#define RNG_CHAIN_MAX (64u << 10)

struct virtio_rng {
	/* getrandom(2), or what a test puts in its place. */
	ssize_t (*source)(void *buf, size_t len, unsigned flags);
};

extern const struct virtio_device_ops virtio_rng_ops;
extern const struct device_type virtio_rng_type;

void virtio_rng_init(struct virtio_rng *rng);

#endif
