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

/* One thread per core, and both leaves that count CPUs say the same. */
static enum verdict topology_is_whole(const struct boot *b)
{
	struct cpuid_regs one = cpuid(1);
	struct cpuid_regs smt = cpuid_sub(CPUID_TOPOLOGY, 0);
	struct cpuid_regs core = cpuid_sub(CPUID_TOPOLOGY, 1);
	struct cpuid_regs end = cpuid_sub(CPUID_TOPOLOGY, 2);
	/* Leaf 1's count is only valid with the HTT flag. */
	uint32_t count = one.d & CPUID_1_D_HTT ? one.b >> 16 & 0xff : 1;

	(void)b;
	if (cpuid(0).a < CPUID_TOPOLOGY)
		return SKIP;
	return expect_equal("thread level", smt.c, 0x100) &&
	       expect_equal("threads in a core", smt.b, 1) &&
	       expect_equal("core level", core.c, 0x201) &&
	       expect_equal("cores", core.b, count) &&
	       expect_equal("id", core.d, one.b >> 24) &&
	       expect_equal("last level", end.c >> 8, 0);
}

/* Nested virtualisation and performance counters are hidden by our launcher
 * unless they are asked for. */
static enum verdict nothing_is_exposed(const struct boot *b)
{
	bool has_flags = cpuid(CPUID_EXTENDED).a >= CPUID_EXTENDED_FLAGS;
	uint32_t svm = has_flags ? cpuid(CPUID_EXTENDED_FLAGS).c &
					   CPUID_EXTENDED_C_SVM
				 : 0;
	bool has_counters = cpuid(0).a >= CPUID_PERFMON;

	(void)b;
	if (!cpu_is_kvms())
		return SKIP;
	return expect_equal("VMX", cpuid(1).c & CPUID_1_C_VMX, 0) &&
	       expect_equal("SVM", svm, 0) &&
	       expect_equal("counters",
			    has_counters ? cpuid(CPUID_PERFMON).a : 0, 0);
}

static const struct claim claims[] = {
	{ "the hypervisor bit is set", hypervisor_bit_is_set },
	{ "the hypervisor has a name", hypervisor_has_a_name },
	{ "there is a local APIC", there_is_an_apic },
	{ "long mode is offered", long_mode_is_offered },
	{ "CPUID reports the topology level by level", topology_is_whole },
	{ "neither VMX, SVM nor performance counters are offered",
	  nothing_is_exposed },
	{ 0 },
};

const struct group cpuid_group = { "cpuid", claims };
