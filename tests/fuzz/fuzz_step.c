/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A debugger's single step through a guest's code: repeated string instructions
 * that the launcher executes in part, and instructions that push the flags,
 * with any registers, code and page tables.
 *
 * Beyond not crashing: a part of a string instruction leaves the registers and
 * the memory that the same number of single elements would have left.
 *
 * Input: 1 byte of paging (see fuzz_walk.c); 1 byte: bit 0, 64-bit code; bit 1,
 * 32-bit code; bit 2, downwards; then 8 bytes each of rip, cr3, rax, rcx, rsi,
 * rdi, rsp and the base of es; the first pages of memory.
 */
#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "debug/pushed_flags.h"
#include "debug/string_insn.h"
#include "pv/x86.h"

#define WORDS	  8
#define HEAD	  (2 + WORDS * 8)
#define RAM	  (UINT64_C(64) << 20)
#define BYTES	  0x8000 /* of RAM that the input fills */
#define RFLAGS_DF 0x400

static struct guest_mem gm;

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static struct cpu_regs regs_of(const uint8_t *data)
{
	uint64_t word[WORDS];
	struct cpu_regs r = {
		.cr0 = CR0_PE | (data[0] & 1 ? CR0_PG : 0),
		.cr4 = (data[0] & 2 ? CR4_PAE : 0) |
		       (data[0] & 8 ? CR4_LA57 : 0) |
		       (data[0] & 16 ? CR4_PSE : 0),
		.efer = data[0] & 4 ? EFER_LMA | EFER_LME : 0,
		.code64 = data[1] & 1,
		.code32 = data[1] & 2,
		.rflags = data[1] & 4 ? RFLAGS_DF : 0,
	};

	memcpy(word, data + 2, sizeof(word));
	r.rip = word[0];
	r.cr3 = word[1];
	r.gpr[CPU_RAX] = word[2];
	r.gpr[CPU_RCX] = word[3];
	r.gpr[CPU_RSI] = word[4];
	r.gpr[CPU_RDI] = word[5];
	r.gpr[CPU_RSP] = word[6];
	r.es_base = word[7];
	return r;
}

/* Memory as the input has it, and zeros behind that. */
static void reset(const uint8_t *memory)
{
	memcpy(gm.base, memory, BYTES);
	guest_mem_discard(&gm, gm.base + BYTES, RAM - BYTES);
}

/* The bytes at a linear address, in one page; NULL: not all are mapped. */
static uint8_t *bytes_at(const struct cpu_regs *r, uint64_t addr, uint64_t len)
{
	const struct paging paging = cpu_paging(r);
	uint64_t gpa, run;

	if (!walk_linear(&gm, &paging, addr, &gpa, &run) || run < len)
		return NULL;
	return guest_mem_ptr(&gm, gpa, len);
}

/* A number as the instruction has it. */
static uint64_t cut(const struct cpu_regs *r, uint64_t v)
{
	return r->code64 ? v : (uint32_t)v;
}

struct insn {
	bool copies;
	unsigned size; /* of an element; 0: another instruction */
};

/* The instruction at rip, if it is `rep` with movs or stos: an opcode of at
 * most four bytes with its prefixes. */
static struct insn insn_at(const struct cpu_regs *r)
{
	bool rep = false, narrow = false, wide = false;
	uint64_t at = cpu_linear_rip(r);

	for (int i = 0; i < 4; i++) {
		const uint8_t *p = bytes_at(r, at + (unsigned)i, 1);

		if (!p)
			break;
		if (*p == 0xf3)
			rep = true;
		else if (*p == 0x66)
			narrow = true;
		else if (r->code64 && *p >= 0x40 && *p <= 0x4f && !wide)
			wide = *p & 8;
		else if (rep && (*p == 0xa4 || *p == 0xaa))
			return (struct insn){ *p == 0xa4, 1 };
		else if (rep && (*p == 0xa5 || *p == 0xab))
			return (struct insn){ *p == 0xa5, wide	   ? 8
							  : narrow ? 2
								   : 4 };
		else
			break;
	}
	return (struct insn){ 0 };
}

/* Execute @n elements, one after the other. */
static void step_singly(struct cpu_regs *r, const struct insn *insn, uint64_t n)
{
	uint64_t len = n * insn->size;
	uint64_t to = r->gpr[CPU_RDI] + (r->code64 ? 0 : r->es_base);
	uint8_t *dst = bytes_at(r, cut(r, to), len);
	const uint8_t *src = insn->copies
				     ? bytes_at(r, cut(r, r->gpr[CPU_RSI]), len)
				     : (uint8_t *)&r->gpr[CPU_RAX];

	claim(dst && src);
	for (uint64_t i = 0; i < n; i++)
		memmove(dst + i * insn->size,
			insn->copies ? src + i * insn->size : src, insn->size);
	r->gpr[CPU_RDI] = cut(r, r->gpr[CPU_RDI] + len);
	if (insn->copies)
		r->gpr[CPU_RSI] = cut(r, r->gpr[CPU_RSI] + len);
	r->gpr[CPU_RCX] = cut(r, r->gpr[CPU_RCX] - n);
}

static void rush(const struct cpu_regs *before, const uint8_t *memory)
{
	static uint8_t rushed[BYTES];
	struct cpu_regs after = *before, singly = *before;
	struct insn insn = insn_at(before);
	uint64_t n;

	if (!string_insn_rush(&gm, &after)) {
		claim(!memcmp(&after, before, sizeof(after)));
		return;
	}
	n = cut(before, before->gpr[CPU_RCX] - after.gpr[CPU_RCX]);
	claim(insn.size && n && n * insn.size <= PAGE_4K && after.gpr[CPU_RCX]);
	memcpy(rushed, gm.base, BYTES);
	/* Of the memory behind the input, only zeros were read. */
	reset(memory);
	step_singly(&singly, &insn, n);
	claim(!memcmp(&after, &singly, sizeof(after)));
	claim(!memcmp(rushed, gm.base, BYTES));
}

/* A step over an instruction that pushes the flags: the trap flag there is
 * cleared, and nothing else. */
static void clear_pushed(const struct cpu_regs *r)
{
	static uint8_t before[BYTES];
	const uint8_t *rip = bytes_at(r, cpu_linear_rip(r), 1);
	uint64_t sp = r->gpr[CPU_RSP];
	uint8_t *flags;
	unsigned len;

	if (rip) {
		uint64_t gpa = (uint64_t)(rip - gm.base);

		len = pushed_flags_here(&gm, gpa);
		claim(!len || gm.base[gpa + len - 1] == 0x9c);
	}
	memcpy(before, gm.base, BYTES);
	flags = bytes_at(r, cut(r, sp + (r->code64 ? 0 : r->ss_base)) + 1, 1);
	pushed_flags_clear_tf(&gm, r);
	if (flags && flags < gm.base + BYTES)
		before[flags - gm.base] &= 0xfe;
	claim(!memcmp(before, gm.base, BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[BYTES];
	struct cpu_regs r;
	struct err e;

	if (size < HEAD || size - HEAD > BYTES)
		return -1;
	if (!gm.base)
		claim(!guest_mem_init(&gm, RAM, &e));
	memset(memory, 0, sizeof(memory));
	memcpy(memory, data + HEAD, size - HEAD);
	reset(memory);
	r = regs_of(data);
	rush(&r, memory);
	clear_pushed(&r);
	return 0;
}

static void seed(const char *name, uint8_t code_bits, const char *code,
		 uint64_t from)
{
	/* Without paging, so that addresses are places in the input. */
	uint8_t head[2] = { 0, code_bits }, memory[0x4000] = { 0 };
	const uint64_t word[WORDS] = { 0x1000, 0,    0x8877665544332211,
				       0x900,  from, 0x2008,
				       0x3ff8, 0 };
	struct buf out = { 0 };

	for (unsigned i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 13);
	memcpy(memory + word[0], code, strlen(code));
	buf_add(&out, head, sizeof(head));
	buf_add(&out, word, sizeof(word));
	buf_add(&out, memory, sizeof(memory));
	fuzz_seed(name, out.data, out.len);
	buf_release(&out);
}

/* The same through page tables: 1 GiB by one entry. */
static void seed_paged(void)
{
	uint8_t head[2] = { 1 | 2 | 4, 1 }, memory[0x4000] = { 0 };
	const uint64_t pml4e = 0x1000 | PTE_P | PTE_RW;
	const uint64_t pdpte = PTE_P | PTE_RW | PTE_PS;
	const uint64_t word[WORDS] = { 0x2000, 0,      1,      0x300,
				       0x3010, 0x2800, 0x3ff8, 0 };
	struct buf out = { 0 };

	memcpy(memory, &pml4e, sizeof(pml4e));
	memcpy(memory + 0x1000, &pdpte, sizeof(pdpte));
	memcpy(memory + 0x2000, "\xf3\x48\xa5", 3);
	buf_add(&out, head, sizeof(head));
	buf_add(&out, word, sizeof(word));
	buf_add(&out, memory, sizeof(memory));
	fuzz_seed("paged", out.data, out.len);
	buf_release(&out);
}

void fuzz_seeds(void)
{
	seed("stosb", 2, "\xf3\xaa", 0x3010);
	seed("stosw", 2, "\x66\xf3\xab", 0x3010);
	seed("stosq", 1, "\xf3\x48\xab", 0x3010);
	seed("movsb", 2, "\xf3\xa4", 0x3010);
	seed("movsl", 1, "\xf3\xa5", 0x3010);
	/* Elements that overlap, in part. */
	seed("overlap", 2, "\xf3\xa5", 0x2007);
	seed("pushf", 1, "\x48\x9c", 0x3010);
	seed_paged();
}
