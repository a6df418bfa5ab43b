/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about memory: all of it exists, and each address only once.
 *
 * The first and last eight bytes of the first and last page of every RAM
 * range are written, all of them before the first is read back, so that two
 * addresses that reach the same memory are noticed. What was there is restored:
 * some of it may be the initrd or the command line.
 */
#include "claims.h"
#include "lib/say.h"
#include "mem.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

#define PROBES_MAX     64
#define PATTERN	       0x9e3779b97f4a7c15 /* differs in every byte */
#define FOUR_GIB       0x100000000
#define PROBES_A_RANGE 4

struct probe {
	uint64_t gpa;
	uint64_t saved;
};

static struct probe probes[PROBES_MAX];

static bool is_high(const struct range *r)
{
	return r->start >= FOUR_GIB;
}

static unsigned probes_collect(const struct boot *b, bool high)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];
		uint64_t start = (r->start + PAGE_4K - 1) & -(uint64_t)PAGE_4K;
		uint64_t end = (r->start + r->len) & -(uint64_t)PAGE_4K;

		if (r->type != E820_RAM || is_high(r) != high || start >= end ||
		    n + PROBES_A_RANGE > PROBES_MAX)
			continue;
		probes[n++].gpa = start;
		probes[n++].gpa = start + PAGE_4K - 8;
		if (end - start < 2 * PAGE_4K)
			continue;
		probes[n++].gpa = end - PAGE_4K;
		probes[n++].gpa = end - 8;
	}
	return n;
}

static enum verdict probes_run(unsigned n)
{
	enum verdict v = PASS;

	for (unsigned i = 0; i < n; i++) {
		probes[i].saved = *mem_at(probes[i].gpa);
		*mem_at(probes[i].gpa) = PATTERN ^ probes[i].gpa;
	}
	for (unsigned i = 0; i < n && v == PASS; i++) {
		uint64_t found = *mem_at(probes[i].gpa);

		if (found != (PATTERN ^ probes[i].gpa)) {
			say("     at 0x%llx\n",
			    (unsigned long long)probes[i].gpa);
			v = expect_equal("what was written", found,
					 PATTERN ^ probes[i].gpa);
		}
	}
	while (n--)
		*mem_at(probes[n].gpa) = probes[n].saved;
	return v;
}

static enum verdict low_memory_holds(const struct boot *b)
{
	unsigned n = probes_collect(b, false);

	return n ? probes_run(n) : FAIL;
}

static enum verdict high_memory_holds(const struct boot *b)
{
	unsigned n = probes_collect(b, true);

	return n && sizeof(long) == 8 ? probes_run(n) : SKIP;
}

static const struct claim claims[] = {
	{ "first and last page of each range below 4 GiB hold what is written",
	  low_memory_holds },
	{ "first and last page of each range above 4 GiB hold what is written",
	  high_memory_holds },
	{ 0 },
};

const struct group memory_group = { "memory", claims };
