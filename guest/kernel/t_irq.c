/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about interrupts: each kind arrives at its vector.
 *
 * Every wait is bounded by the time stamp counter, and by a number of turns in
 * case the counter does not advance.
 */
#include "claims.h"
#include "cpu.h"
#include "lib/cpuid.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/x86.h"
#include "trap.h"

#define PIT_TICKS	  1193 /* 1 ms */
#define LAPIC_TIMER_COUNT 1000000
#define PIT_IRQ		  0

static enum verdict masked_stays_away(const struct boot *b)
{
	(void)b;
	pic_mask_all();
	trap_count_clear();
	pit_one_shot(PIT_TICKS);
	return !trap_wait(VECTOR_PIC_MASTER + PIT_IRQ, TRAP_WAIT_SHORT);
}

static enum verdict pit_arrives(const struct boot *b)
{
	bool came;

	(void)b;
	trap_count_clear();
	pit_one_shot(PIT_TICKS);
	pic_unmask(PIT_IRQ);
	came = trap_wait(VECTOR_PIC_MASTER + PIT_IRQ, TRAP_WAIT_CYCLES);
	pic_mask_all();
	return came;
}

static void silence_the_port(void)
{
	outb(COM1_PORT + UART_IER, 0);
}

/* An empty holding register is the only interrupt that this code can cause. */
static enum verdict serial_arrives(const struct boot *b)
{
	unsigned vector = VECTOR_PIC_MASTER + COM1_IRQ;
	bool came;

	(void)b;
	trap_count_clear();
	trap_on_interrupt(vector, silence_the_port);
	pic_unmask(COM1_IRQ);
	outb(COM1_PORT + UART_IER, IER_TX);
	came = trap_wait(vector, TRAP_WAIT_CYCLES);
	silence_the_port();
	trap_on_interrupt(vector, 0);
	pic_mask_all();
	return came;
}

static enum verdict lapic_is_mapped(const struct boot *b)
{
	uint32_t version = lapic_read(LAPIC_VERSION);

	(void)b;
	return version != 0 && version != 0xffffffff;
}

static enum verdict lapic_timer_arrives(const struct boot *b)
{
	bool came;

	(void)b;
	trap_count_clear();
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_LAPIC);
	lapic_write(LAPIC_TIMER_START, LAPIC_TIMER_COUNT);
	came = trap_wait(VECTOR_LAPIC, TRAP_WAIT_CYCLES);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
	return came;
}

/* --- hostile */

/* Every command, most of them without their data. */
static enum verdict pit_survives_garbage(const struct boot *b)
{
	for (unsigned value = 0; value < 0x100; value++) {
		outb(PIT_COMMAND, (uint8_t)value);
		for (uint16_t port = PIT_CHANNEL0; port < PIT_COMMAND; port++) {
			outb(port, (uint8_t)~value);
			(void)inb(port);
		}
	}
	outw(PIT_CHANNEL0, 0xffff);
	outl(PIT_CHANNEL0, 0);
	(void)inl(PIT_CHANNEL0);
	pic_init();
	return pit_arrives(b);
}

/* Incomplete initialisations, and ends of interrupts that never came. */
static enum verdict pic_survives_garbage(const struct boot *b)
{
	static const uint16_t ports[] = {
		0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1
	};

	for (unsigned value = 0; value < 0x100; value++)
		for (unsigned i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
			outb(ports[i], (uint8_t)value);
			(void)inb(ports[i]);
		}
	outw(0x20, 0x1111);
	outl(0xa0, 0xffffffff);
	outb(0x4d0, 0); /* edges, as the ISA bus has them */
	outb(0x4d1, 0);
	pic_init();
	return masked_stays_away(b) && pit_arrives(b) && serial_arrives(b);
}

/* An APIC that is off masks its vectors, including that of the PIC. */
static enum verdict lapic_off_is_silent(const struct boot *b)
{
	uint32_t lint0 = lapic_read(LAPIC_LVT_LINT0);
	uint32_t lint1 = lapic_read(LAPIC_LVT_LINT1);
	bool came;

	trap_count_clear();
	lapic_write(LAPIC_SPURIOUS, VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_LAPIC);
	lapic_write(LAPIC_TIMER_START, 1);
	came = trap_wait(VECTOR_LAPIC, TRAP_WAIT_SHORT);
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_LINT0, lint0);
	lapic_write(LAPIC_LVT_LINT1, lint1);
	return !came && lapic_timer_arrives(b) && pit_arrives(b);
}

static enum verdict lapic_low_vectors_stay_away(const struct boot *b)
{
	if (!cpu_is_kvms()) {
		say("     QEMU's own local APIC delivers them\n");
		return SKIP;
	}
	trap_count_clear();
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	for (unsigned vector = 0; vector < 16; vector++) {
		lapic_write(LAPIC_LVT_TIMER, vector);
		lapic_write(LAPIC_TIMER_START, 1);
		trap_wait(VECTOR_LAPIC, TRAP_WAIT_SHORT / 16);
		lapic_write(LAPIC_ICR, ICR_ASSERT | ICR_TO_SELF | vector);
		trap_wait(VECTOR_LAPIC, TRAP_WAIT_SHORT / 16);
	}
	return lapic_timer_arrives(b);
}

/* Registers that are not memory: writing them sends an interrupt. */
static bool lapic_sends(unsigned reg)
{
	return reg == LAPIC_ICR || reg == LAPIC_ICR_DEST || reg == LAPIC_EOI;
}

static bool lapic_is_lvt(unsigned reg)
{
	return (reg >= LAPIC_LVT_FIRST && reg <= LAPIC_LVT_LAST) ||
	       reg == LAPIC_LVT_CMCI;
}

static void lapic_write_garbage(uint32_t value)
{
	for (unsigned reg = LAPIC_ID; reg < LAPIC_PAGE; reg += 0x10)
		if (!lapic_sends(reg))
			lapic_write(reg, lapic_is_lvt(reg)
						 ? value | LAPIC_LVT_MASKED
						 : value);
}

/* Reads of every size anywhere; KVM tells the guest of none. */
static void lapic_read_oddly(void)
{
	for (unsigned off = 0; off < LAPIC_PAGE + 0xc00; off += 3) {
		uintptr_t p = LAPIC_BASE + off;

		(void)*(volatile uint8_t *)p;
		(void)*(volatile uint16_t *)p;
		if (off % 16 <= 12)
			(void)*(volatile uint32_t *)p;
	}
}

static enum verdict lapic_survives_garbage(const struct boot *b)
{
	static const uint32_t values[] = { 0xffffffff, 0, 0x5a5a5a5a };
	uint32_t saved[LAPIC_PAGE / 0x10];

	for (unsigned reg = 0; reg < LAPIC_PAGE; reg += 0x10)
		saved[reg / 0x10] = lapic_read(reg);
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		lapic_write_garbage(values[i]);
	lapic_read_oddly();
	/* Enabled first: an APIC that is off masks its vectors for good. */
	lapic_write(LAPIC_SPURIOUS, saved[LAPIC_SPURIOUS / 0x10]);
	for (unsigned reg = LAPIC_ID; reg < LAPIC_PAGE; reg += 0x10)
		if (!lapic_sends(reg))
			lapic_write(reg, saved[reg / 0x10]);
	lapic_write(LAPIC_ESR, 0);
	return expect_equal("the version", lapic_read(LAPIC_VERSION),
			    saved[LAPIC_VERSION / 0x10]) &&
	       expect_equal("the id", lapic_read(LAPIC_ID),
			    saved[LAPIC_ID / 0x10]) &&
	       lapic_timer_arrives(b) && pit_arrives(b);
}

static const struct claim claims[] = {
	{ "a masked interrupt does not arrive", masked_stays_away },
	{ "the PIT's interrupt arrives through the PIC", pit_arrives },
	{ "the serial port's interrupt arrives through the PIC",
	  serial_arrives },
	{ "the local APIC answers", lapic_is_mapped },
	{ "the local APIC's timer interrupt arrives", lapic_timer_arrives },
	{ "after garbage the PIT's interrupt arrives", pit_survives_garbage },
	{ "after garbage in the PIC interrupts arrive", pic_survives_garbage },
	{ "a local APIC delivers nothing while it is off, and does when it is on again",
	  lapic_off_is_silent },
	{ "vectors below 16 do not arrive, later interrupts do",
	  lapic_low_vectors_stay_away },
	{ "after garbage in the local APIC interrupts arrive",
	  lapic_survives_garbage },
	{ 0 },
};

const struct group irq_group = { "irq", claims };
