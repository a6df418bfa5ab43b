/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KASLR by the launcher: a random place for the kernel.
 *
 * A bzImage randomises itself while it decompresses itself. The launcher loads
 * the ELF and skips that code, so it does the same in its place:
 *
 *   virtual   the kernel is moved within the 1 GiB of its mapping by the
 *             relocation lists that follow its ELF (image/relocs.h)
 *   physical  it is loaded at another place in RAM below 4 GiB; this takes no
 *             relocations
 *   the rest  KASLR_FLAG in boot_params tells the kernel to randomise its
 *             memory regions and modules; RNG_SEED gives it random bytes
 *
 * A place is chosen in two steps. kaslr_choose() runs before the payload is
 * decoded, with nothing but its headers, so that it can be decoded where the
 * kernel will run. kaslr_confirm() runs after that, and looks at what only the
 * whole ELF tells. If the kernel cannot be randomised after all, it is loaded
 * where it was linked, and the placement says why.
 *
 * All choices are made from one 64-bit seed, so that a run can be repeated.
 *
 * The kernel moves as a whole. To move each function on its own takes a section
 * for each, which no distribution's kernel has, and about seventy times as long.
 *
 * Must never trust: the image's headers, lists and notes.
 *
 * Spec: Linux, arch/x86/boot/compressed/kaslr.c and misc.c, of 4.8 to 6.15;
 * boot.rst, "loadflags", "setup_data"; Xen elfnote.h, PHYS32_RELOC.
 */
#ifndef BOOT_KASLR_H
#define BOOT_KASLR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "boot/place.h"
#include "image/image.h"
#include "image/notes.h"
#include "image/relocs.h"
#include "vm/e820.h"

enum kaslr_mode {
	KASLR_OFF,
	KASLR_AUTO, /* as the kernel's configuration and command line say */
	KASLR_SEED, /* with this seed, or fail */
};

/* What --kaslr asks for. */
struct kaslr_wish {
	enum kaslr_mode mode;
	uint64_t seed; /* KASLR_SEED */
};

/* "auto", "off", or "seed:N", with N decimal or 0x and hexadecimal. */
int kaslr_parse(const char *text, struct kaslr_wish *wish, struct err *e);

#define KASLR_AVOID_MAX	  4
#define KASLR_REASON_SIZE 256

/* How much of RNG_SEED the kernel reads. */
#define KASLR_RNG_SIZE 32

/* Where a kernel may go. */
struct kaslr_room {
	uint64_t size;	/* bytes that it takes */
	uint64_t align; /* a power of two */
	uint64_t min;	/* the lowest and the highest byte it may use */
	uint64_t max;
	struct boot_range avoid[KASLR_AVOID_MAX];
	unsigned avoid_count;
};

/* A kernel's place. */
struct placement {
	bool phys_moved; /* the places below are random */
	bool virt_moved;
	bool by_pvh;	/* by that entry; else by elf64 */
	uint64_t phys;	/* of the kernel's lowest byte */
	uint64_t virt;	/* its address there; 0: unknown */
	uint64_t delta; /* added to every p_paddr, modulo 2^64 */
	uint64_t slide; /* added to virtual addresses */
	uint64_t seed;	/* valid if something is moved */
	uint64_t phys_slots, virt_slots; /* of how many places */
	bool random_seed;		/* drawn by kaslr_choose(), not given */
	char reason[KASLR_REASON_SIZE]; /* why it is not (completely) random,
					 * or "" */
};

/* Whether the kernel is moved at all. */
static inline bool kaslr_moves(const struct placement *p)
{
	return p->phys_moved || p->virt_moved;
}

/* How many places @room has in the RAM of @map. */
uint64_t kaslr_count(const struct kaslr_room *room, const struct e820 *map);

/* The @n-th of them, from the lowest; @n is below kaslr_count(). */
uint64_t kaslr_nth(const struct kaslr_room *room, const struct e820 *map,
		   uint64_t n);

/* A number below @below, which is not 0, all of them equally likely: the
 * @which-th that @seed gives. */
uint64_t kaslr_draw(uint64_t seed, unsigned which, uint64_t below);

/* What kaslr_choose() knows. */
struct kaslr_facts {
	const struct image *img;
	const struct e820 *map;
	const char *cmdline;	  /* or NULL */
	const char *protocol;	  /* as --boot has it; NULL: auto */
	struct boot_range initrd; /* where it will go; size 0: there is none */
};

/* Whether kaslr_choose() could do anything, without looking at more than
 * headers: else the initrd need not be measured for it. */
bool kaslr_is_wanted(const struct kaslr_wish *wish,
		     const struct kaslr_facts *f);

/*
 * Choose a place before the payload of @f is decoded. A kernel that is not to
 * be randomised, or cannot be, gets none, with the reason in p->reason; with
 * KASLR_SEED that is an error instead. Otherwise -errno of getrandom(2).
 */
int kaslr_choose(struct placement *p, const struct kaslr_wish *wish,
		 const struct kaslr_facts *f, struct err *e);

/*
 * The decoded ELF @k allows that place? If it does, and the kernel is moved in
 * virtual memory, @lists becomes a copy of its relocation lists. If not, as for
 * kaslr_choose(). @notes: NULL if they cannot be used.
 */
int kaslr_confirm(struct placement *p, const struct kaslr_wish *wish,
		  const struct kernel_elf *k, const struct xen_notes *notes,
		  struct reloc_lists *lists, struct err *e);

/* The place cannot be used, because of @fmt. */
int kaslr_give_up(struct placement *p, const struct kaslr_wish *wish,
		  struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Random bytes for the kernel. With KASLR_SEED they are made from the seed, so
 * that they repeat too, and are not a secret; else they are the host's.
 */
int kaslr_rng_seed(const struct kaslr_wish *wish, uint8_t *bytes, size_t len,
		   struct err *e);

#endif
