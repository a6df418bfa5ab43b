/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "autopsy/vmcore.h"
#include "pv/x86.h"
#include "vm/debug.h"

/* Where the kernel has all of RAM, without randomisation: with four levels of
 * page tables, and with five. */
#define DIRECT_MAP_4  UINT64_C(0xffff888000000000)
#define DIRECT_MAP_5  UINT64_C(0xff11000000000000)
#define DIRECT_MAP_32 UINT64_C(0xc0000000)

static uint64_t direct_map(struct autopsy *a)
{
	uint64_t base;

	if (!a->memory.is64)
		return DIRECT_MAP_32;
	if (autopsy_variable(a, "page_offset_base", &base) && base >> 63)
		return base;
	return a->tables_count && a->tables[0].cr4 & CR4_LA57 ? DIRECT_MAP_5
							      : DIRECT_MAP_4;
}

/* In the order of struct cpu_regs: rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8
 * to r15 */
static const uint8_t gpr_order[16] = {
	VMCORE_RAX, VMCORE_RBX, VMCORE_RCX, VMCORE_RDX, VMCORE_RSI, VMCORE_RDI,
	VMCORE_RBP, VMCORE_RSP, VMCORE_R8,  VMCORE_R9,	VMCORE_R10, VMCORE_R11,
	VMCORE_R12, VMCORE_R13, VMCORE_R14, VMCORE_R15,
};

/* All zero if they cannot be read: each CPU has its place. */
static void take_cpu(struct vmcore_cpu *cpu, struct vcpu *v)
{
	struct cpu_regs r;
	struct err ignored;

	if (vcpu_get_regs(v, &r, &ignored))
		return;
	for (unsigned i = 0; i < 16; i++)
		cpu->regs[gpr_order[i]] = r.gpr[i];
	cpu->regs[VMCORE_ORIG_RAX] = -1ull; /* not in a system call */
	cpu->regs[VMCORE_RIP] = r.rip;
	cpu->regs[VMCORE_RFLAGS] = r.rflags;
	cpu->regs[VMCORE_CS] = r.cs;
	cpu->regs[VMCORE_SS] = r.ss;
	cpu->regs[VMCORE_DS] = r.ds;
	cpu->regs[VMCORE_ES] = r.es;
	cpu->regs[VMCORE_FS] = r.fs;
	cpu->regs[VMCORE_GS] = r.gs;
	cpu->regs[VMCORE_FS_BASE] = r.fs_base;
	cpu->regs[VMCORE_GS_BASE] = r.gs_base;
}

/* The kernel's image as one segment, by its first and last address. */
static bool find_image(const struct autopsy *a, struct vmcore_load *load)
{
	const struct symbols *s = a->symbols;
	uint64_t first = UINT64_MAX, end = 0, paddr = 0;

	for (unsigned i = 0; !s->moved && i < s->kernel->segments_count; i++) {
		const struct elf_segment *seg = &s->kernel->segments[i];

		if (!symbols_segment(s, symbols_running(s, seg->vaddr)))
			continue;
		if (seg->vaddr < first) {
			first = seg->vaddr;
			paddr = seg->paddr + s->delta;
		}
		if (seg->vaddr + seg->memsz > end)
			end = seg->vaddr + seg->memsz;
	}
	if (end <= first || !guest_mem_is_low(a->gm, paddr, end - first))
		return false;
	*load = (struct vmcore_load){ symbols_running(s, first), paddr,
				      end - first, paddr };
	return true;
}

static unsigned list_loads(struct autopsy *a, struct vmcore_load *loads)
{
	const struct guest_mem *gm = a->gm;
	uint64_t base = direct_map(a);
	unsigned n = find_image(a, &loads[0]);

	loads[n++] = (struct vmcore_load){ base, 0, gm->low_size, 0 };
	if (gm->high_size)
		loads[n++] = (struct vmcore_load){ base + GUEST_MEM_HIGH,
						   GUEST_MEM_HIGH,
						   gm->high_size,
						   gm->low_size };
	return n;
}

static int write_head(struct output *o, struct autopsy *a, struct patience *p,
		      struct err *e)
{
	struct vmcore_load loads[VMCORE_LOADS_MAX];
	struct vmcore_cpu *cpus = calloc(a->cpus, sizeof(*cpus));
	struct buf head = { 0 };
	struct vmcore v = {
		.is64 = a->memory.is64,
		.loads = loads,
		.loads_count = list_loads(a, loads),
		.cpus = cpus,
		.cpus_count = cpus ? a->cpus : 0,
		.info = { (const uint8_t *)a->info.text, a->info.len },
	};
	struct bytes bytes;
	int rc;

	for (unsigned i = 0; i < v.cpus_count; i++)
		take_cpu(&cpus[i], &a->vcpus[i]);
	vmcore_head(&v, &head);
	bytes = buf_bytes(&head);
	rc = head.failed || !cpus
		     ? err_set(e, ENOMEM, "no memory for the head of the core")
		     : output_write(o, &bytes, 1, p, e);
	buf_release(&head);
	free(cpus);
	return rc;
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE_4K - 1);
}

/* How many bytes from @at on, at most @len, are in pages that are all zero, or
 * all not. */
static uint64_t run_of(const uint8_t *at, uint64_t len, bool zero)
{
	uint64_t n = 0;

	while (n < len && is_zero(at + n) == zero)
		n += PAGE_4K;
	return n;
}

static int write_ram(struct output *o, const uint8_t *ram, uint64_t len,
		     struct patience *p, struct err *e)
{
	uint64_t n;
	int rc = 0;

	for (uint64_t at = 0; !rc && at < len; at += n) {
		bool zero = is_zero(ram + at);
		const struct bytes part = {
			ram + at, n = run_of(ram + at, len - at, zero)
		};

		rc = zero ? output_skip(o, n, p, e)
			  : output_write(o, &part, 1, p, e);
	}
	return rc;
}

int core_write(struct output *o, struct autopsy *a, struct patience *p,
	       struct err *e)
{
	int rc;

	if (!autopsy_begin(a))
		rc = err_set(e, ENOENT,
			     "there is no guest that has run a "
			     "kernel");
	else
		rc = write_head(o, a, p, e)
			     ?: write_ram(o, a->gm->base, guest_mem_size(a->gm),
					  p, e);
	if (!rc)
		return output_commit(o, e);
	output_discard(o);
	return rc;
}
