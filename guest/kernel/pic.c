/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers and timer; see pic.h.
 */
#include <stdint.h>

#include "lib/io.h"
#include "pic.h"
#include "trap.h"

#define MASTER_CMD  0x20
#define MASTER_DATA 0x21
#define SLAVE_CMD   0xa0
#define SLAVE_DATA  0xa1
#define ICW1_INIT   0x11 /* cascade, edge triggered, ICW4 follows */
#define ICW4_8086   0x01
#define OCW2_EOI    0x20
#define CASCADE_IRQ 2

#define PIT_CH0_MODE0_LOHIGH 0x30 /* interrupt on terminal count */

void pic_init(void)
{
	outb(MASTER_CMD, ICW1_INIT);
	outb(MASTER_DATA, VECTOR_PIC_MASTER);
	outb(MASTER_DATA, 1 << CASCADE_IRQ);
	outb(MASTER_DATA, ICW4_8086);
	outb(SLAVE_CMD, ICW1_INIT);
	outb(SLAVE_DATA, VECTOR_PIC_SLAVE);
	outb(SLAVE_DATA, CASCADE_IRQ);
	outb(SLAVE_DATA, ICW4_8086);
	pic_mask_all();
}

void pic_mask_all(void)
{
	outb(MASTER_DATA, 0xff & ~(1 << CASCADE_IRQ));
	outb(SLAVE_DATA, 0xff);
}

void pic_unmask(unsigned irq)
{
	uint16_t port = irq < 8 ? MASTER_DATA : SLAVE_DATA;

	outb(port, inb(port) & (uint8_t) ~(1u << (irq & 7)));
}

void pic_eoi(unsigned irq)
{
	if (irq >= 8)
		outb(SLAVE_CMD, OCW2_EOI);
	outb(MASTER_CMD, OCW2_EOI);
}

void pit_one_shot(unsigned ticks)
{
	outb(PIT_COMMAND, PIT_CH0_MODE0_LOHIGH);
	outb(PIT_CHANNEL0, (uint8_t)ticks);
	outb(PIT_CHANNEL0, (uint8_t)(ticks >> 8));
}
