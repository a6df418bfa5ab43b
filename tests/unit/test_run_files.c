/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a run's files: outputs first, nothing is read, each error names its
 * option or file, and nothing is left over.
 */
#include "run/files.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct run_files f;
static struct err e;

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void setup(void)
{
	touch("image");
	touch("initrd");
	mkdir("empty", 0700);
	run_files_init(&f);
}

static void teardown(void)
{
	run_files_close(&f);
	unlink("image");
	unlink("initrd");
	rmdir("empty");
}

static const char *const some[] = { "initrd", "missing/second" };
static const char *const device = "/dev/zero", *const dir = "empty";

static const struct {
	struct run_paths paths;
	int rc;
	const char *msg;
} failures[] = {
	{ { .image = "missing/image" }, -ENOENT, "missing/image: " },
	{ { .image = "empty" }, -EISDIR, "empty: is a directory" },
	{ { .image = "image", .report = "missing/r" },
	  -ENOENT,
	  "--report: missing/r: " },
	{ { .image = "image", .timeline = "missing/t" },
	  -ENOENT,
	  "--timeline: missing/t: " },
	{ { .image = "image", .trace = "missing/t" },
	  -ENOENT,
	  "--trace: missing/t: " },
	{ { .image = "image", .core = "missing/c" },
	  -ENOENT,
	  "--core: missing/c: " },
	{ { .image = "image", .dmesg = "missing/d" },
	  -ENOENT,
	  "--dmesg: missing/d: " },
	{ { .image = "image", .symbols = "missing/s" },
	  -ENOENT,
	  "--symbols: missing/s: " },
	{ { .image = "image", .initrds = some, .initrds_count = 2 },
	  -ENOENT,
	  "initrd: missing/second: " },
	{ { .image = "image", .initrds = &device, .initrds_count = 1 },
	  -EINVAL,
	  "initrd: /dev/zero: is a character device" },
	{ { .image = "image", .initrds = &dir, .initrds_count = 1 },
	  -EISDIR,
	  "initrd: empty: is a directory" },
	/* Later failures can be reported: the output is open. */
	{ { .image = "missing/image", .report = "missing/r" },
	  -ENOENT,
	  "--report: missing/r: " },
};

START_TEST(run_files__name_what_cannot_be_opened)
{
	int rc = run_files_open(&f, &failures[_i].paths, &e);

	assert_err(rc, failures[_i].rc, &e, failures[_i].msg);
	ck_assert_int_eq(
		strncmp(e.msg, failures[_i].msg, strlen(failures[_i].msg)), 0);
}
END_TEST

/* An empty image is a fault that is found only when it is read. */
START_TEST(run_files__read_nothing)
{
	const struct run_paths paths = {
		.image = "image",
		.initrds = some,
		.initrds_count = 1,
		.report = "report",
	};

	assert_ok(run_files_open(&f, &paths, &e), &e);
	ck_assert_int_ge(f.image.fd, 0);
	ck_assert_int_ge(f.initrds[0].fd, 0);
	ck_assert_int_lt(f.initrds[1].fd, 0);
	ck_assert_int_lt(f.symbols.fd, 0);
	/* KVM is available, or the reason is kept for later. */
	ck_assert((f.kvm.fd >= 0) != (f.no_kvm.msg[0] != '\0'));
	run_files_close_inputs(&f);
	ck_assert_int_lt(f.image.fd, 0);
	ck_assert_int_lt(f.kvm.fd, 0);
	ck_assert_int_ge(f.report.fd, 0);
	run_files_close(&f);
	/* It was not committed. */
	ck_assert_int_ne(access("report", F_OK), 0);
}
END_TEST

START_TEST(run_files__do_not_wait_for_a_fifo)
{
	const struct run_paths paths = { .image = "fifo", .report = "fifo" };

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	assert_ok(run_files_open(&f, &paths, &e), &e);
	unlink("fifo");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("run_files");
	TCase *t = tcase_create("run_files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, run_files__name_what_cannot_be_opened, 0,
			    COUNT(failures));
	tcase_add_test(t, run_files__read_nothing);
	tcase_add_test(t, run_files__do_not_wait_for_a_fifo);
	suite_add_tcase(s, t);
	return s;
}
