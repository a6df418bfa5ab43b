/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a run did what its case asks for: every way to deviate.
 */
#include "unit/suite_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "suite/judge.h"

static struct suite s;
static struct result res;
static FILE *report;
static struct err e;

/* Called while the console is read; NULL in most tests. */
static bool (*give_up)(void *ctx);
static unsigned asked;

static FILE *stream(const char *text, size_t len)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	fwrite(text, 1, len, f);
	rewind(f);
	return f;
}

/* The verdict on a case with @keys. @wait_status: see waitpid(). */
static void judge_bytes(const char *keys, int wait_status, const char *console,
			size_t len, const char *errors)
{
	FILE *out = stream(console, len);
	FILE *err = stream(errors, strlen(errors));
	char text[2048];

	snprintf(text, sizeof(text), ONE_CASE "%s", keys);
	assert_ok(read_suite(&s, text, &e), &e);
	res = (struct result){ .end = CASE_RUNS };
	judge(&s.cases[0],
	      &(struct leavings){ wait_status, out, err, report, give_up,
				  &asked },
	      &res);
	if (report)
		fclose(report);
	fclose(out);
	fclose(err);
	suite_release(&s);
}

#define EXIT(status) ((status) << 8)

static const struct {
	const char *keys;
	int wait_status;
	const char *console, *errors;
	enum case_end end;
	const char *why;
} rows[] = {
	/* status */
	{ "", EXIT(0), "", "", CASE_PASS, "" },
	{ "  status: 3\n", EXIT(3), "", "launcher: x\n", CASE_PASS, "" },
	{ "", EXIT(3), "", "launcher: the guest panicked\n", CASE_FAIL,
	  "status 3, wanted 0: the guest panicked" },
	{ "  status: 3\n", EXIT(0), "", "", CASE_FAIL, "status 0, wanted 3" },
	{ "", EXIT(1), "", "launcher: no /dev/kvm\n", CASE_ERROR,
	  "status 1, wanted 0: no /dev/kvm" },
	{ "", EXIT(2), "", "", CASE_ERROR, "status 2, wanted 0" },
	{ "", EXIT(127), "", "", CASE_ERROR, "status 127, wanted 0" },
	{ "  status: 1\n", EXIT(1), "", "launcher: x\n", CASE_PASS, "" },
	{ "", EXIT(124), "", "", CASE_FAIL, "status 124, wanted 0" },
	/* caused from outside, and not by the guest */
	{ "", EXIT(143), "", "launcher: interrupted by SIGTERM\n", CASE_ERROR,
	  "status 143, wanted 0: interrupted by SIGTERM" },
	{ "  status: 143\n", EXIT(143), "", "launcher: x\n", CASE_PASS, "" },
	{ "", SIGSEGV, "", "", CASE_ERROR,
	  "the launcher was ended by signal 11 (Segmentation fault)" },
	{ "  status: 11\n", SIGSEGV, "", "", CASE_ERROR, "signal 11" },
	/* stderr */
	{ "", EXIT(0), "", "launcher: hm\n", CASE_FAIL,
	  "stderr is not empty: hm" },
	{ "  reason: h\n", EXIT(0), "", "launcher: hm\n", CASE_FAIL,
	  "stderr is not empty: hm" },
	{ "  status: 3\n  reason: ^hm$\n", EXIT(3), "", "launcher: hm\n",
	  CASE_PASS, "" },
	{ "  status: 3\n  reason: [a, c]\n", EXIT(3), "", "launcher: abc\n",
	  CASE_PASS, "" },
	{ "  status: 3\n  reason: [a, x]\n", EXIT(3), "", "launcher: abc\n",
	  CASE_FAIL, "the reason does not match 'x': abc" },
	{ "  reason: ^$\n", EXIT(0), "", "", CASE_PASS, "" },
	{ "  reason: a\n", EXIT(0), "", "", CASE_FAIL,
	  "the reason does not match 'a': " },
	{ "  status: 4\n", EXIT(4), "", "a\nlauncher: b\n", CASE_FAIL,
	  "stderr has 2 lines, the last: b" },
	{ "  status: 4\n  reason: b\n", EXIT(4), "", "a\nb\n", CASE_FAIL,
	  "stderr has 2 lines, the last: b" },
	{ "  status: 4\n  reason: b\n", EXIT(4), "",
	  "launcher: warning: a\nlauncher: warning: c\nlauncher: b\n",
	  CASE_PASS, "" },
	{ "  status: 4\n", EXIT(4), "", "launcher: warning: a\nlauncher: b\n",
	  CASE_FAIL, "stderr has 2 lines, the last: b" },
	{ "  status: 4\n  reason: b\n", EXIT(4), "",
	  "warning: a\nlauncher: b\n", CASE_FAIL,
	  "stderr has 2 lines, the last: b" },
	{ "", EXIT(0), "", "launcher: warning: hm\n", CASE_FAIL,
	  "stderr is not empty: hm" },
	/* the console, in order, a line for each */
	{ "  console: b\n", EXIT(0), "a\nb\nc\n", "", CASE_PASS, "" },
	{ "  console: [a, c]\n", EXIT(0), "a\nb\nc\n", "", CASE_PASS, "" },
	{ "  console: [c, a]\n", EXIT(0), "a\nb\nc\n", "", CASE_FAIL,
	  "no console line matches, after those before it, 'a'" },
	{ "  console: x\n", EXIT(0), "a\n", "", CASE_FAIL,
	  "no console line matches 'x'" },
	{ "  console: [a, b]\n", EXIT(0), "ab\n", "", CASE_FAIL,
	  "after those before it, 'b'" },
	{ "  console: [a, a]\n", EXIT(0), "a\na\n", "", CASE_PASS, "" },
	{ "  console: x\n", EXIT(0), "", "", CASE_FAIL, "no console line" },
	/* lines end with \n, \r\n or the file */
	{ "  console: ^a$\n", EXIT(0), "x\r\na\r\ny", "", CASE_PASS, "" },
	{ "  console: ^y$\n", EXIT(0), "x\r\na\r\ny", "", CASE_PASS, "" },
	/* never and only */
	{ "  never: x\n", EXIT(0), "a\nb\n", "", CASE_PASS, "" },
	{ "  never: [x, b]\n", EXIT(0), "a\nabc\n", "", CASE_FAIL,
	  "a console line matches the forbidden 'b': abc" },
	{ "  console: z\n  never: b\n", EXIT(0), "b\n", "", CASE_FAIL,
	  "a console line matches the forbidden 'b'" },
	{ "  only: ['^a', '^b']\n", EXIT(0), "a1\n\nb\n", "", CASE_PASS, "" },
	{ "  only: ['^a', '^b']\n", EXIT(0), "a\nca\n", "", CASE_FAIL,
	  "a console line matches no pattern of 'only': ca" },
	{ "  only: a\n", EXIT(0), "", "", CASE_PASS, "" },
	/* the first deviation is reported, and an error stays one */
	{ "  never: b\n", EXIT(1), "b\n", "launcher: x\n", CASE_ERROR,
	  "status 1, wanted 0: x" },
	{ "  never: b\n", EXIT(5), "b\n", "launcher: x\n", CASE_FAIL,
	  "status 5, wanted 0: x" },
	/* other programs' output is made safe to print */
	{ "", EXIT(3), "", "launcher: a\033[2Jb\xff\n", CASE_FAIL,
	  "status 3, wanted 0: a?[2Jb?" },
	{ "  never: b\n", EXIT(0), "a\001\377b\n", "", CASE_FAIL,
	  "forbidden 'b': a?b" },
	/* a line is what a terminal shows */
	{ "  never: b\n", EXIT(0), "\033]0;b\007\n", "", CASE_PASS, "" },
	{ "  console: '^# $'\n", EXIT(0), "\033[1m# \033[0m\033[6n", "",
	  CASE_PASS, "" },
	{ "  console: ^abc$\n", EXIT(0), "abx\bc\n", "", CASE_PASS, "" },
	/* ... each time before part of it is overwritten */
	{ "  console: ^10%$\n", EXIT(0), "10%\r20%\r\n", "", CASE_PASS, "" },
	{ "  console: [^10%$, ^20%$]\n", EXIT(0), "10%\r20%\r\n", "", CASE_FAIL,
	  "after those before it, '^20%$'" },
	{ "  never: ^10%$\n", EXIT(0), "10%\r20%\r\n", "", CASE_FAIL,
	  "a console line matches the forbidden '^10%$': 10%" },
	{ "  only: ['^[0-9]+%$']\n", EXIT(0), "1%\r20%\r\033[K3%", "",
	  CASE_PASS, "" },
};

START_TEST(judge__draws_the_verdict)
{
	judge_bytes(rows[_i].keys, rows[_i].wait_status, rows[_i].console,
		    strlen(rows[_i].console), rows[_i].errors);
	ck_assert_str_eq(case_end_name(res.end), case_end_name(rows[_i].end));
	ck_assert_msg(strstr(res.why, rows[_i].why), "\"%s\" lacks \"%s\"",
		      res.why, rows[_i].why);
	if (!*rows[_i].why)
		ck_assert_str_eq(res.why, "");
	ck_assert_int_eq(!res.tail, res.end == CASE_PASS);
	free(res.tail);
}
END_TEST

#define REPORT                                                                       \
	"{\"status\": 0, \"reason\": \"the guest reset\", \"outcome\": \"reset\",\n" \
	" \"plan\": {\"chosen\": \"pvh\"}, \"n\": 12, \"z\": null,\n"                \
	" \"vcpus\": [{\"rip\": \"0x10\"}, {\"rip\": \"0x20\"}], \"\": true,\n"      \
	" \"a.b\": 1, \"bad\": \"\\u001b\"}\n"

static const struct {
	const char *keys, *report;
	enum case_end end;
	const char *why;
} reports[] = {
	/* only the report says why a run has ended well */
	{ "  reason: ^the guest reset$\n", REPORT, CASE_PASS, "" },
	{ "  reason: power\n", REPORT, CASE_FAIL,
	  "the reason does not match 'power': the guest reset" },
	{ "  reason: reset\n", NULL, CASE_FAIL, "does not match 'reset': " },
	{ "  report: {outcome: ^reset$}\n", REPORT, CASE_PASS, "" },
	{ "  report: {outcome: ^panic$}\n", REPORT, CASE_FAIL,
	  "outcome in the report does not match '^panic$': reset" },
	{ "  report: {outcome: reset, n: 13}\n", REPORT, CASE_FAIL,
	  "n in the report does not match '13': 12" },
	{ "  report: {n: ^12$, z: ^null$, plan.chosen: ^pvh$}\n", REPORT,
	  CASE_PASS, "" },
	{ "  report: {vcpus.1.rip: ^0x20$, plan: '^.\"chosen\":\"pvh\".$'}\n",
	  REPORT, CASE_PASS, "" },
	{ "  report: {vcpus.2.rip: x}\n", REPORT, CASE_FAIL,
	  "the report has no 'vcpus.2.rip'" },
	{ "  report: {vcpus.rip: x}\n", REPORT, CASE_FAIL,
	  "the report has no 'vcpus.rip'" },
	{ "  report: {outcome.x: x}\n", REPORT, CASE_FAIL,
	  "the report has no 'outcome.x'" },
	{ "  report: {plan.chose: x}\n", REPORT, CASE_FAIL,
	  "the report has no 'plan.chose'" },
	{ "  status: 0\n", "{\"status\": 3}", CASE_FAIL,
	  "status 0, and 3 in the report" },
	{ "  report: {bad: x}\n", REPORT, CASE_FAIL, "match 'x': ?" },
	{ "  report: {outcome: reset}\n", NULL, CASE_FAIL,
	  "the report has no 'outcome': there is none" },
	{ "  report: {outcome: reset}\n", "{", CASE_FAIL,
	  "the report has no 'outcome': there is none" },
	{ "  report: {outcome: reset}\n", "{\"status\": 0}", CASE_FAIL,
	  "the report has no 'outcome'" },
};

/* A run that ends well may warn, if its case is about the warning. */
static const struct {
	const char *keys, *errors, *why;
} warnings[] = {
	{ "  reason: hm\n", "launcher: warning: hm\n", "" },
	{ "", "launcher: warning: hm\n", "stderr is not empty: hm" },
	{ "  reason: hm\n", "launcher: warning: other\n",
	  "stderr is not empty: other" },
	{ "  reason: hm\n", "x\nlauncher: warning: hm\n",
	  "stderr is not empty: hm" },
	{ "  reason: other\n", "launcher: warning: hm\n",
	  "the reason does not match 'other': hm" },
};

START_TEST(judge__takes_a_warning_that_is_the_reason)
{
	static const char text[] = "{\"status\": 0, \"reason\": \"hm\"}";

	report = stream(text, strlen(text));
	judge_bytes(warnings[_i].keys, EXIT(0), "", 0, warnings[_i].errors);
	ck_assert_str_eq(res.why, warnings[_i].why);
	free(res.tail);
}
END_TEST

START_TEST(judge__reads_the_report)
{
	report = reports[_i].report ? stream(reports[_i].report,
					     strlen(reports[_i].report))
				    : NULL;
	judge_bytes(reports[_i].keys, EXIT(0), "", 0, "");
	ck_assert_str_eq(case_end_name(res.end),
			 case_end_name(reports[_i].end));
	ck_assert_msg(strstr(res.why, reports[_i].why), "\"%s\" lacks \"%s\"",
		      res.why, reports[_i].why);
	free(res.tail);
}
END_TEST

/* The line on stderr, and the report's reason and status. */
static const struct {
	const char *line, *report;
	enum case_end end;
	const char *why;
} accounts[] = {
	{ "launcher: a\n", "{\"status\": 3, \"reason\": \"a\"}", CASE_PASS,
	  "" },
	{ "launcher: \033a\n", "{\"status\": 3, \"reason\": \"?a\"}", CASE_PASS,
	  "" },
	{ "launcher: a\n", "{\"status\": 3, \"reason\": \"b\"}", CASE_FAIL,
	  "stderr and the report give two reasons: a" },
	{ "launcher: a\n", "{\"status\": 3, \"reason\": null}", CASE_FAIL,
	  "give two reasons: a" },
	{ "launcher: a\n", "{\"status\": 4, \"reason\": \"a\"}", CASE_FAIL,
	  "status 3, and 4 in the report" },
	{ "launcher: a\n", "{\"reason\": \"a\"}", CASE_FAIL,
	  "status 3, and 0 in the report" },
};

START_TEST(judge__compares_what_a_run_says_of_itself)
{
	report = stream(accounts[_i].report, strlen(accounts[_i].report));
	judge_bytes("  status: 3\n", EXIT(3), "", 0, accounts[_i].line);
	ck_assert_str_eq(case_end_name(res.end),
			 case_end_name(accounts[_i].end));
	ck_assert_msg(strstr(res.why, accounts[_i].why), "\"%s\" lacks \"%s\"",
		      res.why, accounts[_i].why);
	free(res.tail);
}
END_TEST

START_TEST(judge__nul_does_not_end_a_line)
{
	static const char bytes[] = "a\0b\nc\n";

	judge_bytes("  console: ['^ab$', '^c$']\n", 0, bytes, sizeof(bytes) - 1,
		    "");
	ck_assert_str_eq(res.why, "");
}
END_TEST

/* The last bytes of a line that is too long are not kept. */
START_TEST(judge__cuts_a_line)
{
	char *bytes = malloc(JUDGE_LINE_MAX + 1);

	memset(bytes, 'x', JUDGE_LINE_MAX + 1);
	bytes[JUDGE_LINE_MAX - 2] = 'y'; /* the last byte that is kept */
	bytes[JUDGE_LINE_MAX - 1] = 'z';
	judge_bytes("  console: y$\n  never: z\n", 0, bytes, JUDGE_LINE_MAX + 1,
		    "");
	ck_assert_str_eq(res.why, "");
	free(bytes);
}
END_TEST

static bool give_up_at_once(void *ctx)
{
	++*(unsigned *)ctx;
	return true;
}

/* The end of the suite does not wait for the end of the console. */
START_TEST(judge__gives_up_when_told_to)
{
	asked = 0;
	give_up = give_up_at_once;
	judge_bytes("  never: b\n", 0, "a\nb\n", 4, "");
	give_up = NULL;
	ck_assert_uint_eq(asked, 1);
	ck_assert_str_eq(res.why, "interrupted while its console was read");
	free(res.tail);
}
END_TEST

START_TEST(judge__keeps_the_last_lines)
{
	char text[4096] = "", want[4096] = "", line[400];

	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "line %d\n\n", i);
		strcat(text, line);
		line[strlen(line) - 1] = '\0';
		if (i >= 20)
			strcat(want, line);
	}
	judge_bytes("  console: none\n", 0, text, strlen(text), "");
	ck_assert_str_eq(res.tail, want);
	free(res.tail);
}
END_TEST

START_TEST(judge__cleans_the_last_lines)
{
	char line[400];

	memset(line, 'x', sizeof(line));
	line[0] = '\377';
	judge_bytes("  console: none\n", 0, line, sizeof(line), "");
	ck_assert_uint_eq(strlen(res.tail), JUDGE_TAIL_LINE);
	ck_assert_int_eq(res.tail[0], '?');
	free(res.tail);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("suite_judge");
	TCase *t = tcase_create("judge");

	tcase_add_loop_test(t, judge__draws_the_verdict, 0, COUNT(rows));
	tcase_add_loop_test(t, judge__reads_the_report, 0, COUNT(reports));
	tcase_add_loop_test(t, judge__takes_a_warning_that_is_the_reason, 0,
			    COUNT(warnings));
	tcase_add_loop_test(t, judge__compares_what_a_run_says_of_itself, 0,
			    COUNT(accounts));
	tcase_add_test(t, judge__nul_does_not_end_a_line);
	tcase_add_test(t, judge__cuts_a_line);
	tcase_add_test(t, judge__gives_up_when_told_to);
	tcase_add_test(t, judge__keeps_the_last_lines);
	tcase_add_test(t, judge__cleans_the_last_lines);
	suite_add_tcase(suite, t);
	return suite;
}
