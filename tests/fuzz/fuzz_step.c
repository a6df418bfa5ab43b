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

/* The bytes at a linear address, of which the caller knows that they are
 * there, in one page. */
static uint8_t *bytes_at(const struct cpu_regs *r, uint64_t addr, uint64_t len)
{
	const struct paging paging = cpu_paging(r);
	uint64_t gpa, run;
	uint8_t *p;

	claim(walk_linear(&gm, &paging, addr, &gpa, &run) && run >= len);
	p = guest_mem_ptr(&gm, gpa, len);
	claim(p);
	return p;
}

/* A number as the instruction has it. */
static uint64_t cut(const struct cpu_regs *r, uint64_t v)
{
	return r->code64 ? v : (uint32_t)v;
}

struct elements {
	uint8_t *to;
	const uint8_t *from; /* steps on if it copies */
	uint64_t count;
	unsigned size;
	bool copies;
};

/* What a step from @before to @after has done. */
static struct elements elements_of(const struct cpu_regs *before,
				   const struct cpu_regs *after)
{
	const uint64_t *was = before->gpr, *is = after->gpr;
	uint64_t len = cut(before, is[CPU_RDI] - was[CPU_RDI]);
	struct elements el = {
		.count = cut(before, was[CPU_RCX] - is[CPU_RCX]),
		.copies = is[CPU_RSI] != was[CPU_RSI],
		.from = (const uint8_t *)&was[CPU_RAX],
	};
	uint64_t to = was[CPU_RDI] + (before->code64 ? 0 : before->es_base);

	claim(is[CPU_RCX] && el.count && len <= PAGE_4K && len % el.count == 0);
	el.size = (unsigned)(len / el.count);
	claim(el.size == 1 || el.size == 2 || el.size == 4 || el.size == 8);
	el.to = bytes_at(before, cut(before, to), len);
	if (el.copies)
		el.from = bytes_at(before, cut(before, was[CPU_RSI]), len);
	return el;
}

static void write_singly(const struct elements *el)
{
	for (uint64_t i = 0; i < el->count * el->size; i++)
		if (el->copies)
			memmove(el->to + i, el->from + i, 1);
		else
			el->to[i] = el->from[i % el->size];
}

/* Only where the input has filled memory is it known what was there before. */
static void rush(const struct cpu_regs *before, const uint8_t *memory)
{
	static uint8_t rushed[BYTES];
	struct cpu_regs after = *before;
	struct elements el;

	if (!string_insn_rush(&gm, &after)) {
		claim(!memcmp(&after, before, sizeof(after)));
		return;
	}
	memcpy(rushed, gm.base, BYTES);
	memcpy(gm.base, memory, BYTES);
	el = elements_of(before, &after);
	write_singly(&el);
	claim((el.copies && el.from >= gm.base + BYTES) ||
	      !memcmp(rushed, gm.base, BYTES));
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
	memcpy(gm.base, memory, BYTES);
	r = regs_of(data);
	claim(pushed_flags_here(&gm, cpu_linear_rip(&r)) <= 2);
	rush(&r, memory);
	pushed_flags_clear_tf(&gm, &r);
	return 0;
}

static void seed(const char *name, uint8_t code_bits, const char *code)
{
	/* Without paging, so that addresses are places in the input. */
	uint8_t head[2] = { 0, code_bits }, memory[0x4000] = { 0 };
	const uint64_t word[WORDS] = { 0x1000, 0,      0x8877665544332211,
				       0x900,  0x3010, 0x2008,
				       0x3ff8, 0 };
	struct buf out = { 0 };

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
	seed("stosb", 2, "\xf3\xaa");
	seed("stosw", 2, "\x66\xf3\xab");
	seed("stosq", 1, "\xf3\x48\xab");
	seed("movsb", 2, "\xf3\xa4");
	seed("movsl", 1, "\xf3\xa5");
	seed("pushf", 1, "\x48\x9c");
	seed_paged();
}
