/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of guest memory, read back: each range is there once, to scale,
 * with its name, and nothing overlaps.
 */
#include "image/kernel_elf.h"
#include "show/map_panel.h"
#include "show/map_svg.h"
#include "unit/svg_shapes.h"

#include <inttypes.h>

#define KIB UINT64_C(1024)
#define MIB (KIB << 10)
#define GIB (MIB << 10)

static struct memory_map map;
static struct shapes shapes;
static struct err e;

/* The memory map of a machine with this much memory, as in vm/e820.h. */
static void tell(uint64_t size)
{
	uint64_t low = size > 3 * GIB ? 3 * GIB : size;
	struct e820 e820;

	e820_build(&e820, &(struct guest_mem){ .low_size = low,
					       .high_size = size - low });
	map.count = 0;
	memory_map_add_e820(&map, &e820);
	memory_map_add(&map, RANGE_DEVICE, 0xd0000000, 4 * KIB, "virtio");
	memory_map_add(&map, RANGE_DEVICE, 0xfec00000, 4 * KIB, "IOAPIC");
	memory_map_add(&map, RANGE_DEVICE, 0xfee00000, 4 * KIB, "LAPIC");
}

static void fill(void)
{
	memory_map_add(&map, RANGE_TABLE, 0x500, 48, "GDT");
	memory_map_add(&map, RANGE_TABLE, 0x7000, 4 * KIB, "boot_params");
	memory_map_add(&map, RANGE_TABLE, 0x9000, 24 * KIB, "page tables");
	memory_map_add(&map, RANGE_TABLE, 0x20000, 14, "command line");
	memory_map_add(&map, RANGE_TEXT, 16 * MIB, 24 * MIB, "text");
	memory_map_add(&map, RANGE_DATA, 42 * MIB, 6 * MIB, "data");
	memory_map_add(&map, RANGE_BSS, 48 * MIB, 5 * MIB, "bss");
	memory_map_add(&map, RANGE_ROOM, 53 * MIB, 3 * MIB, "room");
	memory_map_add(&map, RANGE_INITRD, 60 * MIB, 2 * MIB, "initrd");
	memory_map_add(&map, RANGE_ENTRY, 16 * MIB + 64, 0, "entry: elf64");
}

static void draw(void)
{
	char *svg = NULL;

	assert_ok(map_svg(&map, "title", "words", &svg, &e), &e);
	shapes_read(&shapes, svg);
	shapes_check(&shapes);
	free(svg);
}

/* The beginning of the title of @r's bar. */
static const struct shape *bar_of(const struct map_range *r)
{
	char title[80];

	snprintf(title, sizeof(title), "%s: 0x%" PRIx64 " ", r->name, r->gpa);
	return shape_titled(&shapes, title);
}

static const struct {
	const char *name; /* of a range in the strip */
	uint64_t from, to;
} strips[] = {
	/* Two ranges of one strip give its scale; the others must match it. */
	{ "boot_params", 0, 64 * KIB },
	{ "text", 16 * MIB, 56 * MIB },
	{ "VGA hole", 0, MIB },
	{ "initrd", 0, 4 * GIB },
};

static bool in_strip(const struct map_range *r, unsigned strip)
{
	/* The smallest strip that contains it. */
	for (unsigned i = 0; i < COUNT(strips); i++)
		if (r->gpa >= strips[i].from &&
		    r->gpa + r->size <= strips[i].to)
			return i == strip;
	return false;
}

START_TEST(map_svg__is_to_scale)
{
	const double px = PANEL_STRIP / SVG_PX;
	double top = -1;

	tell(256 * MIB);
	fill();
	draw();
	for (unsigned i = 0; i < map.count; i++) {
		const struct map_range *r = &map.list[i];
		const struct shape *bar = bar_of(r);
		double span = strips[_i].to - strips[_i].from;
		double at = (r->gpa - strips[_i].from) / span * px;
		double len = r->size / span * px;

		if (!in_strip(r, _i))
			continue;
		if (top < 0)
			top = bar->y - at;
		ck_assert_msg(bar->y - top - at <= 1 && bar->y - top - at >= -1,
			      "%s at %.1f, not %.1f", r->name, bar->y - top,
			      at);
		ck_assert_msg(bar->h - len <= 1 && bar->h - len >= -1,
			      "%s has %.1f, not %.1f", r->name, bar->h, len);
		ck_assert_double_ge(bar->h, 1);
	}
	ck_assert_double_ge(top, 0);
}
END_TEST

static const uint64_t sizes[] = { 64 * MIB, 128 * MIB, 3 * GIB, 6 * GIB,
				  512 * GIB };

START_TEST(map_svg__has_everything_once)
{
	tell(sizes[_i]);
	fill();
	draw();
	for (unsigned i = 0; i < map.count; i++) {
		bar_of(&map.list[i]);
		ck_assert_uint_eq(shapes_count_text(&shapes, map.list[i].name),
				  1);
	}
}
END_TEST

START_TEST(map_svg__without_a_kernel)
{
	tell(256 * MIB);
	draw();
	ck_assert_uint_eq(shapes_count_text(&shapes, "No kernel was loaded."),
			  1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "IOAPIC"), 1);
}
END_TEST

START_TEST(map_svg__names_are_hostile)
{
	tell(256 * MIB);
	memory_map_add(&map, RANGE_TEXT, 16 * MIB, MIB, "</text>\033&\xff");
	memory_map_add(&map, RANGE_DATA, 20 * MIB, MIB,
		       "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
	draw();
	ck_assert_uint_eq(shapes_count_text(&shapes, "&lt;/text&gt;?&amp;?"),
			  1);
}
END_TEST

/* As many as an ELF can have: all are drawn; the largest have labels. */
START_TEST(map_svg__of_very_many_segments)
{
	char name[16];
	unsigned bars = 0;

	tell(256 * MIB);
	for (unsigned i = 0; i < KERNEL_ELF_MAX_SEGMENTS; i++) {
		snprintf(name, sizeof(name), "part %u", i);
		memory_map_add(&map, RANGE_DATA, 16 * MIB + i * 64 * KIB,
			       (i == 77 ? 48 : 16) * KIB, "%s", name);
	}
	memory_map_add(&map, RANGE_ENTRY, 24 * MIB, 0, "entry: pvh");
	draw();
	for (unsigned i = 0; i < shapes.count; i++)
		bars += shapes.list[i].titled &&
			!strncmp(shapes.list[i].text, "part ", 5);
	ck_assert_uint_eq(bars, KERNEL_ELF_MAX_SEGMENTS);
	ck_assert_uint_eq(shapes_count_text(&shapes, "part 77"), 1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "entry: pvh"), 1);
	snprintf(name, sizeof(name), "part %u", PANEL_LINES - 4);
	ck_assert_uint_eq(shapes_count_text(&shapes, name), 1);
	ck_assert_uint_eq(shapes_count_text(&shapes, "part 200"), 0);
	ck_assert_uint_eq(shapes_count_text(&shapes, "and 241 more"), 1);
}
END_TEST

/* Ranges that no loader would accept do not break the picture. */
START_TEST(map_svg__of_nonsense)
{
	tell(256 * MIB);
	memory_map_add(&map, RANGE_TEXT, UINT64_MAX - 5, 5, "at the end");
	memory_map_add(&map, RANGE_DATA, 0xfffff, 2, "over the edge");
	memory_map_add(&map, RANGE_TABLE, 0xffff, 2, "over another");
	memory_map_add(&map, RANGE_BSS, 8 * GIB, UINT64_MAX / 2, "large");
	draw();
	ck_assert_uint_eq(shapes_count_text(&shapes, "over the edge"), 1);
}
END_TEST

START_TEST(map_svg__words)
{
	struct map_words w;

	map_words_make(&w, "/boot/vmlinuz-6.1", 6 * GIB, "pvh");
	ck_assert_str_eq(w.title, "Guest memory of vmlinuz-6.1");
	ck_assert_str_eq(w.below, "6 GiB of RAM, the kernel entered by pvh; "
				  "addresses run downwards");
	ck_assert_str_eq(picture_name("a/b/"), "a/b/");
	ck_assert_str_eq(picture_name("b"), "b");
	ck_assert_str_eq(picture_name("-"), "standard input");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("map_svg");
	TCase *t = tcase_create("map_svg");

	tcase_add_loop_test(t, map_svg__is_to_scale, 0, COUNT(strips));
	tcase_add_loop_test(t, map_svg__has_everything_once, 0, COUNT(sizes));
	tcase_add_test(t, map_svg__without_a_kernel);
	tcase_add_test(t, map_svg__names_are_hostile);
	tcase_add_test(t, map_svg__of_very_many_segments);
	tcase_add_test(t, map_svg__of_nonsense);
	tcase_add_test(t, map_svg__words);
	suite_add_tcase(s, t);
	return s;
}
