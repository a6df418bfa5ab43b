/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal's answers: what requests one, what counts as one, and that they
 * are removed while typed input stays.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "base/tty_answers.h"

#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static struct tty_answers answers;

static void setup(void)
{
	answers = (struct tty_answers){ 0 };
}

static void print(const char *text)
{
	tty_answers_output(&answers, (const uint8_t *)text, strlen(text));
}

static void receive(const char *text)
{
	tty_answers_input(&answers, (const uint8_t *)text, strlen(text));
}

static const struct {
	const char *text;
	unsigned questions;
} outputs[] = {
	{ "# \x1b[6n", 1 },
	{ "\x1b[5n", 1 },
	{ "\x1b[?6n", 1 },
	{ "\x1b[?996n", 1 },
	{ "\x1b[c", 1 },
	{ "\x1b[0c", 1 },
	{ "\x1b[>c\x1b[=c", 2 },
	{ "\x1bZ", 1 },
	{ "\x1b[x", 1 },
	{ "\x1b[18t", 1 },
	{ "\x1b[21t", 1 }, /* the title, which the guest has set */
	{ "\x1b[4$p", 1 },
	{ "\x1b[?2026$p", 1 },
	{ "\x1b[>q", 1 },
	{ "\x1b[>0q", 1 },
	{ "\x1b[?u", 1 },
	{ "\x1b]11;?\a", 1 },
	{ "\x1b]4;1;?\x1b\\", 1 },
	{ "\x1bP$qm\x1b\\", 1 },
	{ "\x1bP+q544e\x1b\\", 1 },
	{ "\xc2\x9b"
	  "6n",
	  1 },
	{ "\xc2\x9d"
	  "11;?\a",
	  1 },
	{ "\x1b[\x1b[6n", 1 },
	{ "\x1b\x1b[6n", 1 },
	{ "\x1b[6\x18n\x1b[6n", 1 },
	{ "\x1b]0;a title\x1b[6n", 1 },
	{ "\x1b[6n\x1b[6n\x1b[6n", 3 },
	{ "\x1b[31mred\x1b[0m\x1b[2J\x1b[1;1H\x1b[K", 0 },
	{ "\x1b[?25l\x1b[?25h\x1b[?1049h\x1b[6q\x1b[!p", 0 },
	{ "\x1b[0n\x1b[3n\x1b[>4;1m\x1b[>4n", 0 },
	{ "\x1b[?1c\x1b[1c", 0 }, /* Linux: the cursor's look */
	{ "\x1b[8;24;80t\x1b[22;0t\x1b[23;0t", 0 },
	{ "\x1b]0;is this a title?\a", 0 },
	{ "\x1b]8;;http://a?b\a", 0 },
	{ "\x1bPq#0\x1b\\", 0 }, /* sixel */
	{ "6n[6n", 0 },
	{ "\x1b"
	  "c\x1b(B",
	  0 },
	{ "\xc4\x9b"
	  "6n",
	  0 }, /* a letter */
	{ "\x1b[6", 0 },
	{ "\x1b]11;?", 0 },
};

START_TEST(answers__asked_for)
{
	const char *text = outputs[_i].text;

	print(text);
	ck_assert_msg(answers.missing == outputs[_i].questions, "%s: %u",
		      text + 1, answers.missing);
	/* In pieces, the result is the same. */
	setup();
	for (; *text; text++)
		tty_answers_output(&answers, (const uint8_t *)text, 1);
	ck_assert_uint_eq(answers.missing, outputs[_i].questions);
}
END_TEST

static const struct {
	const char *text;
	unsigned count;
} inputs[] = {
	{ "\x1b[24;80R", 1 },
	{ "\x1b[?24;80R", 1 },
	{ "\x1b[0n", 1 },
	{ "\x1b[?62;1;6c", 1 },
	{ "\x1b[>0;276;0c", 1 },
	{ "\x1b[8;24;80t", 1 },
	{ "\x1b[?2026;2$y", 1 },
	{ "\x1b[?0u", 1 },
	{ "\x1b]11;rgb:0000/0000/0000\x1b\\", 1 },
	{ "\x1b]11;rgb:0000/0000/0000\a", 1 },
	{ "\x1bP1$r0m\x1b\\", 1 },
	{ "\x1bP>|XTerm(379)\x1b\\", 1 },
	{ "ls\x1b[1;1Rls", 1 },
	{ "\x1b[1;1R\x1b[1;1R", 2 },
	{ "\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\x1bOP", 0 },
	{ "\x1b[3~\x1b[15;5~\x1b[1;5C\x1b[200~a\x1b[201~", 0 },
	{ "\x1b[<0;1;1M\x1b[<0;1;1m\x1b[I\x1b[97;5u", 0 },
	{ "a\x1b", 0 },
};

START_TEST(answers__come)
{
	answers.missing = 2;
	receive(inputs[_i].text);
	ck_assert_msg(answers.missing == 2 - inputs[_i].count, "%s: %u",
		      inputs[_i].text + 1, answers.missing);
}
END_TEST

START_TEST(answers__bounded)
{
	for (int i = 0; i < 100000; i++)
		print("\x1b[6n");
	ck_assert_uint_le(answers.missing, 64);
	setup();
	receive("\x1b[1;1R");
	ck_assert_uint_eq(answers.missing, 0);
}
END_TEST

/* ---- reading them from a terminal */

static int master, slave;

static void open_terminal(void)
{
	struct termios t;

	setup();
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	cfmakeraw(&t);
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &t), 0);
}

static void close_terminal(void)
{
	close(master);
	close(slave);
}

static const struct {
	const char *typed;
	unsigned missing;
	const char *kept;
	const char *left;
	unsigned missing_then;
} takes[] = {
	{ "\x1b[1;1R", 1, "", "", 0 },
	{ "\x1b[1;1Rls\r", 1, "", "ls\r", 0 },
	{ "ls\r\x1b[1;1Rpwd\r", 1, "ls\rpwd\r", "", 0 },
	{ "a\x1b[1;1Rb\x1b]11;rgb:0/0/0\x1b\\c", 2, "abc", "", 0 },
	{ "\x1b[A\x1b[1;1R", 1, "\x1b[A", "", 0 },
	{ "ls", 0, "", "ls", 0 },
	{ "ls", 1, "ls", "", 1 },
	{ "a\x1b", 1, "a\x1b", "", 1 },
	{ "a\x1b[1;", 1, "a", "", 1 },
	{ "a\x1b]l;rm -rf /\r", 1, "a", "", 1 },
};

START_TEST(answers__taken)
{
	const char *typed = takes[_i].typed;
	struct tty_kept kept;
	char left[64] = "";
	struct termios t;

	answers.missing = takes[_i].missing;
	ck_assert_int_eq(write(master, typed, strlen(typed)),
			 (ssize_t)strlen(typed));
	answers.asked_ns = clock_ns();
	tty_answers_take(&answers, slave, &kept);
	ck_assert_uint_eq(answers.missing, takes[_i].missing_then);
	kept.bytes[kept.len] = '\0';
	ck_assert_str_eq((char *)kept.bytes, takes[_i].kept);
	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	t.c_cc[VMIN] = 0;
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &t), 0);
	ck_assert_int_ge(read(slave, left, sizeof(left) - 1), 0);
	ck_assert_str_eq(left, takes[_i].left);
}
END_TEST

/* It arrives during the wait. */
START_TEST(answers__late)
{
	struct tty_kept kept;
	pid_t pid;

	print("\x1b[6n");
	pid = fork();
	if (!pid) {
		usleep(30000);
		_exit(write(master, "\x1b[1;1R", 6) != 6);
	}
	tty_answers_take(&answers, slave, &kept);
	ck_assert_uint_eq(answers.missing, 0);
	ck_assert_uint_eq(kept.len, 0);
}
END_TEST

/* An old question will not be answered, so there is no wait. */
START_TEST(answers__old_question)
{
	uint64_t start = clock_ns();
	struct tty_kept kept;

	print("\x1b[6n");
	answers.asked_ns = start - 5000000000ull;
	for (int i = 0; i < 20; i++)
		tty_answers_take(&answers, slave, &kept);
	/* Twenty waits would take six seconds. */
	ck_assert_uint_lt(clock_ns() - start, 3000000000ull);
	ck_assert_uint_eq(answers.missing, 1);
}
END_TEST

START_TEST(answers__terminal_gone)
{
	struct tty_kept kept;

	print("\x1b[6n");
	close(master);
	tty_answers_take(&answers, slave, &kept);
	ck_assert_uint_eq(kept.len, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("tty_answers");
	TCase *tc = tcase_create("sequences");
	TCase *terminal = tcase_create("terminal");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, answers__asked_for, 0, COUNT(outputs));
	tcase_add_loop_test(tc, answers__come, 0, COUNT(inputs));
	tcase_add_test(tc, answers__bounded);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(terminal, open_terminal, close_terminal);
	tcase_add_loop_test(terminal, answers__taken, 0, COUNT(takes));
	tcase_add_test(terminal, answers__late);
	tcase_add_test(terminal, answers__old_question);
	tcase_add_test(terminal, answers__terminal_gone);
	suite_add_tcase(s, terminal);
	return s;
}
