/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own proof that it was loaded right; see selfcheck.h.
 *
 * First .bss, which is then used as memory; then the table, which is then
 * trusted; then what the table lists.
 */
#include "lib/load.h"
#include "lib/say.h"
#include "lib/string.h"
#include "selfcheck.h"

const struct selfsum selfsum __attribute__((section(".selfsum"))) = { 0 };

static const uint8_t *range_at(const struct entry_frame *f,
			       const struct selfsum_range *r)
{
	return (const uint8_t *)(uintptr_t)(f->loaded + r->start - KERNEL_PHYS);
}

/*
 * A `repe scas` over all whole words costs an interpreted processor a fraction
 * of the time for bytes; only the word where it stops and the rest are compared
 * as bytes.
 */
#ifdef KERNEL_64
#define SCAS "repe scasq"
#else
#define SCAS "repe scasl"
#endif

static const uint8_t *first_nonzero(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	size_t words = len / sizeof(long);
	bool found = false;

	if (words)
		asm volatile(SCAS
			     : "+D"(p), "+c"(words), "=@ccnz"(found)
			     : "a"(0L)
			     : "memory");
	for (p -= found ? sizeof(long) : 0; p < end; p++)
		if (*p)
			return p;
	return NULL;
}

static bool zero_ranges_are_zero(const struct entry_frame *f,
				 const struct selfsum *t)
{
	for (uint32_t i = 0; i < t->count && i < SELFSUM_RANGES; i++) {
		const struct selfsum_range *r = &t->ranges[i];
		const uint8_t *bad;

		if (!r->is_zero)
			continue;
		bad = first_nonzero(range_at(f, r), r->len);
		if (bad) {
			say("selfcheck: .bss has 0x%02x at 0x%llx\n", *bad,
			    (unsigned long long)(uintptr_t)bad);
			return false;
		}
	}
	if (f->dirty)
		say("selfcheck: .bss is not zero in its last %u bytes\n",
		    EARLY_SIZE);
	return !f->dirty;
}

static bool table_is_whole(const struct selfsum *t)
{
	uint32_t sum = selfsum_of((const uint8_t *)&t->count,
				  sizeof(*t) - sizeof(t->table_sum));

	if (sum == t->table_sum && t->count)
		return true;
	say("selfcheck: the table has sum %08x, not %08x\n", sum, t->table_sum);
	return false;
}

uint64_t selfcheck_slide(void)
{
#ifdef KERNEL_64
	return (uintptr_t)image_start - (KERNEL_VIRT + KERNEL_PHYS);
#else
	return 0;
#endif
}

/* The word at @off in the image as it was before the loader moved it. */
static uint64_t word_before(const struct entry_frame *f, uint32_t off,
			    unsigned width)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)(f->loaded + off);

	return (width == 8 ? load64(p, 0) : load32(p, 0)) - selfcheck_slide();
}

static void put_word(uint8_t *to, uint64_t v, unsigned width)
{
	if (width == 8)
		__builtin_memcpy(to, &v, 8);
	else
		__builtin_memcpy(to, &v, 4);
}

/*
 * Take the loader's relocations out of a copy of the range @r. Ranges are
 * checked in ascending order, as the words are listed; *@next is the first word
 * that does not end before the range.
 */
static void undo_relocs(const struct entry_frame *f,
			const struct selfsum_range *r, uint8_t *copy,
			uint32_t *next)
{
	const uint32_t count = selfrelocs[0], *words = selfrelocs + 1;
	uint32_t start = r->start - KERNEL_PHYS, end = start + r->len;

	for (uint32_t i = *next; i < count; i++) {
		uint32_t off = words[i] & ~SELFRELOCS_WIDE;
		unsigned width = words[i] & SELFRELOCS_WIDE ? 8 : 4;
		uint64_t v;

		if (off + width <= start) {
			*next = i + 1;
			continue;
		}
		if (off >= end)
			break;
		v = word_before(f, off, width);
		if (off >= start && off + width <= end)
			put_word(copy + (off - start), v, width);
		else
			for (uint32_t at = off; at < off + width; at++, v >>= 8)
				if (at >= start && at < end)
					copy[at - start] = (uint8_t)v;
	}
}

static bool range_is_whole(const struct entry_frame *f,
			   const struct selfsum_range *r, uint32_t *next)
{
	static uint8_t copy[SELFSUM_RANGE_MAX];
	const uint8_t *p = range_at(f, r), *checked = p;
	uint32_t sum;

	if (selfcheck_slide() && r->len <= sizeof(copy)) {
		memcpy(copy, p, r->len);
		undo_relocs(f, r, copy, next);
		checked = copy;
	}
	sum = selfsum_of(checked, r->len);
	if (sum == r->sum)
		return true;
	say("selfcheck: 0x%llx-0x%llx has sum %08x, not %08x\n",
	    (unsigned long long)(uintptr_t)p,
	    (unsigned long long)(uintptr_t)p + r->len - 1, sum, r->sum);
	return false;
}

bool selfcheck_run(const struct entry_frame *f)
{
	const struct selfsum *t = &selfsum;
	uint32_t bytes = 0, next = 0;

	/* Filled after compiling: what the compiler saw is not what is
	 * there. */
	asm("" : "+r"(t));
	if (!zero_ranges_are_zero(f, t))
		return false;
	if (!table_is_whole(t))
		return false;
	for (uint32_t i = 0; i < t->count; i++) {
		bytes += t->ranges[i].len;
		if (!t->ranges[i].is_zero &&
		    !range_is_whole(f, &t->ranges[i], &next))
			return false;
	}
	say("selfcheck: ok (%u bytes)\n",
	    bytes + (uint32_t)sizeof(*t) + EARLY_SIZE);
	return true;
}
