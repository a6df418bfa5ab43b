/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of a run; see end.h.
 */
#include <stdint.h>

#include "cpu.h"
#include "end.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/string.h"
#include "pv/testport.h"
#include "pv/x86.h"

/* A launcher may take a moment to stop us; then nothing more is to be said. */
#define STOP_CYCLES 500000000
#define STOP_TURNS  5000000

static void wait_to_be_stopped(void)
{
	uint64_t start = read_tsc();

	for (unsigned i = 0; i < STOP_TURNS; i++)
		if (read_tsc() - start >= STOP_CYCLES)
			break;
}

void end_with_value(unsigned value)
{
	outl(TESTPORT_EXIT, value);
	wait_to_be_stopped();
	say("no test port: stopped with %u\n", value);
	cpu_stop();
}

/* Through the keyboard controller, as everybody does. */
static void end_reboot(void)
{
	outb(I8042_CMD, I8042_CMD_PULSE_RESET);
	cpu_stop();
}

/* An exception without an IDT to deliver it, nor the double fault's. */
static void end_triple(void)
{
	load_idt(0, 1);
	asm volatile("ud2");
}

static void end_hang(void)
{
	cpu_stop();
}

/* Idle, as an operating system is: awake for interrupts that never come. */
static void end_halt(void)
{
	for (;;)
		wait_for_interrupt();
}

static void end_spin(void)
{
	for (;;)
		cpu_pause();
}

static void end_fail(void)
{
	end_with_value(TESTPORT_FAIL_CLAIMS);
}

/* The words a Linux kernel dies with. */
static void end_panic(void)
{
	say("Kernel panic - not syncing: test\n");
	say("---[ end Kernel panic - not syncing: test ]---\n");
	end_spin();
}

/* An exception that the kernel's own handler reports. */
static void end_fault(void)
{
	volatile unsigned zero = 0;

	asm volatile("divl %0" : : "m"(zero), "a"(1), "d"(0) : "cc");
}

static const struct {
	const char *name;
	void (*end)(void);
} ends[] = {
	{ "reboot", end_reboot }, { "triple", end_triple },
	{ "hang", end_hang },	  { "halt", end_halt },
	{ "spin", end_spin },	  { "fail", end_fail },
	{ "panic", end_panic },	  { "fault", end_fault },
};

void end_as_asked(const struct boot *b, unsigned value)
{
	struct word w;

	if (!cmdline_value(b, "end", &w))
		end_with_value(value);
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (word_is(&w, ends[i].name)) {
			say("end: %s\n", ends[i].name);
			ends[i].end();
		}
	say("end: no such end: %.*s\n", (int)w.len, w.text);
	end_with_value(TESTPORT_FAIL_CLAIMS);
}
