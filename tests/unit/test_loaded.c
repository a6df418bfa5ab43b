/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules of a stopped kernel, by its type information; and lists, symbols
 * and types that lie.
 */
#include "support/flat_memory.h"
#include "support/loaded_builder.h"
#include "unit/unit.h"
#include "autopsy/btf.h"

#include <errno.h>

static uint8_t bytes[TEST_LOADED_SIZE];
static struct flat_memory flat;
static struct memory m;
static struct loaded_names names;
static struct loaded mods;
static struct err e;

static void build(const struct test_loaded *t)
{
	names = test_loaded_build(t, bytes);
	flat = (struct flat_memory){ t->is32 ? TEST_LOADED_BASE32
					     : TEST_LOADED_BASE64,
				     { bytes, sizeof(bytes) },
				     0 };
	m = flat_memory(&flat, !t->is32);
	ck_assert(names.stop_btf <= flat.base + TEST_LOADED_SIZE);
}

static void teardown(void)
{
	loaded_release(&mods);
}

static uint64_t text(uint64_t off)
{
	return (m.is64 ? TEST_LOADED_TEXT64 : TEST_LOADED_TEXT32) + off;
}

static const struct test_loaded forms[] = {
	{ 0 },
	{ .old = true },
	{ .is32 = true },
	{ .is32 = true, .old = true },
	{ .no_orc = true },
};

static const struct {
	uint64_t off;
	bool is_return;
	const char *want; /* NULL: in no module; "": its address */
} places[] = {
	{ 0x1010, false, "first+0x0 [m0]" },
	{ 0x103f, false, "first+0x2f [m0]" },
	{ 0x1040, false, "second+0x0 [m0]" },
	{ 0x1040, true, "first+0x30 [m0]" },
	{ 0x1fff, false, "second+0xfbf [m0]" },
	{ 0x100f, false, " [m0]" },
	{ 0xfff, false, NULL },
	{ 0x2000, false, NULL },
	{ 0x9000, false, "start+0x0 [m0]" },
	{ 0x90ff, false, "start+0xff [m0]" },
	{ 0x9100, false, NULL },
	{ 0x3000, false, " [m1]" },
	{ 0x3fff, false, " [m1]" },
	{ 0x4000, false, NULL },
	{ 0xb000, false, NULL }, /* m1 has no start left */
};

/* A place without a symbol is an address. */
static void expect_place(size_t i)
{
	uint64_t addr = text(places[i].off);
	struct loaded_module *mod = loaded_find(&mods, addr);
	char got[128], want[128];

	if (!places[i].want) {
		ck_assert_ptr_null(mod);
		return;
	}
	ck_assert_ptr_nonnull(mod);
	loaded_place(mod, &m, addr, places[i].is_return, got, sizeof(got));
	if (places[i].want[0] == ' ')
		snprintf(want, sizeof(want), "0x%llx%s",
			 (unsigned long long)addr, places[i].want);
	else
		snprintf(want, sizeof(want), "%s", places[i].want);
	ck_assert_str_eq(got, want);
}

START_TEST(loaded__names_places)
{
	build(&forms[_i]);
	assert_ok(loaded_read(&mods, &m, &names, &e), &e);
	ck_assert_uint_eq(mods.count, 2);
	ck_assert_uint_eq(mods.left_out, 0);
	for (size_t i = 0; i < COUNT(places); i++)
		expect_place(i);
}
END_TEST

START_TEST(loaded__has_tables_of_orc)
{
	const struct orc kernel = { .form = ORC_FROM_6_4 };
	struct orc_entry entry;
	const struct orc *orc;

	build(&forms[_i]);
	assert_ok(loaded_read(&mods, &m, &names, &e), &e);
	orc = loaded_orc(&mods.all[0], &m, &kernel);
	ck_assert_ptr_null(loaded_orc(&mods.all[1], &m, &kernel));
	if (forms[_i].no_orc || forms[_i].is32) {
		ck_assert_ptr_null(orc);
		return;
	}
	ck_assert(orc_find(orc, &m, text(0x1041), &entry));
	ck_assert_int_eq(entry.sp_offset, 16);
	ck_assert(!orc_find(orc, &m, text(0x2000), &entry));
	ck_assert_ptr_eq(loaded_orc(&mods.all[0], &m, &kernel), orc);
}
END_TEST

/* What is changed of the memory; and how many modules are read then. */
static const struct lie {
	const char *what;
	uint64_t off, value;
	size_t len;
	int rc;
	unsigned count, left_out;
	const char *message;
} lies[] = {
	{ "the list is elsewhere", TEST_LOADED_HEAD, 0x1000, 8, 0, 0, 1, "" },
	{ "a module points at itself", TEST_LOADED_M0 + TEST_LOADED_LIST,
	  TEST_LOADED_BASE64 + TEST_LOADED_M0 + TEST_LOADED_LIST, 8, 0, 1,
	  LOADED_MAX - 1, "" },
	{ "the next one is elsewhere", TEST_LOADED_M0 + TEST_LOADED_LIST,
	  0x1000, 8, 0, 1, 1, "" },
	{ "one that is being made", TEST_LOADED_M0 + TEST_LOADED_STATE, 3, 4, 0,
	  1, 1, "" },
	{ "no name", TEST_LOADED_M0 + TEST_LOADED_NAME, 0, 1, 0, 1, 1, "" },
	{ "a name with an escape", TEST_LOADED_M0 + TEST_LOADED_NAME, 0x1b, 1,
	  0, 1, 1, "" },
	{ "code that overlaps the other's", TEST_LOADED_M1 + TEST_LOADED_PARTS,
	  TEST_LOADED_TEXT64 + 0x1fff, 8, 0, 1, 1, "" },
	{ "code too large", TEST_LOADED_M0 + TEST_LOADED_PARTS + 8,
	  LOADED_TEXT_MAX + 1, 4, 0, 1, 1, "" },
	{ "code round the end", TEST_LOADED_M0 + TEST_LOADED_PARTS, -16ull, 8,
	  0, 1, 1, "" },
	{ "types of another magic", TEST_LOADED_BTF, 0, 2, -EINVAL, 0, 0,
	  "its type information (BTF) begins with 0x0, version 1 (expected "
	  "0xeb9f, version 1)" },
	{ "types of another version", TEST_LOADED_BTF + 2, 2, 1, -EINVAL, 0, 0,
	  "its type information (BTF) begins with 0xeb9f, version 2 (expected "
	  "0xeb9f, version 1)" },
	{ "types that are cut", TEST_LOADED_BTF + 12, 0x10000, 4, -EINVAL, 0, 0,
	  "is cut" },
	{ "names that are cut", TEST_LOADED_BTF + 20, 0xffffffff, 4, -EINVAL, 0,
	  0, "is cut" },
	{ "a kind that is not known", TEST_LOADED_BTF + 24 + 4, 20u << 24, 4,
	  -ENOENT, 0, 0, "does not say what a module is" },
	{ "a type that has too many members", TEST_LOADED_BTF + 24 + 4,
	  4u << 24 | 0xffff, 4, -ENOENT, 0, 0,
	  "does not say what a module is" },
};

START_TEST(loaded__is_not_misled)
{
	const struct lie *lie = &lies[_i];

	build(&forms[0]);
	memcpy(bytes + lie->off, &lie->value, lie->len);
	ck_assert_msg(loaded_read(&mods, &m, &names, &e) == lie->rc, "%s: %s",
		      lie->what, e.msg);
	ck_assert_msg(
		mods.count == lie->count && mods.left_out == lie->left_out,
		"%s: %u, left out %u", lie->what, mods.count, mods.left_out);
	if (lie->rc)
		ck_assert_msg(strstr(e.msg, lie->message) != NULL, "%s: %s",
			      lie->what, e.msg);
}
END_TEST

/* A place in m0 when its names are changed: an address where there is none. */
static const struct {
	const char *what;
	uint64_t off, value;
	size_t len;
	const char *want;
} strangers[] = {
	{ "no table of names", TEST_LOADED_M0 + TEST_LOADED_SYMS, 0, 8,
	  "0xffffffffc0001050 [m0]" },
	{ "too many symbols", TEST_LOADED_KALLSYMS + 8, LOADED_SYMBOLS_MAX + 1,
	  4, "0xffffffffc0001050 [m0]" },
	{ "symbols elsewhere", TEST_LOADED_KALLSYMS, 0x1000, 8,
	  "0xffffffffc0001050 [m0]" },
	{ "more symbols than there are", TEST_LOADED_KALLSYMS + 8,
	  LOADED_SYMBOLS_MAX, 4, "second+0x10 [m0]" },
	{ "strings elsewhere", TEST_LOADED_KALLSYMS + 16, 0x1000, 8,
	  "0xffffffffc0001050 [m0]" },
	{ "a string too long", TEST_LOADED_STRINGS + 13, 0x4141414141414141, 1,
	  "secondAstart+0x10 [m0]" },
	{ "a symbol without its string", TEST_LOADED_SYMBOLS + 24, 0x7fffffff,
	  4, "first+0x40 [m0]" },
};

START_TEST(loaded__gives_no_wrong_name)
{
	char got[128];

	build(&forms[0]);
	memcpy(bytes + strangers[_i].off, &strangers[_i].value,
	       strangers[_i].len);
	assert_ok(loaded_read(&mods, &m, &names, &e), &e);
	loaded_place(&mods.all[0], &m, text(0x1050), false, got, sizeof(got));
	ck_assert_msg(!strcmp(got, strangers[_i].want), "%s: %s",
		      strangers[_i].what, got);
}
END_TEST

/* No string ends in time, and the guest's name stays in its buffer. */
START_TEST(loaded__cuts_long_names)
{
	char got[40];

	build(&forms[0]);
	memset(bytes + TEST_LOADED_STRINGS, 'x', 0x100);
	assert_ok(loaded_read(&mods, &m, &names, &e), &e);
	loaded_place(&mods.all[0], &m, text(0x1050), false, got, sizeof(got));
	ck_assert_str_eq(got, "0xffffffffc0001050 [m0]");
	bytes[TEST_LOADED_STRINGS + 100] = '\0';
	loaded_place(&mods.all[0], &m, text(0x1050), false, got, sizeof(got));
	ck_assert_str_eq(got, "xxxxxxxxxxxxxxxxxxxx+0x8 [m0]");
}
END_TEST

/* The tables of m0 that are not sound, or too large, are not used. */
START_TEST(loaded__checks_tables_of_orc)
{
	static const struct {
		uint64_t off, value;
		size_t len;
	} changes[] = {
		{ TEST_LOADED_ARCH, LOADED_ORC_MAX + 1, 4 },
		{ TEST_LOADED_ARCH, 1000, 4 },
		{ TEST_LOADED_ARCH, 0, 4 },
		{ TEST_LOADED_ARCH + 8, 0x1000, 8 },
		{ TEST_LOADED_ARCH + 8, -4ull, 8 },
		{ TEST_LOADED_ARCH + 16, 0, 8 },
	};
	const struct orc kernel = { .form = ORC_FROM_6_4 };

	for (size_t i = 0; i < COUNT(changes); i++) {
		build(&forms[0]);
		memcpy(bytes + TEST_LOADED_M0 + changes[i].off,
		       &changes[i].value, changes[i].len);
		assert_ok(loaded_read(&mods, &m, &names, &e), &e);
		ck_assert_ptr_null(loaded_orc(&mods.all[0], &m, &kernel));
		loaded_release(&mods);
	}
}
END_TEST

static const struct {
	uint64_t modules, start, stop; /* added to the right ones */
	int rc;
	const char *message;
} unknown[] = {
	{ -(TEST_LOADED_BASE64), 0, 0, -ENOENT,
	  "no name says where the list of modules is" },
	{ 0, 0, -0x1000ull, -ENOENT,
	  "the kernel has no type information (BTF)" },
	{ 0, 0, BTF_MAX + 1, -EINVAL, "the most is 67108864" },
	{ 0, 0x2000, 0x2000, -EINVAL,
	  "its type information (BTF) is not in memory" },
	{ 0x2000, 0, 0, -EINVAL, "the list of modules is not in memory" },
};

START_TEST(loaded__without_places)
{
	build(&forms[0]);
	names.modules += unknown[_i].modules;
	names.start_btf += unknown[_i].start;
	names.stop_btf += unknown[_i].stop;
	ck_assert_int_eq(loaded_read(&mods, &m, &names, &e), unknown[_i].rc);
	ck_assert_msg(strstr(e.msg, unknown[_i].message) != NULL, "%s", e.msg);
	ck_assert_ptr_null(mods.all);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("loaded");
	TCase *tc = tcase_create("loaded");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, loaded__names_places, 0, COUNT(forms));
	tcase_add_loop_test(tc, loaded__has_tables_of_orc, 0, COUNT(forms));
	tcase_add_loop_test(tc, loaded__is_not_misled, 0, COUNT(lies));
	tcase_add_loop_test(tc, loaded__gives_no_wrong_name, 0,
			    COUNT(strangers));
	tcase_add_test(tc, loaded__cuts_long_names);
	tcase_add_test(tc, loaded__checks_tables_of_orc);
	tcase_add_loop_test(tc, loaded__without_places, 0, COUNT(unknown));
	suite_add_tcase(s, tc);
	return s;
}
