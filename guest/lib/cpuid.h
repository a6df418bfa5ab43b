/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor says it is.
 *
 * Spec: Intel SDM volume 2, CPUID.
 */
#ifndef GUEST_LIB_CPUID_H
#define GUEST_LIB_CPUID_H

#include <stdbool.h>
#include <stdint.h>

#define CPUID_1_C_VMX	     (1u << 5)
#define CPUID_1_C_HYPERVISOR (1u << 31)
#define CPUID_1_D_APIC	     (1u << 9)
#define CPUID_1_D_MTRR	     (1u << 12)
#define CPUID_1_D_PAT	     (1u << 16)
#define CPUID_1_D_HTT	     (1u << 28)
#define CPUID_PERFMON	     0xa
#define CPUID_TOPOLOGY	     0xb
#define CPUID_HYPERVISOR     0x40000000
#define CPUID_EXTENDED	     0x80000000
#define CPUID_EXTENDED_FLAGS 0x80000001
#define CPUID_EXTENDED_C_SVM (1u << 2)
#define CPUID_EXTENDED_D_LM  (1u << 29)

struct cpuid_regs {
	uint32_t a, b, c, d;
};

static inline struct cpuid_regs cpuid_sub(uint32_t leaf, uint32_t sub)
{
	struct cpuid_regs r;

	asm volatile("cpuid"
		     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		     : "a"(leaf), "c"(sub));
	return r;
}

static inline struct cpuid_regs cpuid(uint32_t leaf)
{
	return cpuid_sub(leaf, 0);
}

/* "KVMKVMKVM\0\0\0" in EBX, ECX and EDX. */
static inline bool cpu_is_kvms(void)
{
	struct cpuid_regs r = cpuid(CPUID_HYPERVISOR);

	return (cpuid(1).c & CPUID_1_C_HYPERVISOR) && r.b == 0x4b4d564b &&
	       r.c == 0x564b4d56 && r.d == 0x4d;
}

static inline bool cpu_has_long_mode(void)
{
	return cpuid(CPUID_EXTENDED).a >= CPUID_EXTENDED_FLAGS &&
	       (cpuid(CPUID_EXTENDED_FLAGS).d & CPUID_EXTENDED_D_LM);
}

#endif
