/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first serial port.
 *
 * Spec: National Semiconductor PC16550D.
 */
#include "claims.h"
#include "lib/io.h"
#include "lib/serial.h"
#include "pv/x86.h"

#define IDLE_POLLS_MAX 100000
#define IIR_FIFOS_ON   0xc0

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

static const struct claim claims[] = {
	{ "the transmitter becomes idle", becomes_idle },
	{ "the scratch register holds a value", scratch_holds },
	{ "the FIFOs are on", is_a_16550 },
	{ "the divisor latch holds a value", divisor_holds },
	{ "no interrupt is pending with all of them off",
	  no_interrupt_is_pending },
	{ "in loopback a byte comes back", loopback_returns },
	{ 0 },
};

const struct group serial_group = { "serial", claims };
