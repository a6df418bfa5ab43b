/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb/regs.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CORE	 "org.gnu.gdb.i386.core"
#define SSE	 "org.gnu.gdb.i386.sse"
#define SEGMENTS "org.gnu.gdb.i386.segments"
#define SYSTEM	 "launcher.x86.system"

#define AT(field) offsetof(struct cpu_regs, field)

#define GPR(reg, n, size, type)                      \
	{                                            \
		reg, type, NULL, AT(gpr[n]), size, 0 \
	}
#define FIELD(reg, field, size, type)               \
	{                                           \
		reg, type, NULL, AT(field), size, 0 \
	}
#define SELECTOR(reg)                              \
	{                                          \
#reg, "int32", NULL, AT(reg), 4, 1 \
	}
#define ST(n)                                               \
	{                                                   \
		"st" #n, "i387_ext", NULL, AT(st[n]), 10, 0 \
	}
#define X87(reg)                                 \
	{                                        \
#reg, "int", NULL, AT(reg), 4, 0 \
	}
#define XMM(n)                                              \
	{                                                   \
		"xmm" #n, "vec128", NULL, AT(xmm[n]), 16, 0 \
	}

#define FLAGS_AND_SEGMENTS                                                     \
	FIELD("eflags", rflags, 4, "i386_eflags"), SELECTOR(cs), SELECTOR(ss), \
		SELECTOR(ds), SELECTOR(es), SELECTOR(fs), SELECTOR(gs)
#define X87_ALL                                                             \
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7), X87(fctrl), \
		X87(fstat), X87(ftag), X87(fiseg), X87(fioff), X87(foseg),  \
		X87(fooff), X87(fop)
#define SYSTEM_ALL                                           \
	{ "cr0", "cr0_flags", SYSTEM, AT(cr0), 8, 0 },       \
		FIELD("cr2", cr2, 8, "uint64"),              \
		FIELD("cr3", cr3, 8, "uint64"),              \
		FIELD("cr4", cr4, 8, "cr4_flags"),           \
		FIELD("cr8", cr8, 8, "uint64"),              \
		FIELD("efer", efer, 8, "efer_flags"),        \
		FIELD("k_gs_base", k_gs_base, 8, "uint64"),  \
		FIELD("cs_base", cs_base, 8, "uint64"),      \
		FIELD("ss_base", ss_base, 8, "uint64"),      \
		FIELD("ds_base", ds_base, 8, "uint64"),      \
		FIELD("es_base", es_base, 8, "uint64"),      \
		FIELD("tr_base", tr_base, 8, "uint64"),      \
		FIELD("ldtr_base", ldtr_base, 8, "uint64"),  \
		FIELD("gdtr_base", gdt.base, 8, "uint64"),   \
		FIELD("gdtr_limit", gdt.limit, 8, "uint64"), \
		FIELD("idtr_base", idt.base, 8, "uint64"),   \
		FIELD("idtr_limit", idt.limit, 8, "uint64")

static const struct gdb_reg regs_64[] = {
	{ "rax", "int64", CORE, AT(gpr[CPU_RAX]), 8, 0 },
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
	{ "xmm0", "vec128", SSE, AT(xmm[0]), 16, 0 },
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
	XMM(8),
	XMM(9),
	XMM(10),
	XMM(11),
	XMM(12),
	XMM(13),
	XMM(14),
	XMM(15),
	FIELD("mxcsr", mxcsr, 4, "int"),
	{ "fs_base", "int", SEGMENTS, AT(fs_base), 8, 0 },
	FIELD("gs_base", gs_base, 8, "int"),
	SYSTEM_ALL,
};

static const struct gdb_reg regs_32[] = {
	{ "eax", "int32", CORE, AT(gpr[CPU_RAX]), 4, 0 },
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
	{ "xmm0", "vec128", SSE, AT(xmm[0]), 16, 0 },
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
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

/* Bits with names, and what they are the bits of. */
struct flag {
	const char *name;
	unsigned bit;
};

struct flags {
	const char *id;
	unsigned size;
	struct flag bits[24]; /* up to the first without a name */
};

static const struct flags flag_types[] = {
	{ "i386_eflags",
	  4,
	  { { "CF", 0 },
	    { "", 1 },
	    { "PF", 2 },
	    { "AF", 4 },
	    { "ZF", 6 },
	    { "SF", 7 },
	    { "TF", 8 },
	    { "IF", 9 },
	    { "DF", 10 },
	    { "OF", 11 },
	    { "NT", 14 },
	    { "RF", 16 },
	    { "VM", 17 },
	    { "AC", 18 },
	    { "VIF", 19 },
	    { "VIP", 20 },
	    { "ID", 21 } } },
	{ "cr0_flags",
	  8,
	  { { "PE", 0 },
	    { "MP", 1 },
	    { "EM", 2 },
	    { "TS", 3 },
	    { "ET", 4 },
	    { "NE", 5 },
	    { "WP", 16 },
	    { "AM", 18 },
	    { "NW", 29 },
	    { "CD", 30 },
	    { "PG", 31 } } },
	{ "cr4_flags",
	  8,
	  { { "VME", 0 },    { "PVI", 1 },	   { "TSD", 2 },
	    { "DE", 3 },     { "PSE", 4 },	   { "PAE", 5 },
	    { "MCE", 6 },    { "PGE", 7 },	   { "PCE", 8 },
	    { "OSFXSR", 9 }, { "OSXMMEXCPT", 10 }, { "UMIP", 11 },
	    { "LA57", 12 },  { "VMXE", 13 },	   { "FSGSBASE", 16 },
	    { "PCIDE", 17 }, { "OSXSAVE", 18 },	   { "SMEP", 20 },
	    { "SMAP", 21 },  { "PKE", 22 },	   { "CET", 23 } } },
	{ "efer_flags",
	  8,
	  { { "SCE", 0 },
	    { "LME", 8 },
	    { "LMA", 10 },
	    { "NXE", 11 },
	    { "SVME", 12 },
	    { "FFXSR", 14 } } },
};

static void say(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

#define LINE_MAX_BYTES 192

static void add_flags(struct buf *out, const struct flags *f)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), "<flags id=\"%s\" size=\"%u\">\n", f->id,
		 f->size);
	say(out, line);
	for (size_t i = 0;
	     i < sizeof(f->bits) / sizeof(*f->bits) && f->bits[i].name; i++) {
		snprintf(line, sizeof(line),
			 "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n",
			 f->bits[i].name, f->bits[i].bit, f->bits[i].bit);
		say(out, line);
	}
	say(out, "</flags>\n");
}

/* Types belong to a feature, and the one that uses them defines them. */
static void add_types(struct buf *out, const char *feature)
{
	for (size_t i = 0; i < sizeof(flag_types) / sizeof(*flag_types); i++)
		if ((i == 0) == !strcmp(feature, CORE) &&
		    (!strcmp(feature, CORE) || !strcmp(feature, SYSTEM)))
			add_flags(out, &flag_types[i]);
	if (strcmp(feature, SSE))
		return;
	say(out, "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
		 "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
		 "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
		 "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
		 "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
		 "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
		 "<union id=\"vec128\">\n"
		 "<field name=\"v4_float\" type=\"v4f\"/>\n"
		 "<field name=\"v2_double\" type=\"v2d\"/>\n"
		 "<field name=\"v16_int8\" type=\"v16i8\"/>\n"
		 "<field name=\"v8_int16\" type=\"v8i16\"/>\n"
		 "<field name=\"v4_int32\" type=\"v4i32\"/>\n"
		 "<field name=\"v2_int64\" type=\"v2i64\"/>\n"
		 "<field name=\"uint128\" type=\"uint128\"/>\n"
		 "</union>\n");
}

void gdb_target_xml(const struct gdb_arch *arch, struct buf *out)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line),
		 "<?xml version=\"1.0\"?>\n"
		 "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		 "<target>\n<architecture>%s</architecture>\n",
		 arch->name);
	say(out, line);
	for (unsigned i = 0; i < arch->count; i++) {
		const struct gdb_reg *r = &arch->regs[i];

		if (r->feature) {
			snprintf(line, sizeof(line),
				 "%s<feature name=\"%s\">\n",
				 i ? "</feature>\n" : "", r->feature);
			say(out, line);
			add_types(out, r->feature);
		}
		snprintf(line, sizeof(line),
			 "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
			 "regnum=\"%u\"/>\n",
			 r->name, r->size * 8u, r->type, i);
		say(out, line);
	}
	say(out, "</feature>\n</target>\n");
}
