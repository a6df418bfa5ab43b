/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about what the processor says it is.
 */
#include "claims.h"
#include "cpu.h"

#define LEAF1_C_HYPERVISOR  (1u << 31)
#define LEAF1_D_APIC	    (1u << 9)
#define LEAF_HYPERVISOR	    0x40000000
#define LEAF_EXTENDED	    0x80000000
#define LEAF_EXTENDED_FLAGS 0x80000001
#define EXTENDED_D_LM	    (1u << 29)

static enum verdict hypervisor_bit_is_set(const struct boot *b)
{
	(void)b;
	return (cpuid(1).c & LEAF1_C_HYPERVISOR) != 0;
}

static enum verdict hypervisor_has_a_name(const struct boot *b)
{
	struct cpuid_regs r = cpuid(LEAF_HYPERVISOR);

	(void)b;
	return r.a >= LEAF_HYPERVISOR && (r.b || r.c || r.d);
}

static enum verdict there_is_an_apic(const struct boot *b)
{
	(void)b;
	return (cpuid(1).d & LEAF1_D_APIC) != 0;
}

static enum verdict long_mode_is_offered(const struct boot *b)
{
	(void)b;
	return cpuid(LEAF_EXTENDED).a >= LEAF_EXTENDED_FLAGS &&
	       (cpuid(LEAF_EXTENDED_FLAGS).d & EXTENDED_D_LM);
}

static const struct claim claims[] = {
	{ "the hypervisor bit is set", hypervisor_bit_is_set },
	{ "the hypervisor has a name", hypervisor_has_a_name },
	{ "there is a local APIC", there_is_an_apic },
	{ "long mode is offered", long_mode_is_offered },
	{ 0 },
};

const struct group cpuid_group = { "cpuid", claims };
