/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own proof that it was loaded right; see selfcheck.h.
 *
 * First .bss, which is then used as memory; then the table, which is then
 * trusted; then what the table lists.
 */
#include "lib/crc32.h"
#include "lib/say.h"
#include "selfcheck.h"

const struct selfsum selfsum __attribute__((section(".selfsum"))) = { 0 };

static struct crc32_table crc_table;

static const uint8_t *range_at(const struct entry_frame *f,
			       const struct selfsum_range *r)
{
	return (const uint8_t *)(uintptr_t)(f->loaded + r->start - KERNEL_PHYS);
}

/*
 * A `repe scasl` over all whole words costs an interpreted processor a quarter
 * of the time for bytes; only the word where it stops and the rest are compared
 * as bytes.
 */
static const uint8_t *first_nonzero(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	size_t words = len / 4;
	bool found = false;

	if (words)
		asm volatile("repe scasl"
			     : "+D"(p), "+c"(words), "=@ccnz"(found)
			     : "a"(0)
			     : "memory");
	for (p -= found ? 4 : 0; p < end; p++)
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
	uint32_t crc = crc32_update(&crc_table, 0, &t->count,
				    sizeof(*t) - sizeof(t->table_crc));

	if (crc == t->table_crc && t->count)
		return true;
	say("selfcheck: the table has crc32 %08x, not %08x\n", crc,
	    t->table_crc);
	return false;
}

static bool range_is_whole(const struct entry_frame *f,
			   const struct selfsum_range *r)
{
	const uint8_t *p = range_at(f, r);
	uint32_t crc = crc32_update(&crc_table, 0, p, r->len);

	if (crc == r->crc)
		return true;
	say("selfcheck: 0x%llx-0x%llx has crc32 %08x, not %08x\n",
	    (unsigned long long)(uintptr_t)p,
	    (unsigned long long)(uintptr_t)p + r->len - 1, crc, r->crc);
	return false;
}

bool selfcheck_run(const struct entry_frame *f)
{
	const struct selfsum *t = &selfsum;
	uint32_t bytes = 0;

	/* Filled after compiling: what the compiler saw is not what is
	 * there. */
	asm("" : "+r"(t));
	if (!zero_ranges_are_zero(f, t))
		return false;
	crc32_table_init(&crc_table);
	if (!table_is_whole(t))
		return false;
	for (uint32_t i = 0; i < t->count; i++) {
		bytes += t->ranges[i].len;
		if (!t->ranges[i].is_zero && !range_is_whole(f, &t->ranges[i]))
			return false;
	}
	say("selfcheck: ok (%u bytes)\n",
	    bytes + (uint32_t)sizeof(*t) + EARLY_SIZE);
	return true;
}

uint32_t checksum(const void *data, size_t len)
{
	return crc32_update(&crc_table, 0, data, len);
}
