/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports, control registers and other things that C cannot express.
 *
 * For every freestanding part of the guest side: the small kernel, the
 * decompressor stub and the 16-bit setup code. Only plain integer
 * instructions: an interpreting KVM knows few others.
 */
#ifndef GUEST_LIB_IO_H
#define GUEST_LIB_IO_H

#include <stdint.h>

static inline void outb(uint16_t port, uint8_t v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* Stop for good; an NMI does not change that. Inlined, so that a launcher names
 * the function that stopped. */
static inline __attribute__((noreturn, always_inline)) void cpu_stop(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

#endif
