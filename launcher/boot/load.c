/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first half of loading: the payload's bytes, decoded as one run.
 */
#include "boot/load.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>

#include "pv/x86.h"
#include "vm/e820.h"

/* How much room a payload needs, and how much it gets if there is more. */
struct need {
	uint64_t least;
	uint64_t most;
};

/* Where a run goes, and the room there. */
struct place {
	uint64_t gpa;
	uint64_t room;
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* UINT64_MAX: not known before all is decoded. */
static uint64_t segments_end(const struct image *img)
{
	uint64_t end = kernel_elf_segments_end(&img->head);

	return end <= IMAGE_DECODED_MAX ? end : UINT64_MAX;
}

static struct need find_need(const struct image *img)
{
	uint64_t size = img->payload.has_size ? img->payload.size : UINT64_MAX;
	uint64_t end = segments_end(img);

	if (end == UINT64_MAX)
		return (struct need){ img->payload.has_size ? size : 0, size };
	return (struct need){ min(end, size), min(end + LOAD_BEHIND, size) };
}

/*
 * Where to decode the payload so that the largest segment of @elf is at its
 * place, @delta from where it is linked, between 1 MiB and the end of low RAM.
 */
static bool natural_place(const struct kernel_elf *elf, uint64_t delta,
			  const struct guest_mem *gm, const struct need *need,
			  struct place *place)
{
	const struct elf_segment *big = NULL;
	uint64_t at;

	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->type == PT_LOAD && (!big || s->filesz > big->filesz))
			big = s;
	}
	if (!big || big->off > big->paddr + delta)
		return false;
	at = big->paddr + delta - big->off;
	if (at < HIMEM_START || !guest_mem_is_low(gm, at, need->least))
		return false;
	*place = (struct place){ at, min(need->most, gm->low_size - at) };
	return true;
}

/* Choose where a run goes. A run of unknown size gets all the room. */
static int place_run(const struct image *img, const struct guest_mem *gm,
		     const struct load_aim *aim, struct place *place,
		     struct err *e)
{
	struct need need = find_need(img);
	struct need most = { need.most, need.most };
	uint64_t all = gm->low_size - HIMEM_START;

	if (aim->lists &&
	    natural_place(&img->head, aim->delta, gm, &most, place))
		return 0;
	if (need.least && !aim->lists &&
	    natural_place(&img->head, aim->delta, gm, &need, place))
		return 0;
	if (need.least > all)
		return err_set(e, EFBIG,
			       "the decoded kernel has %" PRIu64
			       " bytes and guest memory below 4 GiB has room "
			       "for %" PRIu64 "; give it more with --mem",
			       need.least, all);
	place->room = min(need.most, all);
	place->gpa = (gm->low_size - place->room) & ~(PAGE_4K - UINT64_C(1));
	return 0;
}

/* Without its end, the payload's segments are not known. */
static int not_whole(const struct place *place, struct err *e)
{
	return err_set(e, EFBIG,
		       "the decoded kernel has more than %" PRIu64
		       " bytes, which is the room in guest memory below 4 GiB; "
		       "give it more with --mem",
		       place->room);
}

int load_check_room(const struct image *img, const struct guest_mem *gm,
		    uint64_t size, struct err *e)
{
	const struct load_aim aim = { 0 };
	struct place place;
	int rc;

	if (image_is_plain(img))
		return 0;
	rc = place_run(img, gm, &aim, &place, e);
	if (!rc && segments_end(img) == UINT64_MAX && size > place.room)
		rc = not_whole(&place, e);
	return rc;
}

int load_decode_for(const struct image *img, const struct guest_mem *gm,
		    const struct load_aim *aim, struct load_run *run,
		    struct err *e)
{
	struct place at = { 0 };
	bool whole = true;
	uint8_t *out;
	size_t len;
	int rc;

	if (image_is_plain(img)) {
		*run = (struct load_run){ img->payload.stream, .whole = true };
		return 0;
	}
	rc = place_run(img, gm, aim, &at, e);
	if (rc)
		return rc;
	out = guest_mem_ptr(gm, at.gpa, at.room);
	rc = image_decode_part(img, out, at.room, &len, &whole, e);
	if (!rc && !whole && segments_end(img) == UINT64_MAX)
		rc = not_whole(&at, e);
	if (!rc)
		*run = (struct load_run){
			{ out, len }, whole, at.gpa, at.room
		};
	return rc;
}

int load_decode(const struct image *img, const struct guest_mem *gm,
		struct load_run *run, struct err *e)
{
	const struct load_aim aim = { 0 };

	return load_decode_for(img, gm, &aim, run, e);
}

int load_parse(struct kernel_elf *k, const struct load_run *run, struct err *e)
{
	/* Section headers are at the end, and not needed. */
	return run->whole ? kernel_elf_parse(k, run->bytes, e)
			  : kernel_elf_parse_segments(k, run->bytes, e);
}

void load_discard(const struct load_run *run, const struct guest_mem *gm)
{
	if (run->len)
		guest_mem_zero(gm, run->gpa, run->len);
}
