/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching the console: what counts as a panic, what matches an expectation,
 * and that splitting the output into pieces changes neither.
 */
#include "unit/unit.h"
#include "outcome/watch.h"

#include <errno.h>

static struct watch w;

static void setup(void)
{
	watch_init(&w);
}

static void teardown(void)
{
	watch_release(&w);
}

static void feed(const char *text)
{
	watch_feed(&w, (const uint8_t *)text, strlen(text));
}

static void feed_bytewise(const char *text)
{
	for (; *text; text++)
		watch_feed(&w, (const uint8_t *)text, 1);
}

static void expect(const char *regex)
{
	struct err e;

	assert_ok(watch_expect(&w, regex, &e), &e);
}

#define SAYS "Kernel panic - not syncing"

static const struct {
	const char *output;
	bool panic, over;
} panics[] = {
	{ SAYS ": Attempted to kill init!\n", true, false },
	{ SAYS "\r\n", true, false },
	{ "[    1.234567] " SAYS ": VFS\n", true, false },
	{ "[12345.678901] " SAYS ": VFS\n", true, false },
	{ "[    1.234567][    T1] " SAYS ": VFS\n", true, false },
	{ "[    1.234567][   C12] " SAYS ": VFS\n", true, false },
	{ "<0>[    1.234567] " SAYS ": VFS\n", true, false },
	{ "<0>" SAYS ": VFS\n", true, false },
	{ "line\nline\n[    0.1] " SAYS "\nrest", true, false },
	{ "[    1.2] " SAYS ": x\n[    1.3] ---[ end " SAYS ": x ]---\n", true,
	  true },
	/* somebody talking about one */
	{ "init: saw '" SAYS "' in the log\n", false, false },
	{ "x" SAYS "\n", false, false },
	{ "[root@host] " SAYS "\n", false, false },
	{ "[    1.2] init: " SAYS "\n", false, false },
	{ "[    1.2 " SAYS "\n", false, false },
	{ "kernel panic - not syncing\n", false, false },
	{ "Kernel panic\n", false, false },
	{ "<" SAYS "\n", false, false },
	{ "---[ end " SAYS ": x ]---\n", false, false },
	/* not yet a line */
	{ SAYS ": Attempted", false, false },
	{ "", false, false },
	/* as a terminal shows it */
	{ "\033[1m" SAYS ": VFS\033[0m\n", true, false },
	{ "\033]0;title\n" SAYS ": VFS\n", true, false },
	{ "\033[3\n" SAYS ": VFS\n", true, false },
	{ "Loading...\r" SAYS ": VFS\n", true, false },
	{ "Loading...\033[2J\033[H" SAYS ": VFS\n", true, false },
	{ SAYS ": VFS\rabc\n", true, false },
	{ "\033]0;" SAYS "\007\n", false, false },
	{ "\n\n\r\n[\n[]\n[ ]\n<\n<>\n", false, false },
};

START_TEST(watch__panic)
{
	feed(panics[_i].output);
	ck_assert_int_eq(w.panic[0] != '\0', panics[_i].panic);
	ck_assert_int_eq(w.panic_over, panics[_i].over);
	if (panics[_i].panic)
		ck_assert_ptr_nonnull(strstr(w.panic, SAYS));
	teardown();
	setup();
	feed_bytewise(panics[_i].output);
	ck_assert_int_eq(w.panic[0] != '\0', panics[_i].panic);
	ck_assert_int_eq(w.panic_over, panics[_i].over);
}
END_TEST

START_TEST(watch__first_panic_stays)
{
	feed(SAYS ": first\n" SAYS ": second\n");
	ck_assert_str_eq(w.panic, SAYS ": first");
}
END_TEST

/* Expectations, output, and how many are met. */
static const struct {
	const char *expect[3];
	const char *output;
	size_t met;
} expected[] = {
	{ { "hello" }, "say hello now\n", 1 },
	{ { "^hello$" }, "say hello now\n", 0 },
	{ { "^hello$" }, "hello\r\n", 1 },
	{ { "(a|b)+c" }, "xxababc\n", 1 },
	/* a prompt has no newline */
	{ { "login: $" }, "\nhost login: ", 1 },
	/* in order, and each wants a line of its own */
	{ { "one", "two" }, "one\ntwo\n", 2 },
	{ { "one", "two" }, "two\none\n", 1 },
	{ { "one", "two" }, "two\none\ntwo\n", 2 },
	{ { "one", "two" }, "one two\n", 1 },
	{ { "two", "one" }, "one two\n", 1 },
	{ { "same", "same" }, "same\n", 1 },
	{ { "same", "same" }, "same\nsame\n", 2 },
	{ { "a", "b", "c" }, "a\nb\nc", 3 },
	{ { "a", "b", "c" }, "a\nb\n", 2 },
	/* as a terminal shows it */
	{ { "# $" }, "\r\n\033[Jsh# \033[6n", 1 },
	{ { "^login: $" }, "\033[1mlogin\033[0m: ", 1 },
	{ { "^login: $" }, "x\033]0;a\007\rlogin: ", 1 },
	{ { "^login: $" }, "logim\bn: ", 1 },
	{ { "^xbc$" }, "abc\rx\n", 1 },
	{ { "^abc$" }, "abc\rx\n", 1 },
	{ { "title" }, "\033]0;title\007\n", 0 },
	{ { "^10%$", "^done$" }, "10%\r20%\r30%\ndone\n", 2 },
	{ { "^10%$", "^30%$" }, "10%\r20%\r30%\n", 1 },
	/* an empty line is one */
	{ { "^$" }, "x\n\ny\n", 1 },
	{ { "x" }, "", 0 },
};

static void expect_row(unsigned i)
{
	for (unsigned j = 0; j < 3 && expected[i].expect[j]; j++)
		expect(expected[i].expect[j]);
}

START_TEST(watch__expect)
{
	expect_row((unsigned)_i);
	ck_assert(!watch_satisfied(&w));
	feed(expected[_i].output);
	ck_assert_uint_eq(w.expect_met, expected[_i].met);
	ck_assert_int_eq(watch_satisfied(&w),
			 expected[_i].met == w.expect_count);
}
END_TEST

/* The result is the same for any pieces that a pipe or a vCPU delivers. */
START_TEST(watch__expect_in_pieces)
{
	expect_row((unsigned)_i);
	feed_bytewise(expected[_i].output);
	ck_assert_uint_eq(w.expect_met, expected[_i].met);
}
END_TEST

/* Expectation, failure pattern, output, which of these matched, met. */
static const struct {
	const char *expect, *fail_on[2];
	const char *output;
	const char *by, *line;
	size_t met;
} feared[] = {
	{ NULL, { "BUG" }, "fine\nBUG: oops\n", "BUG", "BUG: oops", 0 },
	{ NULL, { "a", "b" }, "b\na\n", "b", "b", 0 },
	{ NULL, { "a", "b" }, "ba\n", "a", "ba", 0 },
	{ NULL, { "BUG" }, "bug\n", NULL, "", 0 },
	/* a line is complete before it is judged, so that $ means its end */
	{ NULL, { "error$" }, "errorless\n", NULL, "", 0 },
	{ NULL, { "error$" }, "no error", NULL, "", 0 },
	/* as a terminal shows it */
	{ NULL, { "^BUG$" }, "B\033[1mUG\033[m\n", "^BUG$", "BUG", 0 },
	{ NULL, { "^BUG$" }, "BUG\rxxxx\n", "^BUG$", "BUG", 0 },
	{ NULL, { "BUG" }, "BU\bXG\n", NULL, "", 0 },
	/* what came first counts */
	{ "ok", { "BUG" }, "BUG\nok\n", "BUG", "BUG", 0 },
	{ "ok", { "BUG" }, "ok\nBUG\n", NULL, "", 1 },
	{ NULL, { "panic" }, SAYS "\n", NULL, "", 0 },
	{ NULL, { "x" }, SAYS "\nx\n", NULL, "", 0 },
	{ NULL, { "x" }, "x\n" SAYS "\n", "x", "x", 0 },
	/* fear before hope */
	{ "ok", { "BUG" }, "BUG ok\n", "BUG", "BUG ok", 0 },
	{ "ok", { "^$" }, "\nok\n", "^$", "", 0 },
};

START_TEST(watch__fail_on)
{
	struct err e;

	for (int bytewise = 0; bytewise < 2; bytewise++) {
		if (feared[_i].expect)
			expect(feared[_i].expect);
		for (unsigned j = 0; j < 2 && feared[_i].fail_on[j]; j++)
			assert_ok(watch_fail_on(&w, feared[_i].fail_on[j], &e),
				  &e);
		if (bytewise)
			feed_bytewise(feared[_i].output);
		else
			feed(feared[_i].output);
		ck_assert_pstr_eq(w.failed_by, feared[_i].by);
		ck_assert_str_eq(w.failed, feared[_i].line);
		ck_assert_uint_eq(w.expect_met, feared[_i].met);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(watch__fail_on_the_last_line)
{
	struct err e;

	assert_ok(watch_fail_on(&w, "error$", &e), &e);
	feed("an error");
	ck_assert_ptr_null(w.failed_by);
	watch_end(&w);
	ck_assert_str_eq(w.failed_by, "error$");
}
END_TEST

static const struct {
	const char *output;
	bool started;
} inits[] = {
	{ "Run /init as init process\n", true },
	{ "[    0.912345] Run /sbin/init as init process\r\n", true },
	{ "[    0.9] [   T1] Run /init as init process\n", true },
	{ "\033[0mRun /init as init process\033[m\n", true },
	{ "Run /init as init process", false },
	{ "Run /init\n", false },
	{ "I Run /init as init process\n", false },
	{ "Run init as init process\n", false },
};

START_TEST(watch__init)
{
	feed(inits[_i].output);
	ck_assert_int_eq(w.init_started, inits[_i].started);
}
END_TEST

START_TEST(watch__recent_lines)
{
	ck_assert_ptr_null(watch_recent_line(&w, 0));
	feed("1\n2\n\n3");
	ck_assert_str_eq(watch_recent_line(&w, 0), "3");
	ck_assert_str_eq(watch_recent_line(&w, 1), "2");
	ck_assert_str_eq(watch_recent_line(&w, 2), "1");
	ck_assert_ptr_null(watch_recent_line(&w, 3));
	feed("\n4\n5\n6\n7\n");
	ck_assert_str_eq(watch_recent_line(&w, 0), "7");
	ck_assert_str_eq(watch_recent_line(&w, 4), "3");
	ck_assert_ptr_null(watch_recent_line(&w, 5));
	feed("8");
	ck_assert_str_eq(watch_recent_line(&w, 4), "4");
	ck_assert_ptr_null(watch_recent_line(&w, 5));
}
END_TEST

/* Being ready is one more expectation, in any order with the others. */
START_TEST(watch__waits_until_the_guest_is_ready)
{
	struct err e;

	w.wants_ready = true;
	ck_assert(!watch_satisfied(&w));
	w.is_ready = true;
	ck_assert(watch_satisfied(&w));
	assert_ok(watch_expect(&w, "one", &e), &e);
	ck_assert(!watch_satisfied(&w));
	feed("one\n");
	ck_assert(watch_satisfied(&w));
	w.is_ready = false;
	ck_assert(!watch_satisfied(&w));
}
END_TEST

START_TEST(watch__nothing_expected_is_not_satisfied)
{
	feed("anything\n");
	ck_assert(!watch_satisfied(&w));
}
END_TEST

static const struct {
	const char *output, *last;
} lasts[] = {
	{ "", "" },
	{ "one\n", "one" },
	{ "one\ntwo", "two" },
	{ "one\n\n\r\n", "one" }, /* one that says something */
	{ "one\r\ntwo\r\n", "two" },
	{ "a\0b", "a" },
	{ "# \033[6n", "# " },
	{ "one\033[K\n\033[?25h\n", "one" },
};

START_TEST(watch__last_line)
{
	feed(lasts[_i].output);
	ck_assert_str_eq(watch_last_line(&w), lasts[_i].last);
}
END_TEST

START_TEST(watch__zero_bytes_are_dropped)
{
	watch_feed(&w, (const uint8_t *)"a\0b\n", 4);
	ck_assert_str_eq(watch_last_line(&w), "ab");
}
END_TEST

START_TEST(watch__long_lines_are_cut)
{
	static char text[3 * WATCH_LINE_MAX];

	expect("^next$");
	memset(text, 'x', sizeof(text) - 1);
	feed(text);
	ck_assert_uint_eq(strlen(watch_last_line(&w)), WATCH_LINE_MAX - 1);
	feed("\n");
	ck_assert_uint_eq(strlen(watch_last_line(&w)), WATCH_LINE_MAX - 1);
	feed("next\n");
	ck_assert(watch_satisfied(&w));
}
END_TEST

START_TEST(watch__refuses_a_bad_expression)
{
	struct err e = ERR_EMPTY;
	const char *why = "'a(b' is not a regular expression: missing ')'";

	assert_err(watch_expect(&w, "a(b", &e), -EINVAL, &e, why);
	ck_assert_uint_eq(w.expect_count, 0);
	assert_err(watch_fail_on(&w, "a(b", &e), -EINVAL, &e, why);
	ck_assert_uint_eq(w.fail_on_count, 0);
}
END_TEST

START_TEST(watch__takes_so_many_expectations)
{
	struct err e;

	for (unsigned i = 0; i < WATCH_EXPECT_MAX; i++)
		expect("x");
	assert_err(watch_expect(&w, "x", &e), -E2BIG, &e,
		   "more than 16 expectations");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, watch__panic, 0, COUNT(panics));
	tcase_add_test(t, watch__first_panic_stays);
	tcase_add_loop_test(t, watch__expect, 0, COUNT(expected));
	tcase_add_loop_test(t, watch__expect_in_pieces, 0, COUNT(expected));
	tcase_add_loop_test(t, watch__fail_on, 0, COUNT(feared));
	tcase_add_test(t, watch__fail_on_the_last_line);
	tcase_add_loop_test(t, watch__init, 0, COUNT(inits));
	tcase_add_test(t, watch__recent_lines);
	tcase_add_test(t, watch__waits_until_the_guest_is_ready);
	tcase_add_test(t, watch__nothing_expected_is_not_satisfied);
	tcase_add_loop_test(t, watch__last_line, 0, COUNT(lasts));
	tcase_add_test(t, watch__zero_bytes_are_dropped);
	tcase_add_test(t, watch__long_lines_are_cut);
	tcase_add_test(t, watch__refuses_a_bad_expression);
	tcase_add_test(t, watch__takes_so_many_expectations);
	suite_add_tcase(s, t);
	return s;
}
