/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own words, and its last message before it stops or reboots.
 */
#include "unit/unit.h"
#include "outcome/kernel_words.h"

static const struct {
	const char *line;
	const char *restart; /* the words, or NULL */
	const char *halt;
} lines[] = {
	{ "reboot: Restarting system", "reboot: Restarting system", NULL },
	{ "[   12.345678] reboot: Restarting system",
	  "reboot: Restarting system", NULL },
	{ "[   12.345678][    T1] reboot: Restarting system",
	  "reboot: Restarting system", NULL },
	{ "<0>[   12.345678] reboot: machine restart",
	  "reboot: machine restart", NULL },
	{ "[    1.5] reboot: Restarting system with command 'x'",
	  "reboot: Restarting system", NULL },
	{ "[    1.5] sysrq: Resetting", "sysrq: Resetting", NULL },
	{ "[    1.5] Restarting system.", "Restarting system.", NULL },
	{ "[    1.5] reboot: System halted", NULL, "reboot: System halted" },
	{ "[    1.5] reboot: Power off not available: System halted instead",
	  NULL, "reboot: Power off not available: System halted" },
	{ "[    1.5] System halted.", NULL, "System halted." },
	/* A program that talks about it. */
	{ "init: reboot: Restarting system", NULL, NULL },
	{ "echo reboot: System halted", NULL, NULL },
	{ "Restarting system", NULL, NULL },
	{ "[  OK  ] reboot: System halted", NULL, NULL },
	{ "[    1.5] reboot: Power down", NULL, NULL },
	{ "", NULL, NULL },
	{ "[", NULL, NULL },
	{ "<", NULL, NULL },
};

static void expect_words(const char *found, const char *want)
{
	ck_assert_msg(found ? want && !strcmp(found, want) : !want,
		      "\"%s\" instead of \"%s\"", found ? found : "none",
		      want ? want : "none");
}

START_TEST(kernel_words__tell_an_order)
{
	const char *line = lines[_i].line;

	expect_words(kernel_obeys(line, KERNEL_RESTART), lines[_i].restart);
	expect_words(kernel_obeys(line, KERNEL_HALT), lines[_i].halt);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kernel_words");
	TCase *t = tcase_create("kernel_words");

	tcase_add_loop_test(t, kernel_words__tell_an_order, 0, COUNT(lines));
	suite_add_tcase(s, t);
	return s;
}
