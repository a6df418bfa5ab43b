/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has left, out of files as the kernel writes them; and a guest
 * that is refused for it.
 */
#include "unit/unit.h"
#include "base/host_memory.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* A host with 1000 KiB available, in the group /a/b, which limits nothing. The
 * tests share a folder. */
static void setup(void)
{
	const char *folders[] = { "proc", "proc/self", "cg", "cg/a", "cg/a/b" };

	static const char *const limits[] = { "cg/a/memory.max",
					      "cg/a/b/memory.max",
					      "cg/a/b/memory.stat" };

	for (size_t i = 0; i < COUNT(folders); i++)
		(void)mkdir(folders[i], 0700);
	for (size_t i = 0; i < COUNT(limits); i++)
		(void)remove(limits[i]);
	put("proc/meminfo", "MemTotal:       9000 kB\nMemFree: 10 kB\n"
			    "MemAvailable:       1000 kB\n");
	put("proc/self/cgroup", "1:name=old:/x\n0::/a/b\n");
}

static uint64_t available(void)
{
	struct err e;
	uint64_t n;

	assert_ok(host_memory_available("proc", "cg", &n, &e), &e);
	return n;
}

START_TEST(host_memory__is_what_the_kernel_has)
{
	ck_assert_uint_eq(available(), 1000 * 1024);
	put("cg/a/b/memory.max", "max\n");
	put("cg/a/b/memory.current", "5000\n");
	ck_assert_uint_eq(available(), 1000 * 1024);
}
END_TEST

START_TEST(host_memory__is_less_in_a_group)
{
	put("cg/a/b/memory.max", "500000\n");
	put("cg/a/b/memory.current", "300000\n");
	ck_assert_uint_eq(available(), 200000);
	put("cg/a/b/memory.stat", "anon 1\ninactive_file 100000\nfile 7\n");
	ck_assert_uint_eq(available(), 300000);
	/* The group above it has less. */
	put("cg/a/memory.max", "400000\n");
	put("cg/a/memory.current", "390000\n");
	ck_assert_uint_eq(available(), 10000);
	put("cg/a/memory.current", "400001\n");
	ck_assert_uint_eq(available(), 0);
}
END_TEST

START_TEST(host_memory__is_not_known)
{
	struct err e;
	uint64_t n;

	put("proc/meminfo", "MemTotal:       9000 kB\n");
	assert_err(host_memory_available("proc", "cg", &n, &e), -ENOENT, &e,
		   "does not say how much memory is available");
}
END_TEST

START_TEST(host_memory__refuses_a_guest)
{
	struct err e;

	assert_ok(host_memory_check(4096, 0, &e), &e);
	assert_err(host_memory_check(UINT64_C(1) << 60, 0, &e), -ENOMEM, &e,
		   "a guest of 1099511627776M and 0M to keep free");
	assert_err(host_memory_check(4096, UINT64_MAX, &e), -ENOMEM, &e,
		   "do not fit into");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("host_memory");
	TCase *t = tcase_create("host_memory");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, host_memory__is_what_the_kernel_has);
	tcase_add_test(t, host_memory__is_less_in_a_group);
	tcase_add_test(t, host_memory__is_not_known);
	tcase_add_test(t, host_memory__refuses_a_guest);
	suite_add_tcase(s, t);
	return s;
}
