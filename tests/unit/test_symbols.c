/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for where a vCPU stood: which address of the kernel that is, and the
 * lines of a System.map, whatever is in it.
 */
#include "unit/unit.h"
#include "run/symbols.h"

#include <elf.h>
#include <stdlib.h>

#define TEXT 0xffffffff81000000

/* A kernel as Linux is linked: text high, a per-CPU segment at virtual 0. */
static struct elf_segment segments[] = {
	{ .type = PT_LOAD, .vaddr = TEXT, .paddr = 0x1000000, .memsz = 0x2000 },
	{ .type = PT_LOAD, .vaddr = 0, .paddr = 0x1002000, .memsz = 0x1000 },
	{ .type = PT_NOTE, .vaddr = 0x5000, .paddr = 0x5000, .memsz = 0x1000 },
};

static const struct {
	const char *what;
	uint64_t delta, rip, gpa;
	bool gpa_known, found;
	uint64_t vaddr;
} places[] = {
	{ "virtual", 0, TEXT + 0x10, 0x1000010, true, true, TEXT + 0x10 },
	{ "physical", 0, 0x1000010, 0x1000010, true, true, TEXT + 0x10 },
	{ "last byte", 0, 0x1001fff, 0x1001fff, true, true, TEXT + 0x1fff },
	{ "next segment", 0, 0x1002000, 0x1002000, true, true, 0 },
	{ "behind all", 0, 0x1003000, 0x1003000, true, false, 0 },
	{ "below all", 0, 0xffffff, 0xffffff, true, false, 0 },
	{ "moved", 0x800000, 0x1800010, 0x1800010, true, true, TEXT + 0x10 },
	{ "where it was", 0x800000, 0x1000010, 0x1000010, true, false, 0 },
	{ "moved down", -0x800000ull, 0x800010, 0x800010, true, true,
	  TEXT + 0x10 },
	{ "shifted", 0, TEXT + 0x400010, 0x1000010, true, true, TEXT + 0x10 },
	{ "a program's", 0, 0x401000, 0x7000000, true, false, 0 },
	{ "a note's", 0, 0x5000, 0x5000, true, false, 0 },
	{ "untranslated", 0, TEXT + 0x20, 0, false, true, TEXT + 0x20 },
	{ "nowhere", 0, 0x1000010, 0, false, false, 0 },
};

START_TEST(symbols__vaddr)
{
	struct image img = { .head = { .segments = segments,
				       .segments_count = COUNT(segments) } };
	struct symbols s = { .img = &img, .delta = places[_i].delta };
	struct vcpu_where w = { .known = true,
				.rip = places[_i].rip,
				.gpa_known = places[_i].gpa_known,
				.gpa = places[_i].gpa };
	uint64_t vaddr = 1;
	bool found = symbols_vaddr(&s, &w, &vaddr);

	ck_assert_msg(found == places[_i].found, "%s", places[_i].what);
	if (found)
		ck_assert_msg(vaddr == places[_i].vaddr, "%s: 0x%llx",
			      places[_i].what, (unsigned long long)vaddr);
}
END_TEST

#define MAP                            \
	"0000000000000000 A VDSO\n"    \
	"ffffffff81000000 T _text\n"   \
	"ffffffff81000000 T startup\n" \
	"ffffffff81000040 t idle\n"    \
	"ffffffff81000100 T late\n"

static const struct {
	const char *map;
	uint64_t vaddr;
	const char *name;
} maps[] = {
	{ MAP, TEXT, "startup+0x0" },
	{ MAP, TEXT + 0x3f, "startup+0x3f" },
	{ MAP, TEXT + 0x40, "idle+0x0" },
	{ MAP, TEXT + 0xff, "idle+0xbf" },
	{ MAP, TEXT + 0x10000, "late+0xff00" },
	{ MAP, TEXT - 1, "" },
	/* in any order, the last line without its end, a module's name */
	{ "20 T b\n10 T a", 0x1f, "a+0xf" },
	{ "10 t f\t[module]\n", 0x10, "f+0x0" },
	/* lines that are none */
	{ "", 0x10, "" },
	{ "\n\n\n", 0x10, "" },
	{ "10", 0x10, "" },
	{ "10 ", 0x10, "" },
	{ "10 T", 0x10, "" },
	{ "10 T ", 0x10, "" },
	{ "10 T \n11 T b\n", 0x10, "" },
	{ "10 a f\n", 0x10, "" },
	{ "xyz T f\n", 0x10, "" },
	{ " 10 T f\n", 0x10, "" },
	{ "10000000000000000 T f\n", 0x10, "" },
	{ "ffffffffffffffff T f\n", UINT64_MAX, "f+0x0" },
};

START_TEST(symbols__in_map)
{
	size_t len = strlen(maps[_i].map);
	char *copy = malloc(len ? len : 1); /* for ASan to see the end */
	char buf[64];
	bool found;

	memcpy(copy, maps[_i].map, len);
	found = symbols_in_map((struct bytes){ (uint8_t *)copy, len },
			       maps[_i].vaddr, buf, sizeof(buf));
	ck_assert_str_eq(buf, maps[_i].name);
	ck_assert_int_eq(found, *maps[_i].name != '\0');
	free(copy);
}
END_TEST

START_TEST(symbols__long_name_leaves_room)
{
	static char map[400] = "10 T ";
	char buf[32];

	memset(map + 5, 'x', sizeof(map) - 6);
	ck_assert(symbols_in_map(
		(struct bytes){ (uint8_t *)map, sizeof(map) - 1 }, 0x12, buf,
		sizeof(buf)));
	ck_assert_str_eq(buf, "xxxxxxxxxxxxxxxx+0x2");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("symbols");
	TCase *t = tcase_create("symbols");

	tcase_add_loop_test(t, symbols__vaddr, 0, COUNT(places));
	tcase_add_loop_test(t, symbols__in_map, 0, COUNT(maps));
	tcase_add_test(t, symbols__long_name_leaves_room);
	suite_add_tcase(s, t);
	return s;
}
