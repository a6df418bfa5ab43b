/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other processors: started one after the other, each by INIT and a
 * startup IPI that names a page of code below 1 MiB.
 *
 *   page that e820 calls RAM, borrowed:
 *     ap_code: 16 bits -> 32 bits -> 64 bits   (ap_entry.S)
 *     struct ap_params
 *   then on a stack of its own: smp_other()
 *
 * After smp_close(), all others wait for a startup IPI again, and the page has
 * its old content.
 *
 * Spec: Intel SDM volume 3, 8.4 and 10.6.
 */
#ifndef GUEST_KERNEL_SMP_H
#define GUEST_KERNEL_SMP_H

#define SMP_STACK_SHIFT 12
#define SMP_CPUS_MAX	64

#ifndef __ASSEMBLER__
#include "acpi.h"

/* What others do once they have said who they are. */
enum smp_order {
	SMP_SLEEP, /* and count VECTOR_IPI */
	SMP_SPIN,  /* with interrupts off */
	SMP_CRASH, /* with an exception that nothing handles */
	SMP_RESET, /* the machine */
	SMP_HALT,  /* with interrupts off */
};

/*
 * Borrow the page. False, after saying why, if there is none, or no other
 * processor in the MADT.
 */
bool smp_open(const struct boot *b, const struct madt *m);
void smp_close(void);

/* Start @apic_id; whether it said so, as itself, in time. */
bool smp_start(uint32_t apic_id, enum smp_order order);

/* INIT, then a startup IPI for the borrowed page, without waiting. */
void smp_init(uint32_t apic_id);
void smp_startup(uint32_t apic_id);
/* The same to all others at once, which then sleep. */
void smp_start_all(void);

/* Wait until @n others have started since smp_open(); returns how many did. */
unsigned smp_wait_for(unsigned n);
/* Wait a moment in which processors may start; returns how many started. */
unsigned smp_wait_a_moment(void);

/* The @nth that came said that it is this one. */
uint32_t smp_nth_id(unsigned nth);

/* CR0 with which the last one began; until smp_close(). */
uint32_t smp_cr0(void);
/* LINT0 as the @nth that came found it. */
uint32_t smp_nth_lint0(unsigned nth);

/* How often VECTOR_IPI came to @apic_id; waits for the @n th. */
unsigned smp_ipis(uint32_t apic_id, unsigned n);

/* Send @icr, without a destination of its own, to @apic_id. */
void smp_send(uint32_t apic_id, uint32_t icr);

/* Put @n bytes of @code in the page instead of what starts a processor. */
void smp_replace_code(const void *code, unsigned n);
void smp_restore_code(void);
#endif
#endif
