/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placement; see place.h for the promise and pv/stub.h for why the loader's
 * init_size covers it.
 *
 * The usual case, an image at 1 MiB and a kernel linked at 16 MiB:
 *
 *            1 MiB         dest_start         dest_end
 *   before   |stub|payload|..
 *   moved                  |                  |stub|payload|work|
 *   inflated               |text|data|bss     |stub|payload|work|
 *   entered                |kernel ...        |  (page tables in work, until
 *                                                the kernel has its own)
 *
 * Loaded inside or just below dest, a large image reaches past dest_end; then
 * it moves above itself, so that no copy ever overlaps what it copies:
 *
 *   before   |stub|payload . . . . . . . . . . . . . |
 *                          dest_start         dest_end
 *   moved                  |                  |      |stub|payload|work|
 *
 * Loaded above dest, it stays, and works behind itself.
 */
#include "lib/load.h"
#include "place.h"
#include "pv/bootparam.h"
#include "pv/stub.h"

#define PAGE	 0x1000
#define FOUR_GIB 0x100000000

struct span {
	uint64_t start;
	uint64_t end;
};

static uint64_t page_up(uint64_t v)
{
	return (v + PAGE - 1) & -(uint64_t)PAGE;
}

/* The end of the RAM range that contains @at; @at if there is no such range. */
static uint64_t ram_end(const uint8_t *bp, uint64_t at)
{
	const uint8_t *p = bp + BP_E820_TABLE;

	for (unsigned i = 0; i < bp[BP_E820_ENTRIES] && i < E820_MAX_ENTRIES_ZP;
	     i++, p += E820_ENTRY_SIZE) {
		uint64_t start = load64(p, 0), len = load64(p, 8);

		if (load32(p, 16) == E820_RAM && at >= start &&
		    at - start < len)
			return start + len;
	}
	return at;
}

/* Ranges of RAM may meet inside the span; each one is a step towards its
 * end. */
static bool check_ram(const uint8_t *bp, struct span s, struct fault *f)
{
	if (!bp[BP_E820_ENTRIES])
		return true; /* without a map, any place is accepted */
	for (uint64_t at = s.start; at < s.end;) {
		uint64_t end = ram_end(bp, at);

		if (end == at)
			return fault_set(f,
					 "there is no RAM where some is needed",
					 at, s.end);
		at = end;
	}
	return true;
}

static bool check_clear(struct span s, struct span other, const char *what,
			struct fault *f)
{
	if (s.start < other.end && other.start < s.end)
		return fault_set(f, what, other.start, s.start);
	return true;
}

static uint64_t two_halves(const uint8_t *bp, unsigned low, unsigned high)
{
	return load32(bp, low) | (uint64_t)load32(bp, high) << 32;
}

static bool check_clear_of_loader(const uint8_t *bp, struct span s,
				  struct fault *f)
{
	uint64_t initrd = two_halves(bp, HDR_RAMDISK_IMAGE,
				     BP_EXT_RAMDISK_IMAGE);
	uint64_t initrd_len = two_halves(bp, HDR_RAMDISK_SIZE,
					 BP_EXT_RAMDISK_SIZE);
	uint64_t cmdline = two_halves(bp, HDR_CMD_LINE_PTR,
				      BP_EXT_CMD_LINE_PTR);
	uint64_t params = (uintptr_t)bp;

	return check_clear(s, (struct span){ params, params + BP_SIZE },
			   "boot_params lies where room is needed", f) &&
	       check_clear(s,
			   (struct span){ cmdline, cmdline ? cmdline + 1 : 0 },
			   "the command line lies where room is needed", f) &&
	       check_clear(s, (struct span){ initrd, initrd + initrd_len },
			   "the initrd lies where room is needed", f);
}

bool place_choose(const struct place *p, const uint8_t *boot_params,
		  uint64_t *work_from, struct fault *f)
{
	struct span dest = { p->dest_start, p->dest_end }, work;

	if (dest.start < STUB_DEST_MIN || dest.start >= dest.end)
		return fault_set(f, "the kernel's place is impossible",
				 dest.start, dest.end);
	work.start = p->here;
	if (p->here < p->dest_end) {
		work.start = p->here + p->image_len;
		if (work.start < p->dest_end)
			work.start = p->dest_end;
		work.start = page_up(work.start);
	}
	work.end = page_up(work.start + p->image_len) + STUB_WORK_SIZE;
	if (work.end > FOUR_GIB)
		return fault_set(f, "there is no room below 4 GiB", work.end,
				 FOUR_GIB);
	if (!check_ram(boot_params, dest, f) ||
	    !check_ram(boot_params, work, f) ||
	    !check_clear_of_loader(boot_params, dest, f) ||
	    !check_clear_of_loader(boot_params, work, f))
		return false;
	*work_from = work.start;
	return true;
}
