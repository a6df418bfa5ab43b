/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state in which the kernel was entered, and the small piece of memory that
 * it may write before it has checked itself.
 *
 * For the entry code and for C. The entry code first saves all registers that a
 * specification mentions in struct entry_frame; the claims in t_entry.c read it
 * later.
 *
 *   .early   pages   page tables (64-bit kernel only)      EARLY_TABLES
 *            16 KiB  stack, growing down to EARLY_STACK
 *            4 KiB   IDT, then the entry frame
 *
 * .early is the end of .bss: the entry code finds out by itself whether it is
 * all zero, before the first byte of it is written.
 */
#ifndef GUEST_KERNEL_ENTRY_H
#define GUEST_KERNEL_ENTRY_H

#define KERNEL_PHYS 0x1000000 /* where stock kernels lie too */
#ifdef KERNEL_64
#define KERNEL_VIRT	   0xffffffff80000000 /* of physical address 0 */
#define EARLY_TABLES_PAGES 10
#else
#define KERNEL_VIRT	   0
#define EARLY_TABLES_PAGES 0
#endif

/* Offsets in .early */
#define EARLY_PML4	  0x0000
#define EARLY_PDPT_LOW	  0x1000
#define EARLY_PD_LOW	  0x2000 /* four pages: 4 GiB */
#define EARLY_PDPT_HIGH	  0x6000
#define EARLY_PD_HIGH	  0x7000
#define EARLY_PDPT_WINDOW 0x8000
#define EARLY_PD_WINDOW	  0x9000
#define EARLY_STACK	  (EARLY_TABLES_PAGES * 0x1000)
#define EARLY_STACK_END	  (EARLY_STACK + 0x4000)
#define EARLY_IDT	  EARLY_STACK_END
#define EARLY_FRAME	  (EARLY_IDT + 0x1000)
#define EARLY_SIZE	  (EARLY_IDT + 0x2000)

/* Which entry point it was. */
#define ENTRY_PVH      1
#define ENTRY_LINUX_64 2
#define ENTRY_LINUX_32 3

/* struct entry_frame, for the entry code */
#define F_KIND	 0x00
#define F_DIRTY	 0x08
#define F_LOADED 0x10
#define F_FLAGS	 0x18
#define F_CR0	 0x20
#define F_CR3	 0x28
#define F_CR4	 0x30
#define F_EFER	 0x38
#define F_CS	 0x40
#define F_DS	 0x48
#define F_ES	 0x50
#define F_SS	 0x58
#define F_BX	 0x60
#define F_SI	 0x68
#define F_DI	 0x70
#define F_BP	 0x78

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct entry_frame {
	uint64_t kind;	 /* ENTRY_* */
	uint64_t dirty;	 /* .early was not all zero */
	uint64_t loaded; /* where the first byte of the image lies */
	uint64_t flags;
	uint64_t cr0, cr3, cr4;
	uint64_t efer; /* 64-bit entry only */
	uint64_t cs, ds, es, ss;
	uint64_t bx;	 /* PVH: the start info */
	uint64_t si;	 /* Linux entries: boot_params */
	uint64_t di, bp; /* 32-bit Linux entry only */
};
_Static_assert(offsetof(struct entry_frame, bp) == F_BP, "entry frame");

extern uint8_t early_start[];
extern const uint8_t image_start[], image_end[];

/* Where C begins: called once by the entry code, never returns. */
void kernel_main(const struct entry_frame *f) __attribute__((noreturn));
#endif
#endif
