/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts segments where p_paddr says; see load.h.
 *
 *   file     ....|=====off======+filesz|........
 *   window          |data ... +len|
 *   memory    paddr |=====|=============|00 bss 00| + memsz
 */
#include "lib/string.h"
#include "load.h"

/* The part of the window that is also part of the segment. */
static void copy_part(const struct elf_load *p, uint64_t pos,
		      const uint8_t *data, size_t len)
{
	uint64_t start = pos > p->off ? pos : p->off;
	uint64_t end = pos + len;

	if (end > p->off + p->filesz)
		end = p->off + p->filesz;
	if (start >= end)
		return;
	memcpy((void *)(uintptr_t)(p->paddr + (start - p->off)),
	       data + (start - pos), (size_t)(end - start));
}

const char *load_take(void *ctx, const uint8_t *data, size_t len)
{
	struct load *l = ctx;

	if (!l->pos && !elf_parse(&l->elf, data, len, &l->limits, &l->fault))
		return l->fault.what;
	for (unsigned i = 0; i < l->elf.count; i++)
		copy_part(&l->elf.loads[i], l->pos, data, len);
	l->pos += len;
	return NULL;
}

bool load_finish(struct load *l)
{
	if (l->pos != l->limits.elf_len)
		return fault_set(&l->fault, "the ELF has another length",
				 l->pos, l->limits.elf_len);
	for (unsigned i = 0; i < l->elf.count; i++) {
		const struct elf_load *p = &l->elf.loads[i];

		memset((void *)(uintptr_t)(p->paddr + p->filesz), 0,
		       (size_t)(p->memsz - p->filesz));
	}
	return true;
}
