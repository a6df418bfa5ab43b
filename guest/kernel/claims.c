/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the claims that the command line asks for and counts them.
 */
#include "claims.h"
#include "lib/say.h"

static const struct group *const groups[] = {
	&entry_group,	&params_group,	&firmware_group, &map_group,
	&memory_group,	&cpuid_group,	&acpi_group,	 &serial_group,
	&irq_group,	&ioapic_group,	&smp_group,	 &rtc_group,
	&i8042_group,	&ports_group,	&pvpanic_group,	 &virtio_group,
	&mmio_group,	&pci_group,	&net_group,	 &blk_group,
	&console_group, &balloon_group, &fs_group,
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

enum verdict expect_equal(const char *what, uint64_t found, uint64_t want)
{
	if (found == want)
		return PASS;
	say("     %s is 0x%llx, not 0x%llx\n", what, (unsigned long long)found,
	    (unsigned long long)want);
	return FAIL;
}

static bool is_known_group(const struct word *w)
{
	for (unsigned i = 0; i < GROUPS; i++)
		if (word_is(w, groups[i]->name))
			return true;
	return word_is(w, "none");
}

/* Without a group on the command line, all are tested. */
static bool is_wanted(const struct boot *b, const struct group *g)
{
	struct word w;
	unsigned n = 0;

	while (cmdline_value_nth(b, "test", n, &w)) {
		if (word_is(&w, g->name))
			return true;
		n++;
	}
	return n == 0;
}

static void run_group(const struct boot *b, const struct group *g,
		      unsigned counts[3])
{
	static const char *const names[] = { "FAIL", "PASS", "SKIP" };

	for (const struct claim *c = g->claims; c->text; c++) {
		enum verdict v = c->check(b);

		counts[v]++;
		say("%s %s: %s\n", names[v], g->name, c->text);
	}
}

/* A misspelt group would pass with nothing tested. */
static unsigned refuse_unknown(const struct boot *b)
{
	struct word w;
	unsigned bad = 0;

	for (unsigned n = 0; cmdline_value_nth(b, "test", n, &w); n++)
		if (!is_known_group(&w)) {
			say("FAIL there is no group %.*s\n", (int)w.len,
			    w.text);
			bad++;
		}
	return bad;
}

unsigned claims_run(const struct boot *b)
{
	unsigned counts[3] = { 0 };

	counts[FAIL] = refuse_unknown(b);
	for (unsigned i = 0; i < GROUPS; i++)
		if (is_wanted(b, groups[i]))
			run_group(b, groups[i], counts);
	say("%u passed, %u failed, %u skipped\n", counts[PASS], counts[FAIL],
	    counts[SKIP]);
	return counts[FAIL];
}
