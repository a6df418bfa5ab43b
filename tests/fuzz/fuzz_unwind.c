/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call traces: whatever tables, stack and registers say, a trace ends, each of
 * its frames but the first is in the kernel's code, and it begins where the
 * vCPU was.
 *
 * Input: 1 byte: bit 0, frame pointers; bit 1, the newest form of ORC; bit 3,
 * 32 bits. 7 registers of 2 bytes each, as offsets; memory.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "autopsy/unwind.h"
#include "base/buf.h"
#include "support/flat_memory.h"
#include "support/orc_builder.h"
#include "support/tight.h"

#define BASE   UINT64_C(0xffffffff81000000)
#define BASE32 UINT64_C(0xc1000000)
#define HEAD   15
#define TEXT   0x400 /* bytes of code, then the tables, then stacks */
#define COUNT  8

static bool is_text(void *ctx, uint64_t addr)
{
	const struct flat_memory *flat = ctx;

	return addr >= flat->base && addr - flat->base < TEXT;
}

static struct orc orc;

static const struct orc *orc_of(void *ctx, uint64_t addr)
{
	(void)ctx, (void)addr;
	return &orc;
}

static uint64_t reg(const uint8_t *data, unsigned i, uint64_t base)
{
	uint16_t off;

	memcpy(&off, data + 1 + 2 * i, sizeof(off));
	return base + off;
}

static void check(const struct stack *s, struct flat_memory *flat, uint64_t ip)
{
	if (!s->count || s->count > STACK_FRAMES_MAX || s->frames[0].ip != ip ||
	    s->frames[0].is_guess)
		abort();
	for (unsigned i = 1; i < s->count; i++)
		if (!is_text(flat, s->frames[i].ip) ||
		    (s->frames[i - 1].is_guess && !s->frames[i].is_guess))
			abort();
	if (flat->reads > 20000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flat_memory flat = { 0 };
	struct memory m;
	struct orc_names names;
	struct unwind_regs r;
	struct stack s;
	uint64_t base;

	if (size < HEAD)
		return -1;
	base = data[0] & 8 ? BASE32 : BASE;
	flat.base = base;
	flat.bytes = tight(data + HEAD, size - HEAD);
	m = flat_memory(&flat, !(data[0] & 8));
	names = (struct orc_names){ .start_ip = base + TEXT,
				    .stop_ip = base + TEXT + 4 * COUNT,
				    .start = base + TEXT + 4 * COUNT,
				    .stop = base + TEXT + 10 * COUNT,
				    .header = data[0] & 2 };
	orc.count = 0;
	if (!(data[0] & 1))
		orc_open(&orc, &m, &names);
	r = (struct unwind_regs){ reg(data, 0, base), reg(data, 1, base),
				  reg(data, 2, base), reg(data, 3, base),
				  reg(data, 4, base), reg(data, 5, base),
				  reg(data, 6, base) };
	unwind_stack(&(struct unwind){ &m, orc.count ? orc_of : NULL, is_text,
				       &flat },
		     &r, &s);
	check(&s, &flat, r.ip);
	tight_free(flat.bytes);
	return 0;
}

/* Functions of 0x80 bytes that call each other; the last one ends the stack. */
static void seed(const char *name, uint8_t kind, int form)
{
	struct test_orc_row rows[COUNT] = { 0 };
	uint8_t memory[0xc00] = { 0 };
	const uint16_t regs[7] = {
		0, 0x800, 0x810, 0x900, 0x900, 0x900, 0x900
	};
	struct buf out = { 0 };

	for (unsigned i = 0; i < COUNT; i++) {
		rows[i].addr = BASE + 0x80 * i;
		rows[i].entry = (struct orc_entry){
			.sp_reg = i % 2 ? ORC_REG_BP : ORC_REG_SP,
			.sp_offset = 16,
			.bp_reg = ORC_REG_PREV_SP,
			.bp_offset = -16,
			.type = i == COUNT - 2 ? ORC_END_OF_STACK : ORC_CALL,
		};
		memory[0x80 * i + 0x1b] = 0xe8;
	}
	test_orc_build(rows, COUNT, form, memory + TEXT, BASE + TEXT);
	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t frame[2] = { BASE + 0x810 + 16 * i,
				      BASE + 0x80 * (i + 1) + 0x20 };

		memcpy(memory + 0x800 + 16 * i, frame, sizeof(frame));
	}
	buf_add(&out, &kind, 1);
	buf_add(&out, regs, sizeof(regs));
	buf_add(&out, memory, sizeof(memory));
	fuzz_seed(name, out.data, out.len);
	buf_release(&out);
}

void fuzz_seeds(void)
{
	seed("old", 0, ORC_TO_6_2);
	seed("middle", 0, ORC_6_3);
	seed("new", 2, ORC_FROM_6_4);
	seed("frames", 1, ORC_TO_6_2);
	seed("frames32", 9, ORC_TO_6_2);
}
