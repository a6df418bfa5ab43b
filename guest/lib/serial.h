/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first serial port, polled: the only console that no loader changes.
 *
 * Spec: National Semiconductor PC16550D.
 */
#ifndef GUEST_LIB_SERIAL_H
#define GUEST_LIB_SERIAL_H

/* 16550 registers, from the port's base */
#define UART_DATA    0 /* and divisor low while LCR.DLAB is set */
#define UART_IER     1 /* and divisor high */
#define UART_IIR     2 /* reads; writes go to FCR */
#define UART_FCR     2
#define UART_LCR     3
#define UART_MCR     4
#define UART_LSR     5
#define UART_MSR     6
#define UART_SCRATCH 7

#define LCR_8N1	      0x03
#define LCR_DLAB      0x80
#define FCR_ENABLE    0x07 /* FIFOs on, both emptied */
#define MCR_DTR_RTS   0x03
#define MCR_OUT2      0x08 /* lets the interrupt reach the PIC */
#define MCR_LOOP      0x10
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20
#define LSR_IDLE      0x60 /* holding and shift register empty */
#define IER_RX	      0x01
#define IER_TX	      0x02
#define IIR_NONE      0x01

/* 115200 baud, eight bits, no interrupts. */
void serial_init(void);

/*
 * Send one character, a newline as CR LF. Gives up on a port that never
 * becomes ready: saying something must not hang.
 */
void serial_putc(char c);

#endif
