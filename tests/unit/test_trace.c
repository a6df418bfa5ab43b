/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace's file: every line is in it, whole, however many threads write, and
 * an error is reported at the end.
 */
#include "unit/unit.h"
#include "machine/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static struct trace t;
static struct err e;
static uint64_t limit;
static char path[] = "./launcher-trace-XXXXXX";

static void setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	t = (struct trace)TRACE_EMPTY;
	limit = 0;
}

static void teardown(void)
{
	unlink(path);
}

static int open_trace(unsigned kinds, const char *file, uint64_t start_ns)
{
	struct output out = OUTPUT_EMPTY;

	return output_open(&out, file, 0666, &e)
		       ?: trace_open(&t, kinds, &out, limit, start_ns, &e);
}

static const struct {
	const char *list;
	unsigned kinds;
} lists[] = {
	{ "pio", TRACE_PIO },
	{ "mmio", TRACE_MMIO },
	{ "exits", TRACE_EXITS },
	{ "irq", TRACE_IRQ },
	{ "irq,pio", TRACE_IRQ | TRACE_PIO },
	{ "pio,mmio,exits,irq", 15 },
	{ "pio,pio", TRACE_PIO },
};

START_TEST(trace__kinds)
{
	unsigned kinds = 0;

	assert_ok(trace_parse(lists[_i].list, &kinds, &e), &e);
	ck_assert_uint_eq(kinds, lists[_i].kinds);
}
END_TEST

static const char *const wrong[] = { "",     ",",  "pio,", ",pio",   "pio,,irq",
				     "pios", "pi", "PIO",  "pio irq" };

START_TEST(trace__refuses_kinds)
{
	unsigned kinds = 99;

	assert_err(trace_parse(wrong[_i], &kinds, &e), -EINVAL, &e,
		   "(expected pio, mmio, exits or irq)");
	ck_assert_uint_eq(kinds, 99);
}
END_TEST

/* An overlong argument is not repeated in the message. */
START_TEST(trace__refuses_a_long_kind_in_short)
{
	char list[300] = "";
	unsigned kinds;

	memset(list, 'x', sizeof(list) - 1);
	assert_err(trace_parse(list, &kinds, &e), -EINVAL, &e,
		   "(expected pio, mmio, exits or irq)");
	ck_assert_uint_lt(strlen(e.msg), 120);
}
END_TEST

START_TEST(trace__wants_what_it_was_opened_for)
{
	ck_assert(!trace_wants(NULL, TRACE_PIO));
	ck_assert(!trace_wants(&t, TRACE_PIO));
	assert_ok(open_trace(TRACE_PIO, path, 0), &e);
	ck_assert(trace_wants(&t, TRACE_PIO));
	ck_assert(!trace_wants(&t, TRACE_MMIO));
	assert_ok(trace_close(&t, &e), &e);
}
END_TEST

START_TEST(trace__line_with_its_time)
{
	unsigned long long s, ns;
	char line[100], word[100];
	FILE *f;

	assert_ok(open_trace(TRACE_IRQ, path, clock_ns()), &e);
	trace_line(&t, "irq %d", 4);
	assert_ok(trace_close(&t, &e), &e);
	trace_line(&t, "too late");
	ck_assert_uint_eq(t.len, 0);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_int_eq(sscanf(line, "%llu.%9llu %s", &s, &ns, word), 3);
	ck_assert_uint_lt(s, 5);
	ck_assert_str_eq(word, "irq");
	ck_assert_str_eq(strchr(line, ' '), " irq 4\n");
	ck_assert_ptr_eq(strchr(line, ' '), line + strcspn(line, ".") + 10);
	ck_assert_ptr_null(fgets(line, sizeof(line), f));
	fclose(f);
}
END_TEST

/*
 * Seconds and nanoseconds since the start, here three and a half seconds ago.
 */
START_TEST(trace__time_is_since_the_start)
{
	unsigned long long s, ns;
	FILE *f;

	assert_ok(open_trace(TRACE_IRQ, path, clock_ns() - 3500000000), &e);
	trace_line(&t, "irq 4 raise");
	assert_ok(trace_close(&t, &e), &e);
	f = fopen(path, "r");
	ck_assert_int_eq(fscanf(f, "%llu.%9llu", &s, &ns), 2);
	ck_assert_uint_ge(s * 1000000000 + ns, 3500000000);
	ck_assert_uint_lt(s, 10);
	fclose(f);
}
END_TEST

/* A longer file of that name is overwritten completely. */
START_TEST(trace__replaces_what_was_there)
{
	char line[100];
	FILE *f = fopen(path, "w");

	for (int i = 0; i < 100; i++)
		fprintf(f, "old line %d\n", i);
	fclose(f);
	assert_ok(open_trace(TRACE_IRQ, path, 0), &e);
	trace_line(&t, "new");
	assert_ok(trace_close(&t, &e), &e);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_ptr_nonnull(strstr(line, " new\n"));
	ck_assert_ptr_null(fgets(line, sizeof(line), f));
	fclose(f);
}
END_TEST

static void *write_equal_lines(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 20000; i++)
		trace_line(&t, "irq %04u", i % 1000);
	return NULL;
}

/* Whole lines, up to the limit. Nothing waits for more room, and nothing counts
 * as lost: from a vCPU's thread, because the loop's would not wait for a slow
 * writer. */
START_TEST(trace__ends_at_a_limit)
{
	struct stat st;
	pthread_t vcpu;
	size_t line;

	for (int n = 0; n < 2; n++) {
		/* Two lines and a half; much more than the buffer. */
		limit = n ? 2 * TRACE_BUFFER : 50;
		assert_ok(open_trace(TRACE_IRQ, path, clock_ns()), &e);
		pthread_create(&vcpu, NULL, write_equal_lines, NULL);
		pthread_join(vcpu, NULL);
		assert_ok(trace_close(&t, &e), &e);
		ck_assert_int_eq(stat(path, &st), 0);
		line = strlen("0.000000000 irq 0000\n");
		ck_assert_uint_le((size_t)st.st_size, limit);
		ck_assert_uint_gt((size_t)st.st_size, limit - line);
		ck_assert_uint_eq((size_t)st.st_size % line, 0);
	}
}
END_TEST

START_TEST(trace__long_line_is_cut)
{
	char text[500] = "", line[600];
	FILE *f;

	memset(text, 'x', sizeof(text) - 1);
	assert_ok(open_trace(TRACE_IRQ, path, 0), &e);
	trace_line(&t, "%s", text);
	trace_line(&t, "next");
	assert_ok(trace_close(&t, &e), &e);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_uint_gt(strlen(line), TRACE_LINE);
	ck_assert_uint_lt(strlen(line), 170);
	ck_assert_ptr_nonnull(strchr(line, '\n'));
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_ptr_nonnull(strstr(line, " next\n"));
	fclose(f);
}
END_TEST

#define LINES 20000 /* many buffers full */

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		trace_line(&t, "thread %d line %d", *(int *)arg, i);
	return NULL;
}

START_TEST(trace__loses_no_line_of_any_thread)
{
	int ids[2] = { 0, 1 }, next[2] = { 0, 0 }, id, n;
	pthread_t threads[2];
	char line[100];
	FILE *f;

	assert_ok(open_trace(TRACE_IRQ, path, 0), &e);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, write_lines, &ids[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_ok(trace_close(&t, &e), &e);
	f = fopen(path, "r");
	while (fgets(line, sizeof(line), f)) {
		ck_assert_int_eq(sscanf(line, "%*s thread %d line %d", &id, &n),
				 2);
		ck_assert_int_eq(n, next[id]++);
	}
	fclose(f);
	ck_assert(next[0] == LINES && next[1] == LINES);
}
END_TEST

/* Reads slowly, so that writes to the pipe are cut short and refused. */
static void *read_slowly(void *arg)
{
	const struct timespec pause = { 0, 1000000 };
	int fd = *(int *)arg, id, n;
	FILE *f = fdopen(fd, "r");
	static int next;
	char line[100];

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s thread %d line %d", &id, &n) != 2 ||
		    id != 7 || n != next++)
			break;
		if (n % 500 == 0)
			nanosleep(&pause, NULL);
	}
	fclose(f);
	return &next;
}

START_TEST(trace__waits_for_a_slow_reader)
{
	int id = 7, ends[2];
	char name[40];
	pthread_t reader, vcpu;
	void *next;

	ck_assert_int_eq(pipe(ends), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
	assert_ok(open_trace(TRACE_IRQ, name, 0), &e);
	close(ends[1]);
	pthread_create(&reader, NULL, read_slowly, &ends[0]);
	pthread_create(&vcpu, NULL, write_lines, &id);
	pthread_join(vcpu, NULL);
	assert_ok(trace_close(&t, &e), &e);
	pthread_join(reader, &next);
	ck_assert_int_eq(*(int *)next, LINES);
}
END_TEST

/* A full pipe that nothing reads; its read end is @ends[0]. */
static void open_stuck(int *ends)
{
	char name[40];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
	assert_ok(open_trace(TRACE_IRQ, name, 0), &e);
	close(ends[1]);
}

/* While vCPUs wait for room, the event loop continues; its lines are kept as
 * far as they fit into its own reserve. */
START_TEST(trace__event_loop_never_waits)
{
	int ends[2], id = 7;
	pthread_t vcpu;

	open_stuck(ends);
	pthread_create(&vcpu, NULL, write_lines, &id);
	/* More than all buffers hold, so that it would never end. */
	for (int i = 0; i < LINES; i++)
		trace_line(&t, "loop %d", i);
	trace_hurry(&t);
	pthread_join(vcpu, NULL);
	assert_err(trace_close(&t, &e), -ETIMEDOUT, &e, "nothing reads it");
	close(ends[0]);
}
END_TEST

/* The run ends: waiting threads are released, and the end comes soon. */
START_TEST(trace__ends_though_nothing_reads_it)
{
	uint64_t began;
	pthread_t vcpu;
	int ends[2], id = 7;

	open_stuck(ends);
	pthread_create(&vcpu, NULL, write_lines, &id);
	/* Give them time to start waiting, which cannot be observed. */
	usleep(50000);
	began = clock_ns();
	trace_hurry(&t);
	pthread_join(vcpu, NULL);
	assert_err(trace_close(&t, &e), -ETIMEDOUT, &e, "nothing reads it");
	/* Less than a second on an idle host. */
	ck_assert_uint_lt(clock_ns() - began, UINT64_C(10000000000));
	close(ends[0]);
}
END_TEST

/* The same before anything is written: a FIFO without a reader. */
START_TEST(trace__of_a_fifo_without_a_reader)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.fifo", path);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	assert_ok(open_trace(TRACE_IRQ, name, 0), &e);
	trace_line(&t, "a line");
	assert_err(trace_close(&t, &e), -ETIMEDOUT, &e,
		   ".fifo: nothing reads it");
	unlink(name);
}
END_TEST

START_TEST(trace__tells_of_a_full_disk)
{
	assert_ok(open_trace(TRACE_IRQ, "/dev/full", 0), &e);
	for (int i = 0; i < LINES; i++)
		trace_line(&t, "line %d", i);
	assert_err(trace_close(&t, &e), -ENOSPC, &e,
		   "/dev/full: write: No space left on device");
	trace_line(&t, "too late");
	assert_ok(trace_close(&t, &e), &e);
}
END_TEST

START_TEST(trace__refuses_to_open)
{
	assert_err(open_trace(TRACE_IRQ, "/nonexistent/x", 0), -ENOENT, &e,
		   "/nonexistent/x: folder /nonexistent: No such file");
	assert_ok(trace_close(&t, &e), &e);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = tcase_create("trace");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, trace__kinds, 0, COUNT(lists));
	tcase_add_loop_test(tc, trace__refuses_kinds, 0, COUNT(wrong));
	tcase_add_test(tc, trace__refuses_a_long_kind_in_short);
	tcase_add_test(tc, trace__wants_what_it_was_opened_for);
	tcase_add_test(tc, trace__line_with_its_time);
	tcase_add_test(tc, trace__time_is_since_the_start);
	tcase_add_test(tc, trace__replaces_what_was_there);
	tcase_add_test(tc, trace__ends_at_a_limit);
	tcase_add_test(tc, trace__long_line_is_cut);
	tcase_add_test(tc, trace__loses_no_line_of_any_thread);
	tcase_add_test(tc, trace__waits_for_a_slow_reader);
	tcase_add_test(tc, trace__event_loop_never_waits);
	tcase_add_test(tc, trace__ends_though_nothing_reads_it);
	tcase_add_test(tc, trace__of_a_fifo_without_a_reader);
	tcase_add_test(tc, trace__tells_of_a_full_disk);
	tcase_add_test(tc, trace__refuses_to_open);
	suite_add_tcase(s, tc);
	return s;
}
