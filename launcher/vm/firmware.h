/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state that firmware leaves. No firmware runs here, so this sets it.
 *
 * An operating system expects a PC that firmware has initialised; KVM creates
 * chips and processors in their state after reset. This is the list of the
 * differences. It was compared with SeaBIOS (hw/pic.c, hw/timer.c, fw/mtrr.c,
 * fw/smp.c), with coreboot (drivers/pc80/pc/i8259.c) and with Linux's real-mode
 * setup code (boot/pm.c); the small kernel's claims about it hold behind
 * SeaBIOS as well. Rows with "KVM's" need no action.
 *
 *   state                firmware leaves       KVM creates      here
 *   -------------------  --------------------  ---------------  -------------
 *   8259A vectors        0x08 and 0x70         0 and 0          set
 *   8259A masks          all but the cascade   nothing masked   set
 *     Firmware leaves its own drivers' interrupts unmasked; Linux's setup code
 *     masks them. A kernel on hardware-reduced ACPI never touches the PIC:
 *     without an IOAPIC (noapic, nosmp, maxcpus=0), the serial port's IRQ 4
 *     would arrive as exception 4.
 *   8259A trigger modes  edge for ISA          edge             KVM's
 *   IOAPIC entries       masked                masked           KVM's
 *   local APIC, CPU 0    on, LINT0 ExtINT,     off, LINT0       set
 *                        LINT1 NMI             ExtINT
 *     "Virtual wire mode": how the PIC's interrupts reach a kernel that does
 *     not use the local APIC (nolapic, acpi=off).
 *   local APIC, others   as after INIT         the same         KVM's
 *   PIT channel 0        counts from 65536     stands still     set
 *     Firmware has it interrupt after each count. Here it interrupts once and
 *     counts on: a kernel on hardware-reduced ACPI never stops it, and would
 *     make the host wake 18 times a second for a masked interrupt.
 *   PIT channels 1, 2    memory refresh; off   off              KVM's
 *   MTRRs                default write-back;   disabled:        set
 *                        the VGA's memory and  uncached
 *                        the hole below 4 GiB
 *                        uncached
 *     With MTRRs disabled, Linux disables the PAT. SeaBIOS makes
 *     0xc0000-0xfffff write-protected because that is a ROM; here it is RAM,
 *     and write-back.
 *   PAT                  its reset value       the same         KVM's
 *   MISC_ENABLE          fast strings on       off              set
 *   CR0.CD, CR0.NW       clear; INIT keeps     set              set
 *                        them
 *   CR0.NE               clear                 the same         KVM's
 *     PVH requires CR0 = PE; Linux sets NE before it uses the FPU.
 *   A20                  open                  there is no gate KVM's
 *   RTC registers A, B   0x26, 0x02            there is no RTC  dev/pc/rtc.c
 *   FPU                  as after FNINIT       the same         KVM's
 *   APIC base, XCR0      their reset values    the same         KVM's
 *   feature control MSR  locked                0: unlocked      KVM's
 *     A kernel that finds it unlocked enables what it uses, and locks it.
 *
 * General registers, segments and control registers at the entry are the boot
 * protocol's: see vcpu_set_entry().
 */
#ifndef VM_FIRMWARE_H
#define VM_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kvm_lapic_state;
struct kvm_pic_state;
struct kvm_pit_state2;

/* The chips of the machine @vm_fd, which has its irqchip. */
int firmware_setup_chips(int vm_fd, struct err *e);

/*
 * The vCPU @vcpu_fd, which has its CPUID. @first: the one that boots.
 * @phys_bits: the width of a physical address, as its CPUID says.
 */
int firmware_setup_vcpu(int vcpu_fd, bool first, unsigned phys_bits,
			struct err *e);

/* The pure parts, for tests. */

void firmware_fill_pic(struct kvm_pic_state *pic, bool master);
void firmware_fill_pit(struct kvm_pit_state2 *pit);
void firmware_fill_lapic(struct kvm_lapic_state *lapic);

/* A model-specific register: the bits of @clear are cleared, then those of
 * @set are set. */
struct firmware_msr {
	uint32_t index;
	uint64_t clear, set;
};

#define FIRMWARE_MSRS 15

void firmware_list_msrs(struct firmware_msr list[FIRMWARE_MSRS],
			unsigned phys_bits);

#endif
