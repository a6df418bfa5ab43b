/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors with context: codes, prefixes, and messages longer than the buffer.
 */
#include "unit/unit.h"
#include "base/err.h"

#include <errno.h>

/* A message that fills the buffer to the last byte, and a longer one. */
static void overfill(struct err *e, char with)
{
	char text[2 * ERR_MSG_SIZE];

	memset(text, with, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(err_set(e, EINVAL, "%s", text), -EINVAL);
	ck_assert_uint_eq(strlen(e->msg), ERR_MSG_SIZE - 1);
}

START_TEST(err__set_gives_back_the_code)
{
	struct err e = ERR_EMPTY;

	ck_assert_int_eq(err_set(&e, ENOSPC, "%s is %d", "x", 7), -ENOSPC);
	ck_assert_str_eq(e.msg, "x is 7");
	ck_assert_int_eq(err_set(&e, EINVAL, "y"), -EINVAL);
	ck_assert_str_eq(e.msg, "y");
}
END_TEST

START_TEST(err__sys_adds_what_the_system_said)
{
	struct err e = ERR_EMPTY;

	errno = ENOENT;
	ck_assert_int_eq(err_sys(&e, "open %s", "x"), -ENOENT);
	ck_assert_str_eq(e.msg, "open x: No such file or directory");
}
END_TEST

START_TEST(err__prefix_goes_in_front)
{
	struct err e = ERR_EMPTY;
	int rc = err_set(&e, E2BIG, "too long");

	ck_assert_int_eq(err_prefix(&e, rc, "field %d", 3), -E2BIG);
	ck_assert_int_eq(err_prefix(&e, rc, "file"), -E2BIG);
	ck_assert_str_eq(e.msg, "file: field 3: too long");
}
END_TEST

START_TEST(err__prefix_of_an_error_that_fills_the_buffer)
{
	struct err e = ERR_EMPTY;

	overfill(&e, 'x');
	err_prefix(&e, -EINVAL, "file");
	ck_assert_uint_eq(strlen(e.msg), ERR_MSG_SIZE - 1);
	ck_assert_int_eq(strncmp(e.msg, "file: xxx", 9), 0);
	ck_assert_int_eq(e.msg[ERR_MSG_SIZE - 2], 'x');
}
END_TEST

START_TEST(err__prefix_that_fills_the_buffer)
{
	struct err e = ERR_EMPTY, long_one = ERR_EMPTY;

	overfill(&long_one, 'p');
	err_set(&e, EINVAL, "cause");
	err_prefix(&e, -EINVAL, "%s", long_one.msg);
	ck_assert_str_eq(e.msg, long_one.msg);
}
END_TEST

START_TEST(err__also_keeps_both)
{
	struct err e = ERR_EMPTY, a = ERR_EMPTY, b = ERR_EMPTY;

	err_set(&a, EINVAL, "not a bzImage: short");
	err_set(&b, EINVAL, "not an ELF: no magic");
	err_also(&e, &a);
	ck_assert_str_eq(e.msg, "not a bzImage: short");
	err_also(&e, &b);
	ck_assert_str_eq(e.msg, "not a bzImage: short; not an ELF: no magic");
}
END_TEST

START_TEST(err__also_to_a_full_buffer)
{
	struct err e = ERR_EMPTY, other = ERR_EMPTY, before;

	overfill(&e, 'x');
	before = e;
	err_set(&other, EINVAL, "more");
	err_also(&e, &other);
	ck_assert_str_eq(e.msg, before.msg);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("err");
	TCase *t = tcase_create("err");

	tcase_add_test(t, err__set_gives_back_the_code);
	tcase_add_test(t, err__sys_adds_what_the_system_said);
	tcase_add_test(t, err__prefix_goes_in_front);
	tcase_add_test(t, err__prefix_of_an_error_that_fills_the_buffer);
	tcase_add_test(t, err__prefix_that_fills_the_buffer);
	tcase_add_test(t, err__also_keeps_both);
	tcase_add_test(t, err__also_to_a_full_buffer);
	suite_add_tcase(s, t);
	return s;
}
