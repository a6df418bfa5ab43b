/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/own_names.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* The kernel's PT_LOADs, as far as copied. */
struct copies {
	struct kallsyms_part parts[KERNEL_ELF_MAX_SEGMENTS];
	unsigned count;
	uint64_t size;
};

static void copies_release(struct copies *c)
{
	for (unsigned i = 0; i < c->count; i++)
		free((void *)c->parts[i].bytes.data);
}

static int copy_bytes(struct copies *c, struct kallsyms_part *p,
		      const struct elf_segment *s, uint64_t delta,
		      const struct guest_mem *gm, struct err *e)
{
	uint8_t *copy;
	int rc;

	if (s->filesz > OWN_NAMES_COPY_MAX - c->size)
		return err_set(e, EFBIG,
			       "the kernel's segments have more than %" PRIu64
			       " bytes",
			       OWN_NAMES_COPY_MAX);
	c->size += s->filesz;
	copy = malloc(s->filesz ? s->filesz : 1);
	if (!copy)
		return err_set(e, ENOMEM, "no memory for %" PRIu64 " bytes",
			       s->filesz);
	p->bytes = (struct bytes){ copy, s->filesz };
	rc = guest_mem_read(gm, s->paddr + delta, copy, s->filesz,
			    "the kernel's segment", e);
	return rc;
}

/* Per-CPU data, before 6.15, is linked at 0 and does not slide. */
static bool is_high(const struct elf_segment *s)
{
	return s->type == PT_LOAD && s->vaddr;
}

/* All segments; the bytes of those that are @writable, or are not. */
static int copies_make(struct copies *c, bool writable,
		       const struct kernel_elf *elf,
		       const struct own_names_place *at,
		       const struct guest_mem *gm, struct err *e)
{
	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct kallsyms_part *p = &c->parts[c->count];
		int rc;

		if (s->type != PT_LOAD)
			continue;
		*p = (struct kallsyms_part){
			.vaddr = is_high(s) ? s->vaddr + at->slide : s->vaddr,
			.memsz = s->memsz,
			.writable = s->flags & PF_W
		};
		c->count++;
		if (p->writable != writable)
			continue;
		rc = copy_bytes(c, p, s, at->delta, gm, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_from(struct kallsyms *k, bool writable,
		     const struct kernel_elf *elf,
		     const struct own_names_place *at,
		     const struct guest_mem *gm, struct err *e)
{
	struct copies c = { .count = 0 };
	int rc = copies_make(&c, writable, elf, at, gm, e);

	if (!rc)
		rc = kallsyms_read(k, c.parts, c.count, elf->is64, e);
	copies_release(&c);
	return rc;
}

/* Back to the addresses that the kernel was linked for. */
static void slide_back(struct kallsyms *k, const struct kernel_elf *elf,
		       uint64_t slide)
{
	uint64_t low = UINT64_MAX;

	for (unsigned i = 0; i < elf->segments_count; i++)
		if (is_high(&elf->segments[i]) &&
		    elf->segments[i].vaddr + slide < low)
			low = elf->segments[i].vaddr + slide;
	for (uint32_t i = 0; i < k->count; i++)
		if (k->addresses[i] >= low)
			k->addresses[i] -= slide;
}

int own_names_read(struct kallsyms *k, const struct kernel_elf *elf,
		   const struct own_names_place *at, const struct guest_mem *gm,
		   struct err *e)
{
	int rc = read_from(k, false, elf, at, gm, e);

	if (rc == -ENOENT)
		rc = read_from(k, true, elf, at, gm, e);
	if (!rc)
		slide_back(k, elf, at->slide);
	return rc;
}
