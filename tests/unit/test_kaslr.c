/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KASLR: which places there are, which one a seed gives, which kernels are left
 * where they are, and what a randomised kernel gets.
 */
#include "boot/boot.h"
#include "pv/bootparam.h"
#include "unit/image_file.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define HIGH 0xffffffff80000000
#define TEXT 0x1000000
#define DATA 0x1200000

static struct err e;

static void teardown(void)
{
	tight_free(held);
	held = (struct bytes){ 0 };
	buf_release(&file);
	buf_release(&elf);
}

/* --- the option */

static const struct {
	const char *text;
	struct kaslr_wish want;
	const char *error;
} wishes[] = {
	{ "auto", { KASLR_AUTO, 0 }, NULL },
	{ "off", { KASLR_OFF, 0 }, NULL },
	{ "seed:0", { KASLR_SEED, 0 }, NULL },
	{ "seed:77", { KASLR_SEED, 77 }, NULL },
	{ "seed:0xffffffffffffffff", { KASLR_SEED, UINT64_MAX }, NULL },
	{ "seed:0x10000000000000000", { 0 }, "0x10000000000000000" },
	{ "seed:", { 0 }, "''" },
	{ "seed:-1", { 0 }, "'-1'" },
	{ "seed", { 0 }, "expected auto, off or seed:N" },
	{ "on", { 0 }, "unknown way 'on'" },
	{ "", { 0 }, "unknown way ''" },
};

START_TEST(kaslr__is_asked_for)
{
	struct kaslr_wish w = { 0 };
	int rc = kaslr_parse(wishes[_i].text, &w, &e);

	if (wishes[_i].error) {
		ck_assert_int_ne(rc, 0);
		ck_assert_msg(strstr(e.msg, wishes[_i].error), "%s", e.msg);
		return;
	}
	assert_ok(rc, &e);
	ck_assert_int_eq((int)w.mode, (int)wishes[_i].want.mode);
	ck_assert_uint_eq(w.seed, wishes[_i].want.seed);
}
END_TEST

/* --- places */

/* Whether [@at, @at + @len) is in RAM below 4 GiB and free. */
static bool is_free(const struct kaslr_room *room, const struct e820 *map,
		    uint64_t at)
{
	uint64_t end = at + room->size;
	bool ram = false;

	for (unsigned i = 0; i < map->count; i++)
		ram |= map->entries[i].type == E820_RAM &&
		       map->entries[i].addr <= at &&
		       map->entries[i].addr + map->entries[i].size >= end;
	for (unsigned i = 0; i < room->avoid_count; i++)
		if (room->avoid[i].size && room->avoid[i].gpa < end &&
		    room->avoid[i].gpa + room->avoid[i].size > at)
			return false;
	return ram && at >= room->min && end - 1 <= room->max &&
	       at < GUEST_MEM_HIGH;
}

static void check_places(const struct kaslr_room *room, const struct e820 *map)
{
	uint64_t count = kaslr_count(room, map), n = 0;

	for (uint64_t at = 0; at < 5 * GIB; at += room->align)
		if (is_free(room, map, at)) {
			if (n >= count || kaslr_nth(room, map, n) != at)
				ck_abort_msg("place %" PRIu64 " of %" PRIu64
					     " is not 0x%" PRIx64,
					     n, count, at);
			n++;
		}
	ck_assert_uint_eq(n, count);
}

static const uint64_t sizes[] = {
	64 * MIB, 128 * MIB,	  129 * MIB,	  256 * MIB, 1 * GIB, 2 * GIB,
	3 * GIB,  3 * GIB + 4096, 4 * GIB - 4096, 4 * GIB,   5 * GIB, 64 * GIB,
};

START_TEST(kaslr__places_are_all_that_fit)
{
	static const struct kaslr_room rooms[] = {
		{ .size = 56 * MIB,
		  .align = 2 * MIB,
		  .min = 16 * MIB,
		  .max = 3 * GIB - 1 },
		/* One byte too large for the last place. */
		{ .size = 56 * MIB + 1,
		  .align = 2 * MIB,
		  .min = 16 * MIB,
		  .max = 3 * GIB - 1 },
		{ .size = 1,
		  .align = 16 * MIB,
		  .min = 17 * MIB,
		  .max = 1 * GIB - 1 },
		{ .size = 4 * MIB,
		  .align = 2 * MIB,
		  .min = 0,
		  .max = UINT64_MAX },
		/* An initrd at the end, one in the middle, and ranges that
		 * touch, overlap, and reach over the end. */
		{ .size = 20 * MIB,
		  .align = 2 * MIB,
		  .min = 16 * MIB,
		  .max = 3 * GIB - 1,
		  .avoid = { { 100 * MIB, 28 * MIB } },
		  .avoid_count = 1 },
		{ .size = 6 * MIB,
		  .align = 2 * MIB,
		  .min = 16 * MIB,
		  .max = 3 * GIB - 1,
		  .avoid = { { 60 * MIB, 1 },
			     { 24 * MIB - 1, 2 },
			     { 59 * MIB, 2 * MIB },
			     { 62 * MIB, 5 * GIB } },
		  .avoid_count = 4 },
		{ .size = 6 * MIB,
		  .align = 2 * MIB,
		  .min = 16 * MIB,
		  .max = 3 * GIB - 1,
		  .avoid = { { 0, 0 }, { 0, 18 * MIB } },
		  .avoid_count = 2 },
		/* Larger than everything. */
		{ .size = 1024 * GIB, .align = 2 * MIB, .max = UINT64_MAX },
	};

	for (size_t i = 0; i < COUNT(rooms); i++) {
		struct guest_mem gm = guest_mem_sizes(sizes[_i]);
		struct e820 map;

		e820_build(&map, &gm);
		check_places(&rooms[i], &map);
	}
}
END_TEST

/* A map with a hole in the middle of RAM. */
START_TEST(kaslr__places_are_ram)
{
	static const struct e820 map = {
		.entries = { { 0, 640 * 1024, E820_RAM },
			     { 1 * MIB, 40 * MIB, E820_RAM },
			     { 41 * MIB, 3 * MIB, E820_RESERVED },
			     { 44 * MIB, 21 * MIB, E820_RAM },
			     { 4 * GIB, 1 * GIB, E820_RAM } },
		.count = 5,
	};
	const struct kaslr_room room = { .size = 9 * MIB,
					 .align = 2 * MIB,
					 .min = 16 * MIB,
					 .max = UINT64_MAX };

	check_places(&room, &map);
	ck_assert_uint_eq(kaslr_count(&room, &map), 16);
}
END_TEST

/* --- which place */

#define PVH_ENTRY 0x1000010

static void patch(unsigned off, unsigned width, uint64_t v)
{
	memcpy(file.data + off, &v, width);
}

/* A bzImage of elf_small_kernel() with lists of one word each, and one more. */
static const uint32_t lists[] = {
	0, 0x81000008, 0, 0x81000020, 0, 0x81000030, 0x81200010,
};

/* Make what is in elf an image, whose header is not in the way. */
static void build_file(void)
{
	file.len = 0;
	bzimage_of_elf(&elf, "lz4", &file);
	patch(HDR_SETUP_DATA, 8, 0);
	patch(HDR_KERNEL_VERSION, 2, 0);
}

static void build_kernel(size_t list_words)
{
	uint64_t text, notes;

	elf.len = 0;
	elf_small_kernel(&elf, false);
	text = elf_peek(&elf, 64 + 8, 8);
	notes = elf_peek(&elf, 64 + 2 * 56 + 8, 8);
	/* The words that will be moved. */
	elf_patch(&elf, text + 8, 8, HIGH + TEXT);
	elf_patch(&elf, text + 0x20, 4, 0x1234);
	elf_patch(&elf, text + 0x30, 4, 0x81000000);
	/* PHYS32_ENTRY must be one of the few bytes that there are. */
	elf_patch(&elf, notes + 16, 8, PVH_ENTRY);
	buf_add(&elf, lists, list_words * 4);
	build_file();
}

static void open_kernel(struct image *img)
{
	assert_ok(open_file(img, &e), &e);
}

#define INIT_SIZE (56 * MIB)

static struct placement choose(const struct kaslr_facts *f, uint64_t seed)
{
	const struct kaslr_wish wish = { KASLR_SEED, seed };
	struct placement p;

	if (kaslr_choose(&p, &wish, f, &e))
		ck_abort_msg("%s", e.msg);
	return p;
}

/* Pearson's chi-square of @n draws in @slots. */
static double chi_square(const unsigned *hits, uint64_t slots, unsigned n)
{
	double want = (double)n / (double)slots, sum = 0;

	for (uint64_t i = 0; i < slots; i++)
		sum += (hits[i] - want) * (hits[i] - want) / want;
	return sum;
}

/* Its mean is the degrees of freedom, its variance twice that; five standard
 * deviations. The seeds are fixed, and so is the result. */
static void check_even(const unsigned *hits, uint64_t slots, unsigned n)
{
	double free = (double)slots - 1,
	       off = chi_square(hits, slots, n) - free;

	ck_assert_msg(off * off < 25 * 2 * free,
		      "chi-square is %.1f off its mean with %" PRIu64 " slots",
		      off, slots);
}

static bool is_sound(const struct placement *p, const struct guest_mem *gm,
		     const struct boot_range *initrd)
{
	bool virt = p->virt_moved && p->slide % (2 * MIB) == 0 &&
		    p->virt == HIGH + TEXT + p->slide &&
		    p->virt - HIGH + INIT_SIZE <= GIB;
	bool clear = p->phys + INIT_SIZE <= initrd->gpa ||
		     initrd->gpa + initrd->size <= p->phys;

	if (!p->phys_moved)
		return virt && p->phys == TEXT && !p->delta;
	return virt && p->phys % (2 * MIB) == 0 && p->phys >= 16 * MIB &&
	       p->phys + INIT_SIZE <= gm->low_size &&
	       p->delta == p->phys - TEXT && (!initrd->size || clear);
}

#define DRAWS 100000

START_TEST(kaslr__uses_all_places_evenly)
{
	struct guest_mem gm = guest_mem_sizes(sizes[_i]);
	const uint64_t initrd = _i % 2 ? 7 * MIB + 5 : 0;
	struct image img;
	struct e820 map;
	struct kaslr_facts f = { .img = &img, .map = &map };
	static unsigned phys[2048], virt[512];
	struct placement p = { 0 };
	uint64_t pairs = 0;

	build_kernel(COUNT(lists));
	patch(HDR_INIT_SIZE, 4, INIT_SIZE);
	open_kernel(&img);
	e820_build(&map, &gm);
	assert_ok(place_initrd_guess(&gm, &img, NULL, 0, &f.initrd, &e), &e);
	ck_assert_uint_eq(f.initrd.size, 0);
	if (initrd)
		f.initrd = (struct boot_range){
			(gm.low_size - initrd) & ~UINT64_C(4095), initrd
		};
	memset(phys, 0, sizeof(phys));
	memset(virt, 0, sizeof(virt));
	for (unsigned n = 0; n < DRAWS; n++) {
		p = choose(&f, n);
		/* Each assertion costs a system call. */
		if (!is_sound(&p, &gm, &f.initrd))
			ck_abort_msg("seed %u: 0x%" PRIx64 ", 0x%" PRIx64, n,
				     p.phys, p.virt);
		virt[p.slide / (2 * MIB)]++;
		phys[(p.phys - 16 * MIB) / (2 * MIB)]++;
		pairs += p.phys / (2 * MIB) % 2 == p.slide / (2 * MIB) % 2;
	}
	if (p.phys_moved)
		check_even(phys, p.phys_slots, DRAWS);
	/* One does not tell the other. */
	ck_assert(p.phys_slots < 8 || (pairs > 49000 && pairs < 51000));
	/* 1 GiB less 16 MiB and 56 MiB */
	check_even(virt, 477, DRAWS);
	image_close(&img);
}
END_TEST

START_TEST(kaslr__auto_draws_another_seed_each_time)
{
	struct guest_mem gm = guest_mem_sizes(1 * GIB);
	const struct kaslr_wish wish = { KASLR_AUTO, 0 };
	struct placement a, b, c;
	struct image img;
	struct e820 map;
	struct kaslr_facts f = { .img = &img, .map = &map };

	build_kernel(COUNT(lists));
	open_kernel(&img);
	e820_build(&map, &gm);
	assert_ok(kaslr_choose(&a, &wish, &f, &e), &e);
	assert_ok(kaslr_choose(&b, &wish, &f, &e), &e);
	ck_assert(a.random_seed);
	ck_assert_uint_ne(a.seed, b.seed);
	c = choose(&f, a.seed);
	ck_assert_uint_eq(c.phys, a.phys);
	ck_assert_uint_eq(c.slide, a.slide);
	image_close(&img);
}
END_TEST

/* --- those that are left where they are */

static const struct {
	const char *protocol, *cmdline;
	unsigned off, width; /* of a field of the header */
	uint64_t v;
	size_t list_words;
	const char *why;
} refusals[] = {
	{ NULL, "quiet nokaslr", 0, 0, 0, COUNT(lists),
	  "nokaslr is on the command line" },
	{ NULL, "nokaslr\tquiet", 0, 0, 0, COUNT(lists),
	  "nokaslr is on the command line" },
	{ "elf64", "-- nokaslr", 0, 0, 0, COUNT(lists),
	  "nokaslr is on the command line" },
	{ "linux64", "", 0, 0, 0, COUNT(lists), "decompresses itself" },
	{ "linux16", NULL, 0, 0, 0, COUNT(lists), "decompresses itself" },
	{ "elf32", NULL, 0, 0, 0, COUNT(lists), "cannot be randomised" },
	{ NULL, NULL, HDR_RELOCATABLE_KERNEL, 1, 0, COUNT(lists),
	  "relocatable_kernel is 0" },
	{ NULL, NULL, HDR_KERNEL_ALIGNMENT, 4, 0x600000, COUNT(lists),
	  "kernel_alignment 0x600000" },
	{ NULL, NULL, HDR_KERNEL_ALIGNMENT, 4, 0x2000000, COUNT(lists),
	  "kernel_alignment 0x2000000" },
	{ NULL, NULL, HDR_INIT_SIZE, 4, 0xffffffff, COUNT(lists),
	  "no other place in memory below 4 GiB holds" },
	{ NULL, NULL, 0, 0, 0, 0, "no relocation lists follow the ELF" },
	/* "6.1.0-test", which build_file() hides. */
	{ "pvh", NULL, HDR_KERNEL_VERSION, 2, 0x180, COUNT(lists),
	  "PHYS32_RELOC came with Linux 6.10" },
};

START_TEST(kaslr__cannot_be_done)
{
	struct guest_mem gm = guest_mem_sizes(256 * MIB);
	struct kaslr_wish wish = { KASLR_AUTO, 0 };
	struct placement p;
	struct image img;
	struct e820 map;
	struct kaslr_facts f = { .img = &img,
				 .map = &map,
				 .protocol = refusals[_i].protocol,
				 .cmdline = refusals[_i].cmdline };

	build_kernel(refusals[_i].list_words);
	if (refusals[_i].width)
		patch(refusals[_i].off, refusals[_i].width, refusals[_i].v);
	open_kernel(&img);
	e820_build(&map, &gm);
	assert_ok(kaslr_choose(&p, &wish, &f, &e), &e);
	ck_assert(!kaslr_moves(&p));
	ck_assert_uint_eq(p.delta | p.slide, 0);
	ck_assert_msg(strstr(p.reason, refusals[_i].why), "%s", p.reason);
	wish = (struct kaslr_wish){ KASLR_SEED, 5 };
	assert_err(kaslr_choose(&p, &wish, &f, &e), -EINVAL, &e,
		   "--kaslr seed:0x5: ");
	ck_assert_msg(strstr(e.msg, refusals[_i].why), "%s", e.msg);
	image_close(&img);
}
END_TEST

START_TEST(kaslr__words_like_nokaslr_are_not_nokaslr)
{
	struct guest_mem gm = guest_mem_sizes(256 * MIB);
	struct image img;
	struct e820 map;
	struct kaslr_facts f = { .img = &img,
				 .map = &map,
				 .cmdline = "nokaslr=1 xnokaslr nokasl "
					    "\"nokaslr\"" };

	build_kernel(COUNT(lists));
	open_kernel(&img);
	e820_build(&map, &gm);
	ck_assert(choose(&f, 1).virt_moved);
	image_close(&img);
}
END_TEST

/* --- whole boots */

struct booted {
	struct guest_mem gm;
	struct e820 map;
	struct boot_result r;
};

static int boot(struct booted *b, struct kaslr_wish wish, const char *protocol,
		const char *cmdline)
{
	struct image img;
	struct boot_request req = { .img = &img,
				    .gm = &b->gm,
				    .map = &b->map,
				    .protocol = protocol,
				    .cmdline = cmdline,
				    .kaslr = wish };
	int rc;

	open_kernel(&img);
	assert_ok(guest_mem_init(&b->gm, 64 * MIB, &e), &e);
	e820_build(&b->map, &b->gm);
	rc = boot_prepare(&req, &b->r, &e);
	image_close(&img);
	return rc;
}

static uint64_t at(const struct booted *b, uint64_t gpa, unsigned width)
{
	uint64_t v = 0;

	assert_ok(guest_mem_read(&b->gm, gpa, &v, width, "test", &e), &e);
	return v;
}

#define BOOT_PARAMS 0x7000 /* LAYOUT_BOOT_PARAMS */

START_TEST(kaslr__moves_the_kernel_and_tells_it)
{
	struct booted b;
	const struct placement *p = &b.r.kaslr;

	build_kernel(COUNT(lists));
	assert_ok(boot(&b, (struct kaslr_wish){ KASLR_SEED, 9 }, NULL, "one"),
		  &e);
	ck_assert_int_eq((int)b.r.plan.chosen, BOOT_ELF64);
	ck_assert(p->phys_moved && p->virt_moved);
	ck_assert_uint_ne(p->slide, 0);
	ck_assert_uint_ne(p->delta, 0);
	ck_assert_uint_eq(b.r.delta, p->delta);
	ck_assert_uint_eq(b.r.kernel.gpa, p->phys);
	ck_assert_uint_eq(b.r.cpu.rip, SMALL_KERNEL_ENTRY + p->delta);
	ck_assert_uint_eq(at(&b, p->phys + 8, 8), HIGH + TEXT + p->slide);
	ck_assert_uint_eq(at(&b, p->phys + 0x20, 4),
			  (uint32_t)(0x1234 - p->slide));
	ck_assert_uint_eq(at(&b, p->phys + 0x30, 4),
			  (uint32_t)(0x81000000 + p->slide));
	ck_assert_uint_eq(at(&b, DATA + p->delta + 0x10, 4),
			  (uint32_t)p->slide);
	/* Not named by a list. */
	ck_assert_uint_eq(at(&b, DATA + p->delta, 4), 0x04030201);
	ck_assert_uint_eq(at(&b, BOOT_PARAMS + HDR_LOADFLAGS, 1) & 2, 2);
	ck_assert_uint_eq(at(&b, BOOT_PARAMS + HDR_SETUP_DATA, 8), 0xf000);
	ck_assert_uint_eq(at(&b, 0xf000, 8), 0);
	ck_assert_uint_eq(at(&b, 0xf008, 4), 9);
	ck_assert_uint_eq(at(&b, 0xf00c, 4), 32);
	guest_mem_release(&b.gm);
}
END_TEST

static bool same(const struct booted *a, const struct booted *b)
{
	return !memcmp(a->gm.base, b->gm.base, a->gm.low_size) &&
	       a->r.cpu.rip == b->r.cpu.rip;
}

START_TEST(kaslr__the_same_seed_gives_the_same_guest)
{
	struct booted a, b, c;

	build_kernel(COUNT(lists));
	assert_ok(boot(&a, (struct kaslr_wish){ KASLR_SEED, 9 }, NULL, ""), &e);
	assert_ok(boot(&b, (struct kaslr_wish){ KASLR_SEED, 9 }, NULL, ""), &e);
	assert_ok(boot(&c, (struct kaslr_wish){ KASLR_SEED, 10 }, NULL, ""),
		  &e);
	ck_assert(same(&a, &b));
	ck_assert(!same(&a, &c));
	ck_assert_uint_ne(at(&a, 0xf010, 8), at(&c, 0xf010, 8));
	ck_assert_uint_ne(at(&a, 0xf010, 8), at(&a, 0xf018, 8));
	guest_mem_release(&a.gm);
	guest_mem_release(&b.gm);
	guest_mem_release(&c.gm);
}
END_TEST

/* Where it would be without KASLR, and told nothing. */
static void check_unmoved(const struct booted *b, int protocol)
{
	ck_assert_int_eq((int)b->r.plan.chosen, protocol);
	ck_assert(!kaslr_moves(&b->r.kaslr));
	ck_assert_uint_eq(b->r.delta, 0);
	ck_assert_uint_eq(at(b, TEXT + 8, 8), HIGH + TEXT);
	ck_assert_uint_eq(at(b, BOOT_PARAMS + HDR_LOADFLAGS, 1) & 2, 0);
	ck_assert_uint_eq(at(b, BOOT_PARAMS + HDR_SETUP_DATA, 8), 0);
	ck_assert_uint_eq(at(b, 0xf008, 8), 0);
}

START_TEST(kaslr__off_leaves_the_kernel_where_it_was)
{
	struct booted b;

	build_kernel(COUNT(lists));
	assert_ok(boot(&b, (struct kaslr_wish){ KASLR_OFF, 0 }, NULL, ""), &e);
	check_unmoved(&b, BOOT_PVH);
	guest_mem_release(&b.gm);
	assert_ok(
		boot(&b, (struct kaslr_wish){ KASLR_AUTO, 0 }, NULL, "nokaslr"),
		&e);
	check_unmoved(&b, BOOT_PVH);
	guest_mem_release(&b.gm);
}
END_TEST

/* Damage that only shows when all is decoded. */
START_TEST(kaslr__lists_that_are_unsound_move_nothing)
{
	static const char why[] = "does not come before";
	struct booted b;

	build_kernel(0);
	buf_add(&elf,
		(const uint32_t[]){ 0, 0x81200000, 0x81000008, 0, 0x81000030 },
		20);
	build_file();
	assert_ok(boot(&b, (struct kaslr_wish){ KASLR_AUTO, 0 }, NULL, ""), &e);
	check_unmoved(&b, BOOT_PVH);
	ck_assert_msg(strstr(b.r.kaslr.reason, why), "%s", b.r.kaslr.reason);
	guest_mem_release(&b.gm);
	assert_err(boot(&b, (struct kaslr_wish){ KASLR_SEED, 1 }, NULL, ""),
		   -EINVAL, &e, why);
	guest_mem_release(&b.gm);
}
END_TEST

START_TEST(kaslr__pvh_needs_phys32_reloc)
{
	struct booted b;

	build_kernel(COUNT(lists));
	assert_ok(boot(&b, (struct kaslr_wish){ KASLR_AUTO, 0 }, "pvh", ""),
		  &e);
	check_unmoved(&b, BOOT_PVH);
	ck_assert_msg(strstr(b.r.kaslr.reason, "has no PHYS32_RELOC note"),
		      "%s", b.r.kaslr.reason);
	guest_mem_release(&b.gm);
	assert_err(boot(&b, (struct kaslr_wish){ KASLR_SEED, 1 }, "pvh", ""),
		   -EINVAL, &e, "has no PHYS32_RELOC note");
	guest_mem_release(&b.gm);
}
END_TEST

/* elf_small_kernel() with that note, in place of its build-id. */
static void build_relocatable_pvh(uint32_t align, uint32_t min, uint32_t max)
{
	const uint32_t values[] = { align, min, max };
	struct buf notes = { 0 };
	uint64_t off;

	build_kernel(0);
	elf_note(&notes, "Xen", 19, values, 12, 4);
	off = elf_peek(&elf, 64 + 2 * 56 + 8, 8); /* p_offset of PT_NOTE */
	/* PHYS32_ENTRY, 24 bytes, then the build-id, 24 too. */
	ck_assert_uint_eq(elf_peek(&elf, 64 + 2 * 56 + 32, 8), 48);
	elf_patch(&elf, 64 + 2 * 56 + 32, 8, 24 + notes.len);
	memmove(elf.data + off + 24, notes.data, notes.len);
	buf_add(&elf, lists, sizeof(lists));
	build_file();
	buf_release(&notes);
}

START_TEST(kaslr__pvh_moves_in_physical_memory)
{
	const struct kaslr_wish wish = { KASLR_SEED, 9 };
	struct booted b;

	build_relocatable_pvh(0x200000, TEXT, 0x3fffffff);
	assert_ok(boot(&b, wish, "pvh", ""), &e);
	ck_assert_int_eq((int)b.r.plan.chosen, BOOT_PVH);
	ck_assert(b.r.kaslr.phys_moved && !b.r.kaslr.virt_moved);
	ck_assert_uint_ne(b.r.delta, 0);
	ck_assert_uint_eq(b.r.cpu.rip, PVH_ENTRY + b.r.delta);
	ck_assert_uint_eq(at(&b, TEXT + b.r.delta + 8, 8), HIGH + TEXT);
	guest_mem_release(&b.gm);
	/* A note that does not allow that place. */
	build_relocatable_pvh(0x200000, TEXT, DATA + 0x1fffff);
	assert_err(boot(&b, wish, "pvh", ""), -EINVAL, &e,
		   "PHYS32_RELOC does not allow 0x");
	guest_mem_release(&b.gm);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kaslr");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, kaslr__is_asked_for, 0, COUNT(wishes));
	tcase_add_loop_test(t, kaslr__places_are_all_that_fit, 0, COUNT(sizes));
	tcase_add_test(t, kaslr__places_are_ram);
	tcase_add_loop_test(t, kaslr__uses_all_places_evenly, 1, COUNT(sizes));
	tcase_add_test(t, kaslr__auto_draws_another_seed_each_time);
	tcase_add_loop_test(t, kaslr__cannot_be_done, 0, COUNT(refusals));
	tcase_add_test(t, kaslr__words_like_nokaslr_are_not_nokaslr);
	tcase_add_test(t, kaslr__moves_the_kernel_and_tells_it);
	tcase_add_test(t, kaslr__the_same_seed_gives_the_same_guest);
	tcase_add_test(t, kaslr__off_leaves_the_kernel_where_it_was);
	tcase_add_test(t, kaslr__lists_that_are_unsound_move_nothing);
	tcase_add_test(t, kaslr__pvh_needs_phys32_reloc);
	tcase_add_test(t, kaslr__pvh_moves_in_physical_memory);
	suite_add_tcase(s, t);
	return s;
}
