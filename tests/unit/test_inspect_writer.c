/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report writer: strings made safe to print, and lines that stay within the
 * width whatever they contain.
 */
#include "unit/unit.h"
#include "base/clean.h"
#include "show/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A report in memory. */
struct page {
	struct text t;
	char *buf;
	size_t len;
};

static void page_open(struct page *p)
{
	FILE *stream = open_memstream(&p->buf, &p->len);

	ck_assert_ptr_nonnull(stream);
	text_init(&p->t, stream);
}

/* End the page and compare it. */
static void page_is(struct page *p, const char *want)
{
	text_end(&p->t);
	fclose(p->t.out);
	ck_assert_str_eq(p->buf, want);
	free(p->buf);
}

#define TEN	"0123456789"
#define FIFTY	TEN TEN TEN TEN TEN
#define HUNDRED FIFTY FIFTY

static const struct {
	const char *what;
	const char *in;
	const char *want;
} strings[] = {
	{ "nothing", "", "" },
	{ "ASCII", "a b~!", "a b~!" },
	{ "controls", "a\x1b[31m\n\tb\x7f", "a?[31m??b?" },
	{ "two bytes", "h\xc3\xa9", "h\xc3\xa9" },
	{ "three bytes", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "four bytes", "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
	{ "the last of all", "\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd" },
	{ "past the last", "\xf4\x90\x80\x80", "????" },
	{ "the first after the C1 controls", "\xc2\xa0", "\xc2\xa0" },
	{ "the last C1 control", "\xc2\x9f", "??" },
	{ "C1's CSI",
	  "\xc2\x9b"
	  "31m",
	  "??31m" },
	{ "written too long", "\xc0\xaf\xe0\x9f\xbf\xf0\x8f\xbf\xbf",
	  "?????????" },
	{ "a surrogate", "\xed\xa0\x80", "???" },
	{ "before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "behind the surrogates", "\xee\x80\x80", "\xee\x80\x80" },
	{ "ends of lines and paragraphs", "\xe2\x80\xa8\xe2\x80\xa9",
	  "??????" },
	{ "turns of direction",
	  "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6"
	  "\xe2\x81\xa9",
	  "????????????" },
	{ "around these", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
	  "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa" },
	{ "no characters",
	  "\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe"
	  "\xef\xb7\x90\xef\xb7\xaf",
	  "????????????????" },
	{ "around these",
	  "\xef\xbf\xbd\xf0\x9f\xbf\xbd\xef\xb7\x8f\xef\xb7\xb0",
	  "\xef\xbf\xbd\xf0\x9f\xbf\xbd\xef\xb7\x8f\xef\xb7\xb0" },
	{ "cut short", "\xe2\x82", "??" },
	{ "cut short by ASCII", "\xe2\x82z", "??z" },
	{ "a stray continuation", "\x80z", "?z" },
	{ "no lead byte", "\xff\xfez", "??z" },
};

START_TEST(clean__replaces_what_is_unfit)
{
	char *copy = clean_copy(strings[_i].in);

	ck_assert_msg(!strcmp(copy, strings[_i].want), "%s: \"%s\"",
		      strings[_i].what, copy);
	free(copy);
}
END_TEST

START_TEST(clean__step_stays_within_len)
{
	ck_assert_uint_eq(clean_step("\xe2\x82\xac", 3), 3);
	ck_assert_uint_eq(clean_step("\xe2\x82\xac", 2), 0);
	ck_assert_uint_eq(clean_step("\xe2\x82\xac", 1), 0);
	ck_assert_uint_eq(clean_step("a", 0), 0);
}
END_TEST

START_TEST(text__aligns_keys_and_sets_titles_apart)
{
	struct page p;

	page_open(&p);
	text_title(&p.t, "First");
	text_pair(&p.t, "key", "%d", 1);
	text_pair(&p.t, "a key of twenty char", "2");
	text_title(&p.t, "Second");
	text_key(&p.t, "key");
	text_words(&p.t, "value");
	page_is(&p, "First\n"
		    "  key                 1\n"
		    "  a key of twenty char\n"
		    "                      2\n"
		    "\n"
		    "Second\n"
		    "  key                 value\n");
}
END_TEST

START_TEST(text__fills_a_line_to_its_last_column)
{
	struct page p;

	/* 22 + 50 + 1 + 27 = 100 */
	page_open(&p);
	text_key(&p.t, "k");
	text_words(&p.t, FIFTY " " TEN TEN "0123456 next");
	page_is(&p, "  k                   " FIFTY " " TEN TEN "0123456\n"
		    "                      next\n");
}
END_TEST

START_TEST(text__hangs_a_word_that_is_one_too_wide)
{
	struct page p;

	page_open(&p);
	text_key(&p.t, "k");
	text_words(&p.t, FIFTY "  " TEN TEN "0123456");
	page_is(&p, "  k                   " FIFTY "\n"
		    "                      " TEN TEN "0123456\n");
}
END_TEST

START_TEST(text__breaks_a_word_that_no_line_can_take)
{
	struct page p;

	/* 78 columns are left for values. */
	page_open(&p);
	text_key(&p.t, "k");
	text_words(&p.t, "short " HUNDRED " short");
	page_is(&p, "  k                   short\n"
		    "                      " FIFTY TEN TEN "01234567\n"
		    "                      89" TEN TEN " short\n");
}
END_TEST

START_TEST(text__keeps_a_word_whole_over_calls)
{
	struct page p;

	page_open(&p);
	text_key(&p.t, "k");
	text_words(&p.t, FIFTY " " TEN TEN);
	text_words(&p.t, TEN);
	text_say(&p.t, "%s", ", ");
	text_say(&p.t, "next");
	page_is(&p, "  k                   " FIFTY "\n"
		    "                      " TEN TEN TEN ", next\n");
}
END_TEST

START_TEST(text__does_not_part_a_character)
{
	struct page p;

	/* One column is left for a character of two bytes. */
	page_open(&p);
	text_words(&p.t, FIFTY TEN TEN TEN TEN "012345678\xc3\xa9");
	page_is(&p, FIFTY TEN TEN TEN TEN "012345678\n\xc3\xa9\n");
}
END_TEST

START_TEST(text__cells_go_on_to_a_new_line)
{
	struct page p;

	page_open(&p);
	text_cell(&p.t, 2);
	text_words(&p.t, "12345678");
	text_cell(&p.t, 10);
	text_words(&p.t, "b");
	text_cell(&p.t, 12);
	text_words(&p.t, "c");
	page_is(&p, "  12345678\n"
		    "          b c\n");
}
END_TEST

START_TEST(text__replaces_controls)
{
	struct page p;

	page_open(&p);
	text_words(&p.t, "a\x1b]0;title\x07 b\nc");
	page_is(&p, "a?]0;title? b?c\n");
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *want;
} sizes[] = {
	{ 0, "0 bytes\n" },
	{ 1, "1 byte\n" },
	{ 1023, "1023 bytes\n" },
	{ 1024, "1024 bytes (1.0 KiB)\n" },
	{ 1536, "1536 bytes (1.5 KiB)\n" },
	/* 1023.95 KiB would be rounded to 1024.0. */
	{ 1048524, "1048524 bytes (1023.9 KiB)\n" },
	{ 1048525, "1048525 bytes (1.0 MiB)\n" },
	{ 14186432, "14186432 bytes (13.5 MiB)\n" },
	{ 1ull << 30, "1073741824 bytes (1.0 GiB)\n" },
	{ UINT64_MAX, "18446744073709551615 bytes (16.0 EiB)\n" },
};

START_TEST(text__sizes_have_a_unit)
{
	struct page p;

	page_open(&p);
	text_size(&p.t, sizes[_i].bytes);
	page_is(&p, sizes[_i].want);
}
END_TEST

/* Whatever the words and their order, no line is too long. */
START_TEST(text__never_exceeds_the_width)
{
	static const char letters[] = "abc  \xc3\xa9\xf0\x9f\x90\xa7\x1b";
	uint32_t x = (uint32_t)_i + 1;
	struct page p;

	page_open(&p);
	for (unsigned i = 0; i < 2000; i++) {
		char word[301];
		size_t n;

		x = x * 1664525 + 1013904223;
		n = (x >> 16) % ((x >> 28) ? 12 : 300);
		for (size_t j = 0; j < n; j++) {
			x = x * 1664525 + 1013904223;
			word[j] = letters[(x >> 16) % (sizeof(letters) - 1)];
		}
		word[n] = '\0';
		text_words(&p.t, word);
		if ((x >> 20) % 17 == 0)
			text_cell(&p.t, (x >> 24) % 40);
		if ((x >> 20) % 31 == 0)
			text_end(&p.t);
	}
	text_end(&p.t);
	fclose(p.t.out);
	for (char *line = p.buf; *line;) {
		size_t len = strcspn(line, "\n");

		ck_assert_msg(len <= TEXT_WIDTH, "%zu bytes: %.*s", len,
			      (int)len, line);
		line += len + 1;
	}
	free(p.buf);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("inspect_writer");
	TCase *t = tcase_create("writer");

	tcase_add_loop_test(t, clean__replaces_what_is_unfit, 0,
			    COUNT(strings));
	tcase_add_test(t, clean__step_stays_within_len);
	tcase_add_test(t, text__aligns_keys_and_sets_titles_apart);
	tcase_add_test(t, text__fills_a_line_to_its_last_column);
	tcase_add_test(t, text__hangs_a_word_that_is_one_too_wide);
	tcase_add_test(t, text__breaks_a_word_that_no_line_can_take);
	tcase_add_test(t, text__keeps_a_word_whole_over_calls);
	tcase_add_test(t, text__does_not_part_a_character);
	tcase_add_test(t, text__cells_go_on_to_a_new_line);
	tcase_add_test(t, text__replaces_controls);
	tcase_add_loop_test(t, text__sizes_have_a_unit, 0, COUNT(sizes));
	tcase_add_loop_test(t, text__never_exceeds_the_width, 0, 8);
	suite_add_tcase(s, t);
	return s;
}
