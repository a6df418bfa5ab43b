/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts other processors; see smp.h.
 */
#include "smp.h"
#include "claims.h"
#include "cpu.h"
#include "lib/cpuid.h"
#include "lib/io.h"
#include "lib/say.h"
#include "lib/string.h"
#include "pv/bootparam.h"
#include "pv/x86.h"
#include "trap.h"

#define LOWEST_PAGE  0x2000 /* above the real-mode vectors and BIOS data */
#define HIGHEST_END  0xa0000
#define CMDLINE_ROOM 0x10000
/* Other processors share what this one runs on, and it may be busy. */
#define PATIENCE   (UINT64_C(10) * TRAP_WAIT_CYCLES)
#define TURNS_MAX  20000000
#define SEND_TURNS 1000000

/* The end of what is copied; see ap_entry.S. */
struct ap_params {
	uint64_t main;
	uint64_t stacks;
	uint32_t cr3;
	uint32_t number; /* of those that came */
	uint32_t far32, far32_cs;
	uint32_t far64, far64_cs;
	uint16_t reserved;
	uint16_t gdt_limit;
	uint32_t gdt;
	uint32_t cr0; /* of the last that came, before it set its own */
	uint32_t unused;
};

extern const uint8_t ap_code[], ap_params[], ap_code_end[];

static uint8_t stacks[SMP_CPUS_MAX][1 << SMP_STACK_SHIFT]
	__attribute__((aligned(16)));
static uint8_t saved[PAGE_4K];
static volatile uint32_t ids[SMP_CPUS_MAX]; /* plus 1; 0: not there yet */
static volatile uint32_t cpuid_ids[SMP_CPUS_MAX];
static volatile uint32_t lint0s[SMP_CPUS_MAX];
static volatile uint32_t ipis[0x100];
static volatile enum smp_order order;
static struct table_pointer gdt;
static uint8_t *page;

/* --- on other processors */

static void note_ipi(void)
{
	ipis[lapic_id() & 0xff]++;
}

static __attribute__((noreturn)) void obey(void)
{
	switch (order) {
	case SMP_SLEEP:
		for (;;)
			wait_for_interrupt();
	case SMP_CRASH:
		load_idt(0, 1);
		asm volatile("ud2");
		break;
	case SMP_RESET:
		outb(I8042_CMD, I8042_CMD_PULSE_RESET);
		break;
	case SMP_HALT:
		cpu_stop();
	case SMP_SPIN:
		break;
	}
	for (;;)
		cpu_pause();
}

static void smp_other(uint32_t number)
{
	load_gdt(&gdt);
	trap_load();
	lint0s[number] = lapic_read(LAPIC_LVT_LINT0);
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	cpuid_ids[number] = cpuid(1).b >> 24;
	ids[number] = lapic_id() + 1;
	obey();
}

/* --- on the first */

static bool overlaps(uint64_t gpa, uint64_t start, uint64_t len)
{
	return start && gpa < start + len && start < gpa + PAGE_4K;
}

/* What claims still want to read. */
static bool is_in_use(const struct boot *b, uint64_t gpa)
{
	return overlaps(gpa, (uintptr_t)b->cmdline, CMDLINE_ROOM) ||
	       overlaps(gpa, (uintptr_t)b->params, PAGE_4K) ||
	       overlaps(gpa, (uintptr_t)b->start_info, PAGE_4K);
}

/* 0: not borrowed. */
static uint32_t find_page(const struct boot *b)
{
	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];
		uint64_t gpa = (r->start + PAGE_4K - 1) & -(uint64_t)PAGE_4K;

		if (r->type != E820_RAM)
			continue;
		for (; gpa + PAGE_4K <= r->start + r->len &&
		       gpa + PAGE_4K <= HIGHEST_END;
		     gpa += PAGE_4K)
			if (gpa >= LOWEST_PAGE && !is_in_use(b, gpa))
				return (uint32_t)gpa;
	}
	return 0;
}

static struct ap_params *params(void)
{
	return (struct ap_params *)(page + (ap_params - ap_code));
}

static void fill_page(void)
{
	uint32_t gpa = (uint32_t)(uintptr_t)page;
	struct ap_params *p = params();

	_Static_assert(sizeof(struct ap_params) == 56, "ap_entry.S");
	memcpy(page, ap_code, (size_t)(ap_code_end - ap_code));
	p->main = (uintptr_t)smp_other;
	p->stacks = (uintptr_t)stacks;
	p->cr3 = (uint32_t)read_cr3();
	p->far32 += gpa;
	p->far64 += gpa;
	p->gdt += gpa;
}

bool smp_open(const struct boot *b, const struct madt *m)
{
	uint32_t gpa = find_page(b);

	if (m->cpus_count < 2) {
		say("     there is one processor\n");
		return false;
	}
	if (!gpa) {
		say("     there is no RAM below 0x%x\n", HIGHEST_END);
		return false;
	}
	page = (uint8_t *)(uintptr_t)gpa;
	memcpy(saved, page, sizeof(saved));
	for (unsigned i = 0; i < SMP_CPUS_MAX; i++)
		ids[i] = 0;
	for (unsigned i = 0; i < sizeof(ipis) / sizeof(ipis[0]); i++)
		ipis[i] = 0;
	gdt = stored_gdt();
	fill_page();
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	trap_on_interrupt(VECTOR_IPI, note_ipi);
	return true;
}

void smp_close(void)
{
	smp_send(0, ICR_INIT | ICR_ASSERT | ICR_TO_OTHERS);
	smp_wait_a_moment();
	memcpy(page, saved, sizeof(saved));
	trap_on_interrupt(VECTOR_IPI, 0);
}

void smp_restore_code(void)
{
	fill_page();
}

void smp_replace_code(const void *code, unsigned n)
{
	memcpy(page, code, n);
}

void smp_send(uint32_t apic_id, uint32_t icr)
{
	lapic_write(LAPIC_ICR_DEST, apic_id << 24);
	lapic_write(LAPIC_ICR, icr);
	for (unsigned i = 0; i < SEND_TURNS; i++)
		if (!(lapic_read(LAPIC_ICR) & ICR_PENDING))
			break;
}

void smp_init(uint32_t apic_id)
{
	smp_send(apic_id, ICR_INIT | ICR_ASSERT);
}

static uint32_t startup_icr(void)
{
	return ICR_STARTUP | ICR_ASSERT | (uint32_t)(uintptr_t)page >> 12;
}

void smp_startup(uint32_t apic_id)
{
	smp_send(apic_id, startup_icr());
}

void smp_start_all(void)
{
	order = SMP_SLEEP;
	smp_send(0, ICR_INIT | ICR_ASSERT | ICR_TO_OTHERS);
	smp_send(0, startup_icr() | ICR_TO_OTHERS);
}

/* How many have started so far, in any order. */
static unsigned came(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SMP_CPUS_MAX; i++)
		n += ids[i] != 0;
	return n;
}

static unsigned wait_for(unsigned n, uint64_t cycles)
{
	uint64_t start = read_tsc();

	for (unsigned i = 0; i < TURNS_MAX && came() < n; i++)
		if (read_tsc() - start >= cycles)
			break;
	return came();
}

unsigned smp_wait_for(unsigned n)
{
	return wait_for(n, PATIENCE);
}

unsigned smp_wait_a_moment(void)
{
	return wait_for(SMP_CPUS_MAX + 1, TRAP_WAIT_SHORT);
}

uint32_t smp_nth_id(unsigned nth)
{
	return ids[nth] - 1;
}

bool smp_start(uint32_t apic_id, enum smp_order what)
{
	unsigned before = came();

	order = what;
	smp_init(apic_id);
	smp_startup(apic_id);
	if (smp_wait_for(before + 1) != before + 1) {
		say("     processor %u does not come\n", apic_id);
		return false;
	}
	return expect_equal("the id that it says", smp_nth_id(before),
			    apic_id) &&
	       expect_equal("its id by CPUID", cpuid_ids[before], apic_id);
}

uint32_t smp_cr0(void)
{
	return params()->cr0;
}

uint32_t smp_nth_lint0(unsigned nth)
{
	return lint0s[nth];
}

unsigned smp_ipis(uint32_t apic_id, unsigned n)
{
	uint64_t start = read_tsc();

	for (unsigned i = 0; i < TURNS_MAX && ipis[apic_id & 0xff] < n; i++)
		if (read_tsc() - start >= PATIENCE)
			break;
	return ipis[apic_id & 0xff];
}
