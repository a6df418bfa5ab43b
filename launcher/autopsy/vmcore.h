/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of a vmcore: an ELF of a machine's memory, as kdump leaves it and as
 * crash and drgn read it.
 *
 *   0      ELF header     of 64 bits, also for a kernel of 32
 *          PT_NOTE        NT_PRSTATUS of each CPU, VMCOREINFO
 *          PT_LOAD ...    the kernel's image, and each range of RAM
 *          notes
 *   4096n  the RAM
 *
 * Two PT_LOADs may have the same bytes: the kernel's image is in RAM.
 *
 * Spec: Linux, fs/proc/vmcore.c and include/linux/elfcore.h; gABI chapter 5.
 */
#ifndef AUTOPSY_VMCORE_H
#define AUTOPSY_VMCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define VMCORE_LOADS_MAX 8

struct vmcore_load {
	uint64_t vaddr, paddr, size;
	uint64_t off; /* in the RAM behind the head */
};

/* As in struct user_regs_struct of 64 bits. */
enum vmcore_reg {
	VMCORE_R15,
	VMCORE_R14,
	VMCORE_R13,
	VMCORE_R12,
	VMCORE_RBP,
	VMCORE_RBX,
	VMCORE_R11,
	VMCORE_R10,
	VMCORE_R9,
	VMCORE_R8,
	VMCORE_RAX,
	VMCORE_RCX,
	VMCORE_RDX,
	VMCORE_RSI,
	VMCORE_RDI,
	VMCORE_ORIG_RAX,
	VMCORE_RIP,
	VMCORE_CS,
	VMCORE_RFLAGS,
	VMCORE_RSP,
	VMCORE_SS,
	VMCORE_FS_BASE,
	VMCORE_GS_BASE,
	VMCORE_DS,
	VMCORE_ES,
	VMCORE_FS,
	VMCORE_GS,
	VMCORE_REGS
};

struct vmcore_cpu {
	uint64_t regs[VMCORE_REGS];
};

struct vmcore {
	bool is64; /* the kernel */
	const struct vmcore_load *loads;
	unsigned loads_count; /* at most VMCORE_LOADS_MAX */
	const struct vmcore_cpu *cpus;
	unsigned cpus_count;
	struct bytes info; /* the text of VMCOREINFO, or empty: no such note */
};

/* Append the head to @out, which is empty: everything before the RAM. */
void vmcore_head(const struct vmcore *v, struct buf *out);

#endif
