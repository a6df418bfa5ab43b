/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor instructions that only the small kernel needs, and its local APIC.
 */
#ifndef GUEST_KERNEL_CPU_H
#define GUEST_KERNEL_CPU_H

#include <stdint.h>

/* Local APIC registers, memory mapped (Intel SDM volume 3, chapter 10). */
#define LAPIC_BASE	   0xfee00000
#define LAPIC_ID	   0x020 /* bits 24 to 31 */
#define LAPIC_VERSION	   0x030
#define LAPIC_EOI	   0x0b0
#define LAPIC_SPURIOUS	   0x0f0 /* bit 8 enables the APIC */
#define LAPIC_ICR	   0x300 /* a write sends */
#define LAPIC_ICR_DEST	   0x310 /* bits 24 to 31 */
#define LAPIC_ESR	   0x280
#define LAPIC_LVT_CMCI	   0x2f0
#define LAPIC_LVT_FIRST	   0x320
#define LAPIC_LVT_TIMER	   0x320
#define LAPIC_LVT_LINT0	   0x350
#define LAPIC_LVT_LINT1	   0x360
#define LAPIC_LVT_LAST	   0x370
#define LAPIC_TIMER_START  0x380
#define LAPIC_TIMER_NOW	   0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LAPIC_PAGE	   0x400 /* there are no registers from here on */
#define LAPIC_ENABLE	   0x100
#define LAPIC_LVT_MASKED   0x10000
#define LAPIC_DIVIDE_BY_1  0xb

/* Values of the interrupt command register (10.6.1). */
#define ICR_FIXED     0x00000
#define ICR_INIT      0x00500
#define ICR_STARTUP   0x00600 /* the vector is a page number */
#define ICR_PENDING   0x01000
#define ICR_ASSERT    0x04000
#define ICR_TO_SELF   0x40000
#define ICR_TO_OTHERS 0xc0000

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

static inline unsigned long read_cr2(void)
{
	unsigned long v;

	asm volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}

static inline unsigned long read_cr3(void)
{
	unsigned long v;

	asm volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}

/* Write CR3 back: forgets every translation the processor remembers. */
static inline void tlb_flush(void)
{
	unsigned long v;

	asm volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(v) : : "memory");
}

struct table_pointer {
	uint16_t limit;
	uintptr_t base;
} __attribute__((packed));

static inline void load_idt(const void *base, unsigned size)
{
	struct table_pointer p = { (uint16_t)(size - 1), (uintptr_t)base };

	asm volatile("lidt %0" : : "m"(p));
}

/* The kernel's own GDT, for other processors to load. */
static inline struct table_pointer stored_gdt(void)
{
	struct table_pointer p;

	asm volatile("sgdt %0" : "=m"(p));
	return p;
}

static inline void load_gdt(const struct table_pointer *p)
{
	asm volatile("lgdt %0" : : "m"(*p));
}

static inline void interrupts_on(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void interrupts_off(void)
{
	asm volatile("cli" : : : "memory");
}

/* Sleep until an interrupt. STI takes effect after HLT, so none is missed. */
static inline void wait_for_interrupt(void)
{
	asm volatile("sti; hlt" : : : "memory");
}

static inline uint32_t lapic_read(unsigned reg)
{
	return *(volatile uint32_t *)(uintptr_t)(LAPIC_BASE + reg);
}

static inline void lapic_write(unsigned reg, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(LAPIC_BASE + reg) = v;
}

static inline unsigned lapic_id(void)
{
	return lapic_read(LAPIC_ID) >> 24;
}

#endif
