/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the KASLR relocation lists behind the ELF; see relocs.h.
 *
 * The kernel's own reader starts at the end of the output and goes back to the
 * 0 before each list. This one does the same, and checks more: every word that
 * an entry names must lie in the kernel, a list must ascend, no two words may
 * overlap, and the last 0 must be exactly at the end of the ELF.
 *
 * Spec: Linux, arch/x86/boot/compressed/misc.c, handle_relocations(), and
 * arch/x86/tools/relocs.c, which writes the lists.
 */
#include "image/relocs.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"

#define ENTRY_SIZE 4

/* How many bytes the word of an entry has. */
#define WIDTH_32 4
#define WIDTH_64 8

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
static uint64_t find_to_phys(const struct kernel_elf *k)
{
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type == PT_LOAD && s->memsz && s->vaddr)
			return s->paddr - s->vaddr;
	}
	return 0;
}

static void places_init(struct places *p, const struct kernel_elf *k)
{
	unsigned n = 0;

	*p = (struct places){ .is64 = k->is64, .to_phys = find_to_phys(k) };
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (s->type != PT_LOAD || !s->memsz)
			continue;
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

/* The physical address of @entry, the low half of a virtual one. */
static uint64_t phys_of(uint32_t entry, bool is64, uint64_t to_phys)
{
	if (!is64)
		return (uint32_t)(entry + (uint32_t)to_phys);
	return (uint64_t)(int64_t)(int32_t)entry + to_phys;
}

static bool inside(const struct range *r, uint64_t addr, unsigned width)
{
	return addr >= r->first && addr <= r->last &&
	       r->last - addr >= width - 1;
}

/* Whether the word of @width bytes that @entry names is in the kernel. */
static bool places_has(struct places *p, uint32_t entry, unsigned width)
{
	uint64_t addr = phys_of(entry, p->is64, p->to_phys);
	unsigned low = 0, high = p->count;

	if (inside(&p->list[p->recent], addr, width))
		return true;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (inside(&p->list[mid], addr, width)) {
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

static int outside_segments(uint32_t entry, size_t off, struct err *e)
{
	return err_set(e, EINVAL,
		       "no relocation lists: 0x%08x at 0x%zx is not an address "
		       "in a segment",
		       entry, off);
}

/* Read a list's entry; the caller has checked that it is there. */
static uint32_t entry_at(struct bytes b, size_t off)
{
	return get32(b.data, off);
}

/*
 * Walk one list back from @end, which becomes the offset of its leading 0;
 * *@n counts the entries. Only the last one is checked yet, to tell lists from
 * other bytes.
 */
static int walk_list(size_t *n, struct bytes b, size_t start, size_t *end,
		     struct places *places, struct err *e)
{
	const uint8_t *first = b.data + start, *p = b.data + *end;

	if (*end - start >= ENTRY_SIZE) {
		uint32_t entry = entry_at(b, *end - ENTRY_SIZE);

		if (entry && !places_has(places, entry, WIDTH_32))
			return outside_segments(entry, *end - ENTRY_SIZE, e);
	}
	while ((size_t)(p - first) >= ENTRY_SIZE) {
		p -= ENTRY_SIZE;
		if (get32(p, 0))
			continue;
		*n = (size_t)(b.data + *end - p) / ENTRY_SIZE - 1;
		*end = (size_t)(p - b.data);
		return 0;
	}
	return err_set(e, EINVAL,
		       "no relocation lists: no 0 between the end of the ELF "
		       "at 0x%zx and 0x%zx",
		       start, *end);
}

/* One list while all are merged. */
struct cursor {
	size_t start, off, end;
	unsigned width;
	uint64_t next; /* the entry at off; UINT64_MAX at the end */
	struct places places;
	uint64_t first, last; /* entries of words in the recent place */
};

static void cursor_load(struct cursor *c, struct bytes b)
{
	c->next = c->off < c->end ? entry_at(b, c->off) : UINT64_MAX;
}

static void set_cursor(struct cursor *c, struct bytes b, size_t off, size_t n,
		       unsigned width, const struct places *p)
{
	*c = (struct cursor){ .start = off,
			      .off = off,
			      .end = off + n * ENTRY_SIZE,
			      .width = width,
			      .places = *p,
			      .first = UINT64_MAX };
	cursor_load(c, b);
}

/* Look for the place of the next word, and remember it as entries: most words
 * are in the place of the one before. */
static bool find_place(struct cursor *c)
{
	const struct places *p = &c->places;
	const struct range *r;
	uint64_t first, span;

	if (!places_has(&c->places, (uint32_t)c->next, c->width))
		return false;
	r = &p->list[p->recent];
	span = r->last - r->first;
	first = (uint32_t)(r->first - p->to_phys);
	/* A place that is not in one half of 32 bits, in which entries and
	 * addresses ascend together, is looked for each time. */
	c->first = UINT64_MAX;
	if (span > UINT32_MAX || first >> 31 != (first + span) >> 31)
		return true;
	c->first = first;
	c->last = first + span - (c->width - 1);
	return true;
}

/* The word at @c begins before the last one has ended: in its own list, or in
 * another one. */
static int not_behind(const struct cursor *c, struct bytes b, struct err *e)
{
	uint32_t entry = (uint32_t)c->next, before;

	if (c->off > c->start) {
		before = entry_at(b, c->off - ENTRY_SIZE);
		if ((uint64_t)before + WIDTH_32 > entry)
			return err_set(e, EINVAL,
				       "no relocation lists: 0x%08x does not "
				       "come before 0x%08x (0x%zx), which "
				       "follows it",
				       before, entry, c->off);
	}
	return err_set(e, EINVAL,
		       "no relocation lists: the word at 0x%08x (0x%zx) "
		       "overlaps another one",
		       entry, c->off);
}

/* How many entries are checked at a time. */
#define BLOCK 8

/* Whether the BLOCK entries at @p are from @low on and ascend by @width at
 * least: without a branch for each, which is three times as fast. */
static bool block_ascends(const uint8_t *p, uint64_t low, unsigned width)
{
	uint64_t below = 0; /* its sign: a difference was negative */

	for (unsigned i = 0; i < BLOCK; i++) {
		uint64_t entry = get32(p, i * ENTRY_SIZE);

		below |= entry - low;
		low = entry + width;
	}
	return !(below >> 63);
}

/* Pass the entries that follow in order, in the same place, and before those of
 * the other lists: nearly all of them. */
static void pass_sound(struct cursor *c, struct bytes b, uint64_t until,
		       uint64_t *limit)
{
	const uint8_t *p = b.data + c->off, *end = b.data + c->end;
	const unsigned width = c->width;
	uint64_t low = *limit, high = until - 1;

	if (c->first == UINT64_MAX)
		return;
	if (high > c->last)
		high = c->last;
	for (; (size_t)(end - p) >= BLOCK * ENTRY_SIZE;
	     p += BLOCK * ENTRY_SIZE) {
		uint64_t last = get32(p, (BLOCK - 1) * ENTRY_SIZE);

		if (last > high || !block_ascends(p, low, width))
			break;
		low = last + width;
	}
	for (; p < end; p += ENTRY_SIZE) {
		uint64_t entry = get32(p, 0);

		if (entry < low || entry > high)
			break;
		low = entry + width;
	}
	c->off = (size_t)(p - b.data);
	*limit = low;
}

/* The lists seldom alternate, so the entries of one are passed until another
 * list has a lower one. */
static int pass_run(struct cursor *c, struct bytes b, uint64_t until,
		    uint64_t *limit, struct err *e)
{
	for (; c->next < until; cursor_load(c, b)) {
		if (c->next < *limit)
			return not_behind(c, b, e);
		if ((c->next < c->first || c->next > c->last) && !find_place(c))
			return outside_segments((uint32_t)c->next, c->off, e);
		*limit = c->next + c->width;
		c->off += ENTRY_SIZE;
		pass_sound(c, b, until, limit);
	}
	return 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Each word must be in a segment, and be moved once: the lists, merged, must
 * ascend and not overlap. */
static int check_words(const struct relocs *r, struct bytes b,
		       const struct places *p, struct err *e)
{
	const size_t after64 = r->off + (r->n64 + 2) * ENTRY_SIZE;
	struct cursor c[3];
	uint64_t limit = 0;

	set_cursor(&c[0], b, r->off + ENTRY_SIZE, r->n64, WIDTH_64, p);
	set_cursor(&c[1], b, after64, r->ninverse, WIDTH_32, p);
	set_cursor(&c[2], b, b.len - r->n32 * ENTRY_SIZE, r->n32, WIDTH_32, p);
	for (;;) {
		unsigned low = c[1].next < c[0].next ? 1 : 0;
		uint64_t until;
		int rc;

		low = c[2].next < c[low].next ? 2 : low;
		if (c[low].next == UINT64_MAX)
			return 0;
		until = lower(c[(low + 1) % 3].next, c[(low + 2) % 3].next);
		/* Words at the same place: one of them, and the next turn finds
		 * the overlap. */
		if (until == c[low].next)
			until++;
		rc = pass_run(&c[low], b, until, &limit, e);
		if (rc)
			return rc;
	}
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
	r->n64 = is64 ? n[r->has_inverse ? 2 : 1] : 0;
	r->off = start;
	return 0;
}

int relocs_find(struct relocs *r, const struct kernel_elf *k, struct err *e)
{
	size_t room = k->bytes.len - k->elf_end;
	struct relocs found = { 0 };
	struct places p;
	int rc;

	*r = (struct relocs){ 0 };
	if (!room)
		return 0;
	if (room % ENTRY_SIZE)
		return err_set(e, EINVAL,
			       "no relocation lists: 0x%zx bytes follow the "
			       "ELF, not a multiple of %d",
			       room, ENTRY_SIZE);
	places_init(&p, k);
	rc = walk_lists(&found, k->bytes, k->is64, k->elf_end, &p, e)
		     ?: check_words(&found, k->bytes, &p, e);
	if (rc)
		return rc;
	found.present = true;
	*r = found;
	return 0;
}

int relocs_copy(struct reloc_lists *l, const struct relocs *r,
		const struct kernel_elf *k, struct err *e)
{
	size_t len = k->bytes.len - r->off;
	uint8_t *copy;

	if (!r->present)
		return err_set(e, ENOENT, "there are no relocation lists");
	copy = malloc(len);
	if (!copy)
		return err_set(e, ENOMEM,
			       "no memory for %zu bytes of relocation lists",
			       len);
	memcpy(copy, k->bytes.data + r->off, len);
	*l = (struct reloc_lists){
		.bytes = { copy, len },
		.counts = *r,
		.is64 = k->is64,
		.to_phys = find_to_phys(k),
	};
	return 0;
}

void reloc_lists_release(struct reloc_lists *l)
{
	free((void *)l->bytes.data);
	*l = (struct reloc_lists){ 0 };
}

/*
 * A kernel's memory. The loops below get it by value: they write bytes, which
 * may alias anything that a pointer leads to, so that it would be read again
 * for each word.
 */
struct target {
	uint8_t *memory;
	uint64_t len;
	uint64_t to_phys, mask; /* from an entry to a link-time address */
	uint64_t low;		/* the address of the first byte */
};

/* How many entries ahead their words are fetched into the cache. */
#define AHEAD 16

/* Where the word of the entry at @p is in the memory. */
static inline uint64_t offset_of(struct target t, const uint8_t *p)
{
	uint64_t entry = (uint64_t)(int64_t)(int32_t)get32(p, 0);

	return ((entry + t.to_phys) & t.mask) - t.low;
}

/* As a number: it need not be in memory. */
static inline void fetch(struct target t, const uint8_t *p)
{
	__builtin_prefetch((void *)((uintptr_t)t.memory + offset_of(t, p)), 1);
}

/*
 * Add to the words of @n entries. Returns the first entry whose word is outside
 * of the memory, or NULL. A function for each @width is made of it.
 */
static inline __attribute__((always_inline)) const uint8_t *move(
	struct target t, const uint8_t *p, size_t n, uint64_t add,
	unsigned width)
{
	for (; n; n--, p += ENTRY_SIZE) {
		uint64_t off = offset_of(t, p);
		uint8_t *word;

		if (n > AHEAD)
			fetch(t, p + AHEAD * ENTRY_SIZE);
		if (off > t.len || t.len - off < width)
			return p;
		word = t.memory + off;
		if (width == WIDTH_64)
			put64(word, 0, get64(word, 0) + add);
		else
			put32(word, 0, get32(word, 0) + (uint32_t)add);
	}
	return NULL;
}

static const uint8_t *move_64(struct target t, const uint8_t *p, size_t n,
			      uint64_t add)
{
	return move(t, p, n, add, WIDTH_64);
}

static const uint8_t *move_32(struct target t, const uint8_t *p, size_t n,
			      uint64_t add)
{
	return move(t, p, n, add, WIDTH_32);
}

int relocs_apply(const struct reloc_lists *l, uint8_t *memory, uint64_t low,
		 uint64_t len, uint64_t slide, struct err *e)
{
	const struct relocs *n = &l->counts;
	const uint8_t *first = l->bytes.data + ENTRY_SIZE;
	const uint8_t *inverse = first + (n->n64 + 1) * ENTRY_SIZE;
	const uint8_t *last = l->bytes.data + l->bytes.len -
			      n->n32 * ENTRY_SIZE;
	const struct target t = { memory, len, l->to_phys,
				  l->is64 ? UINT64_MAX : UINT32_MAX, low };
	const uint8_t *outside;

	outside = move_64(t, first, n->n64, slide)
			  ?: move_32(t, inverse, n->ninverse, 0 - slide)
			  ?: move_32(t, last, n->n32, slide);
	if (!outside)
		return 0;
	return err_set(e, EINVAL,
		       "the relocation 0x%08x is outside the kernel's memory",
		       get32(outside, 0));
}

bool relocs_first(const struct reloc_lists *l, uint64_t *gpa)
{
	if (!l->counts.n64)
		return false;
	*gpa = phys_of(get32(l->bytes.data, ENTRY_SIZE), l->is64, l->to_phys);
	return true;
}
