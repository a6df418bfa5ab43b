/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about what the processor says it is.
 */
#include "claims.h"
#include "lib/cpuid.h"

static enum verdict hypervisor_bit_is_set(const struct boot *b)
{
	(void)b;
	return (cpuid(1).c & CPUID_1_C_HYPERVISOR) != 0;
}

static enum verdict hypervisor_has_a_name(const struct boot *b)
{
	struct cpuid_regs r = cpuid(CPUID_HYPERVISOR);

	(void)b;
	return r.a >= CPUID_HYPERVISOR && (r.b || r.c || r.d);
}

static enum verdict there_is_an_apic(const struct boot *b)
{
	(void)b;
	return (cpuid(1).d & CPUID_1_D_APIC) != 0;
}

static enum verdict long_mode_is_offered(const struct boot *b)
{
	(void)b;
	return cpu_has_long_mode();
}

static const struct claim claims[] = {
	{ "the hypervisor bit is set", hypervisor_bit_is_set },
	{ "the hypervisor has a name", hypervisor_has_a_name },
	{ "there is a local APIC", there_is_an_apic },
	{ "long mode is offered", long_mode_is_offered },
	{ 0 },
};

const struct group cpuid_group = { "cpuid", claims };
