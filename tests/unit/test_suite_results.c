/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written about a suite's results: TAP, JUnit's XML and text, during a
 * suite, at its end, and when it is interrupted. In tests/image/suite,
 * independent parsers read them.
 */
#include "unit/suite_text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "suite/result.h"

static struct suite s;
static struct err e;
static struct result results[5];
static struct folder folder = { .path = "dir" };
static struct suite_run run = {
	.s = &s,
	.results = results,
	.folder = &folder,
	.began = 1000000000, /* 2001-09-09T01:46:40Z */
};

static void setup(void)
{
	assert_ok(read_suite(&s,
			     "defaults: {image: i}\n"
			     "cases:\n"
			     "- name: good\n"
			     "- name: bad\n"
			     "- name: left/out\n"
			     "- name: broken\n"
			     "- name: late\n",
			     &e),
		  &e);
}

static void teardown(void)
{
	suite_release(&s);
}

/* Case @i has ended; the test itself calls all listeners. */
static void set(size_t i, enum case_end end, const char *why, const char *tail)
{
	results[i].end = end;
	results[i].attempts = 1;
	results[i].took_ns = 1234567890;
	snprintf(results[i].why, sizeof(results[i].why), "%s", why);
	results[i].tail = (char *)tail;
	run.count[end]++;
	run.done++;
}

static void set_four(void)
{
	set(0, CASE_PASS, "", NULL);
	set(1, CASE_FAIL, "a \"b\" \\ <c> & #d", "one\n\"two\" \\\n]]>\n");
	set(2, CASE_SKIP, "needs # of <it>", NULL);
	set(3, CASE_ERROR, "no \xc3\xa4", "");
}

/* What @ops write for cases 0 to @n - 1 and then for the end. */
static char *written(const struct listener_ops *ops, size_t n)
{
	struct listener l = { .ops = ops, .to = "memory" };
	char *text;
	size_t len;

	l.out = open_memstream(&text, &len);
	if (ops->begin)
		assert_ok(ops->begin(&l, &run, &e), &e);
	for (size_t i = 0; i < n; i++)
		assert_ok(ops->done(&l, &run, i, &e), &e);
	assert_ok(ops->end(&l, &run, &e), &e);
	fclose(l.out);
	return text;
}

static void same(char *got, const char *want)
{
	ck_assert_str_eq(got, want);
	free(got);
}

#define TAP_OF_FOUR                                        \
	"TAP version 13\n"                                 \
	"1..5\n"                                           \
	"ok 1 - good\n"                                    \
	"  ---\n"                                          \
	"  result: PASS\n"                                 \
	"  duration_ms: 1234\n"                            \
	"  ...\n"                                          \
	"not ok 2 - bad\n"                                 \
	"  ---\n"                                          \
	"  result: FAIL\n"                                 \
	"  message: \"a \\\"b\\\" \\\\ <c> & #d\"\n"       \
	"  duration_ms: 1234\n"                            \
	"  console: \"one\\n\\\"two\\\" \\\\\\n]]>\\n\"\n" \
	"  ...\n"                                          \
	"ok 3 - left/out # SKIP needs / of <it>\n"         \
	"not ok 4 - broken\n"                              \
	"  ---\n"                                          \
	"  result: ERROR\n"                                \
	"  message: \"no \xc3\xa4\"\n"                     \
	"  duration_ms: 1234\n"                            \
	"  ...\n"

START_TEST(results__tap)
{
	set_four();
	same(written(&listener_tap, 4), TAP_OF_FOUR);
}
END_TEST

START_TEST(results__tap_of_a_suite_that_was_ended)
{
	set_four();
	run.signal = SIGTERM;
	same(written(&listener_tap, 4),
	     TAP_OF_FOUR "Bail out! ended by signal 15 (Terminated)\n");
}
END_TEST

START_TEST(results__tap_tells_of_attempts)
{
	set(0, CASE_PASS, "", NULL);
	results[0].attempts = 2;
	strcpy(results[0].earlier, "FAIL: x");
	same(written(&listener_tap, 1), "TAP version 13\n"
					"1..5\n"
					"ok 1 - good\n"
					"  ---\n"
					"  result: PASS\n"
					"  duration_ms: 1234\n"
					"  attempts: 2\n"
					"  attempt_before: \"FAIL: x\"\n"
					"  ...\n");
}
END_TEST

/* The same version for every reader, whatever harness has started us. */
START_TEST(results__tap_ignores_the_harness)
{
	setenv("HARNESS_ACTIVE", "1", 1);
	setenv("HARNESS_VERSION", "3.50", 1);
	same(written(&listener_tap, 0), "TAP version 13\n1..5\n");
}
END_TEST

START_TEST(results__text)
{
	set_four();
	same(written(&listener_text, 4),
	     "PASS  good (1.23 s)\n"
	     "FAIL  bad: a \"b\" \\ <c> & #d (1.23 s)\n"
	     "      | one\n"
	     "      | \"two\" \\\n"
	     "      | ]]>\n"
	     "      all of it: dir/bad.console\n"
	     "SKIP  left/out: needs # of <it>\n"
	     "ERROR broken: no \xc3\xa4 (1.23 s)\n"
	     "1 passed, 1 failed, 1 skipped, 1 errors\n");
}
END_TEST

START_TEST(results__text_cleans_the_folder)
{
	set(1, CASE_FAIL, "x", "end\n");
	folder.path = "\033[2Jd\xff\xc3\xa4\n";
	run.s = &(struct suite){ .cases = s.cases + 1, .count = 1 };
	results[0] = results[1];
	same(written(&listener_text, 1),
	     "FAIL  bad: x (1.23 s)\n"
	     "      | end\n"
	     "      all of it: ?[2Jd?\xc3\xa4?/bad.console\n"
	     "0 passed, 1 failed, 0 skipped, 0 errors\n");
}
END_TEST

START_TEST(results__text_tells_of_attempts_and_signals)
{
	set(0, CASE_PASS, "", NULL);
	results[0].attempts = 3;
	strcpy(results[0].earlier, "FAIL: x");
	run.signal = SIGINT;
	same(written(&listener_text, 1),
	     "PASS  good (1.23 s)\n"
	     "      attempt 3; the one before: FAIL: x\n"
	     "ended by signal 2 (Interrupt): 4 of 5 cases have no result\n"
	     "1 passed, 0 failed, 0 skipped, 0 errors\n");
}
END_TEST

/* The current XML. */
static char *junit(void)
{
	struct listener l = { .ops = &listener_junit, .to = "junit.xml" };
	char dir[] = "./test_suite_results.XXXXXX", path[64];
	struct file f;
	char *text;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	assert_ok(folder_open(&folder, dir, false, &e), &e);
	assert_ok(folder_make_private(&folder, &e), &e);
	assert_ok(listener_junit.begin(&l, &run, &e), &e);
	snprintf(path, sizeof(path), "%s/junit.xml", dir);
	assert_ok(file_open(&f, path, 1 << 20, &e), &e);
	text = strndup((const char *)f.bytes.data, f.bytes.len);
	file_close(&f);
	unlink(path);
	folder_close(&folder);
	ck_assert_int_eq(rmdir(dir), 0);
	return text;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "\"%s\" lacks \"%s\"", text, part);
}

START_TEST(results__junit)
{
	char *text;

	set_four();
	text = junit();
	has(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	has(text, " name=\"s\" timestamp=\"2001-09-09T01:46:40\" hostname=\"");
	/* A case that has not ended is an error, too. */
	has(text, " tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\" ");
	has(text, "<testcase classname=\"s\" name=\"good\" time=\"1.235\">\n"
		  "    </testcase>");
	has(text, "<failure type=\"FAIL\" message=\"a &#34;b&#34; \\ "
		  "&#60;c&#62; &#38; #d\">a &#34;b&#34; \\ &#60;c&#62; &#38; "
		  "#d\n\none\n&#34;two&#34; \\\n]]&#62;\n</failure>");
	has(text, "<skipped type=\"SKIP\" message=\"needs # of &#60;it&#62;\">"
		  "needs # of &#60;it&#62;</skipped>");
	has(text, "<error type=\"ERROR\" message=\"no \xc3\xa4\">no \xc3\xa4"
		  "</error>");
	has(text, "name=\"late\" time=\"0.000\">\n"
		  "      <error type=\"unfinished\" message=\"the suite ended "
		  "before this case did\">");
	has(text, "  </testsuite>\n</testsuites>\n");
	free(text);
}
END_TEST

START_TEST(results__junit_tells_of_attempts)
{
	char *text;

	set(0, CASE_PASS, "", NULL);
	results[0].attempts = 2;
	strcpy(results[0].earlier, "FAIL: x & y");
	text = junit();
	has(text, "<system-out>good passed at attempt 2; the one before: FAIL: "
		  "x &#38; y\n</system-out>");
	free(text);
}
END_TEST

/* Text that XML 1.0 cannot represent, and text that is not UTF-8. */
START_TEST(results__junit_holds_any_bytes)
{
	char all[600] = "", *text;
	size_t n = 0;

	for (int c = 1; c < 256; c++)
		all[n++] = (char)c;
	strcpy(all + n, "\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\xc0\x80");
	set(0, CASE_ERROR, "x", all);
	text = junit();
	for (const char *p = text; *p; p++)
		ck_assert_msg((*p >= 0x20 && *p < 0x7f) || *p == '\n',
			      "byte 0x%02x", (unsigned char)*p);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("suite_results");
	TCase *t = tcase_create("results");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, results__tap);
	tcase_add_test(t, results__tap_of_a_suite_that_was_ended);
	tcase_add_test(t, results__tap_tells_of_attempts);
	tcase_add_test(t, results__tap_ignores_the_harness);
	tcase_add_test(t, results__text);
	tcase_add_test(t, results__text_cleans_the_folder);
	tcase_add_test(t, results__text_tells_of_attempts_and_signals);
	tcase_add_test(t, results__junit);
	tcase_add_test(t, results__junit_tells_of_attempts);
	tcase_add_test(t, results__junit_holds_any_bytes);
	suite_add_tcase(suite, t);
	return suite;
}
