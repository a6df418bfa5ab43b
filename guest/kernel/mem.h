/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any guest-physical address, through a pointer.
 */
#ifndef GUEST_KERNEL_MEM_H
#define GUEST_KERNEL_MEM_H

#include <stdint.h>

/*
 * A pointer to the 8 bytes at @gpa, a multiple of 8. Valid until the next
 * call. NULL: this kernel cannot reach it (above 4 GiB without long mode).
 */
volatile uint64_t *mem_at(uint64_t gpa);

#endif
