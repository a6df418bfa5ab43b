/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the BIOS from 16-bit code, and memory outside our own segment.
 *
 * The carry flag of a BIOS is believed; the callers check the range of the
 * values that it returns.
 */
#ifndef GUEST_SETUP_BIOS_H
#define GUEST_SETUP_BIOS_H

/* struct bios_regs, for the assembly */
#define R_AX	0
#define R_BX	4
#define R_CX	8
#define R_DX	12
#define R_SI	16
#define R_DI	20
#define R_BP	24
#define R_FLAGS 28
#define R_ES	32

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bios_regs {
	uint32_t ax, bx, cx, dx, si, di, bp; /* all 32 bits of each */
	uint32_t flags;			     /* on return */
	uint16_t es;
};
_Static_assert(offsetof(struct bios_regs, es) == R_ES, "bios_regs");

/* Our own segment, for pointers that the BIOS is given in ES. */
static inline uint16_t own_segment(void)
{
	uint16_t v;

	asm("movw %%ds, %0" : "=rm"(v));
	return v;
}

/* INT @number with the registers in *@r; what it returns goes there too. */
void bios_call(uint8_t number, struct bios_regs *r);

static inline bool bios_carry(const struct bios_regs *r)
{
	return r->flags & 1;
}

/* Memory at @segment:@offset. */
static inline uint32_t far_load32(uint16_t segment, uint32_t offset)
{
	uint32_t v;

	asm volatile("movw %1, %%fs; movl %%fs:(%2), %0"
		     : "=r"(v)
		     : "rm"(segment), "r"(offset)
		     : "memory");
	return v;
}

static inline void far_store32(uint16_t segment, uint32_t offset, uint32_t v)
{
	asm volatile("movw %1, %%fs; movl %0, %%fs:(%2)"
		     :
		     : "r"(v), "rm"(segment), "r"(offset)
		     : "memory");
}
#endif
#endif
