/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lobby: which clients get through, which are disconnected, that they do
 * not block each other, and whose processes the kernel says they are.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "debug/gdb/lobby.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GREETING "+$qSupported#37"
#define PACKET	 "+$?#3f"

static char dir[] = "./launcher-lobby-XXXXXX";
static char path[sizeof(dir) + 8], address[sizeof(path) + 8];
static struct gdb_line line;
static struct gdb_lobby lobby;
static struct loop loop;
static struct gdb_visitor debugger; /* the last that got through */
static struct err e;

/* The last client that was turned away. */
static char why[256], who[128];
static bool noticed;
static unsigned refusals;

static void on_refused(void *ctx, const char *peer, const char *reason,
		       bool was_noticed)
{
	(void)ctx;
	snprintf(who, sizeof(who), "%s", peer);
	snprintf(why, sizeof(why), "%s", reason);
	noticed = was_noticed;
	refusals++;
}

/* As the real caller does: from now on the line has a debugger. */
static void on_arrived(void *ctx, const struct gdb_visitor *v)
{
	(void)ctx;
	debugger = *v;
	line.fd = v->fd;
}

static void open_at(const char *where)
{
	assert_ok(gdb_line_open(&line, where, &e), &e);
	lobby.refused = on_refused;
	lobby.arrived = on_arrived;
	assert_ok(gdb_lobby_open(&lobby, &line, &loop, &e), &e);
}

static void setup(void)
{
	line = (struct gdb_line)GDB_LINE_EMPTY;
	lobby = (struct gdb_lobby)GDB_LOBBY_EMPTY;
	assert_ok(loop_init(&loop, &e), &e);
	debugger = (struct gdb_visitor){ .fd = -1 };
	why[0] = who[0] = '\0';
	refusals = 0;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(address, sizeof(address), "unix:%s", path);
}

static void teardown(void)
{
	gdb_lobby_close(&lobby);
	gdb_line_close(&line);
	loop_release(&loop);
	rmdir(dir);
}

static int dial_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -1 : fd;
}

static int dial_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)atoi(strrchr(line.name, ':') + 1));
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -1 : fd;
}

static void tell(int fd, const char *text)
{
	size_t len = strlen(text);

	ck_assert_int_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Do all work that is due; returns whether a debugger got through. */
static bool serve(void)
{
	struct pollfd p = { loop.epoll_fd, POLLIN, 0 };
	int before = line.fd;

	for (int i = 0; i < 10 && poll(&p, 1, i ? 0 : 1000) > 0; i++)
		loop_turn(&loop, false);
	return line.fd != before;
}

/* How long it will wait for the oldest client; -1: there is none. */
static int wait_ms(void)
{
	if (!loop_timer_is_set(&lobby.time_over))
		return -1;
	return (int)((lobby.time_over.due_ns - clock_ns()) / 1000000);
}

static bool is_hung_up(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char bytes[512];
	ssize_t n;

	do {
		if (poll(&p, 1, 2000) <= 0)
			return false;
		n = read(fd, bytes, sizeof(bytes));
	} while (n > 0);
	return true;
}

static void assert_refused(int fd, const char *reason)
{
	ck_assert(is_hung_up(fd));
	ck_assert_msg(strstr(why, reason), "%s", why);
	close(fd);
}

START_TEST(lobby__debugger)
{
	char bytes[512], us[64];
	int fd;

	open_at(address);
	ck_assert_int_eq(wait_ms(), -1);
	fd = dial_unix();
	tell(fd, GREETING);
	ck_assert(!serve());
	ck_assert_int_gt(read(fd, bytes, sizeof(bytes)), 20);
	ck_assert(bytes[0] == '+' && bytes[1] == '$');
	ck_assert_int_gt(wait_ms(), GDB_HELLO_MS - 2000);
	tell(fd, PACKET);
	ck_assert(serve());
	ck_assert_int_ge(debugger.fd, 0);
	ck_assert(!memcmp(debugger.hello.in, "$?#3f", debugger.hello.len));
	snprintf(us, sizeof(us), "pid %d, uid %d", getpid(), geteuid());
	ck_assert_str_eq(debugger.peer.name, us);
	/* The connection is the caller's now. */
	ck_assert_int_eq(wait_ms(), -1);
	tell(fd, "x");
	ck_assert(!serve());
	ck_assert_int_eq(refusals, 0);
	close(fd);
}
END_TEST

START_TEST(lobby__stranger)
{
	int fd;

	open_at(address);
	fd = dial_unix();
	tell(fd, "GET / HTTP/1.1\r\n");
	ck_assert(!serve());
	ck_assert(noticed);
	assert_refused(fd, "does not speak gdb's protocol");
}
END_TEST

/* A client that only disconnects is not reported. */
START_TEST(lobby__goes)
{
	open_at(address);
	close(dial_unix());
	ck_assert(!serve());
	ck_assert_uint_eq(refusals, 1);
	ck_assert(!noticed);
	ck_assert_ptr_nonnull(strstr(why, "before the handshake"));
}
END_TEST

START_TEST(lobby__taken)
{
	int fd;

	open_at(address);
	line.fd = dup(STDIN_FILENO);
	fd = dial_unix();
	ck_assert(!serve());
	ck_assert(noticed);
	assert_refused(fd, "a debugger is already connected");
}
END_TEST

/* Two clients become debuggers at the same time. */
START_TEST(lobby__taken_meanwhile)
{
	int one, two;

	open_at(address);
	one = dial_unix();
	two = dial_unix();
	tell(one, GREETING);
	tell(two, GREETING);
	ck_assert(!serve());
	tell(one, PACKET);
	tell(two, PACKET);
	ck_assert(serve());
	ck_assert(!serve());
	ck_assert_str_eq(why, "a debugger is already connected");
	ck_assert_uint_eq(refusals, 1);
	close(one);
	close(two);
}
END_TEST

/* The oldest is dropped for the next, and a debugger gets through. */
START_TEST(lobby__crowd)
{
	int fds[GDB_LOBBY_MAX + 2], fd;

	open_at(address);
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial_unix();
		ck_assert(!serve());
	}
	ck_assert_uint_eq(refusals, 2);
	assert_refused(fds[0], "newer connections");
	assert_refused(fds[1], "newer connections");
	fd = dial_unix();
	tell(fd, GREETING);
	ck_assert(!serve());
	tell(fd, PACKET);
	ck_assert(serve());
	close(fd);
	for (size_t i = 2; i < COUNT(fds); i++)
		close(fds[i]);
}
END_TEST

START_TEST(lobby__too_slow)
{
	int fd;

	open_at(address);
	fd = dial_unix();
	tell(fd, "+$qSupp");
	ck_assert(!serve());
	ck_assert_uint_eq(refusals, 0);
	ck_assert_int_gt(wait_ms(), GDB_HELLO_MS - 2000);
	for (unsigned i = 0; i < GDB_LOBBY_MAX; i++)
		lobby.visitors[i].since_ns -= GDB_HELLO_MS * 1000000ull;
	loop_timer_set(&loop, &lobby.time_over, clock_ns());
	loop_turn(&loop, false);
	assert_refused(fd, "did not finish the handshake in time");
}
END_TEST

START_TEST(lobby__tcp)
{
	char us[64];
	int fd;

	open_at(":0");
	fd = dial_tcp();
	tell(fd, GREETING);
	ck_assert(!serve());
	tell(fd, PACKET);
	ck_assert(serve());
	snprintf(us, sizeof(us), ", uid %d", geteuid());
	ck_assert(!strncmp(debugger.peer.name, "127.0.0.1:", 10));
	ck_assert_ptr_nonnull(strstr(debugger.peer.name, us));
	close(fd);
}
END_TEST

/* Run @dial as another user; a copy of its descriptor comes back. */
static pid_t as_another(int (*dial)(void), int *wake)
{
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		char c;

		close(ends[1]);
		if (setgid(65534) || setuid(65534))
			_exit(1);
		if (dial() < 0)
			_exit(2);
		(void)!read(ends[0], &c, 1);
		_exit(0);
	}
	close(ends[0]);
	*wake = ends[1];
	return pid;
}

static const struct {
	bool tcp;
	const char *who;
} others[] = {
	{ false, "pid " },
	{ true, "127.0.0.1:" },
};

/* The socket's mode keeps other users out; this check works without it. */
START_TEST(lobby__another_user)
{
	bool tcp = others[_i].tcp;
	int wake, status;
	pid_t pid;

	if (geteuid())
		return;
	open_at(tcp ? ":0" : address);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert(tcp || !chmod(path, 0666));
	pid = as_another(tcp ? dial_tcp : dial_unix, &wake);
	ck_assert(!serve());
	ck_assert(noticed);
	ck_assert_str_eq(why, "it runs as uid 65534 (expected 0 or root)");
	ck_assert(!strncmp(who, others[_i].who, strlen(others[_i].who)));
	close(wake);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A closed socket has no owner; the kernel lists it as root's. */
START_TEST(lobby__closed_before_it_is_looked_up)
{
	int fd;

	open_at(":0");
	fd = dial_tcp();
	tell(fd, GREETING);
	close(fd);
	ck_assert(!serve());
	ck_assert_str_eq(why, "it has disconnected");
	ck_assert(!noticed);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("gdb_lobby");
	TCase *tc = tcase_create("lobby");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, lobby__debugger);
	tcase_add_test(tc, lobby__stranger);
	tcase_add_test(tc, lobby__goes);
	tcase_add_test(tc, lobby__taken);
	tcase_add_test(tc, lobby__taken_meanwhile);
	tcase_add_test(tc, lobby__crowd);
	tcase_add_test(tc, lobby__too_slow);
	tcase_add_test(tc, lobby__tcp);
	tcase_add_loop_test(tc, lobby__another_user, 0, COUNT(others));
	tcase_add_test(tc, lobby__closed_before_it_is_looked_up);
	suite_add_tcase(s, tc);
	return s;
}
