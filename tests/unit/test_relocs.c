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
		  { 0, AT(TEXT), AT(INIT), 0, AT(TEXT + 12), 0, AT(TEXT + 8),
		    AT(TEXT + 16) },
		  8,
		  2,
		  1,
		  2,
		  true },
		{ false,
		  { 0, AT(TEXT), 0, 0, AT(TEXT + 8) },
		  5,
		  1,
		  0,
		  1,
		  true },
		{ false, { 0, 0, AT(TEXT), 0 }, 4, 0, 1, 0, true },
		/* before, and from 6.15 on */
		{ false,
		  { 0, AT(TEXT), 0, AT(INIT), AT(INIT + 4), AT(INIT + 8) },
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
	const uint32_t words[] = { 0, entry, 0, AT(TEXT + 0x800) };

	return find(r, false, words, sizeof(words), e);
}

START_TEST(relocs__point_into_segments)
{
	static const struct {
		uint32_t entry;
		bool ok;
	} rows[] = {
		{ AT(TEXT), true },
		{ AT(TEXT + SIZE - 8), true },
		/* The word ends past the segment. */
		{ AT(TEXT + SIZE - 7), false },
		{ AT(TEXT + SIZE - 1), false },
		{ AT(TEXT - 1), false },
		{ AT(TEXT + SIZE), false },
		{ AT(INIT), true },
		{ AT(INIT + SIZE - 8), true },
		{ AT(INIT + SIZE), false },
		/* Percpu data: where it is loaded, not where it is linked. */
		{ AT(PERCPU), true },
		{ AT(PERCPU + SIZE - 8), true },
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
			assert_err(rc, -EINVAL, &e, "in a segment");
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
		/* Out of order, or twice. */
		{ "does not come before",
		  false,
		  20,
		  { 0, AT(INIT), AT(TEXT), 0, AT(TEXT + 8) } },
		{ "does not come before",
		  false,
		  20,
		  { 0, AT(INIT), 0, AT(TEXT), AT(TEXT) } },
		{ "does not come before",
		  true,
		  12,
		  { 0, AT32(TEXT + 3), AT32(TEXT + 6) } },
		/* Words that overlap, in one list and in two. */
		{ "overlaps another one",
		  false,
		  20,
		  { 0, AT(TEXT), AT(TEXT + 4), 0, AT(INIT) } },
		{ "overlaps another one",
		  false,
		  16,
		  { 0, AT(TEXT), 0, AT(TEXT + 7) } },
		{ "overlaps another one",
		  false,
		  16,
		  { 0, AT(TEXT), 0, AT(TEXT) } },
		{ "overlaps another one",
		  false,
		  24,
		  { 0, AT(INIT), 0, AT(TEXT), 0, AT(TEXT + 3) } },
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

/* A long list: wherever one of its words begins too early, it is refused. */
START_TEST(relocs__are_checked_at_every_entry)
{
	enum { N = 40 };

	for (int bad = -1; bad < N; bad++) {
		uint32_t words[N + 2] = { 0, 0 };
		struct err e = ERR_EMPTY;
		struct relocs r;
		int rc;

		for (int i = 0; i < N; i++)
			words[2 + i] = AT(TEXT + 4 * (uint32_t)i) -
				       (i && i == bad);
		rc = find(&r, false, words, (N + 2) * 4, &e);
		if (bad > 0)
			assert_err(rc, -EINVAL, &e, "does not come before");
		else
			assert_ok(rc, &e);
		ck_assert_uint_eq(r.n32, bad > 0 ? 0 : N);
	}
}
END_TEST

START_TEST(relocs__overlapping_segments_are_one_place)
{
	static const uint32_t words[] = { 0, AT(TEXT + 0x17ff), 0,
					  AT(TEXT + 0x2ffc) };
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

/* The kernel of find(), in memory from TEXT on, and its lists. */
struct moved {
	uint8_t memory[INIT + SIZE - TEXT];
	struct reloc_lists lists;
};

static struct moved *move(bool is32, const uint32_t *words, size_t n,
			  uint64_t slide, uint64_t low, uint64_t len, int want)
{
	struct moved *m = calloc(1, sizeof(*m));
	struct err e = ERR_EMPTY;
	struct kernel_elf k;
	struct relocs r;
	int rc;

	ck_assert_ptr_nonnull(m);
	build(is32, words, n * 4);
	assert_ok(kernel_elf_parse(&k, held, &e), &e);
	assert_ok(relocs_find(&r, &k, &e), &e);
	assert_ok(relocs_copy(&m->lists, &r, &k, &e), &e);
	kernel_elf_release(&k);
	memset(m->memory, 0x11, sizeof(m->memory));
	rc = relocs_apply(&m->lists, m->memory, low, len, slide, &e);
	if (want)
		assert_err(rc, want, &e, "is outside the kernel's memory");
	else
		assert_ok(rc, &e);
	return m;
}

static void moved_release(struct moved *m)
{
	reloc_lists_release(&m->lists);
	free(m);
}

static uint64_t word(const struct moved *m, uint64_t gpa)
{
	uint64_t v;

	memcpy(&v, m->memory + (gpa - TEXT), sizeof(v));
	return v;
}

#define ALL (sizeof(((struct moved *)0)->memory))

START_TEST(relocs__move_every_word_once)
{
	static const uint32_t words[] = {
		0, AT(TEXT),	  AT(PERCPU + 3),     0, AT(TEXT + 8),
		0, AT(TEXT + 13), AT(INIT + SIZE - 4)
	};
	struct moved *m = move(false, words, COUNT(words), 0x2f000000, TEXT,
			       ALL, 0);
	uint32_t last;
	uint64_t gpa;

	ck_assert_uint_eq(word(m, TEXT), 0x1111111140111111);
	ck_assert_uint_eq(word(m, PERCPU + 3), 0x1111111140111111);
	/* -0x2f000000, and the byte between the two. */
	ck_assert_uint_eq(word(m, TEXT + 8), 0x11111111e2111111 & ~0ull);
	ck_assert_uint_eq(word(m, TEXT + 13), 0x1111111140111111);
	memcpy(&last, m->memory + ALL - 4, 4);
	ck_assert_uint_eq(last, 0x40111111);
	ck_assert_uint_eq(word(m, TEXT + 0x20), 0x1111111111111111);
	ck_assert(relocs_first(&m->lists, &gpa));
	ck_assert_uint_eq(gpa, TEXT);
	moved_release(m);
}
END_TEST

START_TEST(relocs__move_a_32_bit_kernel)
{
	static const uint32_t words[] = { 0, AT32(TEXT), AT32(PERCPU + 2) };
	struct moved *m = move(true, words, COUNT(words), 0x3000000, TEXT, ALL,
			       0);
	uint64_t gpa;

	ck_assert_uint_eq(word(m, TEXT), 0x1111111114111111);
	ck_assert_uint_eq(word(m, PERCPU + 2), 0x1111111114111111);
	ck_assert(!relocs_first(&m->lists, &gpa));
	moved_release(m);
}
END_TEST

/* Memory that is smaller than the kernel, at either end. */
START_TEST(relocs__stay_inside_memory)
{
	static const uint32_t first[] = { 0, AT(TEXT), 0, AT(INIT) };
	static const uint32_t last[] = { 0, AT(INIT), 0, AT(INIT + SIZE - 4) };

	moved_release(move(false, first, COUNT(first), 0x200000, TEXT + 1,
			   ALL - 1, -EINVAL));
	moved_release(move(false, last, COUNT(last), 0x200000, TEXT, ALL - 1,
			   -EINVAL));
	moved_release(move(false, last, COUNT(last), 0x200000, TEXT, ALL, 0));
}
END_TEST

START_TEST(relocs__none_cannot_be_copied)
{
	struct relocs r = { 0 };
	struct kernel_elf k = { 0 };
	struct reloc_lists l = { 0 };
	struct err e;

	assert_err(relocs_copy(&l, &r, &k, &e), -ENOENT, &e,
		   "there are no relocation lists");
	reloc_lists_release(&l);
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
	tcase_add_test(t, relocs__are_checked_at_every_entry);
	tcase_add_test(t, relocs__overlapping_segments_are_one_place);
	tcase_add_test(t, relocs__move_every_word_once);
	tcase_add_test(t, relocs__move_a_32_bit_kernel);
	tcase_add_test(t, relocs__stay_inside_memory);
	tcase_add_test(t, relocs__none_cannot_be_copied);
	suite_add_tcase(s, t);
	return s;
}
