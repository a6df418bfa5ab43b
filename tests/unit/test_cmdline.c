/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's command line: which consoles it names, and how another one is
 * added.
 */
#include "unit/unit.h"
#include "boot/cmdline.h"

#include <stdlib.h>

#define MAX 100

static struct err e;

static const struct {
	const char *text;
	bool has;
} named[] = {
	{ "", false },
	{ "quiet", false },
	{ "console=ttyS0", true },
	{ "quiet console=tty0 x", true },
	{ "\tconsole=tty0\n", true },
	{ "console=", true },
	{ "\"console=ttyS0,115200\"", true },
	{ "netconsole=@/,@10.0.0.1/", false },
	{ "xconsole=1 console", false },
	{ "earlyprintk=ttyS0", false },
	{ "foo=\"a console=ttyS0 b\"", false },
	{ "foo=\"a b\" console=ttyS0", true },
	{ "a -- console=ttyS0", false },
	{ "a --x console=ttyS0", true },
	{ "foo=\" -- \" console=ttyS0", true },
};

START_TEST(cmdline__finds_a_console)
{
	ck_assert_int_eq(cmdline_has(named[_i].text, "console="),
			 named[_i].has);
}
END_TEST

static const struct {
	const char *text, *whole;
} added[] = {
	{ "quiet", "quiet console=ttyS0" },
	{ "panic=-1 rdinit=/none", "panic=-1 rdinit=/none console=ttyS0" },
	{ "quiet ", "quiet console=ttyS0" },
	{ "netconsole=x", "netconsole=x console=ttyS0" },
	/* init's words stay init's */
	{ "quiet -- a b", "quiet console=ttyS0 -- a b" },
	{ "-- a", "console=ttyS0 -- a" },
	{ "-- console=tty0", "console=ttyS0 -- console=tty0" },
	/* not into an open quote */
	{ "a foo=\"b c", "a console=ttyS0 foo=\"b c" },
	{ "a foo=\"b -- c\"", "a foo=\"b -- c\" console=ttyS0" },
	/* as they are */
	{ "", "" },
	{ "  ", "  " },
	{ "console=tty0", "console=tty0" },
	{ "a console= b", "a console= b" },
	{ "console=ttyS0", "console=ttyS0" },
};

static void check_added(const char *text, const char *want)
{
	char *whole = NULL;

	assert_ok(cmdline_add_console(text, CMDLINE_CONSOLE, MAX, &whole, &e),
		  &e);
	ck_assert_str_eq(whole, want);
	free(whole);
}

START_TEST(cmdline__adds_the_console)
{
	check_added(added[_i].text, added[_i].whole);
}
END_TEST

/* A console that does not fit is left out; the run goes on. */
START_TEST(cmdline__adds_only_what_fits)
{
	char text[MAX + 1], want[MAX + 1];
	size_t added_len = strlen(" " CMDLINE_CONSOLE);

	memset(text, 'x', sizeof(text));
	text[MAX - added_len + 1] = '\0';
	check_added(text, text);
	text[MAX - added_len] = '\0';
	strcat(strcpy(want, text), " " CMDLINE_CONSOLE);
	check_added(text, want);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("cmdline");
	TCase *t = tcase_create("cmdline");

	tcase_add_loop_test(t, cmdline__finds_a_console, 0, COUNT(named));
	tcase_add_loop_test(t, cmdline__adds_the_console, 0, COUNT(added));
	tcase_add_test(t, cmdline__adds_only_what_fits);
	suite_add_tcase(s, t);
	return s;
}
