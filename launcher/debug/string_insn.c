/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/string_insn.h"

#include <string.h>

#include "pv/x86.h"

#define PREFIX_REP   0xf3
#define PREFIX_WIDTH 0x66
#define REX_MASK     0xf0
#define REX	     0x40
#define REX_W	     0x08
#define MOVS	     0xa4 /* bit 0: more than a byte */
#define STOS	     0xaa
#define RFLAGS_DF    0x400

#define CODE_MAX 4 /* prefixes and opcode */

struct string_insn {
	bool copies; /* movs */
	unsigned size;
};

static size_t read_code(const struct guest_mem *gm, const struct cpu_regs *r,
			uint8_t *code)
{
	const struct paging paging = cpu_paging(r);
	uint64_t addr = cpu_linear_rip(r), gpa, run;
	const uint8_t *p;
	size_t n;

	for (n = 0; n < CODE_MAX; n++) {
		if (!walk_linear(gm, &paging, addr + n, &gpa, &run))
			break;
		p = guest_mem_ptr(gm, gpa, 1);
		if (!p)
			break;
		code[n] = *p;
	}
	return n;
}

/* Only with the usual prefixes in the usual order; the processor executes other
 * forms, and 16-bit code. */
static bool decode(const struct guest_mem *gm, const struct cpu_regs *r,
		   struct string_insn *insn)
{
	uint8_t code[CODE_MAX];
	size_t len = read_code(gm, r, code), at = 0;
	bool rep = false, narrow = false, wide = false;

	if (!r->code64 && !r->code32)
		return false;
	for (; at < len && (code[at] == PREFIX_REP || code[at] == PREFIX_WIDTH);
	     at++) {
		rep |= code[at] == PREFIX_REP;
		narrow |= code[at] == PREFIX_WIDTH;
	}
	if (at < len && r->code64 && (code[at] & REX_MASK) == REX)
		wide = code[at++] & REX_W;
	if (at == len || !rep)
		return false;
	insn->copies = (code[at] & ~1) == MOVS;
	insn->size = !(code[at] & 1) ? 1 : wide ? 8 : narrow ? 2 : 4;
	return insn->copies || (code[at] & ~1) == STOS;
}

/* How many elements from @addr on are in the page of the one before. */
static uint64_t count_in_page(uint64_t addr, unsigned size)
{
	uint64_t off = addr % PAGE_4K;

	/* The one before may have begun a page earlier. */
	return off >= size ? (PAGE_4K - off) / size : 0;
}

static uint8_t *find(const struct guest_mem *gm, const struct cpu_regs *r,
		     uint64_t addr, uint64_t len)
{
	const struct paging paging = cpu_paging(r);
	uint64_t gpa, run;

	if (!walk_linear(gm, &paging, addr, &gpa, &run))
		return NULL;
	return guest_mem_ptr(gm, gpa, len);
}

/* An address register plus a segment's base, which 64-bit code ignores. */
static uint64_t linear(const struct cpu_regs *r, uint64_t reg, uint64_t base)
{
	return r->code64 ? reg : (uint32_t)(reg + base);
}

static void advance(const struct cpu_regs *r, uint64_t *reg, uint64_t by)
{
	*reg = r->code64 ? *reg + by : (uint32_t)(*reg + by);
}

bool string_insn_rush(const struct guest_mem *gm, struct cpu_regs *r)
{
	uint64_t *rcx = &r->gpr[CPU_RCX], *rsi = &r->gpr[CPU_RSI];
	uint64_t *rdi = &r->gpr[CPU_RDI], to, from, n;
	const uint8_t *src = (const uint8_t *)&r->gpr[CPU_RAX];
	struct string_insn insn;
	uint8_t *dst;

	if ((r->rflags & RFLAGS_DF) || !decode(gm, r, &insn))
		return false;
	to = linear(r, *rdi, r->es_base);
	from = linear(r, *rsi, r->ds_base);
	n = r->code64 ? *rcx : (uint32_t)*rcx;
	if (n > count_in_page(to, insn.size))
		n = count_in_page(to, insn.size);
	if (insn.copies && n > count_in_page(from, insn.size))
		n = count_in_page(from, insn.size);
	if (n < 2)
		return false;
	/* The processor executes the last element, and ends the instruction. */
	n--;
	dst = find(gm, r, to, n * insn.size);
	if (insn.copies)
		src = find(gm, r, from, n * insn.size);
	if (!dst || !src)
		return false;
	/* One by one, because source and destination may overlap. */
	for (uint64_t i = 0; i < n; i++)
		memmove(dst + i * insn.size,
			insn.copies ? src + i * insn.size : src, insn.size);
	advance(r, rdi, n * insn.size);
	if (insn.copies)
		advance(r, rsi, n * insn.size);
	advance(r, rcx, -n);
	return true;
}
