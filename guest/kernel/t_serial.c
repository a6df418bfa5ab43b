/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first serial port.
 *
 * Spec: National Semiconductor PC16550D.
 */
#include "claims.h"
#include "lib/cpuid.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/x86.h"

#define IDLE_POLLS_MAX 100000
#define IIR_FIFOS_ON   0xc0
#define OVERRUN	       100
#define LSR_OVERRUN    0x02

static uint8_t reg(unsigned r)
{
	return inb((uint16_t)(COM1_PORT + r));
}

static void set_reg(unsigned r, uint8_t v)
{
	outb((uint16_t)(COM1_PORT + r), v);
}

static bool wait_for(uint8_t lsr_bits)
{
	for (unsigned i = 0; i < IDLE_POLLS_MAX; i++)
		if ((reg(UART_LSR) & lsr_bits) == lsr_bits)
			return true;
	return false;
}

static enum verdict becomes_idle(const struct boot *b)
{
	(void)b;
	return wait_for(LSR_IDLE);
}

static enum verdict scratch_holds(const struct boot *b)
{
	(void)b;
	set_reg(UART_SCRATCH, 0x5a);
	if (!expect_equal("the register", reg(UART_SCRATCH), 0x5a))
		return FAIL;
	set_reg(UART_SCRATCH, 0xa5);
	return expect_equal("the register", reg(UART_SCRATCH), 0xa5);
}

static enum verdict is_a_16550(const struct boot *b)
{
	(void)b;
	return expect_equal("IIR", reg(UART_IIR) & IIR_FIFOS_ON, IIR_FIFOS_ON);
}

static enum verdict divisor_holds(const struct boot *b)
{
	uint8_t low, high;

	(void)b;
	wait_for(LSR_IDLE);
	set_reg(UART_LCR, LCR_8N1 | LCR_DLAB);
	set_reg(UART_DATA, 0x0c);
	set_reg(UART_IER, 0x34);
	low = reg(UART_DATA);
	high = reg(UART_IER);
	set_reg(UART_DATA, 1);
	set_reg(UART_IER, 0);
	set_reg(UART_LCR, LCR_8N1);
	return expect_equal("the low byte", low, 0x0c) &&
	       expect_equal("the high byte", high, 0x34);
}

static enum verdict no_interrupt_is_pending(const struct boot *b)
{
	(void)b;
	return expect_equal("IIR", reg(UART_IIR) & 0x0f, IIR_NONE);
}

static enum verdict loopback_returns(const struct boot *b)
{
	uint8_t mcr = reg(UART_MCR), byte = 0;
	bool arrived;

	(void)b;
	wait_for(LSR_IDLE);
	set_reg(UART_MCR, MCR_LOOP);
	if (!(reg(UART_MCR) & MCR_LOOP))
		return SKIP;
	set_reg(UART_DATA, 'x');
	arrived = wait_for(LSR_DATA);
	if (arrived)
		byte = reg(UART_DATA);
	set_reg(UART_MCR, mcr);
	return arrived && expect_equal("the byte", byte, 'x');
}

/* --- hostile */

/* The data register only in loopback, because of the console. */
static void write_garbage(void)
{
	for (unsigned value = 0; value < 0x100; value++) {
		set_reg(UART_MCR, MCR_LOOP);
		set_reg(UART_LCR, (uint8_t)value);
		for (unsigned r = 0; r < UART_SCRATCH + 1; r++) {
			if (r == UART_MCR || r == UART_LCR)
				continue;
			set_reg(r, (uint8_t)value);
			(void)reg(r);
		}
		set_reg(UART_MCR, (uint8_t)value);
		set_reg(UART_MCR, (uint8_t)(value | MCR_LOOP));
	}
}

/* More than one register at once, and none. */
static void access_oddly(void)
{
	set_reg(UART_MCR, MCR_LOOP);
	for (uint16_t r = 0; r < UART_SCRATCH + 1; r++) {
		(void)inw((uint16_t)(COM1_PORT + r));
		(void)inl((uint16_t)(COM1_PORT + r));
		if (r + 4 <= UART_MCR) {
			outl((uint16_t)(COM1_PORT + r), 0x55aa55aa);
			outw((uint16_t)(COM1_PORT + r), 0xaa55);
		}
	}
	outw(COM1_PORT + UART_LSR, 0xffff);
	outl(COM1_PORT + UART_LSR, 0xffffffff);
}

/* The second byte of a word is the next register's. */
static enum verdict word_is_two_registers(void)
{
	outw(COM1_PORT + UART_MSR, 0x5a00);
	return expect_equal("the register", reg(UART_SCRATCH), 0x5a) &&
	       expect_equal("the word", inw(COM1_PORT + UART_MSR) >> 8, 0x5a);
}

/* Interrupts that the garbage has caused must not come later. */
static enum verdict works(const struct boot *b)
{
	serial_init();
	pic_init();
	return becomes_idle(b) && scratch_holds(b) && divisor_holds(b) &&
	       is_a_16550(b) && no_interrupt_is_pending(b) &&
	       loopback_returns(b) != FAIL;
}

static enum verdict survives_garbage(const struct boot *b)
{
	write_garbage();
	return works(b);
}

static enum verdict survives_odd_sizes(const struct boot *b)
{
	if (!cpu_is_kvms()) {
		say("     QEMU's own serial port ends QEMU on them\n");
		return SKIP;
	}
	access_oddly();
	return works(b) && word_is_two_registers();
}

/* More than any FIFO holds: the loss is reported, and the rest is kept. */
static enum verdict overrun_is_told(const struct boot *b)
{
	uint8_t mcr = reg(UART_MCR), seen = 0;

	(void)b;
	wait_for(LSR_IDLE);
	set_reg(UART_MCR, MCR_LOOP);
	if (!(reg(UART_MCR) & MCR_LOOP))
		return SKIP;
	for (unsigned i = 0; i < OVERRUN; i++) {
		set_reg(UART_DATA, 'x');
		seen |= reg(UART_LSR); /* which forgets it */
	}
	for (unsigned i = 0; i < OVERRUN && (reg(UART_LSR) & LSR_DATA); i++)
		(void)reg(UART_DATA);
	set_reg(UART_MCR, mcr);
	return expect_equal("LSR", seen & (LSR_OVERRUN | LSR_DATA),
			    LSR_OVERRUN | LSR_DATA);
}

static const struct claim claims[] = {
	{ "the transmitter becomes idle", becomes_idle },
	{ "the scratch register holds a value", scratch_holds },
	{ "the FIFOs are on", is_a_16550 },
	{ "the divisor latch holds a value", divisor_holds },
	{ "no interrupt is pending with all of them off",
	  no_interrupt_is_pending },
	{ "in loopback a byte comes back", loopback_returns },
	{ "an overrun is reported", overrun_is_told },
	{ "after garbage in every register it works", survives_garbage },
	{ "after accesses of odd sizes it works", survives_odd_sizes },
	{ 0 },
};

const struct group serial_group = { "serial", claims };
