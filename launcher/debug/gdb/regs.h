/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers by gdb's numbers, and their XML description.
 *
 * gdb requires the general, x87 and SSE registers by the names of its own
 * features, and shows other registers of the description: here control
 * registers, segment bases and descriptor tables, with names for their bits.
 *
 * Spec: "Debugging with GDB", appendix "Target Descriptions".
 */
#ifndef DEBUG_GDB_REGS_H
#define DEBUG_GDB_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "vm/debug.h"

/* The first three are gdb's own. */
#define GDB_FEATURE_CORE     "org.gnu.gdb.i386.core"
#define GDB_FEATURE_SSE	     "org.gnu.gdb.i386.sse"
#define GDB_FEATURE_SEGMENTS "org.gnu.gdb.i386.segments"
#define GDB_FEATURE_SYSTEM   "launcher.x86.system"

struct gdb_reg {
	const char *name;
	const char *type;    /* in the description */
	const char *feature; /* it begins here; NULL: as before */
	uint16_t off;	     /* into struct cpu_regs */
	uint16_t size;	     /* bytes */
	bool fixed;	     /* cannot be set */
};

/* A guest for one kind of gdb, by the class of its kernel's ELF. */
struct gdb_arch {
	const char *name; /* gdb's */
	const struct gdb_reg *regs;
	unsigned count;
	unsigned pc; /* the number of rip or eip */
	unsigned sp;
	unsigned bp;
};

extern const struct gdb_arch gdb_arch_64, gdb_arch_32;

/* The value's bytes, little-endian as in the guest. */
const void *gdb_reg_value(const struct gdb_reg *reg, const struct cpu_regs *r);

/* False if it cannot be set to another value. */
bool gdb_reg_set(const struct gdb_reg *reg, struct cpu_regs *r,
		 const void *value);

/* Append target.xml. */
void gdb_target_xml(const struct gdb_arch *arch, struct buf *out);

#endif
