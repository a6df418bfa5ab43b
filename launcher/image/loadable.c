/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/loadable.h"

#include <elf.h>

bool loadable_segment(const struct elf_segment *s)
{
	return s->type == PT_LOAD && s->memsz;
}

bool loadable_has_byte(const struct kernel_elf *k, uint64_t gpa)
{
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (loadable_segment(s) && gpa >= s->paddr &&
		    gpa - s->paddr < s->filesz)
			return true;
	}
	return false;
}

/* By differences: a sum may be 2^64. */
static bool meet(const struct elf_segment *s, const struct elf_segment *t)
{
	return s->paddr <= t->paddr ? t->paddr - s->paddr < s->memsz
				    : s->paddr - t->paddr < t->memsz;
}

bool loadable_overlap(const struct kernel_elf *k, unsigned *a, unsigned *b)
{
	for (unsigned i = 0; i < k->segments_count; i++)
		for (unsigned j = 0; j < i; j++) {
			const struct elf_segment *s = &k->segments[j];
			const struct elf_segment *t = &k->segments[i];

			if (!loadable_segment(s) || !loadable_segment(t) ||
			    !meet(s, t))
				continue;
			*a = j;
			*b = i;
			return true;
		}
	return false;
}

struct loadable_span loadable_span(const struct kernel_elf *k)
{
	struct loadable_span span = { .low = UINT64_MAX };

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (!loadable_segment(s))
			continue;
		if (s->paddr < span.low)
			span.low = s->paddr;
		if (s->paddr + (s->memsz - 1) > span.last)
			span.last = s->paddr + (s->memsz - 1);
	}
	return span;
}
