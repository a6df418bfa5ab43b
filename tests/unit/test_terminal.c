/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal: raw and non-blocking while a guest has it, and restored
 * afterwards, without answers to the guest's questions. Each test makes a
 * pseudo-terminal the controlling one of its own session.
 */
#include "unit/pty_session.h"
#include "run/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct terminal t;

static void setup(void)
{
	open_pty();
	t = (struct terminal)TERMINAL_EMPTY;
}

/* For functions that run in the session. */
#define must(claim)                               \
	do {                                      \
		if (!(claim))                     \
			_exit(__LINE__ % 99 + 1); \
	} while (0)

static bool is_raw(void)
{
	struct termios now;

	must(!tcgetattr(slave, &now));
	return !(now.c_lflag & (ICANON | ECHO | ISIG));
}

static bool is_as_before(void)
{
	struct termios now;

	must(!tcgetattr(slave, &now));
	return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag &&
	       now.c_oflag == before.c_oflag;
}

static void show(const char *text)
{
	terminal_shows(&t, (const uint8_t *)text, strlen(text));
}

static bool has_input(void)
{
	struct pollfd p = { slave, POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

static void takes_input(void)
{
	must(terminal_take_input(&t, slave));
	must(is_raw());
	must(t.in_fd == slave);
	terminal_give_back(&t);
	must(is_as_before());
}

START_TEST(terminal__input)
{
	ck_assert_int_eq(in_session(takes_input), 0);
}
END_TEST

/* The shell's open file is unchanged: a separate one is non-blocking. */
static void takes_output(void)
{
	int fd;

	terminal_open(&t, slave);
	fd = terminal_output(&t, slave);
	must(t.is_output && fd == t.out_fd && fd != slave);
	must(fcntl(fd, F_GETFL) & O_NONBLOCK);
	must(!(fcntl(slave, F_GETFL) & O_NONBLOCK));
	must(is_as_before());
	terminal_give_back(&t);
	terminal_release(&t);
	must(fcntl(fd, F_GETFL) < 0);
	must(t.out_fd == -1);
}

START_TEST(terminal__output)
{
	ck_assert_int_eq(in_session(takes_output), 0);
}
END_TEST

START_TEST(terminal__neither)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert(terminal_take_input(&t, fds[0]));
	terminal_open(&t, fds[1]);
	ck_assert_int_eq(terminal_output(&t, fds[1]), fds[1]);
	ck_assert_int_eq(t.in_fd, -1);
	ck_assert(!t.is_output);
	show("\x1b[6n");
	ck_assert_uint_eq(t.answers.missing, 0);
	terminal_give_back(&t);
	terminal_release(&t);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* Another process has the foreground, so its keys are not ours. */
static void is_in_the_background(void)
{
	pid_t other;
	int status;

	signal(SIGTTOU, SIG_IGN);
	other = fork();
	if (!other) {
		setpgid(0, 0);
		pause();
	}
	setpgid(other, other);
	must(!tcsetpgrp(slave, other));
	must(!terminal_take_input(&t, slave));
	must(t.in_fd == -1);
	must(is_as_before());
	kill(other, SIGKILL);
	must(waitpid(other, &status, 0) == other);
}

START_TEST(terminal__background)
{
	ck_assert_int_eq(in_session(is_in_the_background), 0);
}
END_TEST

/* The answer to the guest's last question comes after the guest has ended. */
static void takes_answers(void)
{
	must(terminal_take_input(&t, slave));
	terminal_open(&t, slave);
	show("\x1b[6n");
	must(write(master, "\x1b[5;1R", 6) == 6);
	terminal_give_back(&t);
	must(is_as_before());
	must(!has_input());
	terminal_release(&t);
}

START_TEST(terminal__answers)
{
	ck_assert_int_eq(in_session(takes_answers), 0);
}
END_TEST

/* The same if stdin is something else. */
static void takes_answers_without_input(void)
{
	terminal_open(&t, slave);
	show("\x1b[c");
	must(write(master, "\x1b[?62;c", 7) == 7);
	terminal_give_back(&t);
	must(is_as_before());
	must(!has_input());
	terminal_release(&t);
}

START_TEST(terminal__answers_without_input)
{
	ck_assert_int_eq(in_session(takes_answers_without_input), 0);
}
END_TEST

/* Questions answered in time need no wait, and typed input is left to the
 * shell. */
static void leaves_what_was_typed(void)
{
	must(terminal_take_input(&t, slave));
	terminal_open(&t, slave);
	show("\x1b[6n");
	terminal_says(&t, (const uint8_t *)"\x1b[5;1R", 6);
	must(!t.answers.missing);
	must(write(master, "ls\n", 3) == 3);
	must(has_input());
	terminal_give_back(&t);
	must(has_input());
	terminal_release(&t);
}

START_TEST(terminal__typed)
{
	ck_assert_int_eq(in_session(leaves_what_was_typed), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("terminal");
	TCase *tc = tcase_create("terminal");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, terminal__input);
	tcase_add_test(tc, terminal__output);
	tcase_add_test(tc, terminal__neither);
	tcase_add_test(tc, terminal__background);
	tcase_add_test(tc, terminal__answers);
	tcase_add_test(tc, terminal__answers_without_input);
	tcase_add_test(tc, terminal__typed);
	suite_add_tcase(s, tc);
	return s;
}
