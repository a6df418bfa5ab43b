/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the processor's state at the entry point.
 *
 * Spec: Xen docs/misc/pvh.pandoc for PVH; Linux boot.rst, "32-bit BOOT
 * PROTOCOL" and "64-bit BOOT PROTOCOL", for the others.
 */
#include "claims.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

#define RFLAGS_TF 0x00100
#define RFLAGS_VM 0x20000

static enum verdict interrupts_are_off(const struct boot *b)
{
	return expect_equal("EFLAGS.IF", b->entry->flags & RFLAGS_IF, 0);
}

static enum verdict no_vm86_no_single_step(const struct boot *b)
{
	return expect_equal("EFLAGS", b->entry->flags & (RFLAGS_TF | RFLAGS_VM),
			    0);
}

static enum verdict paging_fits_the_entry(const struct boot *b)
{
	uint64_t want = b->entry->kind == ENTRY_LINUX_64 ? CR0_PG | CR0_PE
							 : CR0_PE;

	return expect_equal("CR0", b->entry->cr0 & (CR0_PG | CR0_PE), want);
}

/* ET is read-only and always set on the processors there are. */
static enum verdict pvh_cr0_is_pe_alone(const struct boot *b)
{
	if (b->how != BOOT_PVH)
		return SKIP;
	return expect_equal("CR0", b->entry->cr0 & ~(uint64_t)CR0_ET, CR0_PE);
}

static enum verdict pvh_cr4_is_zero(const struct boot *b)
{
	if (b->how != BOOT_PVH)
		return SKIP;
	return expect_equal("CR4", b->entry->cr4, 0);
}

static enum verdict long_mode_is_active(const struct boot *b)
{
	if (b->entry->kind != ENTRY_LINUX_64)
		return SKIP;
	return expect_equal("EFER", b->entry->efer & (EFER_LME | EFER_LMA),
			    EFER_LME | EFER_LMA);
}

static enum verdict linux_cs_is_boot_cs(const struct boot *b)
{
	if (!boot_is_linux(b))
		return SKIP;
	return expect_equal("CS", b->entry->cs, BOOT_CS);
}

static enum verdict linux_data_is_boot_ds(const struct boot *b)
{
	const struct entry_frame *f = b->entry;

	if (!boot_is_linux(b))
		return SKIP;
	return expect_equal("DS", f->ds, BOOT_DS) &&
	       expect_equal("ES", f->es, BOOT_DS) &&
	       expect_equal("SS", f->ss, BOOT_DS);
}

static enum verdict linux32_registers_are_zero(const struct boot *b)
{
	const struct entry_frame *f = b->entry;

	if (f->kind != ENTRY_LINUX_32)
		return SKIP;
	return expect_equal("EBX", f->bx, 0) && expect_equal("EDI", f->di, 0) &&
	       expect_equal("EBP", f->bp, 0);
}

static enum verdict pointer_is_aligned(const struct boot *b)
{
	uint64_t gpa = boot_is_linux(b) ? b->entry->si : b->entry->bx;

	return expect_equal("the pointer's low bits", gpa & 3, 0);
}

static const struct claim claims[] = {
	{ "interrupts are off", interrupts_are_off },
	{ "neither VM nor TF is set", no_vm86_no_single_step },
	{ "paging is on for the 64-bit entry and off for the others",
	  paging_fits_the_entry },
	{ "PVH: CR0 has PE and nothing else", pvh_cr0_is_pe_alone },
	{ "PVH: CR4 is zero", pvh_cr4_is_zero },
	{ "64-bit entry: EFER has LME and LMA", long_mode_is_active },
	{ "Linux: CS is 0x10", linux_cs_is_boot_cs },
	{ "Linux: DS, ES and SS are 0x18", linux_data_is_boot_ds },
	{ "32-bit Linux: EBX, EDI and EBP are zero",
	  linux32_registers_are_zero },
	{ "the start info or boot_params is 4-byte aligned",
	  pointer_is_aligned },
	{ 0 },
};

const struct group entry_group = { "entry", claims };
