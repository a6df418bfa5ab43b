/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the firmware tables of processors and interrupts.
 *
 * Without an RSDP, where the loader gave none and the BIOS has none, there is
 * nothing to claim.
 *
 * `cpus=N` on the command line: how many processors are expected.
 *
 * Spec: ACPI 6.4, 5.2.
 */
#include "acpi.h"
#include "claims.h"
#include "cpu.h"
#include "lib/cpuid.h"
#include "lib/say.h"

static struct madt madt;

static enum verdict tables_are_whole(const struct boot *b)
{
	madt_read(&madt, b);
	if (!madt.is_there) {
		say("     there is no RSDP\n");
		return SKIP;
	}
	if (madt.wrong)
		say("     not so: %s\n", madt.wrong);
	return !madt.wrong;
}

static enum verdict lapic_is_where_it_is(const struct boot *b)
{
	(void)b;
	if (!madt.is_there)
		return SKIP;
	return expect_equal("the address", madt.lapic, LAPIC_BASE);
}

/* The processor's own counts: the topology leaf's, or leaf 1's. */
static unsigned cpus_by_cpuid(void)
{
	if (cpuid(0).a >= CPUID_TOPOLOGY)
		return cpuid_sub(CPUID_TOPOLOGY, 1).b & 0xffff;
	return cpuid(1).d & CPUID_1_D_HTT ? cpuid(1).b >> 16 & 0xff : 1;
}

static enum verdict counts_agree(const struct boot *b)
{
	unsigned n = cpus_by_cpuid();

	(void)b;
	if (!madt.is_there)
		return SKIP;
	if (!n) {
		say("     CPUID does not count them\n");
		return SKIP;
	}
	return expect_equal("the MADT's count", madt.cpus_count, n);
}

static enum verdict count_is_as_told(const struct boot *b)
{
	uint64_t n;

	if (!madt.is_there || !cmdline_number(b, "cpus", &n))
		return SKIP;
	return expect_equal("the MADT's count", madt.cpus_count, n);
}

static enum verdict ids_differ(const struct boot *b)
{
	unsigned n = madt.cpus_count;

	(void)b;
	if (!madt.is_there)
		return SKIP;
	if (n > MADT_CPUS_MAX)
		n = MADT_CPUS_MAX;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			if (madt.cpus[i] == madt.cpus[j]) {
				say("     id %u is there twice\n",
				    madt.cpus[i]);
				return FAIL;
			}
	return PASS;
}

static enum verdict we_are_listed(const struct boot *b)
{
	(void)b;
	if (!madt.is_there)
		return SKIP;
	for (unsigned i = 0; i < madt.cpus_count && i < MADT_CPUS_MAX; i++)
		if (madt.cpus[i] == lapic_id())
			return PASS;
	say("     no entry has id %u\n", lapic_id());
	return FAIL;
}

static const struct claim claims[] = {
	{ "the tables have their checksums and are whole", tables_are_whole },
	{ "the local APIC is where the MADT says", lapic_is_where_it_is },
	{ "the MADT counts the processors as CPUID does", counts_agree },
	{ "there are as many processors as asked for", count_is_as_told },
	{ "no two processors have one id", ids_differ },
	{ "this processor is listed", we_are_listed },
	{ 0 },
};

const struct group acpi_group = { "acpi", claims };
