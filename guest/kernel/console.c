/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console exercises; see console.h. Input comes only by interrupt, so a serial
 * port that does not raise interrupts is noticed.
 */
#include "console.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/x86.h"
#include "trap.h"

#define FLOOD_LINES 2000
#define RING	    256 /* a power of two */

static volatile uint8_t ring[RING];
static volatile unsigned ring_in, ring_out;

/* If the ring is full, input stays in the port, and its interrupt is off. */
static void take_input(void)
{
	while (ring_in - ring_out < RING &&
	       (inb(COM1_PORT + UART_LSR) & LSR_DATA))
		ring[ring_in++ % RING] = inb(COM1_PORT + UART_DATA);
	if (ring_in - ring_out == RING)
		outb(COM1_PORT + UART_IER, 0);
}

static char next_input(void)
{
	char c = (char)ring[ring_out++ % RING];

	if (ring_out == ring_in)
		outb(COM1_PORT + UART_IER, IER_RX);
	return c;
}

/* Until a full stop; a line is given back when it is complete. */
static void echo(void)
{
	unsigned vector = VECTOR_PIC_MASTER + COM1_IRQ;
	bool done = false;

	trap_on_interrupt(vector, take_input);
	pic_unmask(COM1_IRQ);
	outb(COM1_PORT + UART_IER, IER_RX);
	say("echo: type, end with a full stop\n");
	while (!done) {
		interrupts_off();
		if (ring_out == ring_in) {
			wait_for_interrupt();
			continue;
		}
		interrupts_on();
		char c = next_input();

		say_char(c == '\r' ? '\n' : c);
		done = c == '.';
	}
	interrupts_off();
	outb(COM1_PORT + UART_IER, 0);
	pic_mask_all();
	trap_on_interrupt(vector, NULL);
	say("\necho: done\n");
}

static void flood(void)
{
	for (unsigned i = 0; i < FLOOD_LINES; i++)
		say("flood: line %04u of %u, and some more of the same text\n",
		    i + 1, FLOOD_LINES);
}

void console_run(const struct boot *b)
{
	if (cmdline_has(b, "flood"))
		flood();
	if (cmdline_has(b, "echo"))
		echo();
}
