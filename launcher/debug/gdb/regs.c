/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/regs.h"

#include <string.h>

#define AT(field) offsetof(struct cpu_regs, field)

/* clang-format off */
#define GPR(reg, n, size, type) { reg, type, NULL, AT(gpr[n]), size, 0 }
#define FIELD(reg, field, size, type) { reg, type, NULL, AT(field), size, 0 }
#define SELECTOR(reg) { #reg, "int32", NULL, AT(reg), 4, 1 }
#define ST(n) { "st" #n, "i387_ext", NULL, AT(st[n]), 10, 0 }
#define X87(reg) { #reg, "int", NULL, AT(reg), 4, 0 }
#define XMM(n) { "xmm" #n, "vec128", NULL, AT(xmm[n]), 16, 0 }
/* clang-format on */

#define FLAGS_AND_SEGMENTS                                                     \
	FIELD("eflags", rflags, 4, "i386_eflags"), SELECTOR(cs), SELECTOR(ss), \
		SELECTOR(ds), SELECTOR(es), SELECTOR(fs), SELECTOR(gs)
#define X87_ALL                                                             \
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7), X87(fctrl), \
		X87(fstat), X87(ftag), X87(fiseg), X87(fioff), X87(foseg),  \
		X87(fooff), X87(fop)
#define XMM_0_TO_7                                                        \
	{ "xmm0", "vec128", GDB_FEATURE_SSE, AT(xmm[0]), 16, 0 }, XMM(1), \
		XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7)
#define XMM_8_TO_15 \
	XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13), XMM(14), XMM(15)
#define SYSTEM_ALL                                                 \
	{ "cr0", "cr0_flags", GDB_FEATURE_SYSTEM, AT(cr0), 8, 0 }, \
		FIELD("cr2", cr2, 8, "uint64"),                    \
		FIELD("cr3", cr3, 8, "uint64"),                    \
		FIELD("cr4", cr4, 8, "cr4_flags"),                 \
		FIELD("cr8", cr8, 8, "uint64"),                    \
		FIELD("efer", efer, 8, "efer_flags"),              \
		FIELD("k_gs_base", k_gs_base, 8, "uint64"),        \
		FIELD("cs_base", cs_base, 8, "uint64"),            \
		FIELD("ss_base", ss_base, 8, "uint64"),            \
		FIELD("ds_base", ds_base, 8, "uint64"),            \
		FIELD("es_base", es_base, 8, "uint64"),            \
		FIELD("tr_base", tr_base, 8, "uint64"),            \
		FIELD("ldtr_base", ldtr_base, 8, "uint64"),        \
		FIELD("gdtr_base", gdt.base, 8, "uint64"),         \
		FIELD("gdtr_limit", gdt.limit, 8, "uint64"),       \
		FIELD("idtr_base", idt.base, 8, "uint64"),         \
		FIELD("idtr_limit", idt.limit, 8, "uint64")

static const struct gdb_reg regs_64[] = {
	{ "rax", "int64", GDB_FEATURE_CORE, AT(gpr[CPU_RAX]), 8, 0 },
	GPR("rbx", CPU_RBX, 8, "int64"),
	GPR("rcx", CPU_RCX, 8, "int64"),
	GPR("rdx", CPU_RDX, 8, "int64"),
	GPR("rsi", CPU_RSI, 8, "int64"),
	GPR("rdi", CPU_RDI, 8, "int64"),
	GPR("rbp", CPU_RBP, 8, "data_ptr"),
	GPR("rsp", CPU_RSP, 8, "data_ptr"),
	GPR("r8", 8, 8, "int64"),
	GPR("r9", 9, 8, "int64"),
	GPR("r10", 10, 8, "int64"),
	GPR("r11", 11, 8, "int64"),
	GPR("r12", 12, 8, "int64"),
	GPR("r13", 13, 8, "int64"),
	GPR("r14", 14, 8, "int64"),
	GPR("r15", 15, 8, "int64"),
	FIELD("rip", rip, 8, "code_ptr"),
	FLAGS_AND_SEGMENTS,
	X87_ALL,
	XMM_0_TO_7,
	XMM_8_TO_15,
	FIELD("mxcsr", mxcsr, 4, "int"),
	{ "fs_base", "int", GDB_FEATURE_SEGMENTS, AT(fs_base), 8, 0 },
	FIELD("gs_base", gs_base, 8, "int"),
	SYSTEM_ALL,
};

static const struct gdb_reg regs_32[] = {
	{ "eax", "int32", GDB_FEATURE_CORE, AT(gpr[CPU_RAX]), 4, 0 },
	GPR("ecx", CPU_RCX, 4, "int32"),
	GPR("edx", CPU_RDX, 4, "int32"),
	GPR("ebx", CPU_RBX, 4, "int32"),
	GPR("esp", CPU_RSP, 4, "data_ptr"),
	GPR("ebp", CPU_RBP, 4, "data_ptr"),
	GPR("esi", CPU_RSI, 4, "int32"),
	GPR("edi", CPU_RDI, 4, "int32"),
	FIELD("eip", rip, 4, "code_ptr"),
	FLAGS_AND_SEGMENTS,
	X87_ALL,
	XMM_0_TO_7,
	FIELD("mxcsr", mxcsr, 4, "int"),
	SYSTEM_ALL,
	FIELD("fs_base", fs_base, 8, "uint64"),
	FIELD("gs_base", gs_base, 8, "uint64"),
};

const struct gdb_arch gdb_arch_64 = {
	.name = "i386:x86-64",
	.regs = regs_64,
	.count = sizeof(regs_64) / sizeof(*regs_64),
	.pc = 16,
	.sp = 7,
	.bp = 6,
};

const struct gdb_arch gdb_arch_32 = {
	.name = "i386",
	.regs = regs_32,
	.count = sizeof(regs_32) / sizeof(*regs_32),
	.pc = 8,
	.sp = 4,
	.bp = 5,
};

const void *gdb_reg_value(const struct gdb_reg *reg, const struct cpu_regs *r)
{
	return (const uint8_t *)r + reg->off;
}

bool gdb_reg_set(const struct gdb_reg *reg, struct cpu_regs *r,
		 const void *value)
{
	uint8_t *at = (uint8_t *)r + reg->off;

	if (reg->fixed)
		return !memcmp(at, value, reg->size);
	memcpy(at, value, reg->size);
	return true;
}
