/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the first vCPU at the guest's first instruction.
 *
 * A boot protocol (boot/) fills it in, and vcpu_set_entry() puts the vCPU into
 * it.
 */
#ifndef VM_CPU_ENTRY_H
#define VM_CPU_ENTRY_H

#include <stdint.h>

enum cpu_mode {
	CPU_REAL,   /* 16-bit; selectors are paragraphs */
	CPU_PROT32, /* protected mode, paging off, flat 4 GiB segments */
	CPU_LONG64, /* long mode, paging by cr3 */
};

struct cpu_entry {
	enum cpu_mode mode;
	uint64_t rip;
	uint64_t rsp;
	uint64_t rbx; /* PVH: start_info */
	uint64_t rsi; /* Linux: boot_params */
	uint64_t cr3; /* CPU_LONG64 */
	uint64_t gdt; /* GPA of the boot GDT; unused in CPU_REAL */
	uint16_t cs;  /* CPU_REAL: code segment */
	uint16_t ds;  /* CPU_REAL: all data segments */
};

/* The linear address of the first instruction. */
static inline uint64_t cpu_entry_address(const struct cpu_entry *entry)
{
	uint64_t base = entry->mode == CPU_REAL ? (uint64_t)entry->cs << 4 : 0;

	return base + entry->rip;
}

/* The boot GDT the flat modes refer to; write it to cpu_entry.gdt. */
#define BOOT_GDT_SIZE 48
extern const uint64_t boot_gdt32[BOOT_GDT_SIZE / 8];
extern const uint64_t boot_gdt64[BOOT_GDT_SIZE / 8];

#endif
