/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture writer: how it writes hostile text and numbers, and a palette
 * with enough contrast.
 */
#include "unit/unit.h"
#include "show/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct svg s;
static char *out;
static struct err e;

static void teardown(void)
{
	free(out);
	out = NULL;
	buf_release(&s.body);
}

static const char *finish(void)
{
	free(out);
	assert_ok(svg_finish(&s, 1000, 505, "t", "d", &out, &e), &e);
	return out;
}

static void assert_has(const char *part)
{
	ck_assert_msg(strstr(out, part), "no '%s' in %s", part, out);
}

static const struct {
	const char *text, *want;
} texts[] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "</text><script>alert(1)</script>",
	  "&lt;/text&gt;&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\"'&&amp;", "&quot;&#39;&amp;&amp;amp;" },
	{ "]]>", "]]&gt;" },
	{ "a\033[2J\n\tb\x7f", "a?[2J??b?" },
	{ "\xff\xc0\x80 \xed\xa0\x80", "??? ???" },
	/* Well-formed UTF-8 for characters that XML excludes. */
	{ "\xef\xbf\xbe\xef\xbf\xbf", "??????" },
	{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7",
	  "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7" },
};

START_TEST(svg__text_is_clean_and_escaped)
{
	char want[256];

	svg_text(&s, SVG_WORDS, 10, 25, texts[_i].text);
	finish();
	snprintf(want, sizeof(want),
		 "<text class=\"w\" x=\"1\" y=\"2.5\">%s</text>\n",
		 texts[_i].want);
	assert_has(want);
}
END_TEST

START_TEST(svg__titles_are_clean_too)
{
	svg_rect(&s, SVG_TEXT, (struct svg_box){ 1, 2, 30, 40 }, "<&\033>");
	assert_ok(svg_finish(&s, 10, 10, "a<b", "c&\x01", &out, &e), &e);
	assert_has("<rect class=\"text\" x=\"0.1\" y=\"0.2\" width=\"3\" "
		   "height=\"4\"><title>&lt;&amp;?&gt;</title></rect>\n");
	assert_has("<title id=\"title\">a&lt;b</title>");
	assert_has("<desc id=\"desc\">c&amp;?</desc>");
}
END_TEST

START_TEST(svg__numbers)
{
	svg_line(&s, SVG_GRID, -1, -10, -123, 1000005);
	finish();
	assert_has("<line class=\"g\" x1=\"-0.1\" y1=\"-1\" x2=\"-12.3\" "
		   "y2=\"100000.5\"/>");
	assert_has("viewBox=\"0 0 100 50\"");
}
END_TEST

START_TEST(svg__cuts_characters_not_bytes)
{
	svg_text_cut(&s, SVG_WORDS, 0, 0, "\xc3\xa4\xc3\xb6\xc3\xbc", 3);
	svg_text_cut(&s, SVG_WORDS, 0, 0, "\xc3\xa4<\xc3\xb6\xc3\xbc", 3);
	finish();
	assert_has(">\xc3\xa4\xc3\xb6\xc3\xbc</text>");
	assert_has("><title>\xc3\xa4&lt;\xc3\xb6\xc3\xbc</title>"
		   "\xc3\xa4&lt;\xe2\x80\xa6</text>");
}
END_TEST

START_TEST(svg__paragraphs)
{
	svg_paragraph(&s, SVG_WORDS, 0, 10, "one two three four", 9, 3, 100);
	svg_paragraph(&s, SVG_WORDS, 10, 10, "abcdefghijkl", 5, 2, 100);
	svg_paragraph(&s, SVG_WORDS, 20, 10, "", 5, 2, 100);
	svg_paragraph(&s, SVG_WORDS, 30, 10, "exact fit", 5, 2, 100);
	finish();
	assert_has("x=\"0\" y=\"1\">one two</text>");
	assert_has("x=\"0\" y=\"11\">three</text>");
	assert_has("x=\"0\" y=\"21\">four</text>");
	assert_has("x=\"1\" y=\"1\">abcde</text>");
	assert_has("x=\"1\" y=\"11\"><title>fghijkl</title>fghi\xe2\x80\xa6<");
	assert_has("x=\"3\" y=\"1\">exact</text>");
	assert_has("x=\"3\" y=\"11\">fit</text>");
	ck_assert_ptr_null(strstr(out, "x=\"2\""));
}
END_TEST

START_TEST(svg__no_memory_is_an_error)
{
	char *untouched = out = strdup("x");

	s.body.failed = true;
	assert_err(svg_finish(&s, 10, 10, "t", "d", &out, &e), -12, &e,
		   "no memory for the picture");
	ck_assert_ptr_eq(out, untouched);
}
END_TEST

/* The picture runs nothing and fetches nothing. */
START_TEST(svg__stands_alone)
{
	static const char *const never[] = { "<script",	  "href",
					     "@import",	  "<foreignObject",
					     "url(h",	  "<image",
					     "javascript" };

	svg_text(&s, SVG_WORDS, 0, 0, "x");
	finish();
	for (size_t i = 0; i < COUNT(never); i++)
		ck_assert_ptr_null(strstr(out, never[i]));
	ck_assert_ptr_eq(strstr(out, "http"),
			 strstr(out, "http://www.w3.org/2000/svg"));
}
END_TEST

START_TEST(style__has_every_class_in_light_and_dark)
{
	const char *dark, *end;

	finish();
	dark = strstr(out, "\n@media (prefers-color-scheme:dark){\n");
	ck_assert_ptr_nonnull(dark);
	end = strstr(dark, "\n}\n</style>");
	ck_assert_ptr_nonnull(end);
	for (unsigned c = 0; c < SVG_CLASSES; c++) {
		const struct svg_look *look = &svg_looks[c];
		const char *at;

		at = strstr(out, look->light);
		ck_assert_msg(at && at < dark, "%s", look->name);
		at = strstr(dark, look->dark);
		ck_assert_msg(at && at < end, "%s", look->name);
		for (unsigned d = 0; d < c; d++)
			ck_assert_str_ne(svg_looks[d].name, look->name);
	}
}
END_TEST

/* WCAG 2.1, "relative luminance" and "contrast ratio". */
static double luminance(const char *colour)
{
	static const double weights[] = { 0.2126, 0.7152, 0.0722 };
	unsigned c[3];
	double sum = 0;

	ck_assert_uint_eq(strlen(colour), 7);
	ck_assert_int_eq(sscanf(colour, "#%2x%2x%2x", &c[0], &c[1], &c[2]), 3);
	for (unsigned i = 0; i < 3; i++) {
		double v = c[i] / 255.0;

		sum += weights[i] * (v <= 0.03928
					     ? v / 12.92
					     : pow((v + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static double contrast(const char *a, const char *b)
{
	double x = luminance(a), y = luminance(b);

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

START_TEST(palette__contrast_is_as_wcag_reckons)
{
	ck_assert_double_eq_tol(contrast("#000000", "#ffffff"), 21, 0.001);
	ck_assert_double_eq_tol(contrast("#777777", "#ffffff"), 4.48, 0.005);
	ck_assert_double_eq_tol(contrast("#ffffff", "#ffffff"), 1, 0.001);
}
END_TEST

static void check_look(const struct svg_look *look, const char *colour,
		       const char *page, const char *ram)
{
	double from_page = contrast(colour, page);

	if (look->role == SVG_ROLE_WORDS)
		ck_assert_msg(from_page >= 4.5, "%s %s: %.2f", look->name,
			      colour, from_page);
	if (look->role == SVG_ROLE_MARK)
		ck_assert_msg(from_page >= 3 && contrast(colour, ram) >= 3,
			      "%s %s: %.2f, %.2f", look->name, colour,
			      from_page, contrast(colour, ram));
}

START_TEST(palette__can_be_read)
{
	const struct svg_look *look = &svg_looks[_i];

	check_look(look, look->light, svg_looks[SVG_PAGE].light,
		   svg_looks[SVG_RAM].light);
	check_look(look, look->dark, svg_looks[SVG_PAGE].dark,
		   svg_looks[SVG_RAM].dark);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("svg");
	TCase *t = tcase_create("svg");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, svg__text_is_clean_and_escaped, 0, COUNT(texts));
	tcase_add_test(t, svg__titles_are_clean_too);
	tcase_add_test(t, svg__numbers);
	tcase_add_test(t, svg__cuts_characters_not_bytes);
	tcase_add_test(t, svg__paragraphs);
	tcase_add_test(t, svg__no_memory_is_an_error);
	tcase_add_test(t, svg__stands_alone);
	tcase_add_test(t, style__has_every_class_in_light_and_dark);
	tcase_add_test(t, palette__contrast_is_as_wcag_reckons);
	tcase_add_loop_test(t, palette__can_be_read, 0, SVG_CLASSES);
	suite_add_tcase(suite, t);
	return suite;
}
