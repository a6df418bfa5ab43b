/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ORC: for every instruction of a kernel, where its caller's frame is. Two
 * tables, with as many entries each, sorted by address:
 *
 *   .orc_unwind_ip   int32: the address, as a distance from the entry itself
 *   .orc_unwind      6 bytes: two int16 offsets, and 16 bits:
 *
 *                bits 0-3   4-7      8-10            11      12
 *     to 6.2     sp_reg   bp_reg   type (8-9), end (10)
 *     6.3        sp_reg   bp_reg   type (8-9), signal (10), end (11)
 *     from 6.4   sp_reg   bp_reg   type            signal
 *
 * From 6.4 on an .orc_header says that it is the last form. Of the others, only
 * that of 6.3 sets bit 11.
 *
 * Must never trust: the tables, which may have changed in the guest's memory.
 * They are used only if they are sorted, which kernels up to 5.5 do while they
 * start, and if their sizes agree.
 *
 * Spec: Linux, arch/x86/include/asm/orc_types.h of 4.14, 5.8, 6.1, 6.3 and
 * 6.12.
 */
#ifndef AUTOPSY_ORC_H
#define AUTOPSY_ORC_H

#include "autopsy/memory.h"

/* A kernel with everything built in has less than a quarter of this. */
#define ORC_COUNT_MAX (UINT64_C(1) << 22)

#define ORC_ENTRY_SIZE 6

/* The addresses of the kernel's symbols; 0: not known. */
struct orc_names {
	uint64_t start_ip, stop_ip; /* __start_orc_unwind_ip, ... */
	uint64_t start, stop;	    /* __start_orc_unwind, ... */
	uint64_t header;	    /* __start_orc_header */
};

enum orc_reg {
	ORC_REG_UNDEFINED = 0,
	ORC_REG_PREV_SP = 1,
	ORC_REG_DX = 2,
	ORC_REG_DI = 3,
	ORC_REG_BP = 4,
	ORC_REG_SP = 5,
	ORC_REG_R10 = 6,
	ORC_REG_R13 = 7,
	ORC_REG_BP_INDIRECT = 8,
	ORC_REG_SP_INDIRECT = 9,
};

/* How the caller is found, in the form of 6.4. */
enum orc_type {
	ORC_UNDEFINED,
	ORC_END_OF_STACK,
	ORC_CALL,	  /* a return address */
	ORC_REGS,	  /* all registers, saved by an interrupt */
	ORC_REGS_PARTIAL, /* only those that the processor saves */
};

struct orc_entry {
	int16_t sp_offset, bp_offset;
	enum orc_reg sp_reg, bp_reg;
	enum orc_type type;
	bool signal; /* the caller's address is not that of a call */
};

struct orc {
	uint64_t ip, entries;
	uint64_t count; /* 0: there are none */
	enum { ORC_TO_6_2, ORC_6_3, ORC_FROM_6_4 } form;
};

/* Find the tables by @names; false, and no entries, if they are not there, or
 * not sound. */
bool orc_open(struct orc *o, const struct memory *m,
	      const struct orc_names *names);

/* The entry for the instruction at @addr; false if there is none. */
bool orc_find(const struct orc *o, const struct memory *m, uint64_t addr,
	      struct orc_entry *entry);

#endif
