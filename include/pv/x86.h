/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86 bits both sides name: control registers, EFER, descriptors, selectors.
 *
 * Spec: Intel SDM volume 3, AMD APM volume 2.
 */
#ifndef PV_X86_H
#define PV_X86_H

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_NW 0x20000000
#define CR0_CD 0x40000000
#define CR0_PG 0x80000000

#define CR4_PSE	 0x00000010
#define CR4_PAE	 0x00000020
#define CR4_LA57 0x00001000

#define MSR_EFER 0xc0000080
#define EFER_LME 0x00000100
#define EFER_LMA 0x00000400

/* Memory types: MTRRs and what page tables choose from (SDM 3, 11) */
#define MTRR_UC			 0
#define MTRR_WP			 5
#define MTRR_WB			 6
#define MSR_MTRR_CAP		 0x0fe /* bits 0 to 7: variable ranges */
#define MSR_MTRR_PHYS_BASE(n)	 (0x200 + 2 * (n))
#define MSR_MTRR_PHYS_MASK(n)	 (0x201 + 2 * (n))
#define MTRR_MASK_VALID		 0x800
#define MSR_MTRR_FIX64K_00000	 0x250 /* 8 ranges of 64 KiB */
#define MSR_MTRR_FIX16K_80000	 0x258 /* and the next: 8 of 16 KiB each */
#define MSR_MTRR_FIX16K_A0000	 0x259
#define MSR_MTRR_FIX4K_C0000	 0x268 /* and seven more: 8 of 4 KiB each */
#define MSR_MTRR_FIX4K_REGISTERS 8
#define MSR_MTRR_DEF_TYPE	 0x2ff
#define MTRR_FIXED_ENABLE	 0x400
#define MTRR_ENABLE		 0x800
#define MSR_PAT			 0x277
#define PAT_AT_RESET		 0x0007040600070406

#define RFLAGS_FIXED 0x0002 /* bit 1 always reads as one */
#define RFLAGS_IF    0x0200
#define RFLAGS_VM    0x20000 /* virtual 8086 mode */

/* A CPU's first instruction after reset: cs.base 0xffff0000, ip 0xfff0 */
#define CPU_RESET_ADDRESS 0xfffffff0

/* Page table entries */
#define PTE_P	0x001
#define PTE_RW	0x002
#define PTE_A	0x020 /* the processor sets it: accessed */
#define PTE_D	0x040 /* written */
#define PTE_PS	0x080 /* a 2 MiB or 1 GiB page */
#define PAGE_4K 0x1000
#define PAGE_2M 0x200000
#define PAGE_1G 0x40000000

/* The flat segments of the Linux 32- and 64-bit entries (boot.rst). */
#define BOOT_CS 0x10
#define BOOT_DS 0x18
#define BOOT_TR 0x20

/* Where a PC's interrupt controllers answer, with a page each */
#define LAPIC_GPA  0xfee00000u
#define IOAPIC_GPA 0xfec00000u

/* Legacy ports */
#define COM1_PORT	      0x3f8
#define COM1_IRQ	      4
#define I8042_DATA	      0x60
#define I8042_CMD	      0x64
#define I8042_CMD_PULSE_RESET 0xfe
#define RTC_INDEX	      0x70
#define RTC_DATA	      0x71
#define RTC_IRQ		      8

#endif
