/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output from the guest's console to stdout: complete, in order, batched, and
 * judged even if it cannot be written.
 */
#include "unit/unit.h"
#include "base/clock.h"
#include "run/console_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static struct loop loop;
static struct console console;
static struct watch watch;
static struct terminal terminal;
static struct outcome_latch latch;
static struct milestones times;
static struct console_output out;
static struct patience patience;
static int from_stdout; /* the read end of the output */
static unsigned seen;
static struct err e;

static void on_seen(void *ctx)
{
	ck_assert_ptr_eq(ctx, &seen);
	seen++;
}

static void setup(void)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	from_stdout = fds[0];
	ck_assert_int_ge(fcntl(from_stdout, F_SETFL, O_NONBLOCK), 0);
	assert_ok(console_init(&console, &e), &e);
	assert_ok(outcome_latch_init(&latch, &e), &e);
	assert_ok(loop_init(&loop, &e), &e);
	watch_init(&watch);
	terminal = (struct terminal)TERMINAL_EMPTY;
	patience = (struct patience)PATIENCE_AT_END;
	out = (struct console_output){
		.console = &console,
		.watch = &watch,
		.terminal = &terminal,
		.latch = &latch,
		.times = &times,
		.seen = on_seen,
		.ctx = &seen,
		.fd = fds[1],
	};
}

static void teardown(void)
{
	console_output_end(&out);
	loop_release(&loop);
	watch_release(&watch);
	outcome_latch_release(&latch);
	console_release(&console);
}

static void begin(void)
{
	assert_ok(console_output_begin(&out, &loop, &e), &e);
}

static void say(const char *text)
{
	while (*text)
		console_put(&console, (uint8_t)*text++);
}

static void turn(void)
{
	for (int i = 0; i < 3; i++)
		loop_turn(&loop, false);
}

/* Wait until the batched bytes are written. */
static void let_time_pass(void)
{
	turn();
	while (loop_timer_is_set(&out.pause))
		loop_turn(&loop, true);
	turn();
}

static void assert_out(const char *want)
{
	char got[256] = "";
	ssize_t n = read(from_stdout, got, sizeof(got) - 1);

	ck_assert_int_eq(n, *want ? (ssize_t)strlen(want) : -1);
	ck_assert_str_eq(got, want);
}

static void assert_ended(enum outcome_kind kind, const char *evidence)
{
	struct outcome o;

	ck_assert(outcome_get(&latch, &o));
	ck_assert_int_eq(o.kind, kind);
	ck_assert_msg(strstr(o.evidence, evidence), "%s", o.evidence);
}

START_TEST(output__passes_on)
{
	begin();
	turn();
	assert_out("");
	ck_assert_uint_eq(milestone_ns(&times, MILESTONE_FIRST_CONSOLE_BYTE),
			  0);
	say("hello\r\n");
	turn();
	assert_out("hello\r\n");
	ck_assert_uint_eq(seen, 1);
	ck_assert_str_eq(watch_last_line(&watch), "hello");
	ck_assert_uint_ne(milestone_ns(&times, MILESTONE_FIRST_CONSOLE_BYTE),
			  0);
}
END_TEST

/* After a write, the next bytes are batched, but only briefly. */
START_TEST(output__gathers)
{
	begin();
	say("a");
	turn();
	assert_out("a");
	ck_assert(loop_timer_is_set(&out.pause));
	ck_assert_uint_le(out.pause.due_ns, clock_ns() + MS);
	/* The clock is frozen here, however slow the test is. */
	loop_timer_set(&loop, &out.pause, clock_ns() + 1000000 * MS);
	say("b");
	turn();
	say("c");
	turn();
	assert_out("");
	loop_timer_set(&loop, &out.pause, clock_ns());
	turn();
	assert_out("bc");
	ck_assert_uint_eq(seen, 2);
}
END_TEST

/* Bytes that arrive during batching do not wake the loop. */
START_TEST(output__sleeps_while_it_gathers)
{
	struct pollfd p = { loop.epoll_fd, POLLIN, 0 };

	begin();
	say("a");
	turn();
	loop_timer_set(&loop, &out.pause, clock_ns() + 1000000 * MS);
	say("b");
	ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

START_TEST(output__does_not_gather_much)
{
	static char got[CONSOLE_QUEUE];
	size_t len = 0;
	ssize_t n;

	begin();
	for (size_t i = 0; i < CONSOLE_QUEUE / 2; i++)
		console_put(&console, (uint8_t)i);
	/* The first quarter is written without a pause. */
	while (!loop_timer_is_set(&out.pause)) {
		loop_turn(&loop, false);
		while ((n = read(from_stdout, got + len, sizeof(got) - len)) >
		       0)
			len += (size_t)n;
	}
	ck_assert_uint_gt(len, CONSOLE_QUEUE / 4);
	ck_assert_uint_lt(len, CONSOLE_QUEUE / 2);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq((uint8_t)got[i], (uint8_t)i);
}
END_TEST

/* Each time the pipe is full; nothing is lost. */
START_TEST(output__slow_reader)
{
	static uint8_t got[1000];
	unsigned next_in = 0, next_out = 0;
	ssize_t n;

	ck_assert_int_ge(fcntl(out.fd, F_SETPIPE_SZ, 4096), 4096);
	begin();
	while (next_out < 200000) {
		while (console.count < 30000 && next_in < 200000)
			console_put(&console, (uint8_t)(next_in++ % 251));
		turn();
		n = read(from_stdout, got, sizeof(got));
		for (ssize_t i = 0; i < n; i++)
			ck_assert_uint_eq(got[i], next_out++ % 251);
	}
	ck_assert_uint_eq(watch.bytes, 200000);
	ck_assert(!outcome_get(&latch, NULL));
}
END_TEST

/* A terminal may be ready and yet accept nothing: retry, but do not spin. */
START_TEST(output__ready_and_takes_nothing)
{
	static char fill[65536];

	ck_assert_int_ge(fcntl(out.fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_ge(fcntl(out.fd, F_SETPIPE_SZ, 4096), 4096);
	begin();
	say("a");
	loop_turn(&loop, false);
	/* Between "ready" and the write, another writer fills the pipe. */
	while (write(out.fd, fill, sizeof(fill)) > 0)
		;
	out.stdout_watch.fn(&out, LOOP_OUT);
	ck_assert(loop_timer_is_set(&out.pause));
	ck_assert_uint_eq(watch.bytes, 0);
	while (read(from_stdout, fill, sizeof(fill)) > 0)
		;
	let_time_pass();
	assert_out("a");
}
END_TEST

START_TEST(output__reader_leaves)
{
	begin();
	close(from_stdout);
	say("unheard");
	turn();
	assert_ended(OUTCOME_HOST, "to stdout: Broken pipe");
	/* The guest does not wait for it. */
	for (int i = 0; i < 2 * CONSOLE_ROOM; i++)
		console_put(&console, 'x');
}
END_TEST

START_TEST(output__reader_leaves_in_silence)
{
	begin();
	turn();
	ck_assert(!outcome_get(&latch, NULL));
	close(from_stdout);
	turn();
	assert_ended(OUTCOME_HOST, "to stdout: Broken pipe");
	ck_assert_int_eq(out.write_error, 0);
}
END_TEST

START_TEST(output__terminal_closed)
{
	terminal.out_fd = dup(out.fd);
	begin();
	close(from_stdout);
	turn();
	assert_ended(OUTCOME_SIGNAL, "SIGHUP (the terminal was closed)");
	terminal_release(&terminal);
}
END_TEST

START_TEST(output__full_device)
{
	out.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	begin();
	say("a");
	turn();
	assert_ended(OUTCOME_HOST, "to stdout: No space left on device");
	ck_assert_int_eq(out.write_error, ENOSPC);
}
END_TEST

START_TEST(output__file)
{
	char got[16] = "";

	out.fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	begin();
	turn();
	say("one ");
	let_time_pass();
	say("two");
	let_time_pass();
	ck_assert_int_eq(pread(out.fd, got, sizeof(got), 0), 7);
	ck_assert_str_eq(got, "one two");
}
END_TEST

/* Beyond the limit only the watch sees it, and that does not end the run. */
START_TEST(output__ends_at_a_limit)
{
	struct outcome o;

	out.limit = 6;
	begin();
	say("one\r\nt");
	let_time_pass();
	assert_out("one\r\nt");
	ck_assert_uint_eq(out.dropped, 0);
	say("wo\r\n");
	let_time_pass();
	say("three\r\n");
	let_time_pass();
	assert_out("");
	ck_assert_uint_eq(out.written, 6);
	ck_assert_uint_eq(out.dropped, 4 + 7);
	ck_assert_str_eq(watch_last_line(&watch), "three");
	ck_assert(!outcome_get(&latch, &o));
}
END_TEST

START_TEST(output__cuts_at_a_limit)
{
	out.limit = 2;
	begin();
	say("hello\r\n");
	let_time_pass();
	console_output_drain(&out, &patience);
	assert_out("he");
	ck_assert_uint_eq(out.dropped, 5);
	ck_assert_uint_eq(out.unwritten, 0);
	ck_assert_str_eq(watch_last_line(&watch), "hello");
}
END_TEST

/* Only to the watch. */
START_TEST(output__nowhere)
{
	struct pollfd p = { loop.epoll_fd, POLLIN, 0 };

	out.fd = -1;
	begin();
	for (int i = 0; i < 3 * PIPE_BUF; i++)
		console_put(&console, 'x');
	turn();
	ck_assert_uint_eq(watch.bytes, 3 * PIPE_BUF);
	let_time_pass();
	ck_assert(!loop_timer_is_set(&out.pause));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	say("more");
	let_time_pass();
	ck_assert_uint_eq(watch.bytes, 3 * PIPE_BUF + 4);
}
END_TEST

START_TEST(output__cannot_be_watched)
{
	out.fd = 1000;
	assert_err(console_output_begin(&out, &loop, &e), -EBADF, &e, "1000");
	ck_assert_uint_eq(loop.watches, 0);
}
END_TEST

/* ---- the end */

START_TEST(output__drains)
{
	begin();
	say("the last words");
	console_output_end(&out);
	console_output_drain(&out, &patience);
	assert_out("the last words");
	ck_assert_uint_eq(out.unwritten, 0);
	ck_assert_str_eq(watch_last_line(&watch), "the last words");
}
END_TEST

/* Less than a pipe holds, in a queue that wraps around. */
START_TEST(output__drains_much)
{
	static uint8_t got[65536];
	const uint8_t *data;
	size_t n;

	for (int i = 0; i < 20000; i++)
		console_put(&console, 'x');
	while ((n = console_peek(&console, &data)))
		console_drop(&console, n);
	for (int i = 0; i < 60000; i++)
		console_put(&console, (uint8_t)(i % 251));
	console_output_drain(&out, &patience);
	ck_assert_int_eq(read(from_stdout, got, sizeof(got)), 60000);
	for (int i = 0; i < 60000; i++)
		ck_assert_uint_eq(got[i], (uint8_t)(i % 251));
}
END_TEST

/* Without a reader it gives up; lost bytes are counted and still judged. */
START_TEST(output__drains_into_nothing)
{
	uint64_t start = clock_ns();

	ck_assert_int_ge(fcntl(out.fd, F_SETPIPE_SZ, 4096), 4096);
	for (int i = 0; i < 10000; i++)
		console_put(&console, 'x');
	say("\nthe last line");
	patience.left_ns = 100 * MS;
	console_output_drain(&out, &patience);
	ck_assert_uint_ge(clock_ns() - start, 100 * MS);
	ck_assert_uint_eq(out.unwritten, 10014 - 4096);
	ck_assert_int_eq(out.write_error, 0);
	ck_assert_uint_eq(watch.bytes, 10014);
	ck_assert_str_eq(watch_last_line(&watch), "the last line");
	ck_assert_uint_eq(patience.left_ns, 0);
}
END_TEST

/* Patience that other outputs have used up. */
START_TEST(output__drains_at_least_to_a_reader_that_is_there)
{
	patience.left_ns = 0;
	say("words");
	console_output_drain(&out, &patience);
	assert_out("words");
	ck_assert_uint_eq(out.unwritten, 0);
}
END_TEST

START_TEST(output__drains_to_no_reader)
{
	close(from_stdout);
	say("words");
	console_output_drain(&out, &patience);
	ck_assert_uint_eq(out.unwritten, 5);
	ck_assert_int_eq(out.write_error, EPIPE);
	ck_assert_uint_eq(watch.bytes, 5);
}
END_TEST

START_TEST(output__drains_to_nowhere)
{
	out.fd = -1;
	say("words");
	console_output_drain(&out, &patience);
	ck_assert_uint_eq(out.unwritten, 0);
	ck_assert_uint_eq(watch.bytes, 5);
}
END_TEST

/* Questions to stdout are counted if it is a terminal. */
START_TEST(output__questions)
{
	begin();
	say("\x1b[6n");
	let_time_pass();
	ck_assert_uint_eq(terminal.answers.missing, 0);
	terminal.is_output = true;
	say("\x1b[6n");
	let_time_pass();
	ck_assert_uint_eq(terminal.answers.missing, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("console_output");
	TCase *tc = tcase_create("output"), *end = tcase_create("end");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, output__passes_on);
	tcase_add_test(tc, output__gathers);
	tcase_add_test(tc, output__sleeps_while_it_gathers);
	tcase_add_test(tc, output__does_not_gather_much);
	tcase_add_test(tc, output__slow_reader);
	tcase_add_test(tc, output__ready_and_takes_nothing);
	tcase_add_test(tc, output__reader_leaves);
	tcase_add_test(tc, output__reader_leaves_in_silence);
	tcase_add_test(tc, output__terminal_closed);
	tcase_add_test(tc, output__full_device);
	tcase_add_test(tc, output__file);
	tcase_add_test(tc, output__ends_at_a_limit);
	tcase_add_test(tc, output__cuts_at_a_limit);
	tcase_add_test(tc, output__nowhere);
	tcase_add_test(tc, output__cannot_be_watched);
	tcase_add_test(tc, output__questions);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(end, setup, teardown);
	tcase_add_test(end, output__drains);
	tcase_add_test(end, output__drains_much);
	tcase_add_test(end, output__drains_into_nothing);
	tcase_add_test(end, output__drains_at_least_to_a_reader_that_is_there);
	tcase_add_test(end, output__drains_to_no_reader);
	tcase_add_test(end, output__drains_to_nowhere);
	suite_add_tcase(s, end);
	return s;
}
