/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session without a guest: a thread plays the machine, and pipes replace
 * stdin and stdout. Tests what ends a run, which of several ends counts, and
 * that all output up to the end is written.
 */
#include "unit/unit.h"
#include "unit/fake_line.h"
#include "base/clock.h"
#include "base/thread.h"
#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define MS	UINT64_C(1000000)
#define WAIT_MS 60000

#define PANIC "Kernel panic - not syncing: x"

static struct session session;
static struct console console;
static struct watch watch;
static struct terminal terminal = TERMINAL_EMPTY;
static struct outcome_latch latch;
static struct signals signals;
static struct sender sender;
static struct debugger debugger;
static struct stuck stuck;
static struct milestones times;
static struct fake_line line;
static struct line_guest line_end;
static int to_stdin, from_stdout, in_fd, out_fd;
static struct err e;

/* The machine: a thread that does what the test wants of a guest. */
static void (*guest)(void); /* NULL: it does nothing */
static pthread_t thread;
static unsigned stops;
static bool shut_down;

static void *guest_main(void *arg)
{
	(void)arg;
	guest();
	return NULL;
}

static void stop_guest(void *machine)
{
	ck_assert_ptr_eq(machine, &thread);
	if (guest)
		pthread_join(thread, NULL);
	stops++;
}

static bool has_shut_down(void *machine, uint32_t cpu)
{
	ck_assert_ptr_eq(machine, &thread);
	ck_assert_uint_eq(cpu, 3);
	return shut_down;
}

static void tell_room(void *ctx)
{
	console_input_room(ctx);
}

static void open_pipes(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	in_fd = fds[0];
	to_stdin = fds[1];
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	from_stdout = fds[0];
	out_fd = fds[1];
}

static void setup(void)
{
	open_pipes();
	signals = (struct signals)SIGNALS_EMPTY;
	debugger = (struct debugger)DEBUGGER_EMPTY;
	line = (struct fake_line){ .lock = PTHREAD_MUTEX_INITIALIZER,
				   .capacity = 16,
				   .room = tell_room,
				   .ctx = &session.input };
	line_end = fake_line_end(&line);
	watch_init(&watch);
	assert_ok(console_init(&console, &e), &e);
	assert_ok(outcome_latch_init(&latch, &e), &e);
}

static void teardown(void)
{
	session_release(&session);
	signals_release(&signals);
	watch_release(&watch);
	sender_release(&sender);
	outcome_latch_release(&latch);
	console_release(&console);
}

static void init(uint64_t deadline_ns)
{
	static const struct session_ops ops = { stop_guest, has_shut_down };
	const struct session_config config = {
		.ops = &ops,
		.machine = &thread,
		.console = &console,
		.line = &line_end,
		.terminal = &terminal,
		.watch = &watch,
		.latch = &latch,
		.times = &times,
		.signals = &signals,
		.sender = &sender,
		.debugger = &debugger,
		.stuck = &stuck,
		.deadline_ns = deadline_ns,
	};

	assert_ok(session_init(&session, &config, &e), &e);
	session.input.fd = in_fd;
	session.output.fd = out_fd;
	session_begin(&session);
}

static void run(void (*guest_fn)(void))
{
	guest = guest_fn;
	if (guest)
		ck_assert(thread_start(&thread, guest_main, NULL));
	session_run(&session);
	ck_assert_uint_eq(stops, 1);
	ck_assert_uint_eq(session.loop.watches, 0);
	ck_assert_uint_ne(milestone_ns(&times, MILESTONE_END), 0);
	/* The signals are restored. */
	ck_assert(!signals.blocked);
}

/* ---- for the guest */

static void say(const char *text)
{
	while (*text)
		console_put(&console, (uint8_t)*text++);
}

/* Wait until it appears on stdout. */
static void await_shown(const char *text)
{
	struct pollfd p = { from_stdout, POLLIN, 0 };
	static char got[4096];
	static size_t len;
	ssize_t n;

	while (!strstr(got, text)) {
		ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
		n = read(from_stdout, got + len, sizeof(got) - 1 - len);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
}

/* Wait until that many bytes have been typed into the console. */
static void await_typed(size_t n)
{
	for (int ms = 0; fake_line_len(&line) < n; ms++) {
		ck_assert_int_lt(ms, WAIT_MS);
		fake_line_take(&line, SIZE_MAX);
		poll(NULL, 0, 1);
	}
}

static void await_outcome(void)
{
	struct pollfd p = { latch.wake_fd, POLLIN, 0 };

	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
}

/* ---- */

static void assert_ended(enum outcome_kind kind, const char *evidence)
{
	struct outcome o;

	ck_assert(outcome_get(&latch, &o));
	ck_assert_msg(o.kind == kind, "kind %d, not %d: %s", o.kind, kind,
		      o.evidence);
	ck_assert_str_eq(o.evidence, evidence);
}

static void assert_out(const char *want)
{
	char got[4096] = "";
	ssize_t n;

	ck_assert_int_ge(fcntl(from_stdout, F_SETFL, O_NONBLOCK), 0);
	n = read(from_stdout, got, sizeof(got) - 1);
	ck_assert_int_eq(n, *want ? (ssize_t)strlen(want) : -1);
	ck_assert_str_eq(got, want);
}

static void reset(void)
{
	outcome_set(&latch, OUTCOME_RESET, 0, "reset");
}

static void speaks_and_resets(void)
{
	say("one\r\ntwo");
	reset();
	/* It runs until it is stopped. */
	say(" and three");
}

START_TEST(session__says_all)
{
	init(0);
	run(speaks_and_resets);
	assert_ended(OUTCOME_RESET, "reset");
	assert_out("one\r\ntwo and three");
	ck_assert_str_eq(watch_last_line(&watch), "two and three");
	ck_assert_uint_ne(milestone_ns(&times, MILESTONE_FIRST_CONSOLE_BYTE),
			  0);
}
END_TEST

START_TEST(session__has_ended_before)
{
	init(0);
	reset();
	run(NULL);
	assert_ended(OUTCOME_RESET, "reset");
	assert_out("");
}
END_TEST

/* The guest writes without end, and the run can still end. */
static void talks_on(void)
{
	while (!outcome_is_set(&latch))
		say("and so on ");
}

START_TEST(session__time_limit)
{
	uint64_t due_ns = clock_ns() + 50 * MS;

	init(due_ns);
	out_fd = session.output.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	run(talks_on);
	assert_ended(OUTCOME_TIMEOUT, "time limit");
	ck_assert_uint_ge(milestone_ns(&times, MILESTONE_END), due_ns);
}
END_TEST

/* Nothing reads stdout: neither the guest nor the end waits for that. */
START_TEST(session__reader_sleeps)
{
	static char got[CONSOLE_ROOM];

	ck_assert_int_ge(fcntl(out_fd, F_SETPIPE_SZ, 4096), 4096);
	init(clock_ns() + 50 * MS);
	session.patience.left_ns = 50 * MS;
	run(talks_on);
	assert_ended(OUTCOME_TIMEOUT, "time limit");
	ck_assert_uint_gt(session.output.unwritten, 0);
	ck_assert_int_eq(read(from_stdout, got, sizeof(got)),
			 (ssize_t)(watch.bytes - session.output.unwritten));
}
END_TEST

static void lets_its_reader_leave(void)
{
	say("hello\n");
	await_shown("hello");
	close(from_stdout);
	await_outcome();
}

START_TEST(session__reader_leaves)
{
	init(0);
	run(lets_its_reader_leave);
	assert_ended(OUTCOME_HOST,
		     "cannot write the guest's console to stdout: Broken pipe");
}
END_TEST

/* ---- a debugger stops the guest, and time stops with it */

static struct loop_call take;
static struct loop_timer let_go;
static uint64_t deadline_ns;

static void tell_hold(bool holds)
{
	debugger.stopped = holds;
	debugger.changed(debugger.ctx);
}

static void on_let_go(void *ctx)
{
	(void)ctx;
	ck_assert_uint_gt(clock_ns(), deadline_ns);
	ck_assert(!outcome_get(&latch, NULL));
	tell_hold(false);
	/* The rest of the time is still available. */
	ck_assert_uint_gt(session.timeout.due_ns, clock_ns());
}

static void on_take(void *ctx)
{
	(void)ctx;
	ck_assert(loop_timer_is_set(&session.timeout));
	ck_assert(loop_timer_is_set(&session.panic));
	debugger.line.fd = dup(STDIN_FILENO);
	tell_hold(true);
	ck_assert(!loop_timer_is_set(&session.timeout));
	ck_assert(!loop_timer_is_set(&session.panic));
	loop_timer_set(&session.loop, &let_go, deadline_ns + 50 * MS);
}

START_TEST(session__time_stands_still)
{
	static struct vcpu vcpu = { .fd = -1 };
	static struct guest_mem gm;
	struct pause paused;
	uint64_t start_ns = clock_ns();

	assert_ok(pause_init(&paused, &vcpu, 1, &e), &e);
	assert_ok(debugger_open(&debugger, "unix:gdb", &e), &e);
	debugger.means.int3 = true;
	assert_ok(debugger_attach(&debugger, &paused, &gm, &latch, "", &e), &e);
	debugger.stopping = false;
	deadline_ns = start_ns + 100 * MS;
	init(deadline_ns);
	take = (struct loop_call){ .fn = on_take };
	let_go = (struct loop_timer){ .fn = on_let_go };
	loop_post(&session.loop, &take);
	/* As if the kernel had panicked a moment ago. */
	say(PANIC "\n");
	run(NULL);
	assert_ended(OUTCOME_TIMEOUT, "time limit");
	debugger_release(&debugger);
	pause_release(&paused);
}
END_TEST

/* ---- signals */

static const struct {
	int number;
	const char *evidence;
} numbers[] = {
	{ SIGINT, "SIGINT" },
	{ SIGTERM, "SIGTERM" },
	{ SIGHUP, "SIGHUP" },
	{ SIGQUIT, "SIGQUIT" },
};

static int number;

static void is_signalled(void)
{
	kill(getpid(), number);
	await_outcome();
}

START_TEST(session__signal)
{
	struct outcome o;

	number = numbers[_i].number;
	init(0);
	run(is_signalled);
	assert_ended(OUTCOME_SIGNAL, numbers[_i].evidence);
	outcome_get(&latch, &o);
	ck_assert_uint_eq(o.value, (uint32_t)number);
}
END_TEST

/* The guest gets every signal until it refuses one. */
static atomic_int passed;
static int accepted;

static bool pass(void *ctx, int n)
{
	ck_assert_ptr_eq(ctx, &accepted);
	ck_assert_int_eq(n, number);
	return atomic_fetch_add(&passed, 1) < accepted;
}

static void is_signalled_often(void)
{
	for (int i = 1; i <= accepted; i++) {
		kill(getpid(), number);
		for (int ms = 0; atomic_load(&passed) < i; ms++) {
			ck_assert_int_lt(ms, WAIT_MS);
			usleep(1000);
		}
	}
	is_signalled();
}

START_TEST(session__signal_is_passed_on)
{
	number = numbers[_i].number;
	accepted = 3;
	atomic_store(&passed, 0);
	init(0);
	session.c.pass = (struct session_pass){ pass, &accepted };
	run(is_signalled_often);
	assert_ended(OUTCOME_SIGNAL, numbers[_i].evidence);
	ck_assert_int_eq(atomic_load(&passed), 4);
}
END_TEST

/* ---- the size of the terminal */

static int slave;
static atomic_uint size_told; /* columns, and rows above bit 16 */

static void note_size(void *ctx, uint16_t cols, uint16_t rows)
{
	(void)ctx;
	atomic_store(&size_told, cols | (unsigned)rows << 16);
}

static void await_size(unsigned cols, unsigned rows)
{
	for (int ms = 0; atomic_load(&size_told) != (cols | rows << 16); ms++) {
		ck_assert_int_lt(ms, WAIT_MS);
		usleep(1000);
	}
}

static void is_resized(void)
{
	const struct winsize other = { .ws_col = 100, .ws_row = 30 };

	await_size(132, 43);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &other), 0);
	kill(getpid(), SIGWINCH);
	await_size(100, 30);
	reset();
}

START_TEST(session__tells_the_terminals_size)
{
	struct winsize size = { .ws_col = 132, .ws_row = 43 };
	int master;

	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	terminal.in_fd = slave;
	line_end.resize = note_size;
	init(0);
	run(is_resized);
	assert_ended(OUTCOME_RESET, "reset");
	terminal.in_fd = -1;
	close(master);
	close(slave);
}
END_TEST

/* What the signal has caused comes in the same round, and arrives before it:
 * the reader has gone, the input has ended, and the time is over. */
static void cause(void *ctx)
{
	(void)ctx;
	close(from_stdout);
	close(to_stdin);
	kill(getpid(), SIGHUP);
	loop_timer_set(&session.loop, &session.timeout, clock_ns());
}

START_TEST(session__signal_is_the_reason)
{
	struct loop_call call = { .fn = cause };

	init(clock_ns() + 3600000 * MS);
	loop_post(&session.loop, &call);
	run(NULL);
	assert_ended(OUTCOME_SIGNAL, "SIGHUP");
}
END_TEST

/* Signals that come after the end have no effect, and are gone when signals are
 * restored. */
static void is_signalled_late(void)
{
	reset();
	await_outcome();
	kill(getpid(), SIGTERM);
}

START_TEST(session__signal_after_the_end)
{
	init(0);
	run(is_signalled_late);
	assert_ended(OUTCOME_RESET, "reset");
}
END_TEST

/* ---- lines */

/* Text that is written at once, and how the run ends. */
static const struct {
	const char *text, *expect, *fail_on, *send;
	enum outcome_kind kind;
	const char *evidence;
} lines[] = {
	{ "login:", "^login", NULL, NULL, OUTCOME_EXPECTED, "--expect" },
	{ "a BUG: b\n", NULL, "BUG:", NULL, OUTCOME_FAILED_ON, "--fail-on" },
	/* In the console's order. */
	{ "BUG:\nlogin:", "^login", "BUG:", NULL, OUTCOME_FAILED_ON,
	  "--fail-on" },
	{ "login:\nBUG:\n", "^login", "BUG:", NULL, OUTCOME_EXPECTED,
	  "--expect" },
	{ PANIC "\n---[ end " PANIC "\n", NULL, NULL, NULL, OUTCOME_PANIC,
	  PANIC },
	{ "BUG:\n" PANIC "\n", NULL, "BUG:", NULL, OUTCOME_FAILED_ON,
	  "--fail-on" },
	/* A text for after the last expectation: meeting that is not the
	 * end. */
	{ "login:", "^login", NULL, "root", OUTCOME_RESET, "typed" },
};

static const char *text;
static bool ends_when_typed;

static void says_it(void)
{
	say(text);
	if (ends_when_typed) {
		await_typed(4);
		outcome_set(&latch, OUTCOME_RESET, 0, "typed");
	}
	await_outcome();
}

START_TEST(session__lines)
{
	text = lines[_i].text;
	if (lines[_i].expect)
		assert_ok(watch_expect(&watch, lines[_i].expect, &e), &e);
	if (lines[_i].fail_on)
		assert_ok(watch_fail_on(&watch, lines[_i].fail_on, &e), &e);
	if (lines[_i].send)
		assert_ok(sender_add(&sender, lines[_i].send, 1, &e), &e);
	ends_when_typed = lines[_i].send;
	init(0);
	run(says_it);
	assert_ended(lines[_i].kind, lines[_i].evidence);
	assert_out(text);
	if (lines[_i].kind == OUTCOME_EXPECTED)
		ck_assert_uint_ne(milestone_ns(&times, MILESTONE_EXPECTED), 0);
}
END_TEST

/* Output that arrives together with the time limit still counts. */
START_TEST(session__expected_at_the_last_moment)
{
	assert_ok(watch_expect(&watch, "^login", &e), &e);
	init(clock_ns() + 3600000 * MS);
	say("login:");
	/* As if nothing had run since the output. */
	loop_timer_set(&session.loop, &session.timeout, clock_ns());
	run(NULL);
	assert_ended(OUTCOME_EXPECTED, "--expect");
}
END_TEST

/* The guest says that it has booted; a device's thread passes that on. */
static void is_ready(void)
{
	loop_post(&session.loop, &session.ready);
	await_outcome();
}

START_TEST(session__ends_when_the_guest_is_ready)
{
	watch.wants_ready = true;
	init(0);
	run(is_ready);
	assert_ended(OUTCOME_EXPECTED, "READY=1");
	ck_assert_uint_ne(milestone_ns(&times, MILESTONE_EXPECTED), 0);
}
END_TEST

/* With expectations, whatever comes last ends the run. */
static void is_ready_then_met(void)
{
	loop_post(&session.loop, &session.ready);
	say("hello\n");
	await_shown("hello");
	say("login:\n");
	await_outcome();
}

static void is_met_then_ready(void)
{
	say("login:\n");
	await_shown("login");
	loop_post(&session.loop, &session.ready);
	await_outcome();
}

START_TEST(session__ends_when_all_is_met_and_ready)
{
	watch.wants_ready = true;
	assert_ok(watch_expect(&watch, "^login", &e), &e);
	init(0);
	run(_i ? is_ready_then_met : is_met_then_ready);
	assert_ended(OUTCOME_EXPECTED, "--expect");
	ck_assert(watch.is_ready);
}
END_TEST

/* A kernel that has panicked may stay silent for a second before the end. */
static void panics(void)
{
	say(PANIC "\n");
	await_shown(PANIC);
	say("its stack\n");
	await_outcome();
}

START_TEST(session__panic)
{
	init(0);
	run(panics);
	assert_ended(OUTCOME_PANIC, PANIC);
	ck_assert_str_eq(watch_last_line(&watch), "its stack");
	ck_assert_uint_ge(milestone_ns(&times, MILESTONE_END),
			  session.panic_ns + 1000 * MS);
}
END_TEST

/*
 * It resets itself in that time: a consequence, although it ends the run first.
 */
static void panics_and_resets(void)
{
	say(PANIC "\n");
	await_shown(PANIC);
	reset();
}

START_TEST(session__panic_and_reset)
{
	init(0);
	run(panics_and_resets);
	assert_ended(OUTCOME_RESET, "reset");
	ck_assert_str_eq(watch.panic, PANIC);
}
END_TEST

/* ---- what a triple fault means */

static const struct {
	const char *text;
	bool shut_down;
	enum outcome_kind kind;
	const char *evidence;
} crashes[] = {
	{ "hello\n", true, OUTCOME_CRASH, "crash" },
	{ "reboot: Restarting system\n", true, OUTCOME_RESET,
	  "crash after \"reboot: Restarting system\"" },
	{ "reboot: Restarting system\n", false, OUTCOME_CRASH, "crash" },
	{ "reboot: Restarting system\nmore\n", true, OUTCOME_CRASH, "crash" },
};

static void crashes_so(void)
{
	say(text);
	outcome_set(&latch, OUTCOME_CRASH, 3, "crash");
}

START_TEST(session__triple_fault)
{
	text = crashes[_i].text;
	shut_down = crashes[_i].shut_down;
	init(0);
	run(crashes_so);
	assert_ended(crashes[_i].kind, crashes[_i].evidence);
}
END_TEST

/* ---- what goes in */

/* A login with --send: each text is typed at its prompt. */
static void asks(void)
{
	fake_line_take(&line, SIZE_MAX);
	await_typed(3);
	say("login: ");
	await_typed(8);
	say("\npassword: ");
	await_typed(15);
	reset();
}

START_TEST(session__sends_in_turn)
{
	assert_ok(watch_expect(&watch, "^login: $", &e), &e);
	assert_ok(watch_expect(&watch, "^password: $", &e), &e);
	assert_ok(sender_add(&sender, "\\r\\n\\n", 0, &e), &e);
	assert_ok(sender_add(&sender, "root\\n", 1, &e), &e);
	assert_ok(sender_add(&sender, "secret\\n", 2, &e), &e);
	init(0);
	run(asks);
	assert_ended(OUTCOME_RESET, "reset");
	ck_assert_uint_eq(line.len, 15);
	ck_assert_mem_eq(line.bytes, "\r\n\nroot\nsecret\n", 15);
}
END_TEST

/* More than the console has room for, while the guest reads it. */
static void reads_all(void)
{
	await_typed(30000);
	reset();
}

START_TEST(session__input)
{
	static char typed[30000];

	for (size_t i = 0; i < sizeof(typed); i++)
		typed[i] = (char)('a' + i % 26);
	ck_assert_int_eq(write(to_stdin, typed, sizeof(typed)), 30000);
	line.capacity = 4096;
	init(0);
	run(reads_all);
	ck_assert_mem_eq(line.bytes, typed, sizeof(typed));
	assert_ended(OUTCOME_RESET, "reset");
}
END_TEST

/* The end of input does not end the run. */
static void hears_the_end(void)
{
	await_typed(4);
	say("still here");
	await_shown("still here");
	reset();
}

START_TEST(session__input_ends)
{
	ck_assert_int_eq(write(to_stdin, "text", 4), 4);
	close(to_stdin);
	init(0);
	run(hears_the_end);
	assert_ended(OUTCOME_RESET, "reset");
}
END_TEST

/* The guest can be stopped even if nothing could be watched. */
START_TEST(session__cannot_watch)
{
	init(0);
	session.output.fd = 1000;
	run(NULL);
	assert_ended(OUTCOME_HOST,
		     "cannot watch descriptor 1000: Bad file descriptor");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, session__says_all);
	tcase_add_test(tc, session__has_ended_before);
	tcase_add_test(tc, session__time_limit);
	tcase_add_test(tc, session__reader_sleeps);
	tcase_add_test(tc, session__reader_leaves);
	tcase_add_test(tc, session__time_stands_still);
	tcase_add_loop_test(tc, session__signal, 0, COUNT(numbers));
	tcase_add_test(tc, session__tells_the_terminals_size);
	tcase_add_loop_test(tc, session__signal_is_passed_on, 0,
			    COUNT(numbers));
	tcase_add_test(tc, session__signal_is_the_reason);
	tcase_add_test(tc, session__signal_after_the_end);
	tcase_add_loop_test(tc, session__lines, 0, COUNT(lines));
	tcase_add_test(tc, session__expected_at_the_last_moment);
	tcase_add_test(tc, session__ends_when_the_guest_is_ready);
	tcase_add_loop_test(tc, session__ends_when_all_is_met_and_ready, 0, 2);
	tcase_add_test(tc, session__panic);
	tcase_add_test(tc, session__panic_and_reset);
	tcase_add_loop_test(tc, session__triple_fault, 0, COUNT(crashes));
	tcase_add_test(tc, session__sends_in_turn);
	tcase_add_test(tc, session__input);
	tcase_add_test(tc, session__input_ends);
	tcase_add_test(tc, session__cannot_watch);
	suite_add_tcase(s, tc);
	return s;
}
