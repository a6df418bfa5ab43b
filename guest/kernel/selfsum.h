/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table by which the kernel checks every byte of itself.
 *
 * guest/tools/selfsum fills it in the linked ELF: each PT_LOAD is cut into
 * ranges of at most SELFSUM_RANGE_MAX bytes, so that a difference can be
 * named and not only noticed. The bytes of the table are the only ones in no
 * range; table_crc covers them.
 *
 * Addresses are physical, for a kernel loaded where it was linked to be.
 */
#ifndef GUEST_KERNEL_SELFSUM_H
#define GUEST_KERNEL_SELFSUM_H

#include <stdint.h>

#define SELFSUM_RANGE_MAX 1024
#define SELFSUM_RANGES	  128

struct selfsum_range {
	uint32_t start;
	uint32_t len;
	uint32_t is_zero; /* .bss: must be zero, crc is not used */
	uint32_t crc;
};

struct selfsum {
	uint32_t table_crc; /* of everything after this word */
	uint32_t count;
	struct selfsum_range ranges[SELFSUM_RANGES];
};

/*
 * The words that a loader changes when it moves the kernel in virtual memory:
 * how many there are, then for each, ascending, its offset in the image, with
 * SELFRELOCS_WIDE if it has 64 bits and not 32. guest/tools/relocs fills this
 * in; the kernel that is not moved has none.
 */
#define SELFRELOCS_WIDE 0x80000000u

extern const uint32_t selfrelocs[];

#endif
