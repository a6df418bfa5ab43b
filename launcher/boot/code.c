/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/code.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "pv/bootparam.h"

#define ZIMAGE_GPA  0x10000
#define ZIMAGE_ROOM 0x80000 /* up to its setup code */

/*
 * The assumed size of a kernel without init_size (before 2.10, Linux 2.6.31),
 * in lengths of its code. Those kernels are packed with gzip to a third, the
 * last ones with lzma to a fifth; the rest is for bss, the page tables after it
 * and the decompressor.
 */
#define ASSUMED_GROWTH 8

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t code_len(const struct image *img)
{
	return img->bytes.len - img->hdr.code_off;
}

/* It decompresses itself to 1 MiB, and does not state its size. */
static int plan_zimage(struct boot_spot *spot, uint64_t len, struct err *e)
{
	if (len > ZIMAGE_ROOM)
		return err_set(e, EFBIG,
			       "a zImage of %" PRIu64
			       " bytes of code, there is room for %d",
			       len, ZIMAGE_ROOM);
	*spot = (struct boot_spot){
		.kernel = { HIMEM_START, ZIMAGE_ROOM * ASSUMED_GROWTH },
		.entry = ZIMAGE_GPA,
		.code_gpa = ZIMAGE_GPA,
	};
	return 0;
}

/*
 * A relocatable kernel goes to its preferred address, or as low as allowed; any
 * other to code32_start. If that is 0, as in images that are only entered in
 * real mode, LOADED_HIGH means 1 MiB.
 */
static uint64_t address(const struct setup_header *h,
			const struct guest_mem *gm, uint64_t room)
{
	uint64_t align = h->kernel_alignment ? h->kernel_alignment : 1;

	if (!h->relocatable)
		return h->code32_start ? h->code32_start : HIMEM_START;
	if (h->pref_address >= HIMEM_START &&
	    guest_mem_is_low(gm, h->pref_address, room))
		return h->pref_address;
	return (HIMEM_START + align - 1) / align * align;
}

/*
 * The end of the room that the kernel needs to start, with its @len bytes of
 * code at @gpa and the kernel running at @run. An assumed size only keeps the
 * initrd away, so RAM may be smaller.
 */
static uint64_t kernel_end(const struct setup_header *h,
			   const struct guest_mem *gm, uint64_t gpa,
			   uint64_t run, uint64_t len)
{
	uint64_t need = h->init_size ? h->init_size : len * ASSUMED_GROWTH;

	return max64(gpa + len, run + place_room(gm, run, need));
}

int code_plan(struct boot_spot *spot, const struct image *img,
	      const struct guest_mem *gm, uint64_t code_gpa, struct err *e)
{
	const struct setup_header *h = &img->hdr;
	uint64_t len = code_len(img);
	uint64_t room = max64(len, h->init_size);
	uint64_t gpa = code_gpa ? code_gpa : address(h, gm, room);
	uint64_t run = max64(gpa, h->pref_address);

	if (!(h->loadflags & LOADED_HIGH))
		return plan_zimage(spot, len, e);
	if (gpa < HIMEM_START)
		return err_set(e, EINVAL,
			       "code32_start 0x%" PRIx64 " is below 1 MiB",
			       gpa);
	if (!guest_mem_is_low(gm, gpa, len) ||
	    !guest_mem_is_low(gm, run, h->init_size))
		return err_set(
			e, ENOSPC,
			"the image needs 0x%" PRIx64 " bytes at 0x%" PRIx64
			" (init_size), RAM below 4 GiB ends at "
			"0x%" PRIx64 "%s",
			room, run, gm->low_size, guest_mem_may_grow(run, room));
	*spot = (struct boot_spot){
		.kernel = { gpa, kernel_end(h, gm, gpa, run, len) - gpa },
		.entry = gpa,
		.code_gpa = gpa,
	};
	return 0;
}

int code_load(const struct boot_spot *spot, const struct image *img,
	      const struct guest_mem *gm, struct memory_map *places,
	      struct err *e)
{
	uint64_t gpa = spot->code_gpa, len = code_len(img);
	/* A zImage's room is elsewhere. */
	uint64_t from = spot->kernel.gpa == gpa ? gpa + len : spot->kernel.gpa;
	uint64_t end = spot->kernel.gpa + spot->kernel.size;
	int rc;

	rc = guest_mem_write(gm, gpa, img->bytes.data + img->hdr.code_off, len,
			     "protected-mode code", e);
	if (rc)
		return rc;
	memory_map_add(places, RANGE_IMAGE, gpa, len, "bzImage code");
	memory_map_add(places, RANGE_ROOM, from, end - from, "room to unpack");
	log_step("loaded %" PRIu64
		 " bytes of protected-mode code at 0x%" PRIx64,
		 len, gpa);
	return 0;
}
