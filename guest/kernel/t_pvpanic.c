/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the panic device: it says which events it knows, and only a
 * panic ends the run (`end=pvpanic` tries that).
 *
 * Without the device there is nothing to claim.
 *
 * Spec: QEMU, docs/specs/pvpanic.
 */
#include "claims.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pv/pvpanic.h"

#define READS 1000

static uint8_t events(void)
{
	return inb(PVPANIC_PORT);
}

static bool is_there(void)
{
	if (events() != 0xff)
		return true;
	say("     there is no device at port 0x%x\n", PVPANIC_PORT);
	return false;
}

static enum verdict panics_are_known(const struct boot *b)
{
	(void)b;
	if (!is_there())
		return SKIP;
	return expect_equal("the event of a panic", events() & PVPANIC_PANICKED,
			    PVPANIC_PANICKED);
}

static enum verdict reading_changes_nothing(const struct boot *b)
{
	uint8_t first = events();

	(void)b;
	if (!is_there())
		return SKIP;
	for (unsigned i = 0; i < READS; i++)
		if (!expect_equal("the events", events(), first))
			return FAIL;
	return PASS;
}

/* The event of a crash kernel that takes over. */
static enum verdict crash_kernel_goes_on(const struct boot *b)
{
	uint8_t first = events();

	(void)b;
	if (!is_there() || !(first & PVPANIC_CRASHED))
		return SKIP;
	outb(PVPANIC_PORT, PVPANIC_CRASHED);
	return expect_equal("the events", events(), first);
}

/* All values without an event that the device knows. */
static enum verdict unknown_events_go_on(const struct boot *b)
{
	uint8_t first = events();

	(void)b;
	if (!is_there())
		return SKIP;
	for (unsigned value = 0; value < 0x100; value++)
		if (!(value & first))
			outb(PVPANIC_PORT, (uint8_t)value);
	return expect_equal("the events", events(), first);
}

/* The next port does not belong to the device: a byte there is not an event. */
static enum verdict is_one_byte_wide(const struct boot *b)
{
	uint8_t first = events();

	(void)b;
	if (!is_there())
		return SKIP;
	outw(PVPANIC_PORT, 0xff00);
	outl(PVPANIC_PORT, 0xffffff00);
	outb(PVPANIC_PORT + 1, 0xff);
	outb(PVPANIC_PORT - 1, 0xff);
	return expect_equal("the events", events(), first) &&
	       expect_equal("the events in a word", inw(PVPANIC_PORT) & 0xff,
			    first) &&
	       expect_equal("the events in a long", inl(PVPANIC_PORT) & 0xff,
			    first);
}

static const struct claim claims[] = {
	{ "it knows what a panic is", panics_are_known },
	{ "reading changes nothing, however often", reading_changes_nothing },
	{ "a crash kernel that takes over does not end the run",
	  crash_kernel_goes_on },
	{ "events that it does not know do not end the run",
	  unknown_events_go_on },
	{ "accesses of odd sizes reach one byte", is_one_byte_wide },
	{ 0 },
};

const struct group pvpanic_group = { "pvpanic", claims };
