/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target for the gdb stub without KVM: two vCPUs with registers of their own,
 * a few KiB of memory, and a record of what the debugger did.
 */
#ifndef TESTS_SUPPORT_FAKE_TARGET_H
#define TESTS_SUPPORT_FAKE_TARGET_H

#include "debug/gdb/stub.h"

#define FAKE_CPUS   2
#define FAKE_BASE   UINT64_C(0xffffffff81000000) /* where its memory begins */
#define FAKE_SIZE   0x3000
#define FAKE_BREAKS 8

struct fake_break {
	enum gdb_break kind;
	uint64_t addr, len;
	bool there;
};

struct fake_target {
	struct cpu_regs regs[FAKE_CPUS];
	uint8_t memory[FAKE_SIZE];
	struct fake_break breaks[FAKE_BREAKS];
	bool no_hardware; /* refuse what needs debug registers */
	bool stuck;	  /* refuse to run */
	unsigned resumed;
	unsigned interrupted;
	enum gdb_action actions[FAKE_CPUS]; /* of the last time */
	char command[256];		    /* the last for the monitor */
};

extern const struct gdb_target_ops fake_ops;

void fake_init(struct fake_target *f);

#endif
