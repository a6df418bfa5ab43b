/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: the guest's RAM, as one mapping of ours.
 *
 *   guest-physical                     host mapping
 *   0 ............ low_size            base .......... base + low_size
 *   low_size ..... 4 GiB   the hole: LAPIC, IOAPIC, device registers
 *   4 GiB ........ 4 GiB + high_size   base + low_size .......
 *
 * The mapping is NORESERVE with huge pages advised: pages cost nothing until
 * written. guest_mem_ptr() is the only way from a guest-physical address to
 * a pointer, and it takes a length.
 *
 * Must never trust: a GPA or length that comes from the guest or an image.
 * While vCPUs run, the bytes change under the reader: copy, check the copy,
 * use the copy.
 */
#ifndef VM_GUEST_MEM_H
#define VM_GUEST_MEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define GUEST_MEM_MIN  (UINT64_C(64) << 20)
#define GUEST_MEM_MAX  (UINT64_C(512) << 30)
#define GUEST_MEM_HOLE UINT64_C(0xc0000000)  /* 3 GiB: where the hole begins */
#define GUEST_MEM_HIGH UINT64_C(0x100000000) /* 4 GiB: where it ends */

struct guest_mem {
	uint8_t *base;
	uint64_t low_size;  /* bytes from GPA 0 */
	uint64_t high_size; /* bytes from 4 GiB */
	void *mapping;	    /* what to unmap: base is aligned inside it */
	uint64_t mapping_size;
	/* Where KVM sees the same bytes. Usually that is base; with a second
	 * mapping, single pages can be removed from KVM while ours stays. */
	uint8_t *view;
	void *view_mapping; /* NULL: there is no second */
};

/*
 * Map @size bytes of guest memory.
 *
 * @size: GUEST_MEM_MIN to GUEST_MEM_MAX, a multiple of 4 KiB.
 * Returns 0, -EINVAL with the limit, or the system's -errno.
 */
int guest_mem_init(struct guest_mem *gm, uint64_t size, struct err *e);
void guest_mem_release(struct guest_mem *gm);

/*
 * The same with a second mapping for KVM. This memory is shared, and a host may
 * not support huge pages for it.
 */
int guest_mem_init_twice(struct guest_mem *gm, uint64_t size, struct err *e);

/*
 * Remove the page at @gpa, which must be RAM, from KVM, or restore it. While it
 * is removed, an access to it ends KVM_RUN: see VCPU_TRAP_NO_ACCESS and
 * VCPU_TRAP_FAILED. Needs guest_mem_init_twice().
 */
int guest_mem_set_access(const struct guest_mem *gm, uint64_t gpa, bool access,
			 struct err *e);

/*
 * The sizes of guest memory of @size bytes, without memory: only for plans.
 * There is nothing to release.
 */
struct guest_mem guest_mem_sizes(uint64_t size);

/* Total RAM in bytes. */
uint64_t guest_mem_size(const struct guest_mem *gm);

/*
 * The host address of guest bytes [@gpa, @gpa + @len), or NULL unless all of
 * them are RAM on one side of the hole. A range that ends exactly at the end of
 * RAM is valid; so is an empty one at the end.
 */
void *guest_mem_ptr(const struct guest_mem *gm, uint64_t gpa, uint64_t len);

/*
 * Whether guest bytes [@gpa, @gpa + @len) are RAM below the hole, where
 * kernels are loaded: boot protocols start in 32 bits, or with page tables
 * for 4 GiB.
 */
bool guest_mem_is_low(const struct guest_mem *gm, uint64_t gpa, uint64_t len);

/* "; give it more with --mem" if more memory would put the range into low
 * RAM, else "": the end of an error message. */
const char *guest_mem_may_grow(uint64_t gpa, uint64_t len);

/* Copy into or out of guest memory; -EFAULT if outside RAM, naming @what. */
int guest_mem_write(const struct guest_mem *gm, uint64_t gpa, const void *src,
		    uint64_t len, const char *what, struct err *e);
int guest_mem_read(const struct guest_mem *gm, uint64_t gpa, void *dst,
		   uint64_t len, const char *what, struct err *e);

/* How many bytes of memory have been read or written, by the guest or by us, in
 * whole pages of the host: mincore(2). A huge page counts completely. */
uint64_t guest_mem_touched(const struct guest_mem *gm);

/*
 * Return the memory of the guest bytes at @p, which guest_mem_ptr() has
 * returned for this range, to the host: whole pages only. They read as zeros
 * afterwards. Returns how many bytes that were.
 */
uint64_t guest_mem_discard(const struct guest_mem *gm, void *p, uint64_t len);

/*
 * Call @see with each such page of PAGE_4K bytes until it returns true, and
 * return whether it has. A page that the host has swapped out may be left out.
 */
bool guest_mem_find_page(const struct guest_mem *gm,
			 bool (*see)(void *ctx, const uint8_t *page),
			 void *ctx);

/*
 * Clear guest bytes, and drop whole pages where that is cheaper. The range must
 * be RAM (asserted): callers have taken a pointer to it before.
 */
void guest_mem_zero(const struct guest_mem *gm, uint64_t gpa, uint64_t len);

#endif
