/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as a stopped vCPU sees it: by linear addresses, through its page
 * tables.
 *
 * Until those map the kernel, an address in the kernel's ELF means the place
 * where the launcher has loaded it, so that breakpoints can be set and code can
 * be read from the first instruction on.
 *
 * Must never trust: the guest's tables, and addresses from a debugger. Only RAM
 * is accessed.
 */
#ifndef DEBUG_VIEW_H
#define DEBUG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/kernel_elf.h"
#include "vm/debug.h"
#include "vm/guest_mem.h"
#include "vm/walk.h"

/* The kernel, where the launcher has put it. */
struct view_kernel {
	const struct kernel_elf *elf; /* NULL: not known */
	uint64_t delta;		      /* its distance from p_paddr */
	uint64_t slide;		      /* and from p_vaddr, by KASLR */
};

/* The virtual address of the kernel's first segment, or 0 if that is where it
 * was linked, or not known. */
uint64_t view_text(const struct view_kernel *kernel);

struct view {
	const struct guest_mem *gm;
	struct view_kernel kernel;
	struct paging paging;
};

/* False if the registers of @v cannot be read. */
bool view_open(struct view *view, struct vcpu *v, const struct guest_mem *gm,
	       const struct view_kernel *kernel);

/* Where @addr is in RAM, and how much follows in one piece. False if it is not
 * mapped to RAM. */
bool view_find(const struct view *view, uint64_t addr, uint64_t *gpa,
	       uint64_t *run);

/* Both return how many bytes from the start on were read or written. */
size_t view_read(const struct view *view, uint64_t addr, void *buf, size_t len);
size_t view_write(const struct view *view, uint64_t addr, const void *buf,
		  size_t len);

#endif
