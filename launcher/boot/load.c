/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/load.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image/scratch.h"
#include "pv/x86.h"
#include "vm/e820.h"

/* One PT_LOAD on its way. */
struct piece {
	unsigned index; /* program header number, for messages */
	uint64_t src;	/* GPA in the run */
	uint64_t dst;	/* GPA it belongs at */
	uint64_t filesz;
	uint64_t memsz;
	uint8_t *bounce; /* its bytes, if the run had to give them up */
	bool moved;
};

struct pieces {
	struct piece list[KERNEL_ELF_MAX_SEGMENTS];
	unsigned count;
	uint64_t low, high;
};

static bool overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	return alen && blen && a < b + blen && b < a + alen;
}

/*
 * The GPA at which the largest segment of @elf is in place if the payload is
 * decoded there; @size bytes must fit between 1 MiB and the end of low RAM.
 */
static bool natural_base(const struct kernel_elf *elf,
			 const struct guest_mem *gm, uint64_t size,
			 uint64_t *base)
{
	const struct elf_segment *big = NULL;
	uint64_t at;

	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->type == PT_LOAD && (!big || s->filesz > big->filesz))
			big = s;
	}
	if (!big || big->off > big->paddr)
		return false;
	at = big->paddr - big->off;
	if (at < HIMEM_START || !guest_mem_is_low(gm, at, size))
		return false;
	*base = at;
	return true;
}

/* Choose where a run of @size bytes goes. */
static int place_run(const struct image *img, const struct guest_mem *gm,
		     uint64_t size, uint64_t *base, struct err *e)
{
	if (natural_base(&img->head, gm, size, base))
		return 0;
	if (size > gm->low_size - HIMEM_START)
		return err_set(e, EFBIG,
			       "the decoded kernel has %" PRIu64
			       " bytes and guest memory below 4 GiB has room "
			       "for %" PRIu64 "; give it more with --mem",
			       size, gm->low_size - HIMEM_START);
	*base = (gm->low_size - size) & ~(PAGE_4K - UINT64_C(1));
	return 0;
}

/*
 * A stream that does not state its size is decoded elsewhere first: it could
 * lie anywhere else, and decoders may scribble behind their output, up to
 * the room they are given.
 */
static int decode_unsized(const struct image *img, const struct guest_mem *gm,
			  struct load_run *run, struct err *e)
{
	static const struct err more_memory = {
		.msg = "the kernel is decoded to guest memory below 4 GiB; "
		       "give it more with --mem",
	};
	struct scratch s = { 0 };
	uint64_t base = 0;
	int rc;

	rc = scratch_decode_within(&s, img, gm->low_size - HIMEM_START, e);
	if (rc == -EFBIG)
		err_also(e, &more_memory);
	if (rc)
		return rc;
	rc = place_run(img, gm, s.bytes.len, &base, e);
	if (!rc) {
		memcpy(guest_mem_ptr(gm, base, s.bytes.len), s.bytes.data,
		       s.bytes.len);
		*run = (struct load_run){ base, s.bytes.len };
	}
	scratch_release(&s);
	return rc;
}

int load_decode(const struct image *img, const struct guest_mem *gm,
		struct load_run *run, struct err *e)
{
	uint64_t size = img->payload.size;
	uint64_t base = 0;
	size_t len;
	int rc;

	if (!img->payload.has_size)
		return decode_unsized(img, gm, run, e);
	rc = place_run(img, gm, size, &base, e);
	if (rc)
		return rc;
	rc = image_decode(img, guest_mem_ptr(gm, base, size), size, &len, e);
	if (!rc)
		*run = (struct load_run){ base, len };
	return rc;
}

struct bytes load_run_bytes(const struct load_run *run,
			    const struct guest_mem *gm)
{
	return (struct bytes){ guest_mem_ptr(gm, run->gpa, run->len),
			       run->len };
}

void load_discard(const struct load_run *run, const struct guest_mem *gm)
{
	if (run->len)
		guest_mem_zero(gm, run->gpa, run->len);
}

static int collect(const struct kernel_elf *elf, const struct load_run *run,
		   struct pieces *p, struct err *e)
{
	p->count = 0;
	p->low = UINT64_MAX;
	p->high = 0;
	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->type != PT_LOAD || !s->memsz)
			continue;
		assert(p->count < KERNEL_ELF_MAX_SEGMENTS);
		p->list[p->count++] = (struct piece){
			.index = i,
			.src = run->gpa + s->off,
			.dst = s->paddr,
			.filesz = s->filesz,
			.memsz = s->memsz,
		};
		if (s->paddr < p->low)
			p->low = s->paddr;
		if (s->paddr + s->memsz > p->high)
			p->high = s->paddr + s->memsz;
	}
	if (!p->count)
		return err_set(e, EINVAL, "the ELF has no PT_LOAD segment");
	return 0;
}

static int check_overlap(const struct pieces *p, struct err *e)
{
	for (unsigned i = 0; i < p->count; i++)
		for (unsigned j = 0; j < i; j++) {
			const struct piece *a = &p->list[j];
			const struct piece *b = &p->list[i];

			if (overlap(a->dst, a->memsz, b->dst, b->memsz))
				return err_set(
					e, EINVAL,
					"segment %u (0x%" PRIx64
					", memsz 0x%" PRIx64
					") overlaps segment %u (0x%" PRIx64
					", memsz 0x%" PRIx64 ")",
					b->index, b->dst, b->memsz, a->index,
					a->dst, a->memsz);
		}
	return 0;
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
	if (__builtin_add_overflow(at, p->low & (reloc->align - 1), &at) ||
	    __builtin_add_overflow(at, p->high - p->low - 1, &last) ||
	    last > reloc->max)
		return false;
	*delta = at - p->low;
	return fits(p, gm, *delta, &misfit);
}

static int choose_delta(const struct pieces *p, const struct guest_mem *gm,
			const struct load_reloc *reloc, uint64_t *delta,
			struct err *e)
{
	const struct piece *misfit;

	*delta = 0;
	if (fits(p, gm, 0, &misfit) || find_place(p, gm, reloc, delta))
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
		       reloc->allowed ? ", and no place it may be moved to "
					"holds it"
				      : "",
		       guest_mem_may_grow(misfit->dst, misfit->memsz));
}

/* Whether writing @s at its place destroys a segment not yet moved. */
static bool blocked(const struct pieces *p, const struct piece *s)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct piece *o = &p->list[i];

		if (o != s && !o->moved && !o->bounce &&
		    overlap(s->dst, s->filesz, o->src, o->filesz))
			return true;
	}
	return false;
}

static void move_piece(struct piece *s, const struct guest_mem *gm)
{
	uint8_t *dst = guest_mem_ptr(gm, s->dst, s->filesz);

	if (s->bounce)
		memcpy(dst, s->bounce, s->filesz);
	else if (s->dst != s->src)
		memmove(dst, guest_mem_ptr(gm, s->src, s->filesz), s->filesz);
	s->moved = true;
}

/* Take one segment out of the way, to break a ring of segments that each
 * stand where another must go. No real kernel needs this. */
static int take_out(struct pieces *p, const struct guest_mem *gm, struct err *e)
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
	memcpy(small->bounce, guest_mem_ptr(gm, small->src, small->filesz),
	       small->filesz);
	return 0;
}

static int move_all(struct pieces *p, const struct guest_mem *gm, struct err *e)
{
	unsigned left = p->count;

	while (left) {
		unsigned before = left;
		int rc;

		for (unsigned i = 0; i < p->count; i++) {
			struct piece *s = &p->list[i];

			if (s->moved || blocked(p, s))
				continue;
			move_piece(s, gm);
			left--;
		}
		if (left < before)
			continue;
		rc = take_out(p, gm, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int by_dst(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->dst < y->dst ? -1 : x->dst > y->dst;
}

/* Zero what the run wrote and no segment's file bytes cover. */
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

int load_segments(const struct kernel_elf *elf, const struct load_run *run,
		  const struct guest_mem *gm, const struct load_reloc *reloc,
		  struct load_result *result, struct err *e)
{
	struct load_result r = { 0 };
	struct pieces p;
	int rc;

	rc = collect(elf, run, &p, e);
	if (!rc)
		rc = check_overlap(&p, e);
	if (!rc)
		rc = choose_delta(&p, gm, reloc, &r.delta, e);
	if (rc)
		return rc;
	for (unsigned i = 0; i < p.count; i++) {
		p.list[i].dst += r.delta;
		r.bytes += p.list[i].filesz;
	}
	rc = move_all(&p, gm, e);
	if (!rc)
		zero_leftovers(&p, run, gm);
	for (unsigned i = 0; i < p.count; i++)
		free(p.list[i].bounce);
	r.low = p.low + r.delta;
	r.high = p.high + r.delta;
	if (!rc)
		*result = r;
	return rc;
}
