/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the first virtio device over MMIO, for claims about them.
 */
#ifndef GUEST_KERNEL_RNG_MMIO_H
#define GUEST_KERNEL_RNG_MMIO_H

#include <stdint.h>

#include "rng.h"

/* Where the registers are in each device's own. */
extern const uint16_t rng_mmio_offsets[RNG_REGISTERS];

uint32_t mmio_read(unsigned off);
void mmio_write(unsigned off, uint32_t v);

#endif
