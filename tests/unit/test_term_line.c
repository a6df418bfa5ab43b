/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line as a terminal would show it: every kind of sequence, complete, cut and
 * endless, and overwritten text.
 */
#include "unit/unit.h"
#include "base/term_line.h"

#include <stdio.h>

#define ROOM 32

static char text[ROOM];
static struct term_line t;

static void setup(void)
{
	term_line_init(&t, text, sizeof(text));
}

static void put(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		term_line_put(&t, (uint8_t)bytes[i]);
}

static const struct {
	const char *bytes, *shown;
} rows[] = {
	{ "", "" },
	{ "a b~", "a b~" },
	{ "a\tb", "a\tb" },
	/* lines */
	{ "a\nb", "b" },
	{ "a\n", "" },
	{ "a\r\n", "" },
	{ "a\r", "a" },
	/* what is written over */
	{ "abcdef\rxy", "xycdef" },
	{ "10%\r20%\r100%", "100%" },
	{ "abc\b\bX", "aXc" },
	{ "abc\b \b", "ab " },
	{ "a\b\b\bX", "X" },
	{ "ab\r\b\bX", "Xb" },
	/* characters that show nothing */
	{ "a\007\016\017\013\014\177b", "ab" },
	/* control sequences */
	{ "# \033[6n", "# " },
	{ "\033[31mred\033[0m", "red" },
	{ "\033[1;31mred\033[m", "red" },
	{ "\033[?25lx\033[?2004h", "x" },
	{ "\033[>0cx\033[!px\033[2 qx", "xxx" },
	{ "\033[38:5:1mx", "x" },
	{ "\033[99999999999999999999mx", "x" },
	{ "\033[1\bmx", "x" },
	{ "ab\033[\rKX", "X" }, /* done inside, too */
	/* ... that move the cursor within the line */
	{ "abc\033[2DX", "aXc" },
	{ "abc\033[DX", "abX" },
	{ "abc\r\033[CX", "aXc" },
	{ "abc\033[3CX", "abc   X" },
	{ "abc\033[2GX", "aXc" },
	{ "abc\033[GX", "Xbc" },
	{ "abc\033[5GX", "abc X" },
	{ "\033[9999CX", "                               " },
	{ "abc\033[9999DX", "Xbc" },
	/* ... that erase */
	{ "abc\r\033[K", "" },
	{ "abc\r\033[KX", "X" },
	{ "abc\b\033[0K", "ab" },
	{ "abc\033[2K", "" },
	{ "abc\033[2KX", "   X" },
	{ "abc\033[2K\rX", "X" },
	{ "abcd\b\b\033[1KX", "  Xd" },
	{ "abc\033[1K\rX", "X" },
	{ "abc\r\033[JX", "X" },
	{ "abc\033[3J", "abc" },
	{ "abc\r\033[?K", "abc" },
	/* ... that go to another line */
	{ "abc\033[HX", "X" },
	{ "abc\033[2;7HX", "X" },
	{ "abc\033[2;7fX", "X" },
	{ "abc\033cX", "X" },
	/* single sequences */
	{ "a\0337b\0338c\033=d\033>e\033Mf", "abcdef" },
	{ "a\033(Bb\033)0c\033#8d\033%Ge", "abcde" },
	{ "a\033 Fb", "ab" },
	/* strings */
	{ "a\033]0;title\007b", "ab" },
	{ "a\033]8;;http://x/\033\\b", "ab" },
	{ "a\033]0;\303\244\rx\b\007b", "ab" },
	{ "a\033P1$r0m\033\\b", "ab" },
	{ "a\033Xsos\033\\b\033^pm\033\\c\033_apc\033\\d", "abcd" },
	{ "a\033]0;title\033[31mb", "ab" }, /* another begins */
	/* cut short */
	{ "a\033[3\nb", "b" },
	{ "a\033\nb", "b" },
	{ "a\033(\nb", "b" },
	{ "a\033]0;title\nb", "b" },
	{ "a\033P1\nb", "b" },
	{ "a\033[3\030b", "ab" },
	{ "a\033]0;t\032b", "ab" },
	{ "a\033\033[31mb", "ab" },
	{ "a\033[3\033[31mb", "ab" },
	{ "a\033[", "a" },
	{ "a\033", "a" },
	{ "a\033]0;t", "a" },
	/* UTF-8: bytes that look like 8-bit control characters do not count */
	{ "\303\233x", "\303\233x" },
	{ "\342\226\210\342\226\210\rab", "ab" },
	{ "ab\r\342\226\210", "\342\226\210b" },
	{ "\303\244b\b\bX", "Xb" },
	{ "\303\244b\r\033[CX", "\303\244X" },
	{ "\344\rX", "X" },
};

START_TEST(term_line__shows)
{
	put(rows[_i].bytes, strlen(rows[_i].bytes));
	ck_assert_str_eq(t.text, rows[_i].shown);
	ck_assert_uint_eq(t.len, strlen(rows[_i].shown));
}
END_TEST

START_TEST(term_line__drops_zero_bytes)
{
	put("a\0b\033[\0K", 7);
	ck_assert_str_eq(t.text, "ab");
}
END_TEST

/* The state of a sequence has a fixed size, and ends with its line. */
START_TEST(term_line__endless_sequences)
{
	static const char *const starts[] = { "\033]0;", "\033P", "\033[" };

	for (unsigned i = 0; i < COUNT(starts); i++) {
		put("a", 1);
		put(starts[i], strlen(starts[i]));
		for (unsigned n = 0; n < 100000; n++)
			put("1", 1);
		ck_assert_str_eq(t.text, "a");
		put("\nb", 2);
		ck_assert_str_eq(t.text, "b");
		put("\n", 1);
	}
}
END_TEST

START_TEST(term_line__is_cut)
{
	char want[ROOM];

	memset(want, 'x', ROOM - 1);
	want[ROOM - 1] = '\0';
	for (unsigned n = 0; n < 3 * ROOM; n++)
		put("x", 1);
	put("y", 1);
	ck_assert_str_eq(t.text, want);
	put("\rab", 3);
	want[0] = 'a';
	want[1] = 'b';
	ck_assert_str_eq(t.text, want);
	put("\nz", 2);
	ck_assert_str_eq(t.text, "z");
}
END_TEST

/* A few bytes cannot make a line extend to its limit. */
START_TEST(term_line__has_a_last_column)
{
	char wide[300], want[300];

	term_line_init(&t, wide, sizeof(wide));
	put("\033[9999CX", 8);
	snprintf(want, sizeof(want), "%131s%s", "", "X");
	ck_assert_str_eq(t.text, want);
	/* ... unless it is that long already */
	put("yz\033[9999Cw", 10);
	strcat(want, "yzw");
	ck_assert_str_eq(t.text, want);
}
END_TEST

/* Bytes, with '|' where the line changes and '/' where it ends. */
static const struct {
	const char *bytes, *told;
} changes[] = {
	{ "abc\ndef\n", "abc/def/" },
	{ "abc\r\ndef", "abc/def" },
	{ "10%\r20%\r30%\n", "10%|20%|30%/" },
	{ "abc\r\r\r\n", "abc/" },
	{ "abc\r\033[Kd\n", "abc|d/" },
	{ "abc\033[2K\rd\n", "abc|d/" },
	{ "abcdef\rx\ry\rz\n", "abcdef|xyz/" },
	{ "a\033[HbX\033cc\033[Hd", "a/bX/c/d" },
	{ "\033[H\033[Ja", "a" },
	{ "a\b/\b-", "a|/|-" },
	{ "abc-\b/\b-\b|\b/\b\\", "abc-|/-|/|\\" },
};

START_TEST(term_line__tells_of_a_change)
{
	char told[64] = "";

	for (const char *p = changes[_i].bytes; *p; p++) {
		enum term_change c = term_line_next(&t, (uint8_t)*p);

		if (c != LINE_STAYS)
			strcat(told, c == LINE_ENDS ? "/" : "|");
		if (t.state == 0 && *p >= ' ')
			strncat(told, p, 1);
		term_line_put(&t, (uint8_t)*p);
	}
	ck_assert_str_eq(told, changes[_i].told);
}
END_TEST

/* Whatever the guest writes, reading the line costs no more than writing it. */
START_TEST(term_line__changes_are_paid_for)
{
	static const char alphabet[] = "ab\r\b\033[KDCJGH2;1\303\244";
	uint32_t seed = (uint32_t)_i;
	size_t looked = 0, bytes = 0;

	for (unsigned n = 0; n < 20000; n++) {
		uint8_t byte;

		seed = seed * 1664525 + 1013904223;
		byte = (uint8_t)alphabet[(seed >> 16) % strlen(alphabet)];
		if (term_line_next(&t, byte) != LINE_STAYS)
			looked += t.len;
		term_line_put(&t, byte);
		bytes++;
		ck_assert_uint_lt(t.len, ROOM);
		ck_assert_uint_lt(t.at, ROOM);
		ck_assert_uint_eq(strlen(t.text), t.len);
	}
	/* six bytes can move the cursor by any number of columns */
	ck_assert_uint_le(looked, (1 + ROOM / 6) * bytes);
}
END_TEST

START_TEST(term_line__tells_what_is_the_same)
{
	put("abc", 3);
	t.same = t.len;
	put("def", 3);
	ck_assert_uint_eq(t.same, 3);
	put("\b\bX", 3);
	ck_assert_uint_eq(t.same, 3);
	put("\b\b\b\b\bX", 6);
	ck_assert_uint_eq(t.same, 0);
	t.same = t.len;
	put("\r\033[2C\033[K", 8);
	ck_assert_uint_eq(t.same, 2);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("term_line");
	TCase *c = tcase_create("term_line");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_loop_test(c, term_line__shows, 0, COUNT(rows));
	tcase_add_test(c, term_line__drops_zero_bytes);
	tcase_add_test(c, term_line__endless_sequences);
	tcase_add_test(c, term_line__is_cut);
	tcase_add_test(c, term_line__has_a_last_column);
	tcase_add_loop_test(c, term_line__tells_of_a_change, 0, COUNT(changes));
	tcase_add_loop_test(c, term_line__changes_are_paid_for, 0, 8);
	tcase_add_test(c, term_line__tells_what_is_the_same);
	suite_add_tcase(s, c);
	return s;
}
