/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about interrupts: each kind arrives at its vector.
 *
 * Every wait is bounded by the time stamp counter, at whatever frequency, and
 * by a number of turns in case that stands still.
 */
#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/x86.h"
#include "trap.h"

#define WAIT_CYCLES	  2000000000 /* about a second */
#define WAIT_TURNS_MAX	  20000000
#define SHORT_CYCLES	  20000000 /* several times what the PIT takes */
#define PIT_TICKS	  1193	   /* 1 ms */
#define LAPIC_TIMER_COUNT 1000000
#define PIT_IRQ		  0

static bool wait_for_vector(unsigned vector, uint64_t cycles)
{
	uint64_t start = read_tsc();
	unsigned turns = 0;

	interrupts_on();
	while (!trap_count(vector) && read_tsc() - start < cycles &&
	       turns++ < WAIT_TURNS_MAX)
		cpu_pause();
	interrupts_off();
	return trap_count(vector);
}

static enum verdict masked_stays_away(const struct boot *b)
{
	(void)b;
	pic_mask_all();
	trap_count_clear();
	pit_one_shot(PIT_TICKS);
	return !wait_for_vector(VECTOR_PIC_MASTER + PIT_IRQ, SHORT_CYCLES);
}

static enum verdict pit_arrives(const struct boot *b)
{
	bool came;

	(void)b;
	trap_count_clear();
	pit_one_shot(PIT_TICKS);
	pic_unmask(PIT_IRQ);
	came = wait_for_vector(VECTOR_PIC_MASTER + PIT_IRQ, WAIT_CYCLES);
	pic_mask_all();
	return came;
}

static void silence_the_port(void)
{
	outb(COM1_PORT + UART_IER, 0);
}

/* An empty holding register is the one interrupt we can cause ourselves. */
static enum verdict serial_arrives(const struct boot *b)
{
	unsigned vector = VECTOR_PIC_MASTER + COM1_IRQ;
	bool came;

	(void)b;
	trap_count_clear();
	trap_on_interrupt(vector, silence_the_port);
	pic_unmask(COM1_IRQ);
	outb(COM1_PORT + UART_IER, IER_TX);
	came = wait_for_vector(vector, WAIT_CYCLES);
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
	came = wait_for_vector(VECTOR_LAPIC, WAIT_CYCLES);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
	return came;
}

static const struct claim claims[] = {
	{ "a masked interrupt stays away", masked_stays_away },
	{ "the PIT's interrupt arrives through the PIC", pit_arrives },
	{ "the serial port's interrupt arrives through the PIC",
	  serial_arrives },
	{ "the local APIC answers", lapic_is_mapped },
	{ "the local APIC's timer interrupt arrives", lapic_timer_arrives },
	{ 0 },
};

const struct group irq_group = { "irq", claims };
