/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal: raw while requested, and restored on every way out. Each test
 * makes a pseudo-terminal the controlling one of its own session.
 */
#include "unit/pty_session.h"
#include "base/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_as_before(void)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(slave, &now), 0);
	return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag &&
	       now.c_oflag == before.c_oflag && now.c_cflag == before.c_cflag;
}

static void make_raw(void)
{
	struct err e;
	bool raw;

	if (tty_make_raw(slave, &raw, &e) || !raw)
		_exit(101);
}

static void raw_is_raw(void)
{
	struct termios t;

	make_raw();
	if (tcgetattr(slave, &t) ||
	    (t.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) ||
	    (t.c_iflag & (ICRNL | IXON)))
		_exit(102);
	/* Our own messages still need a new line for \n. */
	if ((t.c_oflag & (OPOST | ONLCR)) != (OPOST | ONLCR))
		_exit(103);
	tty_restore();
	if (!is_as_before())
		_exit(104);
	tty_restore(); /* a second time is fine */
}

START_TEST(tty__becomes_raw_and_itself_again)
{
	ck_assert_int_eq(in_session(raw_is_raw), 0);
}
END_TEST

static void raw_and_exit(void)
{
	make_raw();
	exit(7);
}

START_TEST(tty__is_restored_at_exit)
{
	int status = in_session(raw_and_exit);

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	ck_assert(is_as_before());
}
END_TEST

/* A sanitizer keeps its own handlers for most of these. */
static const int fatal[] = {
	SIGSYS,	 SIGTRAP,
#ifndef __SANITIZE_ADDRESS__
	SIGSEGV, SIGBUS,  SIGILL, SIGFPE, SIGABRT,
#endif
};
static int fatal_signal;

static void raw_and_die(void)
{
	make_raw();
	raise(fatal_signal);
}

START_TEST(tty__is_restored_when_a_signal_kills)
{
	int status;

	fatal_signal = fatal[_i];
	status = in_session(raw_and_die);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == fatal_signal,
		      "status 0x%x", status);
	ck_assert(is_as_before());
}
END_TEST

START_TEST(tty__leaves_a_pipe_alone)
{
	struct err e;
	bool raw = true;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	assert_ok(tty_make_raw(p[0], &raw, &e), &e);
	ck_assert(!raw);
	tty_restore();
}
END_TEST

/* A terminal that we do not have in the foreground would stop us. */
static void background(void)
{
	struct err e;
	bool raw = true;
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, 0);
		_exit(tty_make_raw(slave, &raw, &e) || raw ? 105 : 0);
	} else {
		int status;

		waitpid(child, &status, 0);
		if (status || !is_as_before())
			_exit(106);
	}
}

START_TEST(tty__leaves_a_terminal_of_others_alone)
{
	ck_assert_int_eq(in_session(background), 0);
}
END_TEST

START_TEST(tty__leaves_a_closed_descriptor_alone)
{
	struct err e;
	bool raw = true;

	assert_ok(tty_make_raw(-1, &raw, &e), &e);
	ck_assert(!raw);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("tty");
	TCase *t = tcase_create("tty");

	tcase_add_checked_fixture(t, open_pty, NULL);
	tcase_add_test(t, tty__becomes_raw_and_itself_again);
	tcase_add_test(t, tty__is_restored_at_exit);
	tcase_add_loop_test(t, tty__is_restored_when_a_signal_kills, 0,
			    COUNT(fatal));
	tcase_add_test(t, tty__leaves_a_pipe_alone);
	tcase_add_test(t, tty__leaves_a_terminal_of_others_alone);
	tcase_add_test(t, tty__leaves_a_closed_descriptor_alone);
	suite_add_tcase(s, t);
	return s;
}
