/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux 64- and 32-bit entries. The kernel's own ELF entry and the entries
 * of the decompressor stub use the same registers.
 */
#include "boot/entry.h"

#include <errno.h>

#include "base/wire.h"
#include "vm/layout.h"
#include "pv/x86.h"

#define IDENTITY_GIB 4

/*
 * Identity map of the first 4 GiB in 2 MiB pages: kernel, boot_params and
 * command line are all there.
 *
 *   PML4[0] -> PDPT[0..3] -> four page directories, one behind another
 */
static int write_page_tables(const struct boot_handover *h, struct err *e)
{
	const uint64_t size = (2 + IDENTITY_GIB) * PAGE_4K;
	const uint64_t pdpt = LAYOUT_PAGE_TABLES + PAGE_4K;
	const uint64_t pd = pdpt + PAGE_4K;
	uint8_t *p = guest_mem_ptr(h->gm, LAYOUT_PAGE_TABLES, size);

	memory_map_add(h->places, RANGE_TABLE, LAYOUT_PAGE_TABLES, size,
		       "page tables");
	if (!p)
		return err_set(e, EFAULT, "no memory for page tables");
	put64(p, 0, pdpt | PTE_P | PTE_RW);
	for (unsigned i = 0; i < IDENTITY_GIB; i++)
		put64(p, PAGE_4K + i * 8, (pd + i * PAGE_4K) | PTE_P | PTE_RW);
	for (unsigned i = 0; i < IDENTITY_GIB * 512; i++)
		put64(p, 2 * PAGE_4K + i * 8,
		      (uint64_t)i * PAGE_2M | PTE_P | PTE_RW | PTE_PS);
	return 0;
}

static int write_gdt(const struct boot_handover *h, const void *gdt,
		     uint64_t size, struct err *e)
{
	memory_map_add(h->places, RANGE_TABLE, LAYOUT_GDT, size, "GDT");
	return guest_mem_write(h->gm, LAYOUT_GDT, gdt, size, "GDT", e);
}

int entry_linux64(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e)
{
	int rc;

	rc = boot_params_write(h, e);
	if (!rc)
		rc = write_page_tables(h, e);
	if (!rc)
		rc = write_gdt(h, boot_gdt64, sizeof(boot_gdt64), e);
	if (rc)
		return rc;
	*cpu = (struct cpu_entry){
		.mode = CPU_LONG64,
		.rip = h->entry,
		.rsp = LAYOUT_STACK,
		.rsi = LAYOUT_BOOT_PARAMS,
		.cr3 = LAYOUT_PAGE_TABLES,
		.gdt = LAYOUT_GDT,
	};
	return 0;
}

int entry_flat32(const struct boot_handover *h, struct cpu_entry *cpu,
		 struct err *e)
{
	int rc;

	rc = write_gdt(h, boot_gdt32, sizeof(boot_gdt32), e);
	if (rc)
		return rc;
	*cpu = (struct cpu_entry){
		.mode = CPU_PROT32,
		.rip = h->entry,
		.rsp = LAYOUT_STACK,
		.gdt = LAYOUT_GDT,
	};
	return 0;
}

int entry_linux32(const struct boot_handover *h, struct cpu_entry *cpu,
		  struct err *e)
{
	int rc;

	rc = boot_params_write(h, e);
	if (!rc)
		rc = entry_flat32(h, cpu, e);
	if (!rc)
		cpu->rsi = LAYOUT_BOOT_PARAMS;
	return rc;
}
