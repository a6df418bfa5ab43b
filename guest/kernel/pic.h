/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two 8259A interrupt controllers and the 8254 timer behind IRQ 0.
 *
 * Spec: Intel 8259A and 8254 data sheets.
 */
#ifndef GUEST_KERNEL_PIC_H
#define GUEST_KERNEL_PIC_H

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43

/* IRQ 0-15 to VECTOR_PIC_*, all of them masked. */
void pic_init(void);
void pic_unmask(unsigned irq);
void pic_mask_all(void);
void pic_eoi(unsigned irq);

/* One interrupt on IRQ 0 after @ticks of 1193182 Hz. */
void pit_one_shot(unsigned ticks);

#endif
