/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions: they match whatever regexec() matches, however the text
 * is split, at a cost that is known beforehand.
 */
#include "unit/unit.h"
#include "base/regex.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct err e;

static struct regex *compile(const char *text)
{
	struct regex *r = NULL;

	assert_ok(regex_compile(&r, text, &e), &e);
	return r;
}

static bool matches(const char *expression, const char *text)
{
	struct regex *r = compile(expression);
	bool found = regex_matches_text(r, text);

	regex_free(r);
	return found;
}

/* regexec()'s answer; -1 if regcomp() rejects the expression. */
static int libc_matches(const char *expression, const char *text)
{
	regex_t r;
	int rc;

	if (regcomp(&r, expression, REG_EXTENDED | REG_NOSUB))
		return -1;
	rc = !regexec(&r, text, 0, NULL, 0);
	regfree(&r);
	return rc;
}

static const struct {
	const char *expression, *yes[5], *no[5];
} rows[] = {
	{ "", { "", "a" }, { 0 } },
	{ "abc", { "abc", "xabcx", "ababc" }, { "", "ab", "abxc" } },
	{ "a.c", { "abc", "a.c", "a\nc", "a\377c" }, { "ac" } },
	/* alternatives and groups */
	{ "a|bc|d", { "a", "xbc", "d" }, { "", "b", "c" } },
	{ "a(b|c)d", { "abd", "acd" }, { "abcd", "ad" } },
	{ "(a|b|)c", { "c", "ac" }, { "a" } },
	{ "a||b", { "", "x" }, { 0 } },
	{ "()", { "", "x" }, { 0 } },
	{ "(a(b(c|d)e|f)g)h", { "abcegh", "abdegh", "afgh" }, { "abcgh" } },
	{ "x(^|a)b", { "xab" }, { "xb", "b" } },
	{ "a)", { "a)" }, { "a" } },
	{ "(a))", { "a)" }, { "a" } },
	{ "^|)x", { "", ")x" }, { 0 } },
	/* repeats */
	{ "ab*c", { "ac", "abc", "abbbbc" }, { "abb", "bc" } },
	{ "ab+c", { "abc", "abbc" }, { "ac" } },
	{ "ab?c", { "ac", "abc" }, { "abbc" } },
	{ "^a{3}$", { "aaa" }, { "aa", "aaaa" } },
	{ "^a{2,}$", { "aa", "aaaaa" }, { "a", "" } },
	{ "^a{2,4}$", { "aa", "aaa", "aaaa" }, { "a", "aaaaa" } },
	{ "^a{,2}$", { "", "a", "aa" }, { "aaa" } },
	{ "^a{,}$", { "", "a", "aaa" }, { "b" } },
	{ "^a{0}b$", { "b" }, { "ab" } },
	{ "^a{0,0}*$", { "" }, { "a" } },
	{ "^(ab|c){2,3}$", { "abab", "cc", "abcab" }, { "ab", "cccc" } },
	{ "^(a|b)+c", { "abac" }, { "c" } },
	{ "^(a*)*b$", { "b", "aab" }, { "aac" } },
	{ "^(a?){3}b$", { "b", "aab", "aaab" }, { "aaaab" } },
	{ "^(){3}a$", { "a" }, { "" } },
	{ "^a{2}{3}$", { "aaaaaa" }, { "aaaaa", "aaaaaaa" } },
	{ "^a+*?$", { "", "aa" }, { "b" } },
	{ "a}", { "a}" }, { "a" } },
	/* brackets */
	{ "^[abc]$", { "a", "c" }, { "d", "" } },
	{ "^[^abc]$", { "d", "\n", "\377" }, { "a", "" } },
	{ "^[a-cx-z]$", { "b", "z" }, { "d", "-" } },
	{ "^[]a]$", { "]", "a" }, { "b" } },
	{ "^[^]a]$", { "b" }, { "]", "a" } },
	{ "^[a-]$", { "a", "-" }, { "b" } },
	{ "^[-a]$", { "a", "-" }, { "b" } },
	{ "^[+--]$", { "+", ",", "-" }, { "." } },
	{ "^[---]$", { "-" }, { "a" } },
	{ "^[%---]$", { "%", "&", "-" }, { "." } },
	{ "^[a\\]$", { "a", "\\" }, { "]" } },
	{ "^[[:alpha:]_]$", { "a", "Z", "_" }, { "1", "\344" } },
	{ "^[^[:space:]]$", { "a" }, { " ", "\t" } },
	{ "^[[:digit:][:upper:]]$", { "7", "Q" }, { "q" } },
	{ "^[[:xdigit:]]+$", { "09afAF" }, { "g" } },
	{ "^[[.-.]a]$", { "-", "a" }, { "b", "." } },
	{ "^[[=a=]b]$", { "a", "b" }, { "=" } },
	{ "^[[.a.]-c]$", { "b" }, { "d" } },
	{ "^[a-[.c.]]$", { "b" }, { "d" } },
	{ "^[[a]$", { "[", "a" }, { "]" } },
	{ "^[a[]$", { "[", "a" }, { "]" } },
	{ "^[\200-\377]$", { "\200", "\377" }, { "a" } },
	{ "^[$^*.]$", { "$", "^", "*", "." }, { "a" } },
	{ "[[:alpha:]-]", { "-" }, { "1" } },
	/* anchors are anchors everywhere */
	{ "^a", { "ab" }, { "ba", "\na" } },
	{ "a$", { "ba" }, { "ab", "a\n" } },
	{ "^$", { "" }, { "a" } },
	{ "a^b", { 0 }, { "ab", "a^b" } },
	{ "a$b", { 0 }, { "ab", "a$b" } },
	{ "(^a|b$)", { "ax", "xb" }, { "xax", "bx" } },
	{ "$^", { "" }, { "a" } },
	{ "(^)*a", { "ba" }, { "b" } },
	/* escapes */
	{ "\\.\\*\\[\\\\\\{\\|\\(\\)\\^\\$",
	  { ".*[\\{|()^$" },
	  { "x*[\\{|()^$" } },
	{ "\\n\\a\\0", { "na0" }, { "\n" } },
	{ "^\\w+$", { "a_1" }, { "-", "\344", "" } },
	{ "^\\W+$", { "-\344" }, { "a", "_" } },
	{ "^\\s\\S$", { " a", "\ta" }, { "aa", "  " } },
	{ "^\\w{2}$", { "ab" }, { "a", "abc" } },
	{ "\\bab\\b", { "ab", "x ab-y" }, { "xab", "abx" } },
	{ "\\<a", { "ab", "x a" }, { "ba" } },
	{ "a\\>", { "ba", "a b" }, { "ab" } },
	{ "a\\Bb", { "ab" }, { "a b" } },
	{ "\\B-", { "a --", "-" }, { "a-" } },
	{ "\\`a\\'", { "a" }, { "ab", "ba" } },
	{ "\\`\\`a", { "a" }, { "ba" } },
	{ "a\\`b", { 0 }, { "ab" } },
	/* as they are written for consoles */
	{ "# $", { "# ", "~ # " }, { "#", "# x" } },
	{ "^\\[ *[0-9]+\\.[0-9]{6}\\] .*reboot: (Power down|System halted)$",
	  { "[    1.234567] x reboot: Power down" },
	  { "[    1.23] reboot: Power down" } },
	{ ".*a.{40}Q",
	  { "xxa0123456789012345678901234567890123456789Q" },
	  { "xxa012345678901234567890123456789012345678Q" } },
};

/* Also shows that the table is right. */
static void claim(const char *expression, const char *text, bool yes)
{
	ck_assert_msg(libc_matches(expression, text) == yes,
		      "regexec() sees '%s' in '%s' otherwise", expression,
		      text);
	ck_assert_msg(matches(expression, text) == yes, "'%s' %s '%s'",
		      expression, yes ? "misses" : "matches", text);
}

START_TEST(regex__matches)
{
	for (unsigned i = 0; i < COUNT(rows[0].yes) && rows[_i].yes[i]; i++)
		claim(rows[_i].expression, rows[_i].yes[i], true);
	for (unsigned i = 0; i < COUNT(rows[0].no) && rows[_i].no[i]; i++)
		claim(rows[_i].expression, rows[_i].no[i], false);
}
END_TEST

static const struct {
	const char *expression, *why;
} wrong[] = {
	{ "(", "missing ')'" },
	{ "a(b", "missing ')'" },
	{ "((a)", "missing ')'" },
	{ "*", "nothing to repeat before '*'" },
	{ "a|*b", "nothing to repeat before '*'" },
	{ "(+a)", "nothing to repeat before '+'" },
	{ "^*", "nothing to repeat before '*'" },
	{ "$?", "nothing to repeat before '?'" },
	{ "\\b+", "nothing to repeat before '+'" },
	{ "{1}", "nothing to repeat before '{'" },
	{ "a{", "missing '}'" },
	{ "a{1", "missing '}'" },
	{ "a{1,", "missing '}'" },
	{ "a{1,2", "missing '}'" },
	{ "a{}", "{} without a number" },
	{ "a{x}", "not a number in {}" },
	{ "a{1x}", "not a number in {}" },
	{ "a{1,2,3}", "not a number in {}" },
	{ "a{2,1}", "in {n,m}, n is above m" },
	{ "a\\", "it ends with a backslash" },
	{ "[", "missing ']'" },
	{ "[]", "missing ']'" },
	{ "[^]", "missing ']'" },
	{ "[a", "missing ']'" },
	{ "[a-", "missing ']'" },
	{ "[[:alpha:]", "missing ']'" },
	{ "[[:alpha", "missing ']'" },
	{ "[[:", "missing ']'" },
	{ "[[:alpha]", "missing ']'" },
	{ "[[:foo:]]", "unknown character class" },
	{ "[[::]]", "unknown character class" },
	{ "[[.ab.]]", "a collating element of several characters" },
	{ "[[==]]", "a collating element of several characters" },
	{ "[b-a]", "invalid range in brackets" },
	{ "[a-[:digit:]]", "invalid range in brackets" },
	{ "[a-c-e]", "misplaced '-' in brackets" },
	{ "[[:digit:]-z]", "misplaced '-' in brackets" },
};

START_TEST(regex__refuses)
{
	struct regex *r = NULL;
	int rc = regex_compile(&r, wrong[_i].expression, &e);
	char message[256];

	snprintf(message, sizeof(message),
		 "'%s' is not a regular expression: %s", wrong[_i].expression,
		 wrong[_i].why);
	assert_err(rc, -EINVAL, &e, message);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(libc_matches(wrong[_i].expression, ""), -1);
}
END_TEST

/* Quoting a long expression does not cut off the reason. */
START_TEST(regex__quotes_the_start_of_a_long_expression)
{
	char text[REGEX_BYTES_MAX + 1];

	memset(text, 'x', sizeof(text) - 1);
	text[REGEX_BYTES_MAX - 1] = '(';
	text[REGEX_BYTES_MAX] = '\0';
	assert_err(regex_check(text, &e), -EINVAL, &e,
		   "xxx...' is not a regular expression: missing ')'");
}
END_TEST

static const struct {
	const char *expression, *message;
} references[] = {
	{ "(a*)\\1x", "'(a*)\\1x': the back-reference \\1 is not allowed" },
	{ "[]\\1](a)\\9", "the back-reference \\9 is not allowed" },
	{ "[[:alpha:]\\1](a)\\2", "the back-reference \\2 is not allowed" },
	{ "\\\\\\3", "the back-reference \\3 is not allowed" },
};

START_TEST(regex__refuses_back_references)
{
	assert_err(regex_check(references[_i].expression, &e), -EINVAL, &e,
		   references[_i].message);
}
END_TEST

START_TEST(regex__takes_digits_that_refer_to_nothing)
{
	static const char *const good[] = { "\\\\1",   "[\\1]",
					    "[^]\\1]", "[[:digit:]\\2]",
					    "a1",      "\\$1" };

	for (unsigned i = 0; i < COUNT(good); i++)
		assert_ok(regex_check(good[i], &e), &e);
}
END_TEST

/* However deeply they are nested. */
START_TEST(regex__bounds_an_expression)
{
	static char text[REGEX_BYTES_MAX + 2];

	memset(text, '(', sizeof(text) - 1);
	assert_err(
		regex_check(text, &e), -E2BIG, &e,
		"a regular expression of 4097 bytes; at most 4096 are allowed");
	memset(text + REGEX_BYTES_MAX / 2, ')', REGEX_BYTES_MAX / 2);
	text[REGEX_BYTES_MAX] = '\0';
	assert_ok(regex_check(text, &e), &e);
	memset(text, '|', REGEX_BYTES_MAX);
	assert_ok(regex_check(text, &e), &e);
}
END_TEST

static const struct {
	const char *expression;
	size_t parts; /* that the message tells; 0: fits */
} repeats[] = {
	{ "a{4096}", 0 },
	{ "a{4097}", 4097 },
	{ "a{1,4096}", 0 },
	{ "a{1,4097}", 4097 },
	{ "a{,4096}", 0 },
	{ "a{,4097}", 4097 },
	{ "a{4095,}", 0 },
	{ "a{4096,}", 4097 },
	{ "ba{4095}", 0 },
	{ "ba{4096}", 4097 },
	{ "a{4095}b{0}", 0 },
	{ "a{4096}b{0}", 4097 },
	{ "[]a{1,}]{4096}", 0 },
	{ "\\{{4096}", 0 },
	{ "\\{{4097}", 4097 },
	{ "\\({4097}", 4097 },
	{ "(a{1,1000}){1,1000}", 1002000 },
	{ "(a{64}){62}", 0 }, /* (64 + 2) * 62 = 4092 */
	{ "(a{64}){63}", 4158 },
	{ "(a*?){1000}", 5000 }, /* operators are copied, too */
	{ "((ab){8}c){50}", 0 }, /* (4 * 8 + 1 + 2) * 50 = 1750 */
	{ "a{64}{64}", 0 },
	{ "a{64}{65}", 4160 },
	{ "a+++++++++++++", 0 }, /* needs no copy */
	{ "a*************?????????????", 0 },
	{ "a{99999999999999999999}", 99999 },
	{ "a{1,1000}a{1,1000}a{1,1000}a{1,1000}a{1,1000}", 5000 },
};

START_TEST(regex__bounds_repeats)
{
	char message[200];
	int rc = regex_check(repeats[_i].expression, &e);

	if (!repeats[_i].parts) {
		assert_ok(rc, &e);
		return;
	}
	snprintf(message, sizeof(message),
		 "a regular expression of at least %zu parts with its repeats "
		 "written out; at most 4096 are allowed: '%s'",
		 repeats[_i].parts, repeats[_i].expression);
	assert_err(rc, -E2BIG, &e, message);
}
END_TEST

/* One part, but endless ways through it. */
START_TEST(regex__bounds_repeats_of_repeats)
{
	assert_ok(regex_check("(a{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}){1000}", &e),
		  &e);
	assert_err(regex_check("a{0,1}{0,1}{0,1}{0,1}{0,1}{0,4000}", &e),
		   -E2BIG, &e,
		   "a regular expression whose repeats of repeats take at "
		   "least 28001 steps; at most 16384 are allowed: 'a{0,1}");
}
END_TEST

/* Ask for a match after every byte, because a prompt might end there. */
START_TEST(regex__goes_on_with_a_text)
{
	static const char text[] = "host login: ab";
	struct regex *r = compile("^[a-z]+ login: $");

	for (unsigned i = 0; i <= strlen(text); i++) {
		ck_assert_int_eq(regex_matches(r), i == strlen("host login: "));
		regex_feed(r, text + i, 1);
	}
	regex_restart(r);
	ck_assert(!regex_matches(r));
	regex_feed(r, "x login: ", 9);
	ck_assert(regex_matches(r));
	ck_assert(regex_matches(r));
	regex_free(r);
}
END_TEST

/* Both ends of a piece are in the middle of the text. */
START_TEST(regex__sees_past_the_end_of_a_piece)
{
	struct regex *r = compile("\\bab\\b");

	regex_feed(r, "-a", 2);
	regex_feed(r, "b", 1);
	ck_assert(regex_matches(r));
	regex_feed(r, "c", 1);
	ck_assert(!regex_matches(r));
	regex_feed(r, " ab", 3);
	regex_feed(r, "-", 1);
	regex_feed(r, "c", 1);
	ck_assert(regex_matches(r));
	regex_free(r);
}
END_TEST

/* A part of an expression, made from a few random numbers. */
static uint32_t seed;

static unsigned any(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % n;
}

static const char *const atoms[] = {
	"a",	 "b",	   "ab",  "-",		 ".",	  "[ab]",
	"[^a]",	 "[a-b-]", "\\w", "\\W",	 "\\s",	  "(a|b)",
	"(a|)",	 "(ab|)",  "()",  "(-|ab)",	 "(a*b)", "(b+)-",
	"[-_b]", "(ab)",   "\\S", "[[:alpha:]]",
};
static const char *const operators[] = {
	"", "", "", "", "*", "+", "?", "{2}", "{0,2}", "{2,}", "{,1}", "|",
};
static const char *const anchors[] = { "^",   "$",   "\\b", "\\B",
				       "\\<", "\\>", "\\`", "\\'" };

static void make_expression(char *text)
{
	*text = '\0';
	if (!any(4))
		strcat(text, anchors[any(COUNT(anchors))]);
	for (unsigned n = any(5); n; n--) {
		strcat(text, atoms[any(COUNT(atoms))]);
		strcat(text, operators[any(COUNT(operators))]);
	}
	if (!any(4))
		strcat(text, anchors[any(COUNT(anchors))]);
}

static void make_text(char *text)
{
	unsigned n = any(9);

	for (unsigned i = 0; i < n; i++)
		text[i] = "aab-_ b"[any(7)];
	text[n] = '\0';
}

START_TEST(regex__agrees_with_regexec)
{
	char expression[128], text[16];

	seed = (uint32_t)_i;
	for (unsigned n = 0; n < 500; n++) {
		struct regex *r;
		regex_t libc;

		make_expression(expression);
		if (regcomp(&libc, expression, REG_EXTENDED | REG_NOSUB)) {
			ck_assert_msg(regex_check(expression, &e) == -EINVAL,
				      "'%s' is taken", expression);
			continue;
		}
		r = compile(expression);
		for (unsigned i = 0; i < 20; i++) {
			make_text(text);
			ck_assert_msg(regex_matches_text(r, text) ==
					      !regexec(&libc, text, 0, NULL, 0),
				      "'%s' in '%s'", expression, text);
		}
		regfree(&libc);
		regex_free(r);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("regex");
	TCase *t = tcase_create("regex");

	tcase_add_loop_test(t, regex__matches, 0, COUNT(rows));
	tcase_add_loop_test(t, regex__refuses, 0, COUNT(wrong));
	tcase_add_test(t, regex__quotes_the_start_of_a_long_expression);
	tcase_add_loop_test(t, regex__refuses_back_references, 0,
			    COUNT(references));
	tcase_add_test(t, regex__takes_digits_that_refer_to_nothing);
	tcase_add_test(t, regex__bounds_an_expression);
	tcase_add_loop_test(t, regex__bounds_repeats, 0, COUNT(repeats));
	tcase_add_test(t, regex__bounds_repeats_of_repeats);
	tcase_add_test(t, regex__goes_on_with_a_text);
	tcase_add_test(t, regex__sees_past_the_end_of_a_piece);
	tcase_add_loop_test(t, regex__agrees_with_regexec, 0, 16);
	suite_add_tcase(s, t);
	return s;
}
