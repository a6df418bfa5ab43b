/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/view.h"

#include <elf.h>
#include <string.h>

bool view_open(struct view *view, struct vcpu *v, const struct guest_mem *gm,
	       const struct view_kernel *kernel)
{
	struct cpu_regs r;
	struct err ignored;

	if (vcpu_get_regs(v, &r, &ignored))
		return false;
	*view = (struct view){ gm, *kernel, cpu_paging(&r) };
	return true;
}

static bool is_ram(const struct view *view, uint64_t addr, uint64_t *gpa,
		   uint64_t *run)
{
	return walk_linear(view->gm, &view->paging, addr, gpa, run) &&
	       guest_mem_ptr(view->gm, *gpa, 1);
}

/* A segment with another virtual address: per-CPU data has 0. */
static bool is_kernel(const struct elf_segment *seg)
{
	return seg->type == PT_LOAD && seg->vaddr;
}

uint64_t view_text(const struct view_kernel *kernel)
{
	const struct kernel_elf *k = kernel->elf;

	for (unsigned i = 0; k && kernel->slide && i < k->segments_count; i++)
		if (is_kernel(&k->segments[i]))
			return k->segments[i].vaddr + kernel->slide;
	return 0;
}

/* Whether the guest's page tables map its kernel. */
static bool is_mapped(const struct view *view)
{
	const struct kernel_elf *k = view->kernel.elf;
	uint64_t gpa, run;

	for (unsigned i = 0; i < k->segments_count; i++)
		if (is_kernel(&k->segments[i]))
			return is_ram(view,
				      k->segments[i].vaddr + view->kernel.slide,
				      &gpa, &run);
	return true;
}

static bool find_in_elf(const struct view *view, uint64_t addr, uint64_t *gpa,
			uint64_t *run)
{
	const struct kernel_elf *k = view->kernel.elf;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];
		uint64_t start = seg->vaddr + view->kernel.slide;
		uint64_t off = addr - start;

		if (!is_kernel(seg) || addr < start || off >= seg->memsz)
			continue;
		*gpa = seg->paddr + view->kernel.delta + off;
		*run = seg->memsz - off;
		return true;
	}
	return false;
}

bool view_find(const struct view *view, uint64_t addr, uint64_t *gpa,
	       uint64_t *run)
{
	if (is_ram(view, addr, gpa, run))
		return true;
	return view->kernel.elf && !is_mapped(view) &&
	       find_in_elf(view, addr, gpa, run) &&
	       guest_mem_ptr(view->gm, *gpa, 1);
}

/* How many of @len bytes at @addr are before the end of all addresses. */
static size_t within_addresses(uint64_t addr, size_t len)
{
	uint64_t room = 0 - addr; /* 0: all of them */

	return addr && len > room ? room : len;
}

/* The guest's bytes at @addr, and up to *@len of them in one piece; NULL where
 * there is no memory. */
static uint8_t *piece(const struct view *view, uint64_t addr, size_t *len)
{
	uint64_t gpa, run;
	uint8_t *p;

	if (!view_find(view, addr, &gpa, &run))
		return NULL;
	if (*len > run)
		*len = run;
	/* The last page may end where RAM does. */
	while (!(p = guest_mem_ptr(view->gm, gpa, *len)))
		--*len;
	return p;
}

size_t view_read(const struct view *view, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0, n;

	len = within_addresses(addr, len);
	for (; done < len; done += n) {
		const uint8_t *p;

		n = len - done;
		p = piece(view, addr + done, &n);
		if (!p)
			break;
		memcpy((uint8_t *)buf + done, p, n);
	}
	return done;
}

size_t view_write(const struct view *view, uint64_t addr, const void *buf,
		  size_t len)
{
	size_t done = 0, n;

	len = within_addresses(addr, len);
	for (; done < len; done += n) {
		uint8_t *p;

		n = len - done;
		p = piece(view, addr + done, &n);
		if (!p)
			break;
		memcpy(p, (const uint8_t *)buf + done, n);
	}
	return done;
}
