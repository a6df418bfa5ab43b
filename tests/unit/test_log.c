/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output to stderr: clean lines, and no wait without a limit.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The reader's end of stderr. */
static int reader;
static char text[8192];

static void setup(void)
{
	int fd[2];

	ck_assert_int_eq(pipe2(fd, O_CLOEXEC), 0);
	dup2(fd[1], STDERR_FILENO);
	close(fd[1]);
	reader = fd[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
	log_init(1);
}

static void setup_opened(void)
{
	setup();
	log_open();
}

/* The output so far, as a string. */
static const char *written(void)
{
	ssize_t n = read(reader, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Leave no room for a line. */
static void fill(void)
{
	static const char block[4096];
	int fd = open("/dev/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void drain(void)
{
	while (read(reader, text, sizeof(text)) > 0)
		;
}

START_TEST(log__writes_whole_lines)
{
	log_say("the answer is %d", 42);
	ck_assert_str_eq(written(), "launcher: the answer is 42\n");
	log_step("step %d", 1);
	ck_assert_str_eq(strchr(written(), ']'), "] step 1\n");
	log_end();
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(log__is_silent_without_v)
{
	log_init(0);
	log_step("step");
	ck_assert_str_eq(written(), "");
	log_say("always");
	ck_assert_str_eq(written(), "launcher: always\n");
}
END_TEST

static const struct {
	const char *raw, *clean;
} foreign[] = {
	{ "\33[31mred", "?[31mred" },	 { "two\nlines\r\n", "two?lines??" },
	{ "\302\233C1 \233", "??C1 ?" }, { "k\303\244se", "k\303\244se" },
	{ "\342\200\256abc", "???abc" },
};

START_TEST(log__cleans)
{
	char want[64];

	log_say("%s", foreign[_i].raw);
	snprintf(want, sizeof(want), "launcher: %s\n", foreign[_i].clean);
	ck_assert_str_eq(written(), want);
	log_step("%s", foreign[_i].raw);
	snprintf(want, sizeof(want), "] %s\n", foreign[_i].clean);
	ck_assert_str_eq(strchr(written(), ']'), want);
}
END_TEST

START_TEST(log__cuts_long_lines)
{
	static char line[10000];
	const char *got;

	memset(line, 'x', sizeof(line) - 1);
	log_say("%s", line);
	got = written();
	ck_assert_uint_lt(strlen(got), 4096);
	ck_assert_uint_gt(strlen(got), 2000);
	ck_assert_int_eq(got[strlen(got) - 1], '\n');
}
END_TEST

START_TEST(log__does_not_wait_for_a_reader_that_has_stopped)
{
	uint64_t began = clock_ns();

	fill();
	for (int i = 0; i < 1000; i++)
		log_step("step");
	/* Waiting for each would take 100 s. */
	ck_assert_uint_lt(clock_ns() - began, UINT64_C(20000000000));
	drain();
	log_say("room again");
	log_end();
	ck_assert_str_eq(written(), "launcher: room again\n"
				    "launcher: stderr accepted nothing for a "
				    "while: 1000 lines are missing\n");
	log_end();
	ck_assert_str_eq(written(), "");
}
END_TEST

/* The same if stderr was not reopened: poll() is asked first. */
START_TEST(log__does_not_block_on_a_shared_pipe)
{
	uint64_t began = clock_ns();

	fill();
	log_say("lost");
	log_say("lost, too");
	ck_assert_uint_lt(clock_ns() - began, UINT64_C(10000000000));
	drain();
	log_end();
	ck_assert_str_eq(written(), "launcher: stderr accepted nothing for a "
				    "while: 2 lines are missing\n");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	TCase *shared = tcase_create("shared");

	tcase_add_checked_fixture(t, setup_opened, NULL);
	tcase_add_test(t, log__writes_whole_lines);
	tcase_add_test(t, log__is_silent_without_v);
	tcase_add_loop_test(t, log__cleans, 0, COUNT(foreign));
	tcase_add_test(t, log__cuts_long_lines);
	tcase_add_test(t, log__does_not_wait_for_a_reader_that_has_stopped);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(shared, setup, NULL);
	tcase_add_test(shared, log__does_not_block_on_a_shared_pipe);
	suite_add_tcase(s, shared);
	return s;
}
