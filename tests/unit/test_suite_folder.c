/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of results, with something planted under the name of each result:
 * it is replaced or refused, and the file it leads to is unchanged.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite/folder.h"

#define VICTIM "keep me"

static char top[64]; /* holds "victim", "elsewhere/" and the results, "r/" */
static struct folder f;
static struct err e;

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void has(const char *name, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(name, "re");

	ck_assert_msg(file, "%s is missing", name);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(got, text);
}

static mode_t type_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_mode & S_IFMT;
}

static void setup(void)
{
	strcpy(top, "suite_folder.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	put("victim", VICTIM);
	ck_assert_int_eq(mkdir("elsewhere", 0777), 0);
	assert_ok(folder_open(&f, "r", false, &e), &e);
	assert_ok(folder_make_private(&f, &e), &e);
}

/* Whatever a test has planted, nothing was written to its files. */
static void teardown(void)
{
	char command[128];

	has("victim", VICTIM);
	ck_assert_int_eq(rmdir("elsewhere"), 0);
	folder_close(&f);
	ck_assert_int_eq(type_of("r/.private"), 0);
	snprintf(command, sizeof(command), "cd .. && rm -r %s", top);
	ck_assert_int_eq(system(command), 0);
}

static void no_file(const char *at)
{
	(void)at;
}
static void old_file(const char *at)
{
	put(at, "old");
}
static void soft_link(const char *at)
{
	ck_assert_int_eq(symlink("../victim", at), 0);
}
static void dangling_link(const char *at)
{
	ck_assert_int_eq(symlink("../elsewhere/new", at), 0);
}
static void hard_link(const char *at)
{
	ck_assert_int_eq(link("victim", at), 0);
}
static void fifo(const char *at)
{
	ck_assert_int_eq(mkfifo(at, 0666), 0);
}

static void (*const plants[])(const char *at) = {
	no_file, old_file, soft_link, dangling_link, hard_link, fifo,
};

START_TEST(folder__create_replaces)
{
	int fd;

	plants[_i]("r/a.console");
	fd = folder_create(&f, "a.console", &e);
	ck_assert_msg(fd >= 0, "%s", e.msg);
	ck_assert_int_eq(write(fd, "new", 3), 3);
	close(fd);
	ck_assert_uint_eq(type_of("r/a.console"), S_IFREG);
	has("r/a.console", "new");
}
END_TEST

START_TEST(folder__write_replaces)
{
	plants[_i]("r/junit.xml");
	for (int i = 0; i < 2; i++)
		assert_ok(folder_write(
				  &f, "junit.xml",
				  (struct bytes){ (const uint8_t *)"new", 3 },
				  &e),
			  &e);
	ck_assert_uint_eq(type_of("r/junit.xml"), S_IFREG);
	has("r/junit.xml", "new");
}
END_TEST

START_TEST(folder__open_own_replaces)
{
	int fd;

	plants[_i]("r/results.tap");
	fd = folder_open_own(&f, "results.tap", &e);
	ck_assert_msg(fd >= 0, "%s", e.msg);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(write(fd, "new", 3), 3);
	close(fd);
	ck_assert_uint_eq(type_of("r/results.tap"), S_IFREG);
	has("r/results.tap", "new");
}
END_TEST

/* A child gets the path, and what it writes there is moved. */
START_TEST(folder__take_replaces)
{
	char *path = folder_private_path(&f, "7.json"), got[8] = "";
	int fd;

	ck_assert_int_eq(mkdir("r/sub", 0777), 0);
	plants[_i]("r/sub/a.json");
	put(path, "new");
	free(path);
	fd = folder_take(&f, "7.json", "sub/a.json", &e);
	ck_assert_msg(fd >= 0, "%s", e.msg);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 3);
	close(fd);
	ck_assert_uint_eq(type_of("r/sub/a.json"), S_IFREG);
	has("r/sub/a.json", "new");
}
END_TEST

START_TEST(folder__a_report_that_is_missing)
{
	ck_assert_int_eq(folder_take(&f, "7.json", "a.json", &e), -ENOENT);
}
END_TEST

/* A file of this user is written in place, so that two suites meet at its lock.
 */
START_TEST(folder__open_own_keeps_a_file_of_its_own)
{
	struct err why;
	int first = folder_open_own(&f, "results.tap", &e), second;

	ck_assert_int_eq(flock(first, LOCK_EX | LOCK_NB), 0);
	second = folder_open_own(&f, "results.tap", &why);
	ck_assert_int_eq(flock(second, LOCK_EX | LOCK_NB), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	close(first);
	close(second);
}
END_TEST

/*
 * For root, the owner of the file counts, and not only whether it is writable.
 */
START_TEST(folder__open_own_keeps_no_file_of_others)
{
	struct stat st;

	put("r/results.tap", "old");
	if (chown("r/results.tap", 65534, 65534)) {
		UNIT_SKIP("only root can give a file away");
	}
	close(folder_open_own(&f, "results.tap", &e));
	ck_assert_int_eq(stat("r/results.tap", &st), 0);
	ck_assert_uint_eq(st.st_uid, geteuid());
}
END_TEST

START_TEST(folder__makes_folders)
{
	int fd = folder_create(&f, "a/b/c.console", &e);

	ck_assert_msg(fd >= 0, "%s", e.msg);
	close(fd);
	ck_assert_uint_eq(type_of("r/a/b/c.console"), S_IFREG);
	ck_assert(folder_remove(&f, "a/b/c.console"));
	ck_assert(!folder_remove(&f, "a/b/c.console"));
}
END_TEST

/* A link to a folder in the middle of a name: nothing below it is touched. */
START_TEST(folder__follows_no_link_to_a_folder)
{
	static const char *const links[] = { "../elsewhere", "/", "../r",
					     "nowhere" };

	put("elsewhere/b.console", VICTIM);
	for (size_t i = 0; i < COUNT(links); i++) {
		ck_assert_int_eq(symlink(links[i], "r/a"), 0);
		assert_err(folder_create(&f, "a/b.console", &e), -ELOOP, &e,
			   "r/a: a symbolic link, which is not followed among "
			   "results");
		ck_assert(!folder_remove(&f, "a/b.console"));
		folder_rename(&f, "a/b.console", "a/b.attempt1.console");
		has("elsewhere/b.console", VICTIM);
		ck_assert_int_eq(unlink("r/a"), 0);
	}
	ck_assert_int_eq(unlink("elsewhere/b.console"), 0);
	put("r/a", "");
	assert_err(folder_create(&f, "a/b.console", &e), -ENOTDIR, &e,
		   "r/a: Not a directory");
}
END_TEST

START_TEST(folder__takes_through_no_link)
{
	char *path = folder_private_path(&f, "7.json");

	put(path, "new");
	free(path);
	ck_assert_int_eq(symlink("../elsewhere", "r/a"), 0);
	assert_err(folder_take(&f, "7.json", "a/b.json", &e), -ELOOP, &e,
		   "r/a: a symbolic link");
}
END_TEST

START_TEST(folder__a_folder_in_place_of_a_file)
{
	ck_assert_int_eq(mkdir("r/a.console", 0777), 0);
	assert_err(folder_create(&f, "a.console", &e), -EISDIR, &e,
		   "r/a.console: Is a directory");
	ck_assert_int_eq(rmdir("r/a.console"), 0);
}
END_TEST

START_TEST(folder__renames_beside)
{
	close(folder_create(&f, "a/b.console", &e));
	ck_assert_int_eq(symlink("../../victim", "r/a/b.attempt1.console"), 0);
	folder_rename(&f, "a/b.console", "a/b.attempt1.console");
	ck_assert_uint_eq(type_of("r/a/b.attempt1.console"), S_IFREG);
	ck_assert_uint_eq(type_of("r/a/b.console"), 0);
}
END_TEST

/* The folder itself: a link with the default name is refused. */
START_TEST(folder__itself_a_link)
{
	struct folder other;

	ck_assert_int_eq(symlink("elsewhere", "l"), 0);
	assert_err(folder_open(&other, "l", false, &e), -ELOOP, &e,
		   "l: a symbolic link, which is only followed if --output "
		   "names it");
	assert_ok(folder_open(&other, "l", true, &e), &e);
	folder_close(&other);
	assert_err(folder_open(&other, "victim", true, &e), -ENOTDIR, &e,
		   "victim: Not a directory");
	assert_err(folder_open(&other, "no/where", true, &e), -ENOENT, &e,
		   "no/where: No such file");
}
END_TEST

/* Anything with the private folder's name must be a private folder. */
static void private_link(void)
{
	ck_assert_int_eq(symlink("../elsewhere", "r/.private"), 0);
}
static void private_for_all(void)
{
	ck_assert_int_eq(mkdir("r/.private", 0777), 0);
	ck_assert_int_eq(chmod("r/.private", 0770), 0);
}
static void private_file(void)
{
	put("r/.private", "");
}

static void (*const privates[])(void) = { private_link, private_for_all,
					  private_file };

START_TEST(folder__private_is_refused)
{
	folder_remove_private(&f);
	privates[_i]();
	assert_err(folder_make_private(&f, &e), -EPERM, &e,
		   "r/.private: not a folder to which only this user can "
		   "write");
	ck_assert_int_eq(f.private, -1);
	ck_assert_int_eq(remove("r/.private"), 0);
}
END_TEST

START_TEST(folder__private_is_emptied)
{
	folder_remove_private(&f);
	ck_assert_int_eq(mkdir("r/.private", 0700), 0);
	put("r/.private/1.json", "old");
	assert_ok(folder_make_private(&f, &e), &e);
	ck_assert_uint_eq(type_of("r/.private/1.json"), 0);
}
END_TEST

/* Another process writes to the path that it gets. */
START_TEST(folder__private_path_is_for_children)
{
	char *path = folder_private_path(&f, "7.json");
	int status;
	pid_t pid = fork();

	if (!pid) {
		FILE *file = fopen(path, "wxe");

		_exit(!file || fputs("new", file) < 0 || fclose(file));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	has(path, "new");
	free(path);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("suite_folder");
	TCase *t = tcase_create("folder");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, folder__create_replaces, 0, COUNT(plants));
	tcase_add_loop_test(t, folder__write_replaces, 0, COUNT(plants));
	tcase_add_loop_test(t, folder__open_own_replaces, 0, COUNT(plants));
	tcase_add_loop_test(t, folder__take_replaces, 0, COUNT(plants));
	tcase_add_test(t, folder__a_report_that_is_missing);
	tcase_add_test(t, folder__open_own_keeps_a_file_of_its_own);
	tcase_add_test(t, folder__open_own_keeps_no_file_of_others);
	tcase_add_test(t, folder__makes_folders);
	tcase_add_test(t, folder__follows_no_link_to_a_folder);
	tcase_add_test(t, folder__takes_through_no_link);
	tcase_add_test(t, folder__a_folder_in_place_of_a_file);
	tcase_add_test(t, folder__renames_beside);
	tcase_add_test(t, folder__itself_a_link);
	tcase_add_loop_test(t, folder__private_is_refused, 0, COUNT(privates));
	tcase_add_test(t, folder__private_is_emptied);
	tcase_add_test(t, folder__private_path_is_for_children);
	suite_add_tcase(s, t);
	return s;
}
