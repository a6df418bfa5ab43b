/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the other processors: each one in the MADT starts as in SDM
 * volume 3, 8.4, and receives interrupts; after any misuse it starts again.
 *
 * With one processor there is nothing to claim.
 */
#include "acpi.h"
#include "claims.h"
#include "cpu.h"
#include "lib/cpuid.h"
#include "lib/say.h"
#include "pv/x86.h"
#include "smp.h"
#include "trap.h"

#define STORM	   200
#define IPIS	   20
#define NOBODYS_ID 0xfe

static struct madt madt;

static bool open(const struct boot *b)
{
	if (!madt.is_there)
		madt_read(&madt, b);
	return smp_open(b, &madt);
}

/* The @nth of the others whose id has eight bits. */
static bool nth_other(unsigned nth, uint32_t *id)
{
	for (unsigned i = 0; i < madt.cpus_count && i < MADT_CPUS_MAX; i++)
		if (madt.cpus[i] < NOBODYS_ID && madt.cpus[i] != lapic_id() &&
		    !nth--) {
			*id = madt.cpus[i];
			return true;
		}
	return false;
}

static bool start_all(enum smp_order order)
{
	uint32_t id;
	bool ok = true;

	for (unsigned n = 0; ok && nth_other(n, &id); n++)
		ok = smp_start(id, order);
	return ok;
}

static bool first_starts(void)
{
	uint32_t id;

	return nth_other(0, &id) && smp_start(id, SMP_SLEEP);
}

static enum verdict all_start(const struct boot *b)
{
	bool ok;

	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SLEEP);
	smp_close();
	return ok && expect_equal("the number of those that came",
				  smp_wait_for(0) + 1, madt.cpus_count);
}

static enum verdict all_start_again(const struct boot *b)
{
	return all_start(b);
}

static enum verdict ipis_arrive(const struct boot *b)
{
	uint32_t id;
	bool ok;

	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SLEEP);
	for (unsigned n = 0; ok && nth_other(n, &id); n++)
		for (unsigned i = 1; ok && i <= IPIS; i++) {
			smp_send(id, ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
			ok = expect_equal("the count", smp_ipis(id, i), i);
		}
	smp_close();
	return ok;
}

static enum verdict all_hear_a_broadcast(const struct boot *b)
{
	uint32_t id;
	bool ok;

	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SLEEP);
	smp_send(0, ICR_FIXED | ICR_ASSERT | ICR_TO_OTHERS | VECTOR_IPI);
	for (unsigned n = 0; ok && nth_other(n, &id); n++)
		ok = expect_equal("the count", smp_ipis(id, 1), 1);
	ok = ok && expect_equal("the count here", smp_ipis(lapic_id(), 0), 0);
	smp_close();
	return ok;
}

/* INIT leaves CD and NW as firmware had them. */
static enum verdict caches_are_on(const struct boot *b)
{
	bool ok;

	if (!cpu_is_kvms()) {
		say("     QEMU's own processor has them off after INIT\n");
		return SKIP;
	}
	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SLEEP) &&
	     expect_equal("CR0", smp_cr0() & (CR0_CD | CR0_NW), 0);
	smp_close();
	return ok;
}

/* The PIC is wired to the first processor alone. */
static enum verdict lint0_is_masked(const struct boot *b)
{
	bool ok;

	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SLEEP);
	for (unsigned n = 0; ok && n < smp_wait_for(0); n++)
		ok = expect_equal("the mask bit",
				  smp_nth_lint0(n) & LAPIC_LVT_MASKED,
				  LAPIC_LVT_MASKED);
	smp_close();
	return ok;
}

/* All at once: each takes another stack. */
static enum verdict all_start_at_once(const struct boot *b)
{
	unsigned n;

	if (!open(b))
		return SKIP;
	smp_start_all();
	n = smp_wait_for(madt.cpus_count - 1);
	smp_close();
	return expect_equal("the number of those that came", n + 1,
			    madt.cpus_count);
}

/* --- hostile */

static enum verdict nobody_starts_for_nobody(const struct boot *b)
{
	bool ok;

	if (!open(b))
		return SKIP;
	smp_init(NOBODYS_ID);
	smp_startup(NOBODYS_ID);
	ok = expect_equal("the number of those that came", smp_wait_a_moment(),
			  0) &&
	     first_starts();
	smp_close();
	return ok;
}

/* 8.4.4.1: "If the processor is not in the wait-for-SIPI state, a SIPI is
 * ignored" is what makes the usual second one harmless. */
static enum verdict second_startup_is_ignored(const struct boot *b)
{
	uint32_t id = 0;
	bool ok;

	if (!open(b))
		return SKIP;
	ok = first_starts() && nth_other(0, &id);
	for (unsigned i = 0; i < STORM; i++)
		smp_startup(id);
	ok = ok && expect_equal("the number of starts", smp_wait_a_moment(), 1);
	smp_send(id, ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	ok = ok && expect_equal("the count", smp_ipis(id, 1), 1);
	smp_close();
	return ok;
}

static enum verdict survives_a_storm(const struct boot *b)
{
	uint32_t id = 0;
	bool ok;

	if (!open(b))
		return SKIP;
	nth_other(0, &id);
	for (unsigned i = 0; i < STORM; i++)
		smp_init(id);
	ok = first_starts();
	/* And while it runs. */
	for (unsigned i = 0; i < STORM; i++)
		smp_init(id);
	ok = ok && first_starts();
	smp_close();
	return ok;
}

/* In real mode, with interrupts off: only INIT reaches it. */
static enum verdict stray_comes_back(const struct boot *b)
{
	static const uint8_t forever[] = { 0xfa, 0xeb, 0xfe }; /* cli; jmp . */
	uint32_t id = 0;
	bool ok;

	if (!open(b))
		return SKIP;
	nth_other(0, &id);
	smp_replace_code(forever, sizeof(forever));
	smp_init(id);
	smp_startup(id);
	ok = expect_equal("the number of those that came", smp_wait_a_moment(),
			  0);
	smp_init(id);
	smp_wait_a_moment();
	smp_restore_code();
	ok = ok && first_starts();
	smp_close();
	return ok;
}

/* Vectors that are exceptions' do not arrive as such, 10.5.2. */
static enum verdict low_vectors_stay_away(const struct boot *b)
{
	uint32_t id = 0;
	bool ok;

	if (!cpu_is_kvms()) {
		say("     QEMU's own local APIC delivers them\n");
		return SKIP;
	}
	if (!open(b))
		return SKIP;
	ok = first_starts() && nth_other(0, &id);
	for (unsigned vector = 0; ok && vector < 16; vector++)
		smp_send(id, ICR_FIXED | ICR_ASSERT | vector);
	smp_wait_a_moment();
	smp_send(id, ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	ok = ok && expect_equal("the count", smp_ipis(id, 1), 1);
	smp_close();
	return ok;
}

static enum verdict spinners_come_back(const struct boot *b)
{
	bool ok;

	if (!open(b))
		return SKIP;
	ok = start_all(SMP_SPIN);
	smp_close();
	if (!ok || !open(b))
		return FAIL;
	ok = start_all(SMP_SLEEP);
	smp_close();
	return ok;
}

static const struct claim claims[] = {
	{ "each in the MADT starts", all_start },
	{ "each starts a second time", all_start_again },
	{ "one begins with its caches on", caches_are_on },
	{ "one begins with LINT0 masked", lint0_is_masked },
	{ "all start at once", all_start_at_once },
	{ "an interrupt to one arrives, every time", ipis_arrive },
	{ "an interrupt to all others arrives at each", all_hear_a_broadcast },
	{ "a start of a missing processor starts none, later ones start",
	  nobody_starts_for_nobody },
	{ "a second start of one that runs is ignored",
	  second_startup_is_ignored },
	{ "one starts after many INITs", survives_a_storm },
	{ "vectors below 16 do not arrive, later interrupts do",
	  low_vectors_stay_away },
	{ "one that spins with interrupts off comes back by INIT",
	  stray_comes_back },
	{ "all that spin come back by INIT", spinners_come_back },
	{ 0 },
};

const struct group smp_group = { "smp", claims };
