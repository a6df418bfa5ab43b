/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polled output on the first serial port. No state: the port keeps its own.
 */
#include "io.h"
#include "pv/x86.h"
#include "serial.h"

/* Far more than the 87 us one character takes at 115200 baud. */
#define READY_POLLS_MAX 100000

void serial_init(void)
{
	/* A previous user may have left the divisor latch open. */
	outb(COM1_PORT + UART_LCR, LCR_8N1);
	outb(COM1_PORT + UART_IER, 0);
	outb(COM1_PORT + UART_LCR, LCR_8N1 | LCR_DLAB);
	outb(COM1_PORT + UART_DATA, 1);
	outb(COM1_PORT + UART_IER, 0);
	outb(COM1_PORT + UART_LCR, LCR_8N1);
	outb(COM1_PORT + UART_FCR, FCR_ENABLE);
	outb(COM1_PORT + UART_MCR, MCR_DTR_RTS | MCR_OUT2);
}

static void serial_put_raw(char c)
{
	for (unsigned i = 0; i < READY_POLLS_MAX; i++) {
		if (inb(COM1_PORT + UART_LSR) & LSR_THR_EMPTY)
			break;
		cpu_pause();
	}
	outb(COM1_PORT + UART_DATA, (uint8_t)c);
}

void serial_putc(char c)
{
	if (c == '\n')
		serial_put_raw('\r');
	serial_put_raw(c);
}
