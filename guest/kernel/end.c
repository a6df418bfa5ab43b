/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of a run; see end.h.
 */
#include <stdint.h>

#include "cpu.h"
#include "end.h"
#include "ioapic.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/string.h"
#include "net.h"
#include "pv/pvpanic.h"
#include "pv/testport.h"
#include "pv/x86.h"
#include "smp.h"

/* The launcher may take a moment to stop this kernel, which must not print
 * more. */
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

/* Through the keyboard controller, as most kernels do. */
static void end_reboot(const struct boot *b)
{
	(void)b;
	outb(I8042_CMD, I8042_CMD_PULSE_RESET);
	cpu_stop();
}

/* An exception without an IDT to deliver it, nor the double fault's. */
static void end_triple(const struct boot *b)
{
	(void)b;
	load_idt(0, 1);
	asm volatile("ud2");
}

/* Like a kernel that restarts with reboot=t. */
static void end_restart(const struct boot *b)
{
	say("reboot: Restarting system\n");
	say("reboot: machine restart\n");
	end_triple(b);
}

/* Like a kernel that halts on request. */
static void end_halted(const struct boot *b)
{
	(void)b;
	say("reboot: System halted\n");
	cpu_stop();
}

/* Sleep with interrupts off, but with the serial port's interrupt as an NMI. */
static void end_nmi_hang(const struct boot *b)
{
	const struct madt_ioapic io = { .address = IOAPIC_GPA };

	(void)b;
	ioapic_set_entry(&io, COM1_IRQ, ENTRY_NMI);
	cpu_stop();
}

static void end_hang(const struct boot *b)
{
	(void)b;
	cpu_stop();
}

/* Idle, like an operating system: with interrupts on, but none arrives. */
static void end_halt(const struct boot *b)
{
	(void)b;
	for (;;)
		wait_for_interrupt();
}

static void end_spin(const struct boot *b)
{
	(void)b;
	for (;;)
		cpu_pause();
}

static void end_fail(const struct boot *b)
{
	(void)b;
	end_with_value(TESTPORT_FAIL_CLAIMS);
}

/* The last words of a Linux kernel that panics. */
static void end_panic(const struct boot *b)
{
	(void)b;
	say("Kernel panic - not syncing: test\n");
	say("---[ end Kernel panic - not syncing: test ]---\n");
	end_spin(b);
}

/* Those of one that has no root. */
static void end_no_root(const struct boot *b)
{
	(void)b;
	say("Kernel panic - not syncing: VFS: Unable to mount root fs on "
	    "unknown-block(0,0)\n");
	say("---[ end Kernel panic - not syncing: VFS ]---\n");
	end_spin(b);
}

/* An exception that the kernel's own handler reports. */
static void end_fault(const struct boot *b)
{
	volatile unsigned zero = 0;

	(void)b;
	asm volatile("divl %0" : : "m"(zero), "a"(1), "d"(0) : "cc");
}

/* As fast as the port accepts it, for ever. */
static void end_flood(const struct boot *b)
{
	static const char line[] = "flood: the same line again and again\r\n";

	(void)b;
	for (;;)
		for (const char *p = line; *p; p++)
			outb(COM1_PORT, (uint8_t)*p);
}

/* The same without an end of line. */
static void end_flood_line(const struct boot *b)
{
	(void)b;
	for (;;)
		outb(COM1_PORT, 'x');
}

static void end_pvpanic(const struct boot *b)
{
	(void)b;
	outb(PVPANIC_PORT, PVPANIC_PANICKED | 0xa0);
	cpu_stop();
}

/* The processor to start; without a second one there is nothing to try. */
static uint32_t find_another(const struct boot *b)
{
	static struct madt madt;

	madt_read(&madt, b);
	if (!smp_open(b, &madt))
		end_with_value(TESTPORT_FAIL_CLAIMS);
	return madt.cpus[madt.cpus[0] == lapic_id()];
}

static void start_another(const struct boot *b, enum smp_order order)
{
	if (!smp_start(find_another(b), order))
		end_with_value(TESTPORT_FAIL_CLAIMS);
}

/* Another processor ends the run while this one works. */
static void end_ap_crash(const struct boot *b)
{
	start_another(b, SMP_CRASH);
	end_spin(b);
}

static void end_ap_reset(const struct boot *b)
{
	start_another(b, SMP_RESET);
	end_hang(b);
}

/* This processor ends the run while another one spins with interrupts off. */
static void end_ap_spin(const struct boot *b)
{
	start_another(b, SMP_SPIN);
	end_with_value(TESTPORT_SUCCESS);
}

static void end_ap_hang(const struct boot *b)
{
	start_another(b, SMP_SPIN);
	end_hang(b);
}

/* Nothing can wake either of the two. */
static void end_ap_halt(const struct boot *b)
{
	start_another(b, SMP_HALT);
	cpu_stop();
}

/* The other one can still be woken. */
static void end_ap_sleep(const struct boot *b)
{
	start_another(b, SMP_SLEEP);
	cpu_stop();
}

/* Another processor loads an empty IDT and executes an invalid instruction. */
static void end_ap_garbage(const struct boot *b)
{
	static const uint8_t garbage[] = {
		0x2e, 0x0f, 0x01, 0x1e, 0x08, 0x00, /* lidt %cs:8 */
		0x0f, 0x0b,			    /* ud2 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* 8: limit, base */
	};
	uint32_t id = find_another(b);

	smp_replace_code(garbage, sizeof(garbage));
	smp_init(id);
	smp_startup(id);
	end_spin(b);
}

/* When the link of the network card goes down. */
static void end_link(const struct boot *b)
{
	(void)b;
	end_with_value(net_exchange() ? TESTPORT_SUCCESS
				      : TESTPORT_FAIL_CLAIMS);
}

static const struct {
	const char *name;
	void (*end)(const struct boot *b);
} ends[] = {
	{ "reboot", end_reboot },
	{ "triple", end_triple },
	{ "hang", end_hang },
	{ "halt", end_halt },
	{ "spin", end_spin },
	{ "fail", end_fail },
	{ "flood", end_flood },
	{ "flood-line", end_flood_line },
	{ "panic", end_panic },
	{ "no-root", end_no_root },
	{ "fault", end_fault },
	{ "pvpanic", end_pvpanic },
	{ "ap-crash", end_ap_crash },
	{ "ap-reset", end_ap_reset },
	{ "ap-spin", end_ap_spin },
	{ "ap-hang", end_ap_hang },
	{ "ap-garbage", end_ap_garbage },
	{ "restart", end_restart },
	{ "halted", end_halted },
	{ "nmi-hang", end_nmi_hang },
	{ "ap-halt", end_ap_halt },
	{ "ap-sleep", end_ap_sleep },
	{ "link", end_link },
};

void end_as_asked(const struct boot *b, unsigned value)
{
	struct word w;

	if (!cmdline_value(b, "end", &w))
		end_with_value(value);
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (word_is(&w, ends[i].name)) {
			say("end: %s\n", ends[i].name);
			ends[i].end(b);
		}
	say("end: no such end: %.*s\n", (int)w.len, w.text);
	end_with_value(TESTPORT_FAIL_CLAIMS);
}
