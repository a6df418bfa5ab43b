/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "support/elf_builder.h"
#include "image/relocs.h"
#include "support/tight.h"
#include "unit/unit.h"

/*
 * Linked like a kernel before 6.15: text high, percpu at 0 but loaded between
 * text and init, so its relocations are written as if linked there.
 */
#define HIGH   0xffffffff80000000
#define TEXT   0x1000000
#define PERCPU 0x2000000
#define INIT   0x3000000
#define SIZE   0x1000

/* An entry for physical address @p. */
#define AT(p)	(0x80000000u + (p))
#define AT32(p) (0xc0000000u + (p))

static struct bytes held;

static void build(bool is32, const void *trailer, size_t len)
{
	const uint64_t high = is32 ? 0xc0000000 : HIGH;
	const struct test_segment s[] = {
		{ .type = PT_LOAD,
		  .vaddr = is32 ? high + PERCPU : 0,
		  .paddr = PERCPU,
		  .memsz = SIZE },
		{ .type = PT_LOAD,
		  .vaddr = high + TEXT,
		  .paddr = TEXT,
		  .memsz = SIZE },
		{ .type = PT_NOTE, .vaddr = 0x1234 },
		{ .type = PT_LOAD,
		  .vaddr = high + INIT,
		  .paddr = INIT,
		  .memsz = SIZE },
	};
	struct buf file = { 0 };

	elf_build(&(struct test_elf){ .is32 = is32,
				      .segments = s,
				      .segments_count = COUNT(s) },
		  &file);
	buf_add(&file, trailer, len);
	tight_free(held);
	held = tight(file.data, file.len);
	buf_release(&file);
}

static int find(struct relocs *r, bool is32, const void *trailer, size_t len,
		struct err *e)
{
	struct kernel_elf k;
	int rc;

	build(is32, trailer, len);
	assert_ok(kernel_elf_parse(&k, held, e), e);
	rc = relocs_find(r, &k, e);
	if (r->present)
		ck_assert_uint_eq(r->off, held.len - len);
	kernel_elf_release(&k);
	return rc;
}

START_TEST(relocs__are_counted_by_structure)
{
	static const struct {
		bool is32;
		uint32_t words[8];
		unsigned n;
		size_t n64, ninverse, n32;
		bool has_inverse;
	} rows[] = {
		/* 3.16 to 6.14 */
		{ false,
		  { 0, AT(TEXT), AT(INIT), 0, AT(TEXT), 0, AT(TEXT), AT(TEXT) },
		  8,
		  2,
		  1,
		  2,
		  true },
		{ false, { 0, AT(TEXT), 0, 0, AT(TEXT) }, 5, 1, 0, 1, true },
		{ false, { 0, 0, AT(TEXT), 0 }, 4, 0, 1, 0, true },
		/* before, and from 6.15 on */
		{ false,
		  { 0, AT(TEXT), 0, AT(INIT), AT(INIT + 1), AT(INIT + 2) },
		  6,
		  1,
		  0,
		  3,
		  false },
		{ false, { 0, 0, AT(TEXT) }, 3, 0, 0, 1, false },
		{ false, { 0, AT(TEXT), 0 }, 3, 1, 0, 0, false },
		{ true, { 0, AT32(TEXT), AT32(INIT) }, 3, 0, 0, 2, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct relocs r;

		assert_ok(find(&r, rows[i].is32, rows[i].words, rows[i].n * 4,
			       &e),
			  &e);
		ck_assert(r.present);
		ck_assert_uint_eq(r.n64, rows[i].n64);
		ck_assert_uint_eq(r.ninverse, rows[i].ninverse);
		ck_assert_uint_eq(r.n32, rows[i].n32);
		ck_assert_int_eq(r.has_inverse, rows[i].has_inverse);
	}
}
END_TEST

START_TEST(relocs__none_is_no_error)
{
	struct err e = ERR_EMPTY;
	struct relocs r;

	assert_ok(find(&r, false, "", 0, &e), &e);
	ck_assert(!r.present);
}
END_TEST

/* One 64-bit entry in an otherwise valid pair of lists. */
static int find_entry(struct relocs *r, uint32_t entry, struct err *e)
{
	const uint32_t words[] = { 0, entry, 0, AT(TEXT) };

	return find(r, false, words, sizeof(words), e);
}

START_TEST(relocs__point_into_segments)
{
	static const struct {
		uint32_t entry;
		bool ok;
	} rows[] = {
		{ AT(TEXT), true },
		{ AT(TEXT + SIZE - 1), true },
		{ AT(TEXT - 1), false },
		{ AT(TEXT + SIZE), false },
		{ AT(INIT), true },
		{ AT(INIT + SIZE - 1), true },
		{ AT(INIT + SIZE), false },
		/* Percpu data: where it is loaded, not where it is linked. */
		{ AT(PERCPU), true },
		{ AT(PERCPU + SIZE - 1), true },
		{ AT(PERCPU + SIZE), false },
		{ 8, false },
		{ 0x1234, false },
		{ 1, false },
		/* Sign-extended, these are not in the kernel. */
		{ TEXT, false },
		{ 0xffffffff, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct relocs r;
		int rc = find_entry(&r, rows[i].entry, &e);

		ck_assert_msg(r.present == rows[i].ok, "0x%x: %s",
			      rows[i].entry, e.msg);
		if (!rows[i].ok)
			assert_err(rc, -EINVAL, &e,
				   "is not an address in a segment");
	}
}
END_TEST

START_TEST(relocs__are_not_seen_in_other_bytes)
{
	static const struct {
		const char *msg;
		bool is32;
		size_t len;
		uint32_t words[6];
	} rows[] = {
		{ "0x5 bytes follow the ELF, not a multiple of 4",
		  false,
		  5,
		  { 0, AT(TEXT) } },
		{ "only zeros follow the ELF", false, 8, { 0, 0 } },
		{ "only zeros follow the ELF", false, 12, { 0, 0, 0 } },
		{ "no 0 between the end of the ELF", false, 4, { 0 } },
		{ "no 0 between the end of the ELF", false, 4, { AT(TEXT) } },
		{ "no 0 between the end of the ELF",
		  false,
		  12,
		  { AT(TEXT), 0, AT(TEXT) } },
		/* An extra 0: four lists, or one that begins too late. */
		{ "they begin at", false, 20, { 0, 0, AT(TEXT), 0, 0 } },
		{ "they begin at", true, 12, { 0, 0, AT32(TEXT) } },
		{ "they begin at", true, 12, { AT32(TEXT), 0, AT32(TEXT) } },
		{ "0x64636261 at", false, 4, { 0x64636261 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct relocs r;

		memset(&r, 0x5c, sizeof(r));
		assert_err(
			find(&r, rows[i].is32, rows[i].words, rows[i].len, &e),
			-EINVAL, &e, rows[i].msg);
		ck_assert(!r.present);
		ck_assert_uint_eq(r.n64 + r.ninverse + r.n32, 0);
	}
}
END_TEST

START_TEST(relocs__overlapping_segments_are_one_place)
{
	static const uint32_t words[] = { 0, AT(TEXT + 0x17ff), 0,
					  AT(TEXT + 0x2fff) };
	const struct test_segment s[] = {
		{ .type = PT_LOAD,
		  .vaddr = HIGH + TEXT,
		  .paddr = TEXT,
		  .memsz = 0x3000 },
		{ .type = PT_LOAD,
		  .vaddr = HIGH + TEXT + 0x1000,
		  .paddr = TEXT + 0x1000,
		  .memsz = 0x800 },
		/* The top of memory: its end is 2^64. */
		{ .type = PT_LOAD,
		  .paddr = UINT64_MAX - 0xfff,
		  .memsz = 0x1000 },
	};
	struct buf file = { 0 };
	struct err e = ERR_EMPTY;
	struct kernel_elf k;
	struct relocs r;

	elf_build(&(struct test_elf){ .segments = s,
				      .segments_count = COUNT(s),
				      .trailer = words,
				      .trailer_count = COUNT(words) },
		  &file);
	assert_ok(
		kernel_elf_parse(&k, (struct bytes){ file.data, file.len }, &e),
		&e);
	assert_ok(relocs_find(&r, &k, &e), &e);
	ck_assert(r.present);
	kernel_elf_release(&k);
	buf_release(&file);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("relocs");
	TCase *t = tcase_create("all");

	tcase_add_test(t, relocs__are_counted_by_structure);
	tcase_add_test(t, relocs__none_is_no_error);
	tcase_add_test(t, relocs__point_into_segments);
	tcase_add_test(t, relocs__are_not_seen_in_other_bytes);
	tcase_add_test(t, relocs__overlapping_segments_are_one_place);
	suite_add_tcase(s, t);
	return s;
}
