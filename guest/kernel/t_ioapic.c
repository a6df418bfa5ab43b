/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the I/O APICs that the MADT names: they are there, what
 * interrupts of devices arrive through them at the vector in their entry, as
 * edge or level, and garbage in their registers has no lasting effect.
 *
 * The PIC is masked throughout, so that nothing arrives on the other way.
 *
 * Spec: Intel 82093AA I/O APIC data sheet; ACPI 6.4, 5.2.12.3 and 5.2.12.5.
 */
#include "acpi.h"
#include "claims.h"
#include "cpu.h"
#include "ioapic.h"
#include "lib/cpuid.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/x86.h"
#include "trap.h"

#define LEVEL_TIMES 3
#define LATE_TURNS  100

#define PIT_IRQ	  0
#define PIT_TICKS 1193 /* 1 ms */

static struct madt madt;
static volatile unsigned times;

/* The I/O APIC that ISA interrupt @irq comes to, and *@pin of it. */
static const struct madt_ioapic *wired_to(unsigned irq, unsigned *pin)
{
	uint32_t gsi = madt_gsi_of_irq(&madt, irq);
	const struct madt_ioapic *io = madt_ioapic_of_gsi(&madt, gsi);

	if (io)
		*pin = gsi - io->gsi_base;
	else
		say("     no I/O APIC has GSI %u\n", gsi);
	return io;
}

/* No interrupt may come through the PIC; a late one comes now. */
static void listen(void)
{
	pic_mask_all();
	for (unsigned i = 0; i < madt.ioapics_count; i++)
		ioapic_mask_all(&madt.ioapics[i]);
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	interrupts_on();
	for (unsigned i = 0; i < LATE_TURNS; i++)
		cpu_pause();
	interrupts_off();
	trap_count_clear();
	times = 0;
}

static bool is_there(const struct boot *b)
{
	if (!madt.is_there)
		madt_read(&madt, b);
	return madt.ioapics_count;
}

static enum verdict madt_names_one(const struct boot *b)
{
	if (is_there(b))
		return PASS;
	if (madt.is_there)
		return FAIL;
	say("     there is no RSDP\n");
	return SKIP;
}

/* Bits 8-15 and 24-31 of the version are reserved; a bus without a device reads
 * 0xff. */
static enum verdict they_answer(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	for (unsigned i = 0; i < madt.ioapics_count; i++) {
		const struct madt_ioapic *io = &madt.ioapics[i];
		uint32_t version = ioapic_get(io, REG_VERSION);

		if (!(version & 0xff) || (version & 0xff) == 0xff ||
		    (version & 0xff00ff00) ||
		    ioapic_entries(io) > ENTRIES_MAX) {
			say("     version 0x%x at 0x%x\n", version,
			    io->address);
			return FAIL;
		}
	}
	return PASS;
}

static enum verdict ids_are_right(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	for (unsigned i = 0; i < madt.ioapics_count; i++)
		if (!expect_equal("the id",
				  ioapic_get(&madt.ioapics[i], REG_ID) >> 24 &
					  0xf,
				  madt.ioapics[i].id))
			return FAIL;
	return PASS;
}

/* The 82093AA, and all later ones, have 24. */
static enum verdict there_are_24(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	return expect_equal("the number", ioapic_entries(&madt.ioapics[0]), 24);
}

static enum verdict entry_holds(const struct boot *b)
{
	const struct madt_ioapic *io = &madt.ioapics[0];
	uint32_t low, high;

	if (!is_there(b))
		return SKIP;
	/* No processor has the highest id, and the entry is masked anyway. */
	ioapic_set(io, REG_ENTRY(23), ENTRY_MASKED | ENTRY_LEVEL | 0xa5);
	ioapic_set(io, REG_ENTRY(23) + 1, 0xfe000000);
	low = ioapic_get(io, REG_ENTRY(23));
	high = ioapic_get(io, REG_ENTRY(23) + 1);
	ioapic_mask_all(io);
	return expect_equal("the lower half", low,
			    ENTRY_MASKED | ENTRY_LEVEL | 0xa5) &&
	       expect_equal("the upper half", high & 0xff000000, 0xfe000000);
}

static enum verdict masked_stays_away(const struct boot *b)
{
	const struct madt_ioapic *io;
	unsigned pin;

	if (!is_there(b))
		return SKIP;
	io = wired_to(PIT_IRQ, &pin);
	if (!io)
		return FAIL;
	listen();
	ioapic_set_entry(io, pin, ENTRY_MASKED | VECTOR_IOAPIC);
	pit_one_shot(PIT_TICKS);
	return !trap_wait(VECTOR_IOAPIC, TRAP_WAIT_SHORT);
}

static enum verdict pit_arrives(const struct boot *b)
{
	const struct madt_ioapic *io;
	unsigned pin;
	bool came;

	if (!is_there(b))
		return SKIP;
	io = wired_to(PIT_IRQ, &pin);
	if (!io)
		return FAIL;
	listen();
	ioapic_set_entry(io, pin, VECTOR_IOAPIC);
	pit_one_shot(PIT_TICKS);
	came = trap_wait(VECTOR_IOAPIC, TRAP_WAIT_CYCLES);
	ioapic_mask_all(io);
	if (!came)
		say("     nothing came through pin %u\n", pin);
	return came;
}

static enum verdict overrides_are_possible(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	for (unsigned i = 0; i < madt.overrides_count; i++) {
		const struct madt_override *o = &madt.overrides[i];
		const struct madt_ioapic *io = madt_ioapic_of_gsi(&madt,
								  o->gsi);

		if (o->bus || o->source > 15 || (o->flags & ~0xfu) || !io ||
		    o->gsi - io->gsi_base >= ioapic_entries(io)) {
			say("     bus %u interrupt %u, GSI %u, flags 0x%x\n",
			    o->bus, o->source, o->gsi, o->flags);
			return FAIL;
		}
	}
	return PASS;
}

static void silence_the_port(void)
{
	outb(COM1_PORT + UART_IER, 0);
}

/* How often a level may come while its line is held; then the line is
 * released. */
static void count_a_few(void)
{
	if (++times == LEVEL_TIMES)
		silence_the_port();
}

/*
 * Have the serial port raise its line through an entry with @flags, and hold
 * it unless @fn lets go; how often that came.
 */
static unsigned serial_comes(uint32_t flags, void (*fn)(void))
{
	const struct madt_ioapic *io;
	unsigned pin, n;

	io = wired_to(COM1_IRQ, &pin);
	if (!io)
		return 0;
	listen();
	trap_on_interrupt(VECTOR_IOAPIC, fn);
	ioapic_set_entry(io, pin, VECTOR_IOAPIC | flags);
	outb(COM1_PORT + UART_IER, IER_TX);
	if (trap_wait(VECTOR_IOAPIC, TRAP_WAIT_CYCLES)) {
		/* A further interrupt would come now. */
		interrupts_on();
		for (unsigned i = 0; i < 1000 && times < LEVEL_TIMES; i++)
			cpu_pause();
		interrupts_off();
	}
	n = trap_count(VECTOR_IOAPIC);
	silence_the_port();
	ioapic_mask_all(io);
	trap_on_interrupt(VECTOR_IOAPIC, 0);
	return n;
}

static enum verdict serial_arrives(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	return expect_equal("the count", serial_comes(0, silence_the_port), 1);
}

static enum verdict edge_comes_once(const struct boot *b)
{
	if (!is_there(b))
		return SKIP;
	return expect_equal("the count", serial_comes(0, count_a_few), 1);
}

/* One may be on its way when the line is released. */
static enum verdict level_comes_again(const struct boot *b)
{
	unsigned n;

	if (!is_there(b))
		return SKIP;
	n = serial_comes(ENTRY_LEVEL, count_a_few);
	if (n != LEVEL_TIMES + 1)
		return expect_equal("the count", n, LEVEL_TIMES);
	return PASS;
}

/* --- hostile */

static enum verdict low_vectors_stay_away(const struct boot *b)
{
	const struct madt_ioapic *io;
	unsigned pin;

	if (!cpu_is_kvms()) {
		say("     QEMU's own local APIC delivers them\n");
		return SKIP;
	}
	if (!is_there(b))
		return SKIP;
	io = wired_to(PIT_IRQ, &pin);
	if (!io)
		return FAIL;
	/* It would arrive as an exception, which ends the run. */
	for (unsigned vector = 0; vector < 16; vector++) {
		listen();
		ioapic_set_entry(io, pin, vector);
		pit_one_shot(1);
		trap_wait(VECTOR_IOAPIC, TRAP_WAIT_SHORT / 16);
	}
	ioapic_mask_all(io);
	return pit_arrives(b);
}

static enum verdict nobody_is_sent_to(const struct boot *b)
{
	const struct madt_ioapic *io;
	unsigned pin;
	bool came;

	if (!is_there(b))
		return SKIP;
	io = wired_to(PIT_IRQ, &pin);
	if (!io)
		return FAIL;
	listen();
	ioapic_set_entry(io, pin, ENTRY_MASKED);
	ioapic_set(io, REG_ENTRY(pin) + 1, 0xfe000000);
	ioapic_set(io, REG_ENTRY(pin), VECTOR_IOAPIC);
	pit_one_shot(PIT_TICKS);
	came = trap_wait(VECTOR_IOAPIC, TRAP_WAIT_SHORT);
	ioapic_mask_all(io);
	return !came && pit_arrives(b);
}

/* Entries stay masked, so that no INIT is sent to this processor. */
static void write_garbage(const struct madt_ioapic *io)
{
	static const uint32_t values[] = { 0xffffffff, 0x00010000, 0x55575557,
					   0xaaabaaab };

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (unsigned sel = 0; sel < 0x100; sel++) {
			ioapic_set(io, sel, values[i] | ENTRY_MASKED);
			(void)ioapic_get(io, sel);
		}
	ioapic_set(io, 0xffffff01, 0xffffffff);
	ioapic_set(io, 0x80000010, 0xffffffff);
}

/* Bytes, words, misaligned longs, and what is between the registers. */
static void access_oddly(const struct madt_ioapic *io)
{
	for (unsigned off = 0; off < PAGE_END; off++) {
		volatile uint8_t *p = (volatile uint8_t *)ioapic_window(io, 0) +
				      off;

		/* IOREGSEL selects a read-only register. */
		*ioapic_window(io, IOREGSEL) = REG_VERSION;
		*p = 0xff;
		*(volatile uint16_t *)p = 0x0101;
		*(volatile uint32_t *)p = 0x01010101;
		(void)*p;
		(void)*(volatile uint16_t *)p;
		(void)*(volatile uint32_t *)p;
		*(volatile uint64_t *)p = 0x0101010101010101;
		(void)*(volatile uint64_t *)p;
	}
}

static enum verdict survives(const struct boot *b,
			     void (*harm)(const struct madt_ioapic *io))
{
	uint32_t id, version;
	bool is_same;

	if (!is_there(b))
		return SKIP;
	for (unsigned i = 0; i < madt.ioapics_count; i++) {
		const struct madt_ioapic *io = &madt.ioapics[i];

		listen();
		ioapic_mask_all(io);
		id = ioapic_get(io, REG_ID);
		version = ioapic_get(io, REG_VERSION);
		harm(io);
		ioapic_set(io, REG_ID, id);
		ioapic_mask_all(io);
		is_same = expect_equal("the version",
				       ioapic_get(io, REG_VERSION), version) &&
			  expect_equal("the id", ioapic_get(io, REG_ID), id);
		if (!is_same)
			return FAIL;
	}
	return pit_arrives(b) && serial_arrives(b);
}

static enum verdict survives_garbage(const struct boot *b)
{
	return survives(b, write_garbage);
}

static enum verdict survives_odd_sizes(const struct boot *b)
{
	return survives(b, access_oddly);
}

static const struct claim claims[] = {
	{ "the MADT names one", madt_names_one },
	{ "each is at the address in the MADT", they_answer },
	{ "each has the id in the MADT", ids_are_right },
	{ "the first has 24 entries", there_are_24 },
	{ "an entry holds what is written", entry_holds },
	{ "the MADT's overrides name entries that exist",
	  overrides_are_possible },
	{ "a masked interrupt does not arrive", masked_stays_away },
	{ "the PIT's interrupt arrives at the entry in the MADT", pit_arrives },
	{ "the serial port's interrupt arrives", serial_arrives },
	{ "an edge comes once, even if the line stays high", edge_comes_once },
	{ "a level comes again until the line is released", level_comes_again },
	{ "vectors below 16 do not arrive, later interrupts do",
	  low_vectors_stay_away },
	{ "an interrupt to a missing processor does not arrive, later ones do",
	  nobody_is_sent_to },
	{ "after garbage in every register interrupts arrive",
	  survives_garbage },
	{ "after accesses of odd sizes and places interrupts arrive",
	  survives_odd_sizes },
	{ 0 },
};

const struct group ioapic_group = { "ioapic", claims };
