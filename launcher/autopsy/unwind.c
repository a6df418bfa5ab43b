/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/unwind.h"

#include <string.h>

#include "pv/x86.h"

/* The part of a stack that is searched, and the distance within which two
 * addresses are in one: the size of a task's stack, to which it is aligned. */
#define STACK_SIZE(m) ((m)->is64 ? UINT64_C(16384) : UINT64_C(8192))

/* struct pt_regs of 64 bits, as an index of words. */
enum {
	PT_R13 = 2,
	PT_BP = 4,
	PT_R10 = 7,
	PT_DX = 12,
	PT_DI = 14,
	PT_IP = 16,
	PT_CS = 17,
	PT_FLAGS = 18,
	PT_SP = 19,
	PT_WORDS = 21,
};

/* The highest bit of the kernel's addresses on 32 bits. */
#define KERNEL_BIT_32 UINT64_C(0x80000000)

struct state {
	const struct unwind *u;
	struct unwind_regs r;
	bool has_regs; /* r10 and those behind it are the frame's, and saved_bp */
	uint64_t saved_bp;
	bool is_return; /* r.ip is behind a call */
};

enum step { STEP_ON, STEP_END, STEP_LOST };

/* ---- by ORC */

/* The frame's base: where the caller's stack begins. */
static bool find_base(const struct state *s, const struct orc_entry *e,
		      uint64_t *sp)
{
	uint64_t off = (uint64_t)(int64_t)e->sp_offset;

	switch (e->sp_reg) {
	case ORC_REG_SP:
		*sp = s->r.sp + off;
		return true;
	case ORC_REG_BP:
		*sp = s->r.bp + off;
		return true;
	case ORC_REG_SP_INDIRECT:
		if (!memory_word(s->u->m, s->r.sp, sp))
			return false;
		*sp += off;
		return true;
	case ORC_REG_BP_INDIRECT:
		return memory_word(s->u->m, s->r.bp + off, sp);
	case ORC_REG_R10:
		*sp = s->r.r10;
		break;
	case ORC_REG_R13:
		*sp = s->r.r13;
		break;
	case ORC_REG_DI:
		*sp = s->r.di;
		break;
	case ORC_REG_DX:
		*sp = s->r.dx;
		break;
	default:
		return false;
	}
	return s->has_regs;
}

/* Registers of the code that an interrupt has stopped, all of them or those
 * that the processor saves, from ip on. */
static enum step take_regs(struct state *s, uint64_t at, bool all)
{
	uint64_t w[PT_WORDS] = { 0 };
	unsigned first = all ? 0 : PT_IP;

	if (!memory_get(s->u->m, at, &w[first],
			(PT_WORDS - first) * sizeof(*w)))
		return STEP_LOST;
	if (w[PT_CS] & 3) /* a program */
		return STEP_END;
	s->r.ip = w[PT_IP];
	s->r.sp = w[PT_SP];
	if (!all)
		return STEP_ON;
	s->r.r10 = w[PT_R10];
	s->r.r13 = w[PT_R13];
	s->r.di = w[PT_DI];
	s->r.dx = w[PT_DX];
	s->saved_bp = w[PT_BP];
	s->has_regs = true;
	return STEP_ON;
}

static enum step take_return(struct state *s, uint64_t base)
{
	if (!memory_word(s->u->m, base - sizeof(uint64_t), &s->r.ip))
		return STEP_LOST;
	s->r.sp = base;
	s->has_regs = false;
	return STEP_ON;
}

static bool take_bp(struct state *s, const struct orc_entry *e, uint64_t base,
		    uint64_t bp)
{
	uint64_t off = (uint64_t)(int64_t)e->bp_offset;

	switch (e->bp_reg) {
	case ORC_REG_UNDEFINED:
		s->r.bp = s->has_regs ? s->saved_bp : bp;
		return true;
	case ORC_REG_PREV_SP:
		return memory_word(s->u->m, base + off, &s->r.bp);
	case ORC_REG_BP:
		return memory_word(s->u->m, bp + off, &s->r.bp);
	default:
		return false;
	}
}

/* A call through a null pointer: nothing but the return address is on the
 * stack. */
static const struct orc_entry at_null = {
	.sp_reg = ORC_REG_SP,
	.sp_offset = sizeof(uint64_t),
	.type = ORC_CALL,
};

static bool find_entry(const struct unwind *u, uint64_t addr,
		       struct orc_entry *e)
{
	const struct orc *orc = u->orc_of(u->ctx, addr);

	return orc && orc_find(orc, u->m, addr, e);
}

static enum step step_orc(struct state *s)
{
	struct orc_entry e = at_null;
	uint64_t base, bp = s->r.bp;
	enum step step;

	if (s->r.ip && !find_entry(s->u, s->r.ip - s->is_return, &e))
		return STEP_LOST;
	if (e.type == ORC_END_OF_STACK)
		return STEP_END;
	if (e.type < ORC_CALL || e.type > ORC_REGS_PARTIAL ||
	    !find_base(s, &e, &base))
		return STEP_LOST;
	if (e.type == ORC_CALL)
		step = take_return(s, base);
	else
		step = take_regs(s, base, e.type == ORC_REGS);
	if (step == STEP_ON && !take_bp(s, &e, base, bp))
		return STEP_LOST;
	s->is_return = !e.signal;
	return step;
}

/* ---- by frame pointers */

/* Whether a call instruction ends at @addr: with a distance, or through a
 * register or memory. */
static bool is_after_call(const struct memory *m, uint64_t addr)
{
	static const uint8_t lens[] = { 2, 3, 4, 6, 7 };
	uint8_t b[7];

	if (!memory_get(m, addr - sizeof(b), b, sizeof(b)))
		return false;
	if (b[2] == 0xe8)
		return true;
	for (size_t i = 0; i < sizeof(lens); i++) {
		const uint8_t *insn = b + sizeof(b) - lens[i];

		if (insn[0] == 0xff && (insn[1] >> 3 & 7) == 2)
			return true;
	}
	return false;
}

/* struct pt_regs of 32 bits, likewise. */
enum {
	PT32_BP = 5,
	PT32_IP = 12,
	PT32_CS = 13,
	PT32_FLAGS = 14,
	PT32_SP = 15,
	PT32_WORDS = 17,
};

/* Kernels up to 5.4 save no sp of their own code: the stack goes on there. */
static enum step take_regs_32(struct state *s, uint64_t at)
{
	uint64_t end = at + PT32_SP * sizeof(uint32_t);
	uint32_t w[PT32_WORDS];

	if (!memory_get(s->u->m, at, w, sizeof(w)))
		return STEP_LOST;
	if (w[PT32_CS] & 3 || w[PT32_FLAGS] & RFLAGS_VM) /* a program */
		return STEP_END;
	s->r.ip = w[PT32_IP];
	s->r.sp = w[PT32_SP] - end < STACK_SIZE(s->u->m) ? w[PT32_SP] : end;
	s->saved_bp = w[PT32_BP];
	return STEP_ON;
}

/* Where the kernel has saved registers, it marks their address as the frame
 * pointer: by its lowest bit, and on 32 bits by its highest, which is 0. */
static bool is_saved_regs(const struct memory *m, uint64_t bp)
{
	return m->is64 ? bp & 1 : !(bp & KERNEL_BIT_32);
}

/* In a kernel without frame pointers bp may be any number: whether registers
 * are there is seen by a segment and flags that a processor can have. */
static bool are_regs(const struct memory *m, uint64_t at)
{
	unsigned word = memory_word_size(m);
	uint64_t cs, flags;

	return memory_word(m, at + word * (m->is64 ? PT_CS : PT32_CS), &cs) &&
	       memory_word(m, at + word * (m->is64 ? PT_FLAGS : PT32_FLAGS),
			   &flags) &&
	       cs & 0xfff8 && flags & RFLAGS_FIXED && !(flags >> 22);
}

static enum step step_saved_regs(struct state *s)
{
	uint64_t at = s->u->m->is64 ? s->r.bp & ~UINT64_C(1)
				    : s->r.bp | KERNEL_BIT_32;
	enum step step;

	if (!are_regs(s->u->m, at))
		return STEP_LOST;
	if (s->u->m->is64)
		step = take_regs(s, at, true);
	else
		step = take_regs_32(s, at);
	s->r.bp = s->saved_bp;
	s->is_return = false;
	return step;
}

static enum step step_frame(struct state *s)
{
	const struct memory *m = s->u->m;
	unsigned word = memory_word_size(m);
	uint64_t bp = s->r.bp, next, ip;

	/* Code that an interrupt or its own end has stopped may be of a kernel
	 * without frame pointers. */
	if (!bp)
		return s->is_return ? STEP_END : STEP_LOST;
	if (is_saved_regs(m, bp))
		return step_saved_regs(s);
	if (bp % word || bp < s->r.sp || bp - s->r.sp >= STACK_SIZE(m) ||
	    !memory_word(m, bp, &next) || !memory_word(m, bp + word, &ip) ||
	    !s->u->is_text(s->u->ctx, ip) || !is_after_call(m, ip))
		return STEP_LOST;
	s->r = (struct unwind_regs){ .ip = ip,
				     .sp = bp + 2 * word,
				     .bp = next };
	s->is_return = true;
	return STEP_ON;
}

/* ---- both */

static void add(struct stack *s, uint64_t ip, bool is_return, bool is_guess)
{
	s->is_cut = s->count == STACK_FRAMES_MAX;
	if (!s->is_cut)
		s->frames[s->count++] = (struct frame){ ip, is_return,
							is_guess };
}

/* The rest of the stack. */
static void guess(const struct unwind *u, uint64_t sp, struct stack *s)
{
	unsigned word = memory_word_size(u->m);
	uint64_t at = sp & ~(uint64_t)(word - 1), ip;
	uint64_t left = STACK_SIZE(u->m) - at % STACK_SIZE(u->m);

	for (; left >= word && !s->is_cut; left -= word, at += word) {
		if (!memory_word(u->m, at, &ip))
			return;
		if (u->is_text(u->ctx, ip) && is_after_call(u->m, ip))
			add(s, ip, true, true);
	}
}

/* Whether the stack has gone down, or has not moved, within itself. An
 * interrupt has another stack, which may be anywhere. */
static bool goes_back(uint64_t before, uint64_t now)
{
	return now <= before && before - now < 4096;
}

void unwind_stack(const struct unwind *u, const struct unwind_regs *regs,
		  struct stack *out)
{
	struct state s = {
		.u = u, .r = *regs, .has_regs = true, .saved_bp = regs->bp
	};
	enum step step;
	uint64_t sp;

	*out = (struct stack){ 0 };
	add(out, regs->ip, false, false);
	for (;;) {
		sp = s.r.sp;
		step = u->orc_of ? step_orc(&s) : step_frame(&s);
		if (step == STEP_END)
			return;
		if (step == STEP_LOST || goes_back(sp, s.r.sp) ||
		    !u->is_text(u->ctx, s.r.ip))
			break;
		add(out, s.r.ip, s.is_return, false);
		if (out->is_cut)
			return;
	}
	guess(u, sp, out);
}
