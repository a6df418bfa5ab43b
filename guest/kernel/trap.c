/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IDT, and the handling of exceptions and interrupts; see trap.h.
 */
#include <stdint.h>

#include "cpu.h"
#include "end.h"
#include "entry.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pic.h"
#include "pv/testport.h"
#include "pv/x86.h"
#include "trap.h"

#define GATE_INTERRUPT 0x8e00 /* present, ring 0, IF cleared on entry */
#define EXCEPTIONS     32
#define WAIT_TURNS_MAX 20000000

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_mid;
#ifdef KERNEL_64
	uint32_t offset_high;
	uint32_t reserved;
#endif
};
_Static_assert(TRAP_VECTORS * sizeof(struct gate) <= EARLY_FRAME - EARLY_IDT,
	       "the IDT runs into the entry frame");

extern const uint8_t trap_stubs[];

static volatile unsigned counts[TRAP_VECTORS];
static volatile unsigned foreign;
static void (*handlers[TRAP_VECTORS])(void);

void trap_init(void)
{
	struct gate *idt = (struct gate *)(early_start + EARLY_IDT);
	uintptr_t stub = (uintptr_t)trap_stubs;

	for (unsigned i = 0; i < TRAP_VECTORS; i++, stub += TRAP_STUB_SIZE)
		idt[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = BOOT_CS,
			.type = GATE_INTERRUPT,
			.offset_mid = (uint16_t)(stub >> 16),
#ifdef KERNEL_64
			.offset_high = (uint32_t)(stub >> 32),
#endif
		};
	trap_load();
}

void trap_load(void)
{
	load_idt(early_start + EARLY_IDT, TRAP_VECTORS * sizeof(struct gate));
}

unsigned trap_count(unsigned vector)
{
	return counts[vector];
}

unsigned trap_foreign(void)
{
	return foreign;
}

void trap_count_clear(void)
{
	for (unsigned i = 0; i < TRAP_VECTORS; i++)
		counts[i] = 0;
}

void trap_on_interrupt(unsigned vector, void (*fn)(void))
{
	handlers[vector] = fn;
}

bool trap_wait(unsigned vector, uint64_t cycles)
{
	uint64_t start = read_tsc();
	unsigned turns = 0;

	interrupts_on();
	while (!counts[vector] && read_tsc() - start < cycles &&
	       turns++ < WAIT_TURNS_MAX)
		cpu_pause();
	interrupts_off();
	return counts[vector];
}

static void exception(const struct trap_frame *f)
{
	static const char *const names[EXCEPTIONS] = {
		[0] = "divide error",
		[1] = "debug",
		[2] = "NMI",
		[3] = "breakpoint",
		[4] = "overflow",
		[5] = "bound range",
		[6] = "invalid opcode",
		[7] = "no FPU",
		[8] = "double fault",
		[10] = "invalid TSS",
		[11] = "segment not there",
		[12] = "stack fault",
		[13] = "general protection",
		[14] = "page fault",
		[16] = "FPU error",
		[17] = "alignment check",
		[18] = "machine check",
		[19] = "SIMD error",
	};
	const char *name = names[f->vector];

	say("\nexception %u (%s) at %llx, error code %x, cr2 %llx\n",
	    (unsigned)f->vector, name ? name : "reserved",
	    (unsigned long long)f->ip, (unsigned)f->error,
	    (unsigned long long)read_cr2());
	end_with_value(TESTPORT_FAIL_EXCEPTION);
}

void trap_handle(const struct trap_frame *f)
{
	if (f->vector < EXCEPTIONS)
		exception(f);
	counts[f->vector]++;
	if (f->vector >= VECTOR_FOREIGN)
		foreign++;
	if (handlers[f->vector])
		handlers[f->vector]();
	if (f->vector < VECTOR_LAPIC)
		pic_eoi(f->vector - VECTOR_PIC_MASTER);
	else if (f->vector != VECTOR_SPURIOUS)
		lapic_write(LAPIC_EOI, 0);
}
