/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second half of loading: moves segments from the run to their places.
 */
#include "boot/load.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "image/loadable.h"
#include "vm/e820.h"

/* One PT_LOAD on its way. */
struct piece {
	unsigned index;	    /* program header number, for messages */
	const uint8_t *src; /* its bytes in the run */
	uint64_t dst;	    /* GPA it belongs at */
	uint8_t *to;	    /* and the address there, once it is known */
	uint64_t filesz;
	uint64_t memsz;
	uint8_t *bounce; /* its bytes, if the run had to give them up */
	bool moved;
};

struct pieces {
	struct piece list[KERNEL_ELF_MAX_SEGMENTS];
	unsigned count;
	struct loadable_span span;
};

/* The ELF is parsed: its ranges are in the run. A segment without bytes may
 * have any offset. Without a run there is only a plan. */
static const uint8_t *bytes_of(const struct elf_segment *s,
			       const struct load_run *run)
{
	struct bytes b = { 0 };
	bool inside = !run || bytes_slice(run->bytes, s->off, s->filesz, &b);

	assert(inside || !s->filesz);
	return b.data;
}

static int collect(const struct kernel_elf *elf, const struct load_run *run,
		   struct pieces *p, struct err *e)
{
	p->span = loadable_span(elf);
	p->count = 0;
	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (!loadable_segment(s))
			continue;
		assert(p->count < KERNEL_ELF_MAX_SEGMENTS);
		p->list[p->count++] = (struct piece){
			.index = i,
			.src = bytes_of(s, run),
			.dst = s->paddr,
			.filesz = s->filesz,
			.memsz = s->memsz,
		};
	}
	if (!p->count)
		return err_set(e, EINVAL, "the ELF has no PT_LOAD segment");
	return 0;
}

static int check_overlap(const struct kernel_elf *elf, struct err *e)
{
	const struct elf_segment *first, *second;
	unsigned a, b;

	if (!loadable_overlap(elf, &a, &b))
		return 0;
	first = &elf->segments[a];
	second = &elf->segments[b];
	return err_set(
		e, EINVAL,
		"segment %u (0x%" PRIx64 ", memsz 0x%" PRIx64
		") overlaps segment %u (0x%" PRIx64 ", memsz 0x%" PRIx64 ")",
		b, second->paddr, second->memsz, a, first->paddr, first->memsz);
}

/* Whether every segment is low RAM above 1 MiB once moved by @delta. */
static bool fits(const struct pieces *p, const struct guest_mem *gm,
		 uint64_t delta, const struct piece **misfit)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct piece *s = &p->list[i];

		if (s->dst + delta < HIMEM_START ||
		    !guest_mem_is_low(gm, s->dst + delta, s->memsz)) {
			*misfit = s;
			return false;
		}
	}
	return true;
}

/* The lowest address that @reloc allows and that holds the whole kernel. */
static bool find_place(const struct pieces *p, const struct guest_mem *gm,
		       const struct load_reloc *reloc, uint64_t *delta)
{
	uint64_t at = reloc->min > HIMEM_START ? reloc->min : HIMEM_START;
	const struct piece *misfit;
	uint64_t last;

	if (!reloc->allowed ||
	    __builtin_add_overflow(at, reloc->align - 1, &at))
		return false;
	at &= ~(reloc->align - 1);
	/* The kernel's own offset from its alignment stays what it is. */
	if (__builtin_add_overflow(at, p->span.low & (reloc->align - 1), &at) ||
	    __builtin_add_overflow(at, p->span.last - p->span.low, &last) ||
	    last > reloc->max)
		return false;
	*delta = at - p->span.low;
	return fits(p, gm, *delta, &misfit);
}

static int choose_delta(const struct pieces *p, const struct guest_mem *gm,
			const struct load_reloc *reloc, uint64_t *delta,
			struct err *e)
{
	const struct piece *misfit;

	*delta = reloc->chosen ? reloc->delta : 0;
	if (fits(p, gm, *delta, &misfit) ||
	    (!reloc->chosen && find_place(p, gm, reloc, delta)))
		return 0;
	if (misfit->dst < HIMEM_START)
		return err_set(e, EINVAL,
			       "segment %u lies at 0x%" PRIx64
			       ", below 1 MiB, which belongs to the boot "
			       "protocol",
			       misfit->index, misfit->dst);
	return err_set(e, ENOSPC,
		       "segment %u (0x%" PRIx64 " to 0x%" PRIx64
		       ") is outside guest memory (RAM below 4 GiB ends at "
		       "0x%" PRIx64 ")%s%s",
		       misfit->index, misfit->dst, misfit->dst + misfit->memsz,
		       gm->low_size,
		       reloc->allowed ? ", and no place where it may be moved "
					"holds it"
				      : "",
		       guest_mem_may_grow(misfit->dst, misfit->memsz));
}

/* For any two places in memory; C compares unrelated pointers only as
 * numbers. */
static bool overlap(const uint8_t *a, uint64_t alen, const uint8_t *b,
		    uint64_t blen)
{
	uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;

	return alen && blen && x < y + blen && y < x + alen;
}

/* Whether writing @s at its place destroys a segment not yet moved. */
static bool blocked(const struct pieces *p, const struct piece *s)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct piece *o = &p->list[i];

		if (o != s && !o->moved && !o->bounce &&
		    overlap(s->to, s->filesz, o->src, o->filesz))
			return true;
	}
	return false;
}

static void move_piece(struct piece *s)
{
	s->moved = true;
	if (!s->filesz)
		return;
	if (s->bounce)
		memcpy(s->to, s->bounce, s->filesz);
	else if (s->to != s->src)
		memmove(s->to, s->src, s->filesz);
}

/* Save one segment elsewhere, to break a ring of segments that each occupy the
 * place of another. No real kernel needs this. */
static int take_out(struct pieces *p, struct err *e)
{
	struct piece *small = NULL;

	for (unsigned i = 0; i < p->count; i++) {
		struct piece *s = &p->list[i];

		if (!s->moved && !s->bounce &&
		    (!small || s->filesz < small->filesz))
			small = s;
	}
	assert(small);
	small->bounce = malloc(small->filesz);
	if (!small->bounce)
		return err_set(e, ENOMEM,
			       "no memory to move segment %u (0x%" PRIx64
			       " bytes)",
			       small->index, small->filesz);
	memcpy(small->bounce, small->src, small->filesz);
	return 0;
}

static int move_all(struct pieces *p, struct err *e)
{
	unsigned left = p->count;

	while (left) {
		unsigned before = left;
		int rc;

		for (unsigned i = 0; i < p->count; i++) {
			struct piece *s = &p->list[i];

			if (s->moved || blocked(p, s))
				continue;
			move_piece(s);
			left--;
		}
		if (left < before)
			continue;
		rc = take_out(p, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* How much is copied at a time. */
#define PART (UINT64_C(4) << 20)

static uint64_t parts_of(const struct piece *s)
{
	return (s->filesz + PART - 1) / PART;
}

static void copy_nth(void *pieces, size_t i)
{
	const struct pieces *p = pieces;
	const struct piece *s = p->list;
	uint64_t off, left;

	for (; i >= parts_of(s); s++)
		i -= parts_of(s);
	off = i * PART;
	left = s->filesz - off;
	memcpy(s->to + off, s->src + off, left < PART ? left : PART);
}

/*
 * From outside guest memory, so that nothing overlaps. Page faults take most of
 * the time of a copy to fresh memory, so all CPUs share it.
 */
static void copy_all(struct pieces *p)
{
	uint64_t parts = 0;

	for (unsigned i = 0; i < p->count; i++)
		parts += parts_of(&p->list[i]);
	thread_share(parts, copy_nth, p);
}

static int by_dst(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->dst < y->dst ? -1 : x->dst > y->dst;
}

/* Clear what the run wrote outside of the file bytes of segments. */
static void zero_leftovers(struct pieces *p, const struct load_run *run,
			   const struct guest_mem *gm)
{
	uint64_t at = run->gpa;
	uint64_t end = run->gpa + run->len;

	qsort(p->list, p->count, sizeof(p->list[0]), by_dst);
	for (unsigned i = 0; i < p->count && at < end; i++) {
		const struct piece *s = &p->list[i];
		uint64_t stop = s->dst < end ? s->dst : end;

		if (stop > at)
			guest_mem_zero(gm, at, stop - at);
		if (s->dst + s->filesz > at)
			at = s->dst + s->filesz;
	}
	if (at < end)
		guest_mem_zero(gm, at, end - at);
}

/* Where each piece of @run goes, and the range of all. */
static int plan_pieces(struct pieces *p, const struct kernel_elf *elf,
		       const struct load_run *run, const struct guest_mem *gm,
		       const struct load_reloc *reloc, struct load_result *r,
		       struct err *e)
{
	int rc;

	*r = (struct load_result){ 0 };
	rc = collect(elf, run, p, e);
	if (!rc)
		rc = check_overlap(elf, e);
	if (!rc)
		rc = choose_delta(p, gm, reloc, &r->delta, e);
	if (rc)
		return rc;
	for (unsigned i = 0; i < p->count; i++) {
		p->list[i].dst += r->delta;
		r->bytes += p->list[i].filesz;
	}
	r->low = p->span.low + r->delta;
	r->high = p->span.last + 1 + r->delta;
	return 0;
}

int load_plan(const struct kernel_elf *elf, const struct guest_mem *gm,
	      const struct load_reloc *reloc, struct load_result *result,
	      struct err *e)
{
	struct load_result r;
	struct pieces p;
	int rc;

	rc = plan_pieces(&p, elf, NULL, gm, reloc, &r, e);
	if (!rc)
		*result = r;
	return rc;
}

static void find_places(struct pieces *p, const struct guest_mem *gm)
{
	for (unsigned i = 0; i < p->count; i++)
		p->list[i].to = guest_mem_ptr(gm, p->list[i].dst,
					      p->list[i].filesz);
}

int load_segments(const struct kernel_elf *elf, const struct load_run *run,
		  const struct guest_mem *gm, const struct load_reloc *reloc,
		  struct load_result *result, struct err *e)
{
	struct load_result r;
	struct pieces p;
	int rc;

	rc = plan_pieces(&p, elf, run, gm, reloc, &r, e);
	if (rc)
		return rc;
	find_places(&p, gm);
	if (run->len)
		rc = move_all(&p, e);
	else
		copy_all(&p);
	if (!rc)
		zero_leftovers(&p, run, gm);
	for (unsigned i = 0; i < p.count; i++)
		free(p.list[i].bounce);
	if (!rc)
		*result = r;
	return rc;
}
