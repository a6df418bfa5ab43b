/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What segments put into memory, up to the last byte and the last address.
 */
#include "unit/unit.h"
#include "image/loadable.h"

#include <elf.h>

#define LOADS_MAX 3
#define END	  UINT64_MAX

/* Segments as "type, paddr, filesz, memsz"; other types are not loaded. */
struct seg {
	uint32_t type;
	uint64_t paddr, filesz, memsz;
};

static struct kernel_elf kernel(const struct seg *from)
{
	static struct elf_segment s[LOADS_MAX];

	for (unsigned i = 0; i < LOADS_MAX; i++)
		s[i] = (struct elf_segment){ .type = from[i].type,
					     .paddr = from[i].paddr,
					     .filesz = from[i].filesz,
					     .memsz = from[i].memsz };
	return (struct kernel_elf){ .segments = s,
				    .segments_count = LOADS_MAX };
}

static const struct {
	const char *what;
	struct seg s[LOADS_MAX];
	bool overlap;
	unsigned a, b;
	uint64_t low, last;
} rows[] = {
	{ "nothing", { { 0 } }, false, 0, 0, END, 0 },
	{ "one byte", { { PT_LOAD, 7, 0, 1 } }, false, 0, 0, 7, 7 },
	{ "touching",
	  { { PT_LOAD, 0x1000, 0x800, 0x1000 }, { PT_LOAD, 0x2000, 1, 1 } },
	  false,
	  0,
	  0,
	  0x1000,
	  0x2000 },
	{ "touching, downwards",
	  { { PT_LOAD, 0x2000, 1, 1 }, { PT_LOAD, 0x1000, 0, 0x1000 } },
	  false,
	  0,
	  0,
	  0x1000,
	  0x2000 },
	{ "one byte over",
	  { { PT_LOAD, 0x1000, 0, 0x1001 }, { PT_LOAD, 0x2000, 1, 1 } },
	  true,
	  0,
	  1,
	  0x1000,
	  0x2000 },
	{ "one byte over, downwards",
	  { { PT_LOAD, 0x2000, 1, 1 },
	    { PT_NOTE, 0, 0, END },
	    { PT_LOAD, 0x1000, 0, 0x1001 } },
	  true,
	  0,
	  2,
	  0x1000,
	  0x2000 },
	{ "one in another",
	  { { PT_LOAD, 0, 0, 1 },
	    { PT_LOAD, 0x1000, 0, 0x1000 },
	    { PT_LOAD, 0x1800, 0, 1 } },
	  true,
	  1,
	  2,
	  0,
	  0x1fff },
	{ "the same place",
	  { { PT_LOAD, 5, 0, 1 }, { PT_LOAD, 5, 0, 1 } },
	  true,
	  0,
	  1,
	  5,
	  5 },
	{ "an empty one counts for nothing",
	  { { PT_LOAD, 0x1000, 0, 0x1000 },
	    { PT_LOAD, 0x1800, 0, 0 },
	    { PT_LOAD, 0, 0, 0 } },
	  false,
	  0,
	  0,
	  0x1000,
	  0x1fff },
	{ "up to the last address",
	  { { PT_LOAD, END - 0xf, 1, 0x10 }, { PT_LOAD, 0x1000, 0, 1 } },
	  false,
	  0,
	  0,
	  0x1000,
	  END },
	{ "two at the last address",
	  { { PT_LOAD, END - 0xf, 1, 0x10 }, { PT_LOAD, END, 0, 1 } },
	  true,
	  0,
	  1,
	  END - 0xf,
	  END },
};

START_TEST(loadable__overlap_and_span)
{
	struct kernel_elf k = kernel(rows[_i].s);
	struct loadable_span span = loadable_span(&k);
	unsigned a = 0, b = 0;

	ck_assert_msg(loadable_overlap(&k, &a, &b) == rows[_i].overlap, "%s",
		      rows[_i].what);
	ck_assert_msg(a == rows[_i].a && b == rows[_i].b, "%s: %u and %u",
		      rows[_i].what, a, b);
	ck_assert_msg(span.low == rows[_i].low && span.last == rows[_i].last,
		      "%s: 0x%llx to 0x%llx", rows[_i].what,
		      (unsigned long long)span.low,
		      (unsigned long long)span.last);
}
END_TEST

static const struct {
	uint64_t gpa;
	bool has;
} bytes[] = {
	{ 0xfff, false },  { 0x1000, true }, { 0x17ff, true },
	{ 0x1800, false }, /* bss */
	{ 0x4000, false }, /* a note's */
	{ END - 1, true }, { END, true },    { 0, false },
};

START_TEST(loadable__has_byte)
{
	static const struct seg s[LOADS_MAX] = {
		{ PT_LOAD, 0x1000, 0x800, 0x1000 },
		{ PT_NOTE, 0x4000, 0x100, 0x100 },
		{ PT_LOAD, END - 1, 2, 2 },
	};
	struct kernel_elf k = kernel(s);

	ck_assert_msg(loadable_has_byte(&k, bytes[_i].gpa) == bytes[_i].has,
		      "0x%llx", (unsigned long long)bytes[_i].gpa);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("loadable");
	TCase *t = tcase_create("loadable");

	tcase_add_loop_test(t, loadable__overlap_and_span, 0, COUNT(rows));
	tcase_add_loop_test(t, loadable__has_byte, 0, COUNT(bytes));
	suite_add_tcase(s, t);
	return s;
}
