/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debugger's socket: which addresses exist, who owns a socket file, and one
 * debugger at a time.
 */
#include "unit/unit.h"
#include "debug/gdb/line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "./launcher-line-XXXXXX";
static char path[sizeof(dir) + 8], address[sizeof(path) + 8];
static struct gdb_line line;
static struct err e;

static void setup(void)
{
	line = (struct gdb_line)GDB_LINE_EMPTY;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(address, sizeof(address), "unix:%s", path);
}

static void teardown(void)
{
	gdb_line_close(&line);
	unlink(path);
	rmdir(dir);
}

static const struct {
	const char *text;
	bool sound;
} addresses[] = {
	{ ":1234", true },	 { ":0", true },
	{ ":65535", true },	 { "127.0.0.1:1", true },
	{ "localhost:1", true }, { "0.0.0.0:1", true },
	{ "[::1]:1", true },	 { "::1:1", true },
	{ "unix:/s", true },	 { "unix:s", true },
	{ "unix", true },	 { ":65536", false },
	{ ":99999", false },	 { ":100000", false },
	{ ":-1", false },	 { ":", false },
	{ "", false },		 { ":12x", false },
	{ "1234", false },	 { "host.example:1", false },
	{ "./image:1", false },	 { "[::1:1", false },
	{ "unix:", false },
};

START_TEST(line__addresses)
{
	int rc = gdb_line_check(addresses[_i].text, &e);

	ck_assert_msg((rc == 0) == addresses[_i].sound, "%s: %d",
		      addresses[_i].text, rc);
	if (rc)
		assert_err(rc, -EINVAL, &e,
			   strncmp(addresses[_i].text, "unix", 4)
				   ? "unknown address '"
				   : "has 0 bytes (expected 1 to 107)");
}
END_TEST

static const struct {
	const char *text;
	bool meant;
} meanings[] = {
	{ ":1234", true },	    { ":65536", true },	   { "name:1", true },
	{ "name:port", true },	    { "[::1]", true },	   { "unix:", true },
	{ "unix:/tmp/s", true },    { "1234", false },	   { "", false },
	{ "./image:1", false },	    { "/image:1", false }, { "image", false },
	{ "--cmdline=a:b", false },
};

START_TEST(line__what_is_meant)
{
	ck_assert_msg(gdb_line_is_meant(meanings[_i].text) ==
			      meanings[_i].meant,
		      "'%s'", meanings[_i].text);
}
END_TEST

START_TEST(line__longest_path)
{
	char text[5 + 108 + 1] = "unix:";

	memset(text + 5, 'a', 107);
	assert_ok(gdb_line_check(text, &e), &e);
	text[5 + 107] = 'a';
	assert_err(gdb_line_check(text, &e), -EINVAL, &e, "108 bytes");
}
END_TEST

static int connect_to(const char *where)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, where);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

START_TEST(line__socket_file)
{
	struct stat st;

	assert_ok(gdb_line_open(&line, address, &e), &e);
	ck_assert_str_eq(line.name, path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(line.reach, GDB_REACH_USER);
	gdb_line_close(&line);
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

/* Where launcher puts the socket file by default: in a folder of the user's
 * own, or in the current one. */
static const struct {
	const char *runtime; /* in the test's folder; NULL: unset */
	mode_t mode;
	bool there;
} homes[] = {
	{ "mine", 0700, true },	    { "mine", 0500, true },
	{ "open", 0755, false },    { "group", 0770, false },
	{ "sticky", 01777, false }, { "missing", 0, false },
	{ "co:lon", 0700, false },  { NULL, 0, false },
};

/* The current folder, by an absolute name that leaves room for a socket's. */
#define HERE "/proc/self/cwd/"

START_TEST(line__own_socket_file)
{
	char home[sizeof(HERE) + 16], here[PATH_MAX], wanted[PATH_MAX];
	struct stat st;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(chdir(dir), 0);
	unsetenv("XDG_RUNTIME_DIR");
	snprintf(home, sizeof(home), HERE "%s", homes[_i].runtime ?: "");
	if (homes[_i].runtime)
		setenv("XDG_RUNTIME_DIR", home, 1);
	if (homes[_i].mode) {
		ck_assert_int_eq(mkdir(home, 0700), 0);
		ck_assert_int_eq(chmod(home, homes[_i].mode | 0200), 0);
	}
	snprintf(wanted, sizeof(wanted), "%s%slauncher-%d.gdb",
		 homes[_i].there ? home : "", homes[_i].there ? "/" : "",
		 getpid());
	assert_ok(gdb_line_open(&line, GDB_LINE_DEFAULT, &e), &e);
	ck_assert_str_eq(line.name, wanted);
	ck_assert_int_eq(stat(wanted, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	gdb_line_close(&line);
	ck_assert_int_eq(stat(wanted, &st), -1);
	rmdir(home);
	ck_assert_int_eq(chdir(here), 0);
}
END_TEST

/* A folder whose name leaves no room for the socket's. */
START_TEST(line__own_socket_file_far_away)
{
	char home[sizeof(HERE) + 101], here[PATH_MAX];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(chdir(dir), 0);
	snprintf(home, sizeof(home), HERE "%0*d", 99, 0);
	ck_assert_int_eq(mkdir(home, 0700), 0);
	setenv("XDG_RUNTIME_DIR", home, 1);
	assert_ok(gdb_line_open(&line, GDB_LINE_DEFAULT, &e), &e);
	ck_assert(!strncmp(line.name, "launcher-", 9));
	gdb_line_close(&line);
	rmdir(home);
	ck_assert_int_eq(chdir(here), 0);
}
END_TEST

START_TEST(line__socket_file_in_use)
{
	struct gdb_line other;
	int fd;

	assert_ok(gdb_line_open(&line, address, &e), &e);
	assert_err(gdb_line_open(&other, address, &e), -EADDRINUSE, &e,
		   "another program listens on it");
	/* and stays usable */
	gdb_line_close(&other);
	fd = connect_to(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

START_TEST(line__socket_file_left_behind)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	assert_ok(gdb_line_open(&line, address, &e), &e);
}
END_TEST

START_TEST(line__no_socket_there)
{
	struct stat st;

	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_err(gdb_line_open(&line, address, &e), -EEXIST, &e,
		   "exists and is not a socket");
	ck_assert_int_eq(stat(path, &st), 0);
}
END_TEST

START_TEST(line__no_folder)
{
	assert_err(gdb_line_open(&line, "unix:/nonexistent/s", &e), -ENOENT, &e,
		   "/nonexistent/s: cannot listen: No such file");
}
END_TEST

START_TEST(line__port_in_use)
{
	struct gdb_line other;
	char again[160];

	assert_ok(gdb_line_open(&line, ":0", &e), &e);
	ck_assert(!strncmp(line.name, "127.0.0.1:", 10));
	ck_assert_int_gt(atoi(line.name + 10), 0);
	ck_assert_int_eq(line.reach, GDB_REACH_MACHINE);
	snprintf(again, sizeof(again), "%s", line.name);
	assert_err(gdb_line_open(&other, again, &e), -EADDRINUSE, &e,
		   "cannot listen at 127.0.0.1:");
}
END_TEST

static const struct {
	const char *address;
	enum gdb_reach reach;
} reaches[] = {
	{ ":0", GDB_REACH_MACHINE },
	{ "localhost:0", GDB_REACH_MACHINE },
	{ "127.255.0.1:0", GDB_REACH_MACHINE },
	{ "[::1]:0", GDB_REACH_MACHINE },
	{ "0.0.0.0:0", GDB_REACH_NETWORK },
	{ "[::]:0", GDB_REACH_NETWORK },
};

START_TEST(line__who_can_reach_it)
{
	int rc = gdb_line_open(&line, reaches[_i].address, &e);

	/* A host without IPv6. */
	if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)
		return;
	assert_ok(rc, &e);
	ck_assert_msg(line.reach == reaches[_i].reach, "%s",
		      reaches[_i].address);
}
END_TEST

START_TEST(line__carries)
{
	char bytes[8];
	int fd;

	assert_ok(gdb_line_open(&line, address, &e), &e);
	ck_assert_int_eq(gdb_line_accept(&line), -1);
	fd = connect_to(path);
	line.fd = gdb_line_accept(&line);
	ck_assert_int_ge(line.fd, 0);
	ck_assert_int_eq(gdb_line_read(line.fd, bytes, 8), 0);
	ck_assert_int_eq(write(fd, "+", 1), 1);
	ck_assert_int_eq(gdb_line_read(line.fd, bytes, 8), 1);
	ck_assert_int_eq(gdb_line_write(line.fd, "abc", 3), 3);
	ck_assert_int_eq(read(fd, bytes, 8), 3);
	close(fd);
	ck_assert_int_lt(gdb_line_read(line.fd, bytes, 8), 0);
	/* No signal. */
	ck_assert_int_lt(gdb_line_write(line.fd, "abc", 3), 0);
	gdb_line_hang_up(&line);
	ck_assert_int_eq(line.fd, -1);
}
END_TEST

START_TEST(line__a_reader_that_sleeps)
{
	static char much[1 << 20];
	ssize_t n;
	int fd;

	assert_ok(gdb_line_open(&line, address, &e), &e);
	fd = connect_to(path);
	line.fd = gdb_line_accept(&line);
	ck_assert_int_ge(line.fd, 0);
	do
		n = gdb_line_write(line.fd, much, sizeof(much));
	while (n > 0);
	ck_assert_int_eq(n, 0);
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_line");
	TCase *tc = tcase_create("line");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, line__addresses, 0, COUNT(addresses));
	tcase_add_loop_test(tc, line__what_is_meant, 0, COUNT(meanings));
	tcase_add_test(tc, line__longest_path);
	tcase_add_test(tc, line__socket_file);
	tcase_add_loop_test(tc, line__own_socket_file, 0, COUNT(homes));
	tcase_add_test(tc, line__own_socket_file_far_away);
	tcase_add_loop_test(tc, line__who_can_reach_it, 0, COUNT(reaches));
	tcase_add_test(tc, line__socket_file_in_use);
	tcase_add_test(tc, line__socket_file_left_behind);
	tcase_add_test(tc, line__no_socket_there);
	tcase_add_test(tc, line__no_folder);
	tcase_add_test(tc, line__port_in_use);
	tcase_add_test(tc, line__carries);
	tcase_add_test(tc, line__a_reader_that_sleeps);
	suite_add_tcase(s, tc);
	return s;
}
