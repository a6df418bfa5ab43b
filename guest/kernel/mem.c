/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reaching memory: what lies below 4 GiB is mapped where it is; the 64-bit
 * kernel sees the rest through a window of one 2 MiB page at 512 GiB, which
 * the entry code set up empty.
 */
#include "cpu.h"
#include "entry.h"
#include "mem.h"
#include "pv/x86.h"

#define FOUR_GIB 0x100000000

#ifdef KERNEL_64
#define WINDOW_VIRT 0x8000000000

static uint64_t window_address(uint64_t gpa)
{
	volatile uint64_t *pde = (uint64_t *)(early_start + EARLY_PD_WINDOW);
	uint64_t want = (gpa & -(uint64_t)PAGE_2M) | PTE_P | PTE_RW | PTE_PS;

	/* The processor adds accessed and dirty bits to what we wrote. */
	if ((*pde & ~(uint64_t)(PTE_A | PTE_D)) != want) {
		*pde = want;
		tlb_flush();
	}
	return WINDOW_VIRT + (gpa & (PAGE_2M - 1));
}
#else
static uint64_t window_address(uint64_t gpa)
{
	(void)gpa;
	return 0;
}
#endif

volatile uint64_t *mem_at(uint64_t gpa)
{
	if (gpa >= FOUR_GIB)
		gpa = window_address(gpa);

	uintptr_t address = (uintptr_t)gpa;

	/* Hide from the compiler that the address may be 0: page 0 is memory,
	 * too. */
	asm("" : "+r"(address));
	return (volatile uint64_t *)address;
}
