/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/walk.h"

#include <string.h>

#include "pv/x86.h"

/* Bits 12 to 51 of an entry of 8 bytes. */
#define ENTRY_ADDR UINT64_C(0x000ffffffffff000)
#define LINEAR_32  UINT64_C(0xffffffff)
#define PAGE_4M	   UINT64_C(0x400000)
#define PDE32_4M   0xffc00000u
#define LEVEL_PD   2			/* where a large page is 2 MiB */
#define LEVEL_PDPT 3			/* 1 GiB */
#define PDPT_LINE  UINT64_C(0xffffffe0) /* PAE's pointers in CR3 */

static bool read_entry(const struct guest_mem *gm, uint64_t gpa, size_t size,
		       uint64_t *entry)
{
	const void *p = guest_mem_ptr(gm, gpa, size);

	*entry = 0;
	if (p)
		memcpy(entry, p, size);
	return p && (*entry & PTE_P);
}

static void found(uint64_t page, uint64_t page_size, uint64_t addr,
		  uint64_t *gpa, uint64_t *run)
{
	uint64_t off = addr & (page_size - 1);

	*gpa = (page & ~(page_size - 1)) + off;
	*run = page_size - off;
}

static bool walk_32bit(const struct guest_mem *gm, const struct paging *p,
		       uint64_t addr, uint64_t *gpa, uint64_t *run)
{
	uint64_t table = p->cr3 & 0xfffff000, pde, pte;

	if (!read_entry(gm, table + (addr >> 22) * 4, 4, &pde))
		return false;
	if ((pde & PTE_PS) && (p->cr4 & CR4_PSE)) {
		/* Bits 13 to 20 are bits 32 to 39 of the address (PSE-36). */
		found((pde & PDE32_4M) | (pde >> 13 & 0xff) << 32, PAGE_4M,
		      addr, gpa, run);
		return true;
	}
	if (!read_entry(gm, (pde & 0xfffff000) + (addr >> 12 & 0x3ff) * 4, 4,
			&pte))
		return false;
	found(pte & 0xfffff000, PAGE_4K, addr, gpa, run);
	return true;
}

/* From the table at @table, which is of @level, down to a page. */
static bool walk_levels(const struct guest_mem *gm, uint64_t table,
			unsigned level, uint64_t addr, uint64_t *gpa,
			uint64_t *run)
{
	for (;; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		uint64_t entry;

		if (!read_entry(gm, table + (addr >> shift & 0x1ff) * 8, 8,
				&entry))
			return false;
		table = entry & ENTRY_ADDR;
		if (level == 1 || (entry & PTE_PS)) {
			found(table, UINT64_C(1) << shift, addr, gpa, run);
			/* The bit is reserved higher up. */
			return level <= LEVEL_PDPT;
		}
	}
}

static bool walk_pae(const struct guest_mem *gm, const struct paging *p,
		     uint64_t addr, uint64_t *gpa, uint64_t *run)
{
	uint64_t pointer;

	if (!read_entry(gm, (p->cr3 & PDPT_LINE) + (addr >> 30) * 8, 8,
			&pointer))
		return false;
	return walk_levels(gm, pointer & ENTRY_ADDR, LEVEL_PD, addr, gpa, run);
}

static bool walk_long(const struct guest_mem *gm, const struct paging *p,
		      uint64_t addr, uint64_t *gpa, uint64_t *run)
{
	unsigned levels = p->cr4 & CR4_LA57 ? 5 : 4;
	unsigned spare = 64 - (12 + 9 * levels);

	/* Canonical: the bits above are copies of the highest. */
	if ((uint64_t)((int64_t)(addr << spare) >> spare) != addr)
		return false;
	return walk_levels(gm, p->cr3 & ENTRY_ADDR, levels, addr, gpa, run);
}

bool walk_linear(const struct guest_mem *gm, const struct paging *p,
		 uint64_t addr, uint64_t *gpa, uint64_t *run)
{
	if ((p->cr0 & CR0_PG) && (p->efer & EFER_LMA))
		return walk_long(gm, p, addr, gpa, run);
	if (addr > LINEAR_32)
		return false;
	if (!(p->cr0 & CR0_PG)) {
		found(addr, PAGE_4K, addr, gpa, run);
		return true;
	}
	if (p->cr4 & CR4_PAE)
		return walk_pae(gm, p, addr, gpa, run);
	return walk_32bit(gm, p, addr, gpa, run);
}
