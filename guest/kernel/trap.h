/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts of the small kernel.
 *
 * An unexpected exception is printed with its vector, address and error code,
 * and ends the run as a failure, so there is no silent hang. Interrupts are
 * counted; a claim may add a handler of its own. Each vector has its gate: what
 * ran before, such as a Linux that was left by kexec, may leave an interrupt
 * pending at the local APIC, and it arrives when interrupts are first enabled.
 */
#ifndef GUEST_KERNEL_TRAP_H
#define GUEST_KERNEL_TRAP_H

#define TRAP_STUB_SIZE 16
#define TRAP_VECTORS   0x100

#define VECTOR_PIC_MASTER 0x20 /* IRQ 0-7 */
#define VECTOR_PIC_SLAVE  0x28 /* IRQ 8-15 */
/* From here on interrupts are acknowledged at the local APIC. */
#define VECTOR_LAPIC	0x40 /* its timer */
#define VECTOR_IOAPIC	0x41
#define VECTOR_IPI	0x42
#define VECTOR_MSI	0x43 /* of a PCI function, and the next one */
#define VECTOR_SPURIOUS 0x4f /* its low four bits must be ones */
#define VECTOR_FOREIGN	0x50 /* and above: not used by this kernel */

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

/* What the stubs and the processor leave on the stack. */
struct trap_frame {
	unsigned long vector;
	unsigned long error;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
};

/* Fill and load the IDT. Needs no .bss: it lies in .early. */
void trap_init(void);

/* Load it on another processor, which shares it and the counts. */
void trap_load(void);

/* Called by trap_entry.S. */
void trap_handle(const struct trap_frame *f);

/* How often interrupt @vector came since the last trap_count_clear(). */
unsigned trap_count(unsigned vector);

/* How many came that this kernel did not ask for; clearing keeps this count. */
unsigned trap_foreign(void);
void trap_count_clear(void);

/*
 * Enable interrupts until @vector has come or @cycles are over; returns whether
 * it came. Also bounded by turns, in case the time stamp counter does not
 * advance.
 */
#define TRAP_WAIT_CYCLES 2000000000 /* about a second */
#define TRAP_WAIT_SHORT	 20000000   /* several times what a device takes */
bool trap_wait(unsigned vector, uint64_t cycles);

/* Call @fn for interrupt @vector, before it is acknowledged; NULL: none. */
void trap_on_interrupt(unsigned vector, void (*fn)(void));
#endif
#endif
