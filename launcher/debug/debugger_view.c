/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/debugger_parts.h"

#include <elf.h>

bool view_open(const struct debugger *d, unsigned cpu, struct view *v)
{
	struct cpu_regs r;
	struct err ignored;

	if (vcpu_get_regs(hold_vcpu(&d->hold, cpu), &r, &ignored))
		return false;
	*v = (struct view){ d, cpu_paging(&r) };
	return true;
}

static bool is_ram(const struct view *v, uint64_t addr, uint64_t *gpa,
		   uint64_t *run)
{
	return walk_linear(v->d->hold.gm, &v->paging, addr, gpa, run) &&
	       guest_mem_ptr(v->d->hold.gm, *gpa, 1);
}

/* A segment with an address of its own: per-CPU data has 0. */
static bool is_kernel(const struct elf_segment *seg)
{
	return seg->type == PT_LOAD && seg->vaddr;
}

/* Whether the guest's tables know where its kernel is. */
static bool is_mapped(const struct view *v)
{
	const struct kernel_elf *k = v->d->elf;
	uint64_t gpa, run;

	for (unsigned i = 0; i < k->segments_count; i++)
		if (is_kernel(&k->segments[i]))
			return is_ram(v, k->segments[i].vaddr, &gpa, &run);
	return true;
}

static bool find_in_elf(const struct view *v, uint64_t addr, uint64_t *gpa,
			uint64_t *run)
{
	const struct kernel_elf *k = v->d->elf;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];
		uint64_t off = addr - seg->vaddr;

		if (!is_kernel(seg) || addr < seg->vaddr || off >= seg->memsz)
			continue;
		*gpa = seg->paddr + v->d->delta + off;
		*run = seg->memsz - off;
		return true;
	}
	return false;
}

bool view_find(const struct view *v, uint64_t addr, uint64_t *gpa,
	       uint64_t *run)
{
	if (is_ram(v, addr, gpa, run))
		return true;
	return v->d->elf && !is_mapped(v) && find_in_elf(v, addr, gpa, run) &&
	       guest_mem_ptr(v->d->hold.gm, *gpa, 1);
}
