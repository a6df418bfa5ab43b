/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the KASLR relocation lists behind the ELF; see relocs.h.
 *
 * The kernel's own reader starts at the end of the output and goes back to the
 * 0 before each list. This one does the same, and checks two more things: every
 * entry must be an address in the kernel, and the last 0 must be exactly at the
 * end of the ELF.
 *
 * Spec: Linux, arch/x86/boot/compressed/misc.c, handle_relocations(), and
 * arch/x86/tools/relocs.c, which writes the lists.
 */
#include "image/relocs.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#define ENTRY_SIZE 4

/* Physical addresses that PT_LOADs cover. */
struct range {
	uint64_t first;
	uint64_t last;
};

/* Where entries may point: disjoint ranges, ascending. */
struct places {
	struct range list[KERNEL_ELF_MAX_SEGMENTS];
	unsigned count;
	unsigned recent; /* the one that the last entry was in */
	bool is64;
	uint64_t to_phys; /* link-time virtual to physical */
};

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/*
 * The decompressor turns an entry into a physical address by one constant,
 * __START_KERNEL_map, for all of the kernel. The percpu segment, linked at
 * virtual 0 before 6.15, is not an exception: entries in it are written as if
 * it were linked where its physical address says. So the ranges are physical,
 * and the constant is taken from a segment that is linked high.
 */
static void places_init(struct places *p, const struct kernel_elf *k)
{
	unsigned n = 0;

	*p = (struct places){ .is64 = k->is64 };
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type != PT_LOAD || !s->memsz)
			continue;
		if (!p->to_phys && s->vaddr)
			p->to_phys = s->paddr - s->vaddr;
		p->list[n++] = (struct range){ s->paddr,
					       s->paddr + (s->memsz - 1) };
	}
	qsort(p->list, n, sizeof(p->list[0]), by_first);
	for (unsigned i = 0; i < n; i++) {
		struct range *top = &p->list[p->count ? p->count - 1 : 0];

		if (p->count && p->list[i].first <= top->last) {
			if (p->list[i].last > top->last)
				top->last = p->list[i].last;
		} else {
			p->list[p->count++] = p->list[i];
		}
	}
}

static bool inside(const struct range *r, uint64_t addr)
{
	return addr >= r->first && addr <= r->last;
}

/* Whether @entry, the low half of a virtual address, is in the kernel. */
static bool places_has(struct places *p, uint32_t entry)
{
	uint64_t addr = p->is64 ? (uint64_t)(int64_t)(int32_t)entry : entry;
	unsigned low = 0, high = p->count;

	addr += p->to_phys;
	if (!p->is64)
		addr = (uint32_t)addr;
	if (inside(&p->list[p->recent], addr))
		return true;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (inside(&p->list[mid], addr)) {
			p->recent = mid;
			return true;
		}
		if (addr < p->list[mid].first)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/*
 * Walk one list back from @end, which becomes the offset of its leading 0;
 * *@n counts the entries.
 */
static int walk_list(size_t *n, struct bytes b, size_t start, size_t *end,
		     struct places *p, struct err *e)
{
	size_t off = *end;

	while (off - start >= ENTRY_SIZE) {
		uint32_t entry = 0;

		off -= ENTRY_SIZE;
		bytes_le32(b, off, &entry);
		if (!entry) {
			*n = (*end - off) / ENTRY_SIZE - 1;
			*end = off;
			return 0;
		}
		if (!places_has(p, entry))
			return err_set(e, EINVAL,
				       "no relocation lists: 0x%08x at 0x%zx "
				       "is not an address in a segment",
				       entry, off);
	}
	return err_set(e, EINVAL,
		       "no relocation lists: no 0 between the end of the ELF "
		       "at 0x%zx and 0x%zx",
		       start, *end);
}

/*
 * The lists in the order in which they are read: two or three for 64 bits, one
 * for 32 bits. The first 0 must be at the end of the ELF.
 */
static int walk_lists(struct relocs *r, struct bytes b, bool is64, size_t start,
		      struct places *p, struct err *e)
{
	size_t n[3] = { 0 };
	unsigned most = is64 ? 3 : 1, least = is64 ? 2 : 1;
	size_t end = b.len;
	unsigned lists = 0;

	while (lists < most && (lists < least || end != start)) {
		int rc = walk_list(&n[lists++], b, start, &end, p, e);

		if (rc)
			return rc;
	}
	if (end != start)
		return err_set(e, EINVAL,
			       "no relocation lists: they begin at 0x%zx, the "
			       "ELF ends at 0x%zx",
			       end, start);
	if (!n[0] && !n[1] && !n[2])
		return err_set(
			e, EINVAL,
			"no relocation lists: only zeros follow the ELF");
	r->n32 = n[0];
	r->has_inverse = lists == 3;
	r->ninverse = r->has_inverse ? n[1] : 0;
	r->n64 = n[r->has_inverse ? 2 : 1];
	r->off = start;
	r->present = true;
	return 0;
}

int relocs_find(struct relocs *r, const struct kernel_elf *k, struct err *e)
{
	size_t room = k->bytes.len - k->elf_end;
	struct places p;

	*r = (struct relocs){ 0 };
	if (!room)
		return 0;
	if (room % ENTRY_SIZE)
		return err_set(e, EINVAL,
			       "no relocation lists: 0x%zx bytes follow the "
			       "ELF, not a multiple of %d",
			       room, ENTRY_SIZE);
	places_init(&p, k);
	return walk_lists(r, k->bytes, k->is64, k->elf_end, &p, e);
}
