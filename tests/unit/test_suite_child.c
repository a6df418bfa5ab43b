/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/child.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

/* A stream of a file of @size bytes. */
static FILE *file_of(uint64_t size)
{
	char path[] = "child.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fopen(path, "r+e");

	ck_assert(fd >= 0 && f);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	close(fd);
	unlink(path);
	return f;
}

static uint64_t size_of(FILE *f)
{
	struct stat st;

	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	return (uint64_t)st.st_size;
}

START_TEST(child__may_write_up_to_the_limit)
{
	struct child c = { .console = file_of(CHILD_FILE_MAX),
			   .errors = file_of(0) };

	ck_assert(!child_floods(&c));
	child_cut_files(&c);
	ck_assert_uint_eq(size_of(c.console), CHILD_FILE_MAX);
	child_release(&c);
}
END_TEST

START_TEST(child__is_cut_beyond_the_limit)
{
	struct child c = { .console = file_of(CHILD_FILE_MAX + 1),
			   .errors = file_of(3) };

	ck_assert(child_floods(&c));
	child_cut_files(&c);
	ck_assert_uint_eq(size_of(c.console), CHILD_FILE_MAX);
	ck_assert_uint_eq(size_of(c.errors), 3);
	ck_assert(!child_floods(&c));
	child_release(&c);
}
END_TEST

START_TEST(child__may_not_flood_its_errors_either)
{
	struct child c = { .console = file_of(0),
			   .errors = file_of(CHILD_FILE_MAX * 4) };

	ck_assert(child_floods(&c));
	child_cut_files(&c);
	ck_assert_uint_eq(size_of(c.errors), CHILD_FILE_MAX);
	child_release(&c);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("suite_child");
	TCase *t = tcase_create("child");

	tcase_add_test(t, child__may_write_up_to_the_limit);
	tcase_add_test(t, child__is_cut_beyond_the_limit);
	tcase_add_test(t, child__may_not_flood_its_errors_either);
	suite_add_tcase(s, t);
	return s;
}
