/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the state that firmware leaves and an operating system relies
 * on. They hold behind a PC's firmware as well as behind a loader that runs
 * none.
 *
 * Spec: Intel 8259A and 8254 data sheets; SDM volume 3, 10 (local APIC) and
 * 11.11 (MTRRs); MultiProcessor Specification 1.4, 3.6.2.2 (virtual wire mode).
 */
#include "firmware.h"
#include "claims.h"
#include "cpu.h"
#include "ioapic.h"
#include "lib/cpuid.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "pic.h"
#include "pv/bootparam.h"
#include "pv/x86.h"
#include "trap.h"

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK	0xa1
#define PIC_CASCADE	(1u << 2)
#define PIC_ELCR_MASTER 0x4d0

#define IOAPIC_PINS 24

#define LVT_MODE	0x700
#define LVT_MODE_NMI	0x400
#define LVT_MODE_EXTINT 0x700

#define PIT_LATCH_CHANNEL0 0x00

/* An interrupt that is pending arrives at once. */
#define EARLY_TURNS 1000
#define PIT_TURNS   100000

/* Below the memory that boot loaders use, and 1 MiB above it. */
#define A20_LOW	 0x5f0
#define A20_HIGH (A20_LOW + 0x100000)

static struct {
	uint8_t masks[2];
	uint8_t levels; /* of interrupts 0 to 7 */
	uint32_t spurious, lint0, lint1, timer;
	uint32_t pins[IOAPIC_PINS];
	bool has_ioapic;
} found;

static bool has_lapic(void)
{
	return cpuid(1).d & CPUID_1_D_APIC;
}

static void look_at_ioapic(void)
{
	const struct madt_ioapic io = { .address = IOAPIC_GPA };

	found.has_ioapic = ioapic_entries(&io) == IOAPIC_PINS;
	for (unsigned n = 0; found.has_ioapic && n < IOAPIC_PINS; n++)
		found.pins[n] = ioapic_get(&io, REG_ENTRY(n));
}

/* An interrupt of the serial port, before this kernel has set up the PIC. */
static void raise_early(void)
{
	outb(COM1_PORT + UART_IER, IER_TX);
	interrupts_on();
	for (unsigned i = 0; i < EARLY_TURNS; i++)
		cpu_pause();
	interrupts_off();
	outb(COM1_PORT + UART_IER, 0);
}

void firmware_look(void)
{
	found.masks[0] = inb(PIC_MASTER_MASK);
	found.masks[1] = inb(PIC_SLAVE_MASK);
	found.levels = inb(PIC_ELCR_MASTER);
	if (has_lapic()) {
		found.spurious = lapic_read(LAPIC_SPURIOUS);
		found.lint0 = lapic_read(LAPIC_LVT_LINT0);
		found.lint1 = lapic_read(LAPIC_LVT_LINT1);
		found.timer = lapic_read(LAPIC_LVT_TIMER);
		look_at_ioapic();
	}
	if ((found.masks[0] | PIC_CASCADE) == 0xff || cpu_is_kvms())
		raise_early();
}

static enum verdict pic_is_masked(const struct boot *b)
{
	(void)b;
	if (!cpu_is_kvms() && (found.masks[0] | PIC_CASCADE) != 0xff) {
		say("     this loader leaves its firmware's interrupts on\n");
		return SKIP;
	}
	return expect_equal("the mask of interrupts 0 to 7",
			    found.masks[0] | PIC_CASCADE, 0xff) &&
	       expect_equal("the mask of interrupts 8 to 15", found.masks[1],
			    0xff);
}

static enum verdict isa_interrupts_are_edges(const struct boot *b)
{
	(void)b;
	return expect_equal("the levels",
			    found.levels & (1u << COM1_IRQ | PIC_CASCADE | 3),
			    0);
}

static enum verdict lapic_is_a_wire(const struct boot *b)
{
	(void)b;
	if (!has_lapic())
		return SKIP;
	return expect_equal("the enable bit", found.spurious & LAPIC_ENABLE,
			    LAPIC_ENABLE) &&
	       expect_equal("LINT0",
			    found.lint0 & (LAPIC_LVT_MASKED | LVT_MODE),
			    LVT_MODE_EXTINT) &&
	       expect_equal("LINT1",
			    found.lint1 & (LAPIC_LVT_MASKED | LVT_MODE),
			    LVT_MODE_NMI);
}

static enum verdict lapic_timer_is_masked(const struct boot *b)
{
	(void)b;
	if (!has_lapic())
		return SKIP;
	return expect_equal("its mask bit", found.timer & LAPIC_LVT_MASKED,
			    LAPIC_LVT_MASKED);
}

static enum verdict nothing_was_pending(const struct boot *b)
{
	(void)b;
	if (!cpu_is_kvms() && trap_foreign()) {
		say("     %u interrupts of what ran before\n", trap_foreign());
		return SKIP;
	}
	return expect_equal("interrupts of other vectors", trap_foreign(), 0);
}

static enum verdict ioapic_is_masked(const struct boot *b)
{
	(void)b;
	if (!found.has_ioapic)
		return SKIP;
	for (unsigned n = 0; n < IOAPIC_PINS; n++)
		if (!(found.pins[n] & ENTRY_MASKED)) {
			say("     pin %u has 0x%x\n", n, found.pins[n]);
			return FAIL;
		}
	return PASS;
}

static uint64_t msr(uint32_t index)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
	return low | (uint64_t)high << 32;
}

static bool has_mtrrs(void)
{
	return cpuid(1).d & CPUID_1_D_MTRR;
}

/* The type that fixed ranges give to the byte at @gpa, below 1 MiB. */
static unsigned fixed_type(uint32_t gpa)
{
	unsigned shift;
	uint32_t index;

	if (gpa < 0x80000) {
		index = MSR_MTRR_FIX64K_00000;
		shift = gpa >> 16 & 7;
	} else if (gpa < 0xc0000) {
		index = MSR_MTRR_FIX16K_80000 + (gpa - 0x80000) / 0x20000;
		shift = gpa >> 14 & 7;
	} else {
		index = MSR_MTRR_FIX4K_C0000 + (gpa - 0xc0000) / 0x8000;
		shift = gpa >> 12 & 7;
	}
	return msr(index) >> (8 * shift) & 0xff;
}

/* The type of @gpa, above 1 MiB: that of a range, else the default. UC wins
 * where several match (11.11.4.1). */
static unsigned type_of(uint64_t gpa)
{
	unsigned type = msr(MSR_MTRR_DEF_TYPE) & 0xff, ranges = 0;
	unsigned n = msr(MSR_MTRR_CAP) & 0xff;

	for (unsigned i = 0; i < n; i++) {
		uint64_t base = msr(MSR_MTRR_PHYS_BASE(i));
		uint64_t mask = msr(MSR_MTRR_PHYS_MASK(i));

		if (!(mask & MTRR_MASK_VALID) ||
		    (gpa & mask & -(uint64_t)PAGE_4K) !=
			    (base & mask & -(uint64_t)PAGE_4K))
			continue;
		if (!ranges++ || (base & 0xff) == MTRR_UC)
			type = base & 0xff;
	}
	return type;
}

static enum verdict mtrrs_are_on(const struct boot *b)
{
	(void)b;
	if (!has_mtrrs())
		return SKIP;
	return expect_equal("the enable bits",
			    msr(MSR_MTRR_DEF_TYPE) &
				    (MTRR_ENABLE | MTRR_FIXED_ENABLE),
			    MTRR_ENABLE | MTRR_FIXED_ENABLE);
}

static enum verdict low_memory_is_cached(const struct boot *b)
{
	(void)b;
	if (!has_mtrrs())
		return SKIP;
	for (uint32_t gpa = 0; gpa < 0xa0000; gpa += PAGE_4K)
		if (fixed_type(gpa) != MTRR_WB)
			return expect_equal("a type", fixed_type(gpa), MTRR_WB);
	return PASS;
}

static enum verdict screen_memory_is_not_cached(const struct boot *b)
{
	(void)b;
	if (!has_mtrrs())
		return SKIP;
	for (uint32_t gpa = 0xa0000; gpa < 0xc0000; gpa += PAGE_4K)
		if (fixed_type(gpa) != MTRR_UC)
			return expect_equal("a type", fixed_type(gpa), MTRR_UC);
	return PASS;
}

/* Firmware is there, in memory or in a ROM: it is read through the cache. */
static enum verdict firmware_memory_is_cached(const struct boot *b)
{
	(void)b;
	if (!has_mtrrs())
		return SKIP;
	for (uint32_t gpa = 0xe0000; gpa < 0x100000; gpa += PAGE_4K)
		if (fixed_type(gpa) != MTRR_WB && fixed_type(gpa) != MTRR_WP)
			return expect_equal("a type", fixed_type(gpa), MTRR_WB);
	return PASS;
}

static enum verdict ram_is_cached(const struct boot *b)
{
	if (!has_mtrrs())
		return SKIP;
	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];

		if (r->type != E820_RAM || r->start < 0x100000 || !r->len)
			continue;
		if (type_of(r->start) != MTRR_WB ||
		    type_of(r->start + r->len - 1) != MTRR_WB) {
			say("     RAM at 0x%llx\n",
			    (unsigned long long)r->start);
			return FAIL;
		}
	}
	return PASS;
}

static enum verdict registers_are_not_cached(const struct boot *b)
{
	(void)b;
	if (!has_mtrrs())
		return SKIP;
	return expect_equal("the type at the local APIC", type_of(LAPIC_GPA),
			    MTRR_UC) &&
	       expect_equal("the type at the IOAPIC", type_of(IOAPIC_GPA),
			    MTRR_UC);
}

static enum verdict pat_is_as_at_reset(const struct boot *b)
{
	(void)b;
	if (!(cpuid(1).d & CPUID_1_D_PAT))
		return SKIP;
	return expect_equal("the PAT", msr(MSR_PAT), PAT_AT_RESET);
}

static enum verdict caches_are_on(const struct boot *b)
{
	return expect_equal("CR0", b->entry->cr0 & (CR0_CD | CR0_NW), 0);
}

/* A place where no C object is. */
static volatile uint32_t *place(uintptr_t gpa)
{
	asm("" : "+r"(gpa));
	return (volatile uint32_t *)gpa;
}

/* With the gate closed both addresses are the same memory. */
static enum verdict a20_is_open(const struct boot *b)
{
	volatile uint32_t *low = place(A20_LOW);
	volatile uint32_t *high = place(A20_HIGH);
	uint32_t was_low = *low, was_high = *high;
	bool open;

	(void)b;
	*low = ~was_high;
	open = *high == was_high;
	*low = was_low;
	return open;
}

static unsigned pit_count(void)
{
	unsigned low;

	outb(PIT_COMMAND, PIT_LATCH_CHANNEL0);
	low = inb(PIT_CHANNEL0);
	return low | (unsigned)inb(PIT_CHANNEL0) << 8;
}

static enum verdict pit_counts(const struct boot *b)
{
	unsigned first = pit_count();

	(void)b;
	for (unsigned i = 0; i < PIT_TURNS; i++)
		if (pit_count() != first)
			return PASS;
	return FAIL;
}

static const struct claim claims[] = {
	{ "every interrupt of the PIC but the cascade is masked",
	  pic_is_masked },
	{ "the PIC takes ISA interrupts as edges", isa_interrupts_are_edges },
	{ "the local APIC is on: LINT0 is the PIC's, LINT1 is NMI",
	  lapic_is_a_wire },
	{ "the local APIC's timer is masked", lapic_timer_is_masked },
	{ "no interrupt of another vector was pending", nothing_was_pending },
	{ "every entry of the IOAPIC is masked", ioapic_is_masked },
	{ "the MTRRs are on, fixed ones too", mtrrs_are_on },
	{ "memory below 640 KiB is write-back", low_memory_is_cached },
	{ "a screen's memory is uncached", screen_memory_is_not_cached },
	{ "the firmware's memory is cached", firmware_memory_is_cached },
	{ "RAM above 1 MiB is write-back", ram_is_cached },
	{ "the APICs' registers are uncached", registers_are_not_cached },
	{ "the PAT has its reset value", pat_is_as_at_reset },
	{ "the caches are on", caches_are_on },
	{ "the A20 gate is open", a20_is_open },
	{ "the PIT's channel 0 counts", pit_counts },
	{ 0 },
};

const struct group firmware_group = { "firmware", claims };
