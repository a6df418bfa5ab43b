/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/compare.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Equal stretches are skipped in steps of this. */
#define STEP 4096

static void note_diff(struct compare_segment *s, uint64_t off, uint8_t image,
		      uint8_t own)
{
	s->different++;
	if (s->kept < COMPARE_KEPT)
		s->diffs[s->kept++] = (struct compare_diff){ off, image, own };
}

static void compare_bytes(struct compare_segment *s, const uint8_t *image,
			  const uint8_t *own)
{
	for (uint64_t at = 0; at < s->memsz; at += STEP) {
		uint64_t n = s->memsz - at < STEP ? s->memsz - at : STEP;

		if (!memcmp(image + at, own + at, n))
			continue;
		for (uint64_t i = at; i < at + n; i++)
			if (image[i] != own[i])
				note_diff(s, i, image[i], own[i]);
	}
}

static int compare_segment(struct compare_segment *s,
			   const struct guest_mem *image, uint64_t delta,
			   const struct guest_mem *own, struct err *e)
{
	const uint8_t *a = guest_mem_ptr(image, s->paddr + delta, s->memsz);
	const uint8_t *b = guest_mem_ptr(own, s->paddr, s->memsz);

	if (!a || !b)
		return err_set(e, EFAULT,
			       "segment %u (0x%" PRIx64 ", memsz 0x%" PRIx64
			       ") is outside guest memory",
			       s->index, s->paddr, s->memsz);
	compare_bytes(s, a, b);
	return 0;
}

int compare_memories(struct comparison *c, const struct kernel_elf *elf,
		     const struct guest_mem *image, uint64_t delta,
		     const struct guest_mem *own, struct err *e)
{
	struct comparison r = { 0 };
	int rc = 0;

	r.segments = calloc(elf->segments_count, sizeof(*r.segments));
	if (!r.segments)
		return err_set(e, ENOMEM, "no memory to compare %u segments",
			       elf->segments_count);
	for (unsigned i = 0; !rc && i < elf->segments_count; i++) {
		const struct elf_segment *from = &elf->segments[i];
		struct compare_segment *s = &r.segments[r.count];

		if (from->type != PT_LOAD || !from->memsz)
			continue;
		*s = (struct compare_segment){
			.index = i,
			.vaddr = from->vaddr,
			.paddr = from->paddr,
			.filesz = from->filesz,
			.memsz = from->memsz,
		};
		rc = compare_segment(s, image, delta, own, e);
		r.count++;
		r.bytes += s->memsz;
		r.different += s->different;
	}
	if (rc)
		comparison_release(&r);
	else
		*c = r;
	return rc;
}

void comparison_release(struct comparison *c)
{
	free(c->segments);
	*c = (struct comparison){ 0 };
}
