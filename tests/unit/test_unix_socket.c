/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UNIX sockets with a file: whose place is taken, which file is removed, and
 * what a connection that fails says.
 */
#include "unit/unit.h"
#include "base/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct unix_listener l;
static struct err e;

static void setup(void)
{
	l = (struct unix_listener){ .fd = 0 };
}

static void teardown(void)
{
	unix_listener_close(&l);
	unlink("s");
}

/* A socket of another program at "s". */
static int other(int type)
{
	const struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "s" };
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_int_eq(bind(fd, (const void *)&a, sizeof(a)), 0);
	return fd;
}

static bool is_there(void)
{
	struct stat st;

	return !lstat("s", &st);
}

START_TEST(unix_listener__has_a_file_of_its_own)
{
	struct stat st;
	int fd, client;

	assert_ok(unix_listener_open(&l, "s", 1, &e), &e);
	ck_assert_int_eq(stat("s", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFSOCK | 0600);
	ck_assert_int_eq(unix_listener_accept(&l), -1);
	ck_assert_int_eq(errno, EAGAIN);
	client = unix_connect("s", &e);
	ck_assert_int_ge(client, 0);
	fd = unix_listener_accept(&l);
	ck_assert_int_ge(fd, 0);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(client, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(client, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(client);
	unix_listener_close(&l);
	ck_assert(!is_there());
	/* Once more is fine. */
	unix_listener_close(&l);
	unix_listener_abandon(&l);
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(unix_listener__takes_only_the_place_of_a_dead_one)
{
	int fd = open("s", O_CREAT | O_WRONLY, 0600);

	close(fd);
	ck_assert_int_eq(unix_listener_open(&l, "s", 1, &e), -EEXIST);
	ck_assert_str_eq(e.msg, "s: the file exists and is not a socket");
	unlink("s");
	ck_assert_int_eq(symlink("elsewhere", "s"), 0);
	ck_assert_int_eq(unix_listener_open(&l, "s", 1, &e), -EEXIST);
	unlink("s");
	fd = other(SOCK_STREAM);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(unix_listener_open(&l, "s", 1, &e), -EADDRINUSE);
	ck_assert_str_eq(e.msg, "s: another program listens on it");
	ck_assert(is_there());
	/* As a program leaves it that is killed. */
	close(fd);
	assert_ok(unix_listener_open(&l, "s", 1, &e), &e);
}
END_TEST

/* Another program's file that has taken our place stays. */
START_TEST(unix_listener__removes_only_its_own_file)
{
	int fd;

	assert_ok(unix_listener_open(&l, "s", 1, &e), &e);
	unlink("s");
	fd = other(SOCK_STREAM);
	unix_listener_abandon(&l);
	ck_assert(is_there());
	unix_listener_close(&l);
	ck_assert(is_there());
	close(fd);
}
END_TEST

START_TEST(unix_listener__leaves_nothing_when_it_fails)
{
	ck_assert_int_eq(unix_listener_open(&l, "no/such", 1, &e), -ENOENT);
	ck_assert_str_eq(e.msg,
			 "no/such: cannot listen: No such file or directory");
	ck_assert_str_eq(l.path, "");
}
END_TEST

START_TEST(unix_path__has_a_length)
{
	char path[UNIX_PATH_LONGEST + 2];

	memset(path, 'x', sizeof(path));
	path[UNIX_PATH_LONGEST] = '\0';
	assert_ok(unix_path_check(path, UNIX_PATH_LONGEST, &e), &e);
	assert_ok(unix_listener_open(&l, path, 1, &e), &e);
	unix_listener_close(&l);
	path[UNIX_PATH_LONGEST] = 'x';
	path[UNIX_PATH_LONGEST + 1] = '\0';
	ck_assert_int_eq(unix_listener_open(&l, path, 1, &e), -EINVAL);
	ck_assert_int_eq(unix_connect(path, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "the path has 108 bytes (expected 1 to 107)");
	ck_assert_int_eq(unix_connect("", &e), -EINVAL);
	ck_assert_str_eq(e.msg, "the path has 0 bytes (expected 1 to 107)");
}
END_TEST

START_TEST(unix_connect__says_why_it_cannot)
{
	int fd, client;

	ck_assert_int_eq(unix_connect("s", &e), -ENOENT);
	ck_assert_str_eq(e.msg, "connect: No such file or directory");
	fd = other(SOCK_DGRAM);
	ck_assert_int_eq(unix_connect("s", &e), -EPROTOTYPE);
	ck_assert_str_eq(e.msg, "it is not a stream socket");
	close(fd);
	unlink("s");
	fd = other(SOCK_STREAM);
	ck_assert_int_eq(unix_connect("s", &e), -ECONNREFUSED);
	ck_assert_str_eq(e.msg, "connect: Connection refused");
	ck_assert_int_eq(listen(fd, 0), 0);
	client = unix_connect("s", &e);
	ck_assert_int_ge(client, 0);
	ck_assert_int_eq(unix_connect("s", &e), -EAGAIN);
	ck_assert_str_eq(e.msg, "the program that listens there does not "
				"accept more connections");
	close(client);
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("unix_socket");
	TCase *tc = tcase_create("unix_socket");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, unix_listener__has_a_file_of_its_own);
	tcase_add_test(tc, unix_listener__takes_only_the_place_of_a_dead_one);
	tcase_add_test(tc, unix_listener__removes_only_its_own_file);
	tcase_add_test(tc, unix_listener__leaves_nothing_when_it_fails);
	tcase_add_test(tc, unix_path__has_a_length);
	tcase_add_test(tc, unix_connect__says_why_it_cannot);
	suite_add_tcase(s, tc);
	return s;
}
