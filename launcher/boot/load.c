/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first half of loading: the payload, decoded as one run.
 */
#include "boot/load.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "image/scratch.h"
#include "pv/x86.h"
#include "vm/e820.h"

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

int load_check_room(const struct image *img, const struct guest_mem *gm,
		    uint64_t size, struct err *e)
{
	uint64_t base;

	return place_run(img, gm, size, &base, e);
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
