/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all unit test suites share.
 *
 * A file tests/unit/test_X.c defines unit_suite() and becomes a program of its
 * own. Its tests start with signals at their defaults, an empty standard input,
 * and an empty current folder, which is removed afterwards: file names are
 * relative to it. Its last line is `N passed, N failed, N skipped`; it exits 1
 * if a test failed or if there was none to run.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Defined by each test_X.c. */
Suite *unit_suite(void);

/*
 * Open a file of the source tree; test programs are started in its top folder.
 * The running test fails if the file does not exist.
 */
FILE *unit_source(const char *name);

/*
 * Count the running test as skipped, and say why. The test must then return;
 * UNIT_SKIP() does both.
 */
void unit_skip(const char *file, int line, const char *why);

#define UNIT_SKIP(why)                              \
	do {                                        \
		unit_skip(__FILE__, __LINE__, why); \
		return;                             \
	} while (0)

/* A failing call's code and a part of its message, in one check. */
#define assert_err(rc, want_rc, e, want_msg)                                \
	do {                                                                \
		ck_assert_msg((rc) == (want_rc), "code %d, not %d: \"%s\"", \
			      (rc), (want_rc), (e)->msg);                   \
		ck_assert_msg(strstr((e)->msg, want_msg),                   \
			      "\"%s\" lacks \"%s\"", (e)->msg, want_msg);   \
	} while (0)

/* A call that must work; its message is shown if it does not. */
#define assert_ok(rc, e) \
	ck_assert_msg((rc) == 0, "code %d: \"%s\"", (rc), (e)->msg)

#endif
