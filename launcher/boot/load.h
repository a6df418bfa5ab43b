/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a kernel's ELF into guest memory.
 *
 * A compressed payload is decoded once, as one run, straight into guest
 * memory, at the address where its largest segment already lies in place:
 *
 *   payload       | hdr |  text   |  data   | init | sections, relocs |
 *                    \      \         \        \
 *   guest memory  | run at paddr - offset of text                     |
 *                 |     |  text   |  data   | ........ | init | bss   |
 *
 * Segments at another place in the run are moved, and the parts of the run
 * outside of segments are cleared. The ELF is parsed, and the boot plan chosen,
 * between the two steps, in place.
 *
 * Data far after the last segment, such as debug information, is not decoded:
 * the run has the size of the segments, and a little more.
 *
 * A payload that is not compressed stays in the image's file; its segments are
 * copied from there.
 *
 * Must never trust: anything in the ELF. Before a byte is moved, segments are
 * checked: they must be in RAM above 1 MiB, and must not overlap.
 *
 * Spec: gABI chapter 5; boot.rst about init_size.
 */
#ifndef BOOT_LOAD_H
#define BOOT_LOAD_H

#include "base/err.h"
#include "image/image.h"
#include "vm/guest_mem.h"

/*
 * How much is decoded after the last segment: the section headers, relocation
 * lists and symbol table of a kernel without debug information. The checksum of
 * a payload is only verified if it is decoded to its end.
 */
#define LOAD_BEHIND (UINT64_C(32) << 20)

/* A payload from which segments are loaded. */
struct load_run {
	struct bytes bytes; /* the payload, from its beginning */
	bool whole;	    /* to its end */
	uint64_t gpa;	    /* where in guest memory they were decoded to */
	uint64_t len;	    /* how much was written there */
};

/* What will become of a run. */
struct load_aim {
	uint64_t delta; /* the segments go this far from where they are linked,
			 * modulo 2^64 */
	bool lists; /* the relocation lists behind the ELF are needed, too */
};

/*
 * Decode the payload of @img into guest memory, or find it in the file. For
 * @aim, segments should already lie in place. -EFBIG if it does not fit, naming
 * the size it needs; otherwise the decoder's errors.
 */
int load_decode_for(const struct image *img, const struct guest_mem *gm,
		    const struct load_aim *aim, struct load_run *run,
		    struct err *e);

/* The same for segments that go where they are linked. */
int load_decode(const struct image *img, const struct guest_mem *gm,
		struct load_run *run, struct err *e);

/* Whether load_decode() has room in memory of @gm's sizes for @img, of which
 * the decoded payload has @size bytes; -EFBIG if not. */
int load_check_room(const struct image *img, const struct guest_mem *gm,
		    uint64_t size, struct err *e);

/* Parse the run's ELF, as far as it was decoded: see kernel_elf.h. */
int load_parse(struct kernel_elf *k, const struct load_run *run, struct err *e);

/* Clear the whole run: the kernel will be started in another way. */
void load_discard(const struct load_run *run, const struct guest_mem *gm);

/* How far a kernel may be moved from where it was linked. */
struct load_reloc {
	bool allowed;
	uint64_t align; /* power of two */
	uint64_t min;	/* lowest and highest physical address it may use */
	uint64_t max;
	/* The place is already chosen: it is moved by @delta, modulo 2^64, and
	 * the rest does not matter. */
	bool chosen;
	uint64_t delta;
};

/* Where a kernel's segments went. */
struct load_result {
	uint64_t low;	/* lowest and just past the highest byte, bss */
	uint64_t high;	/* included */
	uint64_t delta; /* added to every p_paddr, modulo 2^64 */
	uint64_t bytes; /* file bytes of all segments */
};

/*
 * Find the places of the PT_LOAD segments of @elf for load_segments(): where
 * @reloc has chosen; else at p_paddr if that is RAM, else, if @reloc allows,
 * moved together to the lowest place that fits. Only the sizes of @gm are used,
 * and nothing is written.
 *
 * -EINVAL: no PT_LOAD, overlap, below 1 MiB; -ENOSPC: outside RAM, naming
 * the segment, its range and the limit.
 */
int load_plan(const struct kernel_elf *elf, const struct guest_mem *gm,
	      const struct load_reloc *reloc, struct load_result *result,
	      struct err *e);

/*
 * Put the segments, whose bytes are @run, where load_plan() says, and clear bss
 * and the rest of the run. After success, the bytes of a decoded @elf are gone.
 * Errors are load_plan()'s, and -ENOMEM.
 */
int load_segments(const struct kernel_elf *elf, const struct load_run *run,
		  const struct guest_mem *gm, const struct load_reloc *reloc,
		  struct load_result *result, struct err *e);

#endif
