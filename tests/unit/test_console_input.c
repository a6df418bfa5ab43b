/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input to the guest's console: nothing is lost or reordered, keys after Ctrl-A
 * are ours, and texts wait for their turn.
 */
#include "unit/unit.h"
#include "unit/fake_line.h"
#include "run/console_input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct loop loop;
static struct fake_line line;
static struct line_guest line_end;
static struct terminal terminal;
static struct outcome_latch latch;
static struct sender sender;
static struct console_input in;
static int to_stdin; /* the write end of the input */
static struct err e;

static void tell_room(void *ctx)
{
	console_input_room(ctx);
}

static void setup(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	to_stdin = fds[1];
	line = (struct fake_line){ .lock = PTHREAD_MUTEX_INITIALIZER,
				   .capacity = 16,
				   .room = tell_room,
				   .ctx = &in };
	line_end = fake_line_end(&line);
	terminal = (struct terminal)TERMINAL_EMPTY;
	sender = (struct sender){ 0 };
	in = (struct console_input){ .line = &line_end,
				     .terminal = &terminal,
				     .latch = &latch,
				     .sender = &sender,
				     .fd = fds[0] };
	assert_ok(outcome_latch_init(&latch, &e), &e);
	assert_ok(loop_init(&loop, &e), &e);
}

static void teardown(void)
{
	console_input_end(&in);
	loop_release(&loop);
	outcome_latch_release(&latch);
	sender_release(&sender);
	close(to_stdin);
}

static void begin(void)
{
	assert_ok(console_input_begin(&in, &loop, &e), &e);
}

static void turn(void)
{
	for (int i = 0; i < 4; i++)
		loop_turn(&loop, false);
}

static void type(const char *text)
{
	ck_assert_int_eq(write(to_stdin, text, strlen(text)),
			 (ssize_t)strlen(text));
	turn();
}

static void assert_line(const char *want)
{
	ck_assert_uint_eq(line.len, strlen(want));
	ck_assert_mem_eq(line.bytes, want, line.len);
}

START_TEST(input__arrives)
{
	begin();
	type("ab");
	assert_line("ab");
	type("cd");
	assert_line("abcd");
}
END_TEST

/* It reads only as much as there is room for. */
START_TEST(input__waits_for_room)
{
	char left[64];

	begin();
	type("0123456789abcdefghij");
	assert_line("0123456789abcdef");
	ck_assert_uint_eq(fake_line_take(&line, 2), 2);
	turn();
	assert_line("0123456789abcdefgh");
	ck_assert_int_eq(read(in.fd, left, sizeof(left)), 2);
	ck_assert(!memcmp(left, "ij", 2));
}
END_TEST

/* A full console costs no CPU time until it reports room again. */
START_TEST(input__does_not_spin_without_room)
{
	begin();
	type("0123456789abcdefghij");
	ck_assert_uint_eq(in.bytes.events, 0);
	fake_line_take(&line, 16);
	turn();
	ck_assert_uint_eq(in.bytes.events, LOOP_IN);
	assert_line("0123456789abcdefghij");
}
END_TEST

START_TEST(input__much)
{
	static char text[40000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	begin();
	for (size_t done = 0; done < sizeof(text); done += 4000)
		ck_assert_int_eq(write(to_stdin, text + done, 4000), 4000);
	for (int i = 0; i < 100000 && line.len < sizeof(text); i++) {
		fake_line_take(&line, 7);
		loop_turn(&loop, false);
	}
	ck_assert_uint_eq(line.len, sizeof(text));
	ck_assert_mem_eq(line.bytes, text, sizeof(text));
}
END_TEST

START_TEST(input__ends)
{
	begin();
	ck_assert_int_eq(write(to_stdin, "last", 4), 4);
	close(to_stdin);
	to_stdin = open("/dev/null", O_WRONLY | O_CLOEXEC);
	turn();
	assert_line("last");
	ck_assert_int_eq(in.fd, -1);
	ck_assert_ptr_null(in.bytes.loop);
}
END_TEST

/* The end of input is noticed when it is read, not before. */
START_TEST(input__ends_behind_a_full_console)
{
	begin();
	ck_assert_int_eq(write(to_stdin, "0123456789abcdefghij", 20), 20);
	close(to_stdin);
	to_stdin = open("/dev/null", O_WRONLY | O_CLOEXEC);
	turn();
	ck_assert_int_ge(in.fd, 0);
	fake_line_take(&line, 16);
	turn();
	assert_line("0123456789abcdefghij");
	ck_assert_int_eq(in.fd, -1);
}
END_TEST

/* Regular files, which are always ready, and unreadable files. */
static const struct {
	const char *path;
	int flags;
	const char *want;
} files[] = {
	{ "/dev/null", O_RDONLY, "" },
	{ "/dev/null", O_WRONLY, "" },
	{ "text", O_RDWR | O_CREAT, "all of it" },
	{ ".", O_RDONLY, "" },
};

START_TEST(input__of_a_file)
{
	const char *want = files[_i].want;

	in.fd = open(files[_i].path, files[_i].flags | O_CLOEXEC, 0600);
	ck_assert_int_ge(in.fd, 0);
	if (*want) {
		ck_assert_int_eq(write(in.fd, want, strlen(want)),
				 (ssize_t)strlen(want));
		lseek(in.fd, 0, SEEK_SET);
	}
	begin();
	turn();
	assert_line(want);
	ck_assert_int_eq(in.fd, -1);
}
END_TEST

START_TEST(input__none)
{
	in.fd = -1;
	assert_ok(sender_add(&sender, "text", 0, &e), &e);
	begin();
	turn();
	assert_line("text");
}
END_TEST

START_TEST(input__cannot_be_watched)
{
	in.fd = 1000;
	assert_err(console_input_begin(&in, &loop, &e), -EBADF, &e, "1000");
	/* It was not started, so neither call does anything. */
	console_input_met(&in, 1);
	console_input_end(&in);
}
END_TEST

/* ---- keys */

static const struct {
	bool is_tty;
	const char *typed[3]; /* in as many reads */
	const char *want;
	bool ends;
} keys[] = {
	{ true, { "plain" }, "plain", false },
	{ true, { "\x01x" }, "", true },
	{ true, { "\x01X" }, "", true },
	{ true, { "a\x01", "xb" }, "ab", true },
	{ true, { "\x01\x01" }, "\x01", false },
	{ true, { "\x01\x01x" }, "\x01x", false },
	{ true, { "\x01", "\x01", "\x01" }, "\x01", false },
	{ true, { "\x01h" }, "", false },
	{ true, { "1\x01H2" }, "12", false },
	{ true, { "\x01yz" }, "yz", false },
	{ true, { "\x03\x04\x1a\x1c" }, "\x03\x04\x1a\x1c", false },
	/* Input that is not a terminal has no special keys. */
	{ false, { "\x01x" }, "\x01x", false },
	{ false, { "\x01", "\x01" }, "\x01\x01", false },
};

START_TEST(input__keys)
{
	struct outcome o;

	if (keys[_i].is_tty)
		terminal.in_fd = in.fd;
	begin();
	for (size_t i = 0; i < COUNT(keys[_i].typed) && keys[_i].typed[i]; i++)
		type(keys[_i].typed[i]);
	assert_line(keys[_i].want);
	ck_assert_int_eq(outcome_get(&latch, &o), keys[_i].ends);
	if (!keys[_i].ends)
		return;
	ck_assert_int_eq(o.kind, OUTCOME_SIGNAL);
	ck_assert_uint_eq(o.value, SIGINT);
	ck_assert_str_eq(o.evidence, "Ctrl-A x");
}
END_TEST

/* A terminal's answers are counted as they pass. */
START_TEST(input__answers)
{
	terminal.in_fd = in.fd;
	terminal.is_output = true;
	begin();
	terminal_shows(&terminal, (const uint8_t *)"\x1b[6n", 4);
	ck_assert_uint_eq(terminal.answers.missing, 1);
	type("\x1b[5;1R");
	ck_assert_uint_eq(terminal.answers.missing, 0);
	assert_line("\x1b[5;1R");
}
END_TEST

/* ---- texts */

static void add_text(const char *text, size_t after)
{
	assert_ok(sender_add(&sender, text, after, &e), &e);
}

START_TEST(input__texts_wait_for_their_turn)
{
	add_text("first\\n", 0);
	add_text("second\\n", 1);
	add_text("x", 1);
	add_text("third", 3);
	line.capacity = 1000;
	begin();
	assert_line("first\n");
	turn();
	console_input_met(&in, 0);
	assert_line("first\n");
	console_input_met(&in, 1);
	assert_line("first\nsecond\nx");
	console_input_met(&in, 2);
	assert_line("first\nsecond\nx");
	console_input_met(&in, 3);
	assert_line("first\nsecond\nxthird");
}
END_TEST

START_TEST(input__texts_wait_for_room)
{
	add_text("0123456789abcdefghijklmnopqrstuvwxyz", 0);
	begin();
	assert_line("0123456789abcdef");
	for (int i = 0; i < 20; i++) {
		fake_line_take(&line, 3);
		turn();
	}
	assert_line("0123456789abcdefghijklmnopqrstuvwxyz");
}
END_TEST

/* Both arrive whole, whichever comes first. */
START_TEST(input__texts_and_bytes)
{
	size_t bytes = 0, texts = 0;

	add_text("tttttttttttttttttttttttttttttt", 0);
	begin();
	type("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	for (int i = 0; i < 30; i++) {
		fake_line_take(&line, 5);
		turn();
	}
	ck_assert_uint_eq(line.len, 60);
	for (size_t i = 0; i < line.len; i++) {
		bytes += line.bytes[i] == 'b';
		texts += line.bytes[i] == 't';
	}
	ck_assert_uint_eq(bytes, 30);
	ck_assert_uint_eq(texts, 30);
}
END_TEST

/* After the end nothing is typed, whatever the last lines match. */
START_TEST(input__over)
{
	add_text("late", 1);
	begin();
	console_input_end(&in);
	console_input_met(&in, 1);
	type("x");
	assert_line("");
}
END_TEST

/* An input without a device accepts nothing. */
START_TEST(input__no_device)
{
	line_end = (struct line_guest){ 0 };
	add_text("text", 0);
	begin();
	type("x");
	assert_line("");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("console_input");
	TCase *tc = tcase_create("bytes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, input__arrives);
	tcase_add_test(tc, input__waits_for_room);
	tcase_add_test(tc, input__does_not_spin_without_room);
	tcase_add_test(tc, input__much);
	tcase_add_test(tc, input__ends);
	tcase_add_test(tc, input__ends_behind_a_full_console);
	tcase_add_loop_test(tc, input__of_a_file, 0, COUNT(files));
	tcase_add_test(tc, input__none);
	tcase_add_test(tc, input__cannot_be_watched);
	tcase_add_loop_test(tc, input__keys, 0, COUNT(keys));
	tcase_add_test(tc, input__answers);
	tcase_add_test(tc, input__texts_wait_for_their_turn);
	tcase_add_test(tc, input__texts_wait_for_room);
	tcase_add_test(tc, input__texts_and_bytes);
	tcase_add_test(tc, input__over);
	tcase_add_test(tc, input__no_device);
	suite_add_tcase(s, tc);
	return s;
}
