/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table by which the kernel checks every byte of itself.
 *
 * guest/tools/selfsum fills it in the linked ELF: each PT_LOAD is cut into
 * ranges of at most SELFSUM_RANGE_MAX bytes, so that a difference can be
 * named and not only noticed. The bytes of the table are the only ones in no
 * range; table_sum covers them.
 *
 * Addresses are physical, for a kernel loaded where it was linked to be.
 */
#ifndef GUEST_KERNEL_SELFSUM_H
#define GUEST_KERNEL_SELFSUM_H

#include <stddef.h>
#include <stdint.h>

#define SELFSUM_RANGE_MAX 1024
#define SELFSUM_RANGES	  128

struct selfsum_range {
	uint32_t start;
	uint32_t len;
	uint32_t is_zero; /* .bss: must be zero, sum is not used */
	uint32_t sum;
};

struct selfsum {
	uint32_t table_sum; /* of everything after this word */
	uint32_t count;
	struct selfsum_range ranges[SELFSUM_RANGES];
};

/*
 * A hash by words of eight bytes: where each instruction is interpreted, a CRC
 * takes six times as long, and most of a boot. Each step is a one-to-one
 * function of the word and of the hash before it, so that one wrong word always
 * leads to another 64-bit hash; folded to 32 bits, one of 2^32 such changes is
 * missed. The rotation keeps two wrong high bits from undoing each other.
 */
static inline uint64_t selfsum_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash << 31 | hash >> 33;
}

static inline uint32_t selfsum_of(const uint8_t *p, size_t len)
{
	uint64_t hash = len, word;

	for (const uint8_t *end = p + len / 8 * 8; p < end; p += 8) {
		__builtin_memcpy(&word, p, sizeof(word));
		hash = selfsum_step(hash, word);
	}
	word = 0;
	for (unsigned i = 0; i < len % 8; i++)
		word |= (uint64_t)p[i] << 8 * i;
	hash = selfsum_step(hash, word);
	return (uint32_t)(hash ^ hash >> 32);
}

/*
 * The words that a loader changes when it moves the kernel in virtual memory:
 * how many there are, then for each, ascending, its offset in the image, with
 * SELFRELOCS_WIDE if it has 64 bits and not 32. guest/tools/relocs fills this
 * in; the kernel that is not moved has none.
 */
#define SELFRELOCS_WIDE 0x80000000u

extern const uint32_t selfrelocs[];

#endif
