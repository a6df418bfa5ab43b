/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names from kallsyms: every layout is read completely, and tables with one
 * fault are refused.
 */
#include "image/kallsyms.h"
#include "support/elf_builder.h"
#include "support/kallsyms_builder.h"
#include "support/tight.h"
#include "unit/unit.h"

#include <errno.h>

#define TEXT   0xffffffff81000000
#define TEXT32 0xc1000000
#define MEMSZ  0x100000

/* Every third marker ends an incomplete group. */
#define COUNT_OF_SYMBOLS 1500

static struct buf file;
static struct kallsyms_offsets at;
static struct kallsyms k;
static struct err e;

/* The layouts, by the kernel versions that used them. */
static const struct {
	const char *kernel;
	struct test_kallsyms layout;
} layouts[] = {
	{ "4.4",
	  { .numbers = KALLSYMS_WORDS, .marker_size = 8, .percpu = 20 } },
	{ "4.4, i386", { .is32 = true, .marker_size = 4 } },
	{ "4.19",
	  { .numbers = KALLSYMS_PERCPU_OR_BASE,
	    .marker_size = 8,
	    .percpu = 20 } },
	{ "4.19, not SMP",
	  { .numbers = KALLSYMS_FROM_BASE, .marker_size = 8 } },
	{ "4.19, i386",
	  { .is32 = true, .numbers = KALLSYMS_FROM_BASE, .marker_size = 4 } },
	{ "5.10",
	  { .numbers = KALLSYMS_PERCPU_OR_BASE,
	    .marker_size = 4,
	    .percpu = 20 } },
	{ "5.10, without BASE_RELATIVE",
	  { .numbers = KALLSYMS_WORDS, .marker_size = 4, .percpu = 20 } },
	{ "6.1 and 6.2 with sequences of words",
	  { .numbers = KALLSYMS_PERCPU_OR_BASE,
	    .marker_size = 4,
	    .sequence_size = 4,
	    .percpu = 20 } },
	{ "6.1 and 6.2",
	  { .numbers = KALLSYMS_PERCPU_OR_BASE,
	    .marker_size = 4,
	    .sequence_size = 3,
	    .percpu = 20 } },
	{ "6.2, i386",
	  { .is32 = true,
	    .numbers = KALLSYMS_FROM_BASE,
	    .marker_size = 4,
	    .sequence_size = 3 } },
	{ "6.4",
	  { .behind = true,
	    .numbers = KALLSYMS_PERCPU_OR_BASE,
	    .marker_size = 4,
	    .sequence_size = 3,
	    .percpu = 20 } },
	{ "6.4, without BASE_RELATIVE",
	  { .behind = true,
	    .numbers = KALLSYMS_WORDS,
	    .marker_size = 4,
	    .sequence_size = 3,
	    .percpu = 20 } },
	{ "6.4, i386",
	  { .is32 = true,
	    .behind = true,
	    .numbers = KALLSYMS_FROM_BASE,
	    .marker_size = 4,
	    .sequence_size = 3 } },
	{ "6.15",
	  { .behind = true,
	    .numbers = KALLSYMS_FROM_BASE,
	    .marker_size = 4,
	    .sequence_size = 3 } },
	{ "2026",
	  { .behind = true,
	    .numbers = KALLSYMS_FROM_PLACE,
	    .marker_size = 4,
	    .sequence_size = 3,
	    .align = 4 } },
	{ "2026, i386",
	  { .is32 = true,
	    .behind = true,
	    .numbers = KALLSYMS_FROM_PLACE,
	    .marker_size = 4,
	    .sequence_size = 3 } },
	{ "2026, i386, not relocatable",
	  { .is32 = true,
	    .behind = true,
	    .numbers = KALLSYMS_WORDS,
	    .marker_size = 4,
	    .sequence_size = 3 } },
};

/* The row's tables, @front bytes after the start of the part. */
static struct test_kallsyms make(int row, size_t front)
{
	struct test_kallsyms t = layouts[row].layout;

	t.count = COUNT_OF_SYMBOLS;
	t.vaddr = t.is32 ? TEXT32 : TEXT;
	file.len = 0;
	for (size_t i = 0; i < front; i++)
		buf_add(&file, "Z", 1);
	kallsyms_build(&t, &file, &at);
	return t;
}

/* Names survive the bytes that they were read from. */
static int read_parts(bool is32, bool writable)
{
	struct bytes held = tight(file.data, file.len);
	const struct kallsyms_part parts[] = {
		{ .vaddr = is32 ? TEXT32 : TEXT,
		  .bytes = held,
		  .memsz = MEMSZ,
		  .writable = writable },
		{ .memsz = 0x1000, .writable = true },
	};
	int rc;

	kallsyms_release(&k);
	e = (struct err)ERR_EMPTY;
	rc = kallsyms_read(&k, parts, is32 ? 1 : 2, !is32, &e);
	tight_free(held);
	return rc;
}

static void assert_symbols(const struct test_kallsyms *t)
{
	ck_assert_uint_eq(k.count, t->count);
	for (uint32_t i = 0; i < t->count; i++) {
		char text[2048];
		uint64_t address;

		kallsyms_expected(t, i, text, sizeof(text), &address);
		ck_assert_uint_eq(k.addresses[i], address);
		ck_assert_int_eq(kallsyms_type(&k, i), text[0]);
		ck_assert_str_eq(kallsyms_name(&k, i), text + 1);
	}
}

START_TEST(kallsyms__reads_every_layout)
{
	struct test_kallsyms t = make(_i, 0);

	assert_ok(read_parts(t.is32, false), &e);
	assert_symbols(&t);
}
END_TEST

START_TEST(kallsyms__finds_the_tables_wherever_they_are)
{
	/* A prime number of words, more than the scan looks at at once. */
	struct test_kallsyms t = make(_i, 1009 * 8);

	assert_ok(read_parts(t.is32, false), &e);
	assert_symbols(&t);
}
END_TEST

START_TEST(kallsyms__looks_at_writable_parts_last)
{
	struct test_kallsyms t = make(0, 0);

	assert_ok(read_parts(t.is32, true), &e);
	assert_symbols(&t);
}
END_TEST

START_TEST(kallsyms__reads_names_with_lengths_of_two_bytes)
{
	/* Up to the longest name: KSYM_NAME_LEN with its NUL, whose place the
	 * type takes here. */
	static const unsigned more[] = { 119, 120, 121, 300,
					 KALLSYMS_NAME_MAX - 9 };
	struct test_kallsyms t = layouts[8].layout;

	t.count = COUNT_OF_SYMBOLS;
	t.vaddr = TEXT;
	t.percpu = 0;
	t.long_one = more[_i];
	file.len = 0;
	kallsyms_build(&t, &file, &at);
	assert_ok(read_parts(false, false), &e);
	assert_symbols(&t);
}
END_TEST

/* One fault in tables of 5.10's layout, and words of the message. */
static const struct {
	const char *what;
	size_t *where; /* an offset of `at` */
	size_t off;
	size_t width;
	uint64_t value;
	int rc;
	const char *msg;
} broken[] = {
	{ "the index does not begin with 0", &at.index, 0, 2, 1, -ENOENT,
	  "no kallsyms" },
	{ "the index does not rise", &at.index, 20, 2, 0, -ENOENT,
	  "no kallsyms" },
	{ "an index entry is not its token's", &at.index, 510, 2, 0x1ff,
	  -ENOENT, "no kallsyms" },
	{ "a token has a control character", &at.tokens, 0, 1, 7, -ENOENT,
	  "no kallsyms" },
	{ "a token has a blank", &at.tokens, 0, 1, ' ', -ENOENT,
	  "no kallsyms" },
	{ "a token ends early", &at.tokens, 2, 1, 0, -ENOENT, "no kallsyms" },
	{ "the first marker is not 0", &at.markers, 0, 4, 4, -EINVAL,
	  "no markers in front of the tokens" },
	{ "a marker is not its name's offset", &at.markers, 8, 4, 0xd00,
	  -EINVAL, "marker 2 is 0xd00, but name 512 is at 0x" },
	{ "markers do not rise", &at.markers, 8, 4, 0, -EINVAL,
	  "no count of names fits the" },
	{ "the count is too small", &at.count, 0, 8, 5 * 256, -EINVAL,
	  "the 1280 names end 0x" },
	{ "the count is too large", &at.count, 0, 8, 6 * 256 + 1, -EINVAL,
	  "no count of names fits the 6 markers" },
	{ "the count is one less", &at.count, 0, 8, 1499, -EINVAL,
	  "the 1499 names end 0x" },
	{ "the count is one more", &at.count, 0, 8, 1501, -EINVAL, "name 15" },
	{ "the count has a high half", &at.count, 4, 4, 1, -EINVAL,
	  "name 1 has 0 characters" },
	{ "the first name is empty", &at.names, 0, 1, 0, -EINVAL,
	  "no count of names fits the 6 markers" },
	{ "a name is empty", &at.names, 4, 1, 0, -EINVAL,
	  "name 1 has 0 characters with its type, not 2 to 512" },
	{ "a name is a type alone", &at.names, 0, 1, 1, -EINVAL,
	  "name 0 has 1 characters with its type, not 2 to 512" },
	{ "a name is too long", &at.names, 0, 2, 0x0aff, -EINVAL,
	  "name 0 has" },
	{ "a name ends behind the names", &at.names, 0, 2, 0x7fff, -EINVAL,
	  "name 0 of 1500 ends behind the names" },
	{ "a name's type is a digit", &at.names, 1, 1, '1', -EINVAL,
	  "name 0 has the type '1'" },
	{ "an address is out of order", &at.addresses, 4 * 700, 4, UINT32_MAX,
	  -EINVAL,
	  "symbol 700 of 1500 is at 0xffffffff81000000, which is out of order" },
	{ "an address is outside the kernel", &at.addresses, 4 * 1499, 4,
	  -1 - MEMSZ - 1, -EINVAL,
	  "symbol 1499 of 1500 is at 0xffffffff81100001, which is out of" },
	{ "a per-CPU address is not", &at.addresses, 4 * 19, 4, 0x1001, -EINVAL,
	  "symbol 20 of 1500" },
	{ "the base is outside the kernel", &at.base, 0, 8, TEXT - 0x1000000,
	  -EINVAL, "names have an unknown form" },
	{ "the base is 0", &at.base, 0, 8, 0, -EINVAL,
	  "the addresses of the 1500 names have an unknown form" },
	{ "the base is a per-CPU address", &at.base, 0, 8, 8, -EINVAL,
	  "names have an unknown form" },
};

START_TEST(kallsyms__refuses_broken_tables)
{
	make(5, 0);
	elf_patch(&file, *broken[_i].where + broken[_i].off, broken[_i].width,
		  broken[_i].value);
	assert_err(read_parts(false, false), broken[_i].rc, &e, broken[_i].msg);
}
END_TEST

/* Between markers and tokens, where the sequences are in this layout. */
START_TEST(kallsyms__refuses_a_gap_that_no_sequences_have)
{
	struct test_kallsyms t = make(8, 0);
	size_t behind = file.len - at.tokens;

	buf_add(&file, "8 bytes.", 8);
	memmove(file.data + at.tokens + 8, file.data + at.tokens, behind);
	assert_err(read_parts(t.is32, false), -EINVAL, &e,
		   "between 6 markers of 1500 names and the tokens are 0x");
}
END_TEST

START_TEST(kallsyms__accepts_an_address_at_the_end_of_the_kernel)
{
	make(5, 0);
	elf_patch(&file, at.addresses + 4 * 1499, 4,
		  (uint64_t)(-1 - (int64_t)MEMSZ));
	assert_ok(read_parts(false, false), &e);
	ck_assert_uint_eq(k.addresses[1499], TEXT + MEMSZ);
}
END_TEST

START_TEST(kallsyms__refuses_tables_that_are_cut)
{
	struct test_kallsyms t = make(_i, 0);
	size_t whole = file.len;

	/* The sequences are not read. */
	if (t.behind && t.sequence_size)
		whole = at.base;
	for (size_t len = 0; len < whole; len += 97) {
		file.len = len;
		ck_assert_int_ne(read_parts(t.is32, false), 0);
	}
}
END_TEST

START_TEST(kallsyms__refuses_two_sets_of_tables)
{
	struct test_kallsyms t = make(_i, 0);

	buf_add(&file, "not an address, nor padding.....", 32);
	kallsyms_build(&t, &file, &at);
	/* Self-relative offsets point elsewhere in the copy. */
	if (t.numbers == KALLSYMS_FROM_PLACE)
		return;
	assert_err(read_parts(t.is32, false), -EINVAL, &e,
		   "2 sets of tables fit");
}
END_TEST

START_TEST(kallsyms__refuses_addresses_that_can_be_read_in_two_ways)
{
	struct test_kallsyms front = make(5, 0);
	struct test_kallsyms behind = layouts[13].layout;
	struct kallsyms_offsets ignored;
	struct buf other = { 0 };

	/* The addresses of 6.4 after the tables of 5.10. */
	behind.count = front.count;
	behind.vaddr = TEXT;
	kallsyms_build(&behind, &other, &ignored);
	buf_add(&file, other.data + ignored.addresses,
		other.len - ignored.addresses);
	assert_err(read_parts(false, false), -EINVAL, &e,
		   "the addresses can be read in 2 ways");
	buf_release(&other);
}
END_TEST

START_TEST(kallsyms__refuses_too_few_names)
{
	struct test_kallsyms t = layouts[5].layout;

	t.count = 256;
	t.vaddr = TEXT;
	file.len = 0;
	kallsyms_build(&t, &file, &at);
	assert_err(read_parts(false, false), -EINVAL, &e, "no markers");
	t.count = 257;
	file.len = 0;
	kallsyms_build(&t, &file, &at);
	assert_ok(read_parts(false, false), &e);
}
END_TEST

START_TEST(kallsyms__needs_no_bytes)
{
	file.len = 0;
	assert_err(read_parts(false, false), -ENOENT, &e, "no kallsyms");
	ck_assert_int_eq(kallsyms_read(&k, NULL, 0, true, &e), -ENOENT);
}
END_TEST

/* Numbers that rise from 0 again and again, with nothing before them. */
START_TEST(kallsyms__gives_up_on_too_many_token_indexes)
{
	file.len = 0;
	for (unsigned i = 0; i < 4097; i++)
		for (uint16_t j = 0; j < 256; j++)
			buf_add(&file, &j, sizeof(j));
	assert_err(read_parts(false, false), -EINVAL, &e,
		   "more than 4096 places look like a token index");
}
END_TEST

START_TEST(kallsyms__names_places_as_the_kernel_does)
{
	static const struct {
		uint64_t vaddr, segment;
		const char *want; /* NULL: none */
	} rows[] = {
		{ TEXT + 16 * 21, TEXT, "symbol_21+0x0" },
		{ TEXT + 16 * 21 + 15, TEXT, "symbol_21+0xf" },
		/* The first of two symbols at one address. */
		{ TEXT + 16 * 29 + 4, TEXT, "symbol_29+0x4" },
		{ TEXT + 16 * 1499 + 0x1000, TEXT, "symbol_1499+0x1000" },
		/* In a segment that starts after it. */
		{ TEXT + 16 * 1499 + 0x1000, TEXT + 0x6000, NULL },
		/* Below all symbols except the absolute ones. */
		{ TEXT, 0, NULL },
		{ 40, 0, NULL },
	};
	char buf[64];

	make(5, 0);
	assert_ok(read_parts(false, false), &e);
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found = kallsyms_place(&k, rows[i].vaddr, rows[i].segment,
					    buf, sizeof(buf));

		ck_assert_int_eq(found, rows[i].want != NULL);
		ck_assert_str_eq(buf, rows[i].want ?: "");
	}
	ck_assert(kallsyms_place(&k, TEXT + 16 * 21 + 15, TEXT, buf, 16));
	ck_assert_str_eq(buf, "symbol_2+0xf");
}
END_TEST

START_TEST(kallsyms__finds_symbols_by_name)
{
	uint32_t i;

	make(5, 0);
	assert_ok(read_parts(false, false), &e);
	ck_assert(kallsyms_by_name(&k, "symbol_777", &i));
	ck_assert_uint_eq(i, 777);
	ck_assert(!kallsyms_by_name(&k, "symbol_", &i));
	ck_assert(!kallsyms_by_name(&k, "", &i));
}
END_TEST

START_TEST(kallsyms__reads_an_elf)
{
	struct test_kallsyms t = make(5, 0);
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .vaddr = TEXT,
		  .paddr = 0x1000000,
		  .data = file.data,
		  .filesz = file.len,
		  .memsz = MEMSZ },
		{ .type = PT_LOAD,
		  .paddr = 0x2000000,
		  .data = "x",
		  .filesz = 1,
		  .memsz = 0x1000 },
	};
	struct buf elf = { 0 };
	struct kernel_elf parsed;

	elf_build(&(struct test_elf){ .segments = segments,
				      .segments_count = COUNT(segments) },
		  &elf);
	assert_ok(kernel_elf_parse(&parsed, buf_bytes(&elf), &e), &e);
	kallsyms_release(&k);
	assert_ok(kallsyms_read_elf(&k, &parsed, &e), &e);
	assert_symbols(&t);
	kernel_elf_release(&parsed);
	buf_release(&elf);
}
END_TEST

static void release(void)
{
	kallsyms_release(&k);
	buf_release(&file);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("kallsyms");
	TCase *t = tcase_create("kallsyms");

	tcase_add_checked_fixture(t, NULL, release);
	tcase_add_loop_test(t, kallsyms__reads_every_layout, 0, COUNT(layouts));
	tcase_add_loop_test(t, kallsyms__finds_the_tables_wherever_they_are, 0,
			    COUNT(layouts));
	tcase_add_test(t, kallsyms__looks_at_writable_parts_last);
	tcase_add_loop_test(t, kallsyms__reads_names_with_lengths_of_two_bytes,
			    0, 5);
	tcase_add_loop_test(t, kallsyms__refuses_broken_tables, 0,
			    COUNT(broken));
	tcase_add_test(t, kallsyms__refuses_a_gap_that_no_sequences_have);
	tcase_add_test(t,
		       kallsyms__accepts_an_address_at_the_end_of_the_kernel);
	tcase_add_loop_test(t, kallsyms__refuses_tables_that_are_cut, 0,
			    COUNT(layouts));
	tcase_add_loop_test(t, kallsyms__refuses_two_sets_of_tables, 0,
			    COUNT(layouts));
	tcase_add_test(
		t, kallsyms__refuses_addresses_that_can_be_read_in_two_ways);
	tcase_add_test(t, kallsyms__refuses_too_few_names);
	tcase_add_test(t, kallsyms__needs_no_bytes);
	tcase_add_test(t, kallsyms__gives_up_on_too_many_token_indexes);
	tcase_add_test(t, kallsyms__names_places_as_the_kernel_does);
	tcase_add_test(t, kallsyms__finds_symbols_by_name);
	tcase_add_test(t, kallsyms__reads_an_elf);
	suite_add_tcase(s, t);
	return s;
}
