/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/kaslr.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/parse.h"
#include "boot/cmdline.h"
#include "boot/plan.h"
#include "image/loadable.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

/* The size of the mapping at KERNEL_MAP with CONFIG_RANDOMIZE_BASE. */
#define KERNEL_IMAGE_SIZE (UINT64_C(1) << 30)

/* The lowest place for a kernel that does not say where it prefers to be; what
 * CONFIG_PHYSICAL_START is unless it is changed. */
#define LOWEST (UINT64_C(16) << 20)

/* Which number of the seed decides what. */
enum { DRAW_PHYS, DRAW_VIRT, DRAW_RNG };

int kaslr_parse(const char *text, struct kaslr_wish *wish, struct err *e)
{
	uint64_t seed;
	int rc;

	if (!strcmp(text, "auto")) {
		*wish = (struct kaslr_wish){ KASLR_AUTO, 0 };
		return 0;
	}
	if (!strcmp(text, "off")) {
		*wish = (struct kaslr_wish){ KASLR_OFF, 0 };
		return 0;
	}
	if (strncmp(text, "seed:", 5))
		return err_set(e, EINVAL,
			       "unknown way '%s' (expected auto, off or "
			       "seed:N)",
			       text);
	rc = parse_address(text + 5, &seed, e);
	if (rc == -EINVAL)
		return err_set(e, EINVAL,
			       "'%s' is not a seed (a whole number, decimal or "
			       "hexadecimal with 0x)",
			       text + 5);
	if (!rc)
		*wish = (struct kaslr_wish){ KASLR_SEED, seed };
	return rc;
}

/* --- random numbers */

/* The @n-th output of splitmix64 (Steele, Lea, Flood 2014), whose outputs for
 * neighbouring seeds are unrelated. */
static uint64_t mix(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The upper half of a product is uniform to one part in 2^64 / @below. */
uint64_t kaslr_draw(uint64_t seed, unsigned which, uint64_t below)
{
	/* Seeds are often small numbers: spread them first. */
	uint64_t r = mix(mix(seed, 0), which);

	return (uint64_t)((unsigned __int128)r * below >> 64);
}

static int host_random(void *to, size_t len, struct err *e)
{
	if (getrandom(to, len, 0) != (ssize_t)len)
		return err_sys(e, "getrandom");
	return 0;
}

int kaslr_rng_seed(const struct kaslr_wish *wish, uint8_t *bytes, size_t len,
		   struct err *e)
{
	uint64_t base = mix(wish->seed, 0);

	if (wish->mode != KASLR_SEED)
		return host_random(bytes, len, e);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(mix(base, DRAW_RNG + i / 8) >>
				     (i % 8 * 8));
	return 0;
}

/* --- places */

struct gap {
	uint64_t first; /* the lowest aligned place */
	uint64_t count; /* how many follow each other */
};

/* The places between @start and @end. */
static struct gap gap_between(const struct kaslr_room *room, uint64_t start,
			      uint64_t end)
{
	struct gap g = { 0 };
	uint64_t last;

	if (start < room->min)
		start = room->min;
	if (end > room->max && room->max != UINT64_MAX)
		end = room->max + 1;
	if (__builtin_add_overflow(start, room->align - 1, &g.first))
		return g;
	g.first &= ~(room->align - 1);
	if (end < room->size || end - room->size < g.first)
		return g;
	last = end - room->size;
	g.count = (last - g.first) / room->align + 1;
	return g;
}

/* The first of the ranges to avoid that reaches into [@at, @end), or NULL. */
static const struct boot_range *next_avoided(const struct kaslr_room *room,
					     uint64_t at, uint64_t end)
{
	const struct boot_range *first = NULL;

	for (unsigned i = 0; i < room->avoid_count; i++) {
		const struct boot_range *r = &room->avoid[i];

		if (r->size && r->gpa < end && r->gpa + r->size > at &&
		    (!first || r->gpa < first->gpa))
			first = r;
	}
	return first;
}

/*
 * Walk all places: *@n, the number of a place, is reduced by the places that
 * were passed. True if it was reached, with its address in *@gpa.
 */
static bool walk_places(const struct kaslr_room *room, const struct e820 *map,
			uint64_t *n, uint64_t *gpa)
{
	for (unsigned i = 0; i < map->count; i++) {
		uint64_t at = map->entries[i].addr;
		uint64_t end = at + map->entries[i].size;

		/* Boot protocols start below 4 GiB; see guest_mem_is_low(). */
		if (map->entries[i].type != E820_RAM || at >= GUEST_MEM_HIGH)
			continue;
		while (at < end) {
			const struct boot_range *r = next_avoided(room, at,
								  end);
			struct gap g = gap_between(room, at, r ? r->gpa : end);

			if (*n < g.count) {
				*gpa = g.first + *n * room->align;
				return true;
			}
			*n -= g.count;
			at = r ? r->gpa + r->size : end;
		}
	}
	return false;
}

uint64_t kaslr_count(const struct kaslr_room *room, const struct e820 *map)
{
	uint64_t left = UINT64_MAX, gpa;

	walk_places(room, map, &left, &gpa);
	return UINT64_MAX - left;
}

uint64_t kaslr_nth(const struct kaslr_room *room, const struct e820 *map,
		   uint64_t n)
{
	uint64_t gpa = 0;

	walk_places(room, map, &n, &gpa);
	return gpa;
}

/* --- choosing */

int kaslr_give_up(struct placement *p, const struct kaslr_wish *wish,
		  struct err *e, const char *fmt, ...)
{
	struct placement none = { .phys = 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(none.reason, sizeof(none.reason), fmt, ap);
	va_end(ap);
	*p = none;
	if (wish->mode != KASLR_SEED)
		return 0;
	return err_set(e, EINVAL, "--kaslr seed:0x%" PRIx64 ": %s", wish->seed,
		       none.reason);
}

static bool is_pvh(const struct kaslr_facts *f)
{
	return f->protocol && !strcmp(f->protocol, "pvh");
}

static bool is_auto(const struct kaslr_facts *f)
{
	return !f->protocol || !strcmp(f->protocol, "auto");
}

/* The lowest segment that is linked at KERNEL_MAP and its physical address. */
static const struct elf_segment *lowest(const struct kernel_elf *k)
{
	const struct elf_segment *low = NULL;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (loadable_segment(s) && (!low || s->paddr < low->paddr))
			low = s;
	}
	return low && low->vaddr - low->paddr == KERNEL_MAP ? low : NULL;
}

/* Whether relocation lists may follow the ELF: more is decoded than its
 * headers account for. */
static bool may_have_lists(const struct image *img)
{
	return img->payload.has_size && img->payload.size > img->head.elf_end;
}

/*
 * PHYS32_RELOC came with Linux 6.10. Whether the note is there is seen after
 * decoding; to have decoded to another place in vain would cost a copy of the
 * kernel.
 */
static bool is_before_phys32_reloc(const struct image *img)
{
	char version[64];
	unsigned major, minor;

	if (img->kind != IMAGE_BZIMAGE)
		return false;
	setup_header_kernel_version(&img->hdr, img->bytes, version,
				    sizeof(version));
	return sscanf(version, "%3u.%3u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor < 10));
}

/* Why the image cannot be randomised, as far as its headers tell, or NULL. */
static const char *why_not(const struct kaslr_wish *wish,
			   const struct kaslr_facts *f)
{
	const struct image *img = f->img;

	if (wish->mode == KASLR_OFF)
		return "it is switched off";
	if (f->cmdline && cmdline_has_word(f->cmdline, "nokaslr"))
		return "nokaslr is on the command line";
	if (boot_skips_payload(f->protocol))
		return "the image decompresses itself, and chooses a place "
		       "itself";
	if (!img->has_payload)
		return "there is no usable payload";
	if (!img->head.is64)
		return "the kernel is an ELF32";
	if (!is_auto(f) && !is_pvh(f) && strcmp(f->protocol, "elf64"))
		return "this entry cannot be randomised";
	if (img->kind == IMAGE_BZIMAGE && !img->hdr.relocatable)
		return "relocatable_kernel is 0";
	if (is_pvh(f) && is_before_phys32_reloc(img))
		return "pvh loads the kernel where it is linked: PHYS32_RELOC "
		       "came with Linux 6.10";
	if (!lowest(&img->head))
		return "the kernel is not linked at 0xffffffff80000000";
	if (!may_have_lists(img))
		return "no relocation lists follow the ELF";
	return NULL;
}

bool kaslr_is_wanted(const struct kaslr_wish *wish, const struct kaslr_facts *f)
{
	return !why_not(wish, f);
}

/* What the kernel of @f takes, and how it must be aligned. */
static struct kaslr_room room_of(const struct kaslr_facts *f)
{
	const struct setup_header *h = &f->img->hdr;
	struct loadable_span span = loadable_span(&f->img->head);
	struct kaslr_room room = {
		.size = span.last - span.low + 1,
		.align = PAGE_2M,
		.min = LOWEST,
		.max = GUEST_MEM_HOLE - 1,
	};

	if (f->img->kind == IMAGE_BZIMAGE) {
		if (room.size < h->init_size)
			room.size = h->init_size;
		if (room.align < h->kernel_alignment)
			room.align = h->kernel_alignment;
		if (room.min < h->pref_address)
			room.min = h->pref_address;
	}
	/* As Linux's PHYS32_RELOC says; kaslr_confirm() checks that. */
	if (is_pvh(f))
		room.max = KERNEL_IMAGE_SIZE - 1;
	if (f->initrd.size)
		room.avoid[room.avoid_count++] = f->initrd;
	return room;
}

static void choose_phys(struct placement *p, const struct kaslr_room *room,
			const struct e820 *map, uint64_t low)
{
	p->phys_slots = kaslr_count(room, map);
	p->phys = low;
	if (!p->phys_slots) {
		snprintf(p->reason, sizeof(p->reason),
			 "no other place in memory below 4 GiB holds its "
			 "0x%" PRIx64 " bytes",
			 room->size);
		return;
	}
	p->phys = kaslr_nth(room, map,
			    kaslr_draw(p->seed, DRAW_PHYS, p->phys_slots));
	p->phys_moved = true;
	p->delta = p->phys - low;
}

/* The kernel's own rule: from where it is linked, at each multiple of the
 * alignment up to the end of its mapping. */
static void choose_virt(struct placement *p, const struct kaslr_room *room,
			uint64_t low)
{
	uint64_t size = (room->size + PAGE_2M - 1) & -(uint64_t)PAGE_2M;

	p->virt = KERNEL_MAP + low;
	if (low > KERNEL_IMAGE_SIZE || size > KERNEL_IMAGE_SIZE - low)
		return;
	p->virt_slots = (KERNEL_IMAGE_SIZE - low - size) / room->align + 1;
	p->slide = kaslr_draw(p->seed, DRAW_VIRT, p->virt_slots) * room->align;
	p->virt += p->slide;
	p->virt_moved = true;
}

int kaslr_choose(struct placement *p, const struct kaslr_wish *wish,
		 const struct kaslr_facts *f, struct err *e)
{
	const char *why = why_not(wish, f);
	struct placement new = { .seed = wish->seed, .by_pvh = is_pvh(f) };
	struct kaslr_room room;
	uint64_t low;
	int rc = 0;

	if (why)
		return kaslr_give_up(p, wish, e, "%s", why);
	room = room_of(f);
	low = lowest(&f->img->head)->paddr;
	if ((room.align & (room.align - 1)) || (low & (room.align - 1)))
		return kaslr_give_up(p, wish, e,
				     "kernel_alignment 0x%" PRIx64
				     " does not fit where it is linked, "
				     "0x%" PRIx64,
				     room.align, low);
	if (wish->mode == KASLR_AUTO) {
		rc = host_random(&new.seed, sizeof(new.seed), e);
		new.random_seed = true;
	}
	if (rc)
		return rc;
	choose_phys(&new, &room, f->map, low);
	if (!new.by_pvh)
		choose_virt(&new, &room, low);
	if (!kaslr_moves(&new))
		return kaslr_give_up(p, wish, e, "%s", new.reason);
	*p = new;
	return 0;
}

/* Whether PHYS32_RELOC allows a kernel of @k at p->phys. */
static bool note_allows(const struct placement *p, const struct kernel_elf *k,
			const struct xen_notes *notes)
{
	const struct phys32_reloc *r = &notes->phys32_reloc;
	struct loadable_span span = loadable_span(k);

	return r->align && !(p->delta & (r->align - 1)) && p->phys >= r->min &&
	       span.last + p->delta <= r->max;
}

static int confirm_pvh(struct placement *p, const struct kaslr_wish *wish,
		       const struct kernel_elf *k,
		       const struct xen_notes *notes, struct err *e)
{
	if (!notes || !notes->has_phys32_reloc)
		return kaslr_give_up(p, wish, e,
				     "pvh loads the kernel where it is linked: "
				     "it has no PHYS32_RELOC note");
	if (!note_allows(p, k, notes))
		return kaslr_give_up(p, wish, e,
				     "PHYS32_RELOC does not allow 0x%" PRIx64,
				     p->phys);
	snprintf(p->reason, sizeof(p->reason),
		 "by pvh only the physical address is random: the 64-bit entry "
		 "takes the rest");
	return 0;
}

int kaslr_confirm(struct placement *p, const struct kaslr_wish *wish,
		  const struct kernel_elf *k, const struct xen_notes *notes,
		  struct reloc_lists *lists, struct err *e)
{
	struct relocs found;
	struct err why;

	if (!kaslr_moves(p))
		return 0;
	/* The lists are there if CONFIG_RANDOMIZE_BASE is set. */
	if (relocs_find(&found, k, &why))
		return kaslr_give_up(p, wish, e, "%s", why.msg);
	if (!found.present)
		return kaslr_give_up(p, wish, e,
				     "no relocation lists follow the ELF");
	if (p->by_pvh)
		return confirm_pvh(p, wish, k, notes, e);
	return relocs_copy(lists, &found, k, e);
}
