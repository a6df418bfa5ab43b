/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for programs that read JUnit's XML. The file is replaced as a
 * whole, at most once a second and at the end, so that it can be read at any
 * time; a case that has not ended is an error in it, because the suite may be
 * killed.
 *
 * There is no single specification. This is what Jenkins' schema and other
 * readers accept. Readers expect the reason of a <skipped> in its attribute
 * "message", which early schemas do not list; <properties> must not be empty.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/clean.h"
#include "base/memstream.h"
#include "suite/result.h"

#define PAUSE_NS 1000000000ull

/* Any bytes, as text or in an attribute. */
static void escape(FILE *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t n = clean_step(text, left);

		if (*text == '\n')
			fputc('\n', out);
		else if (!n)
			fputc('?', out);
		else if (strchr("<>&\"", *text))
			fprintf(out, "&#%d;", *text);
		else
			fwrite(text, 1, n, out);
		text += n ?: 1;
		left -= n ?: 1;
	}
}

static void attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	escape(out, value);
	fputc('"', out);
}

/* The content of an element for a case that did not pass. */
static void say_outcome(FILE *out, const char *element, const char *type,
			const struct result *res, const char *why)
{
	fprintf(out, "      <%s", element);
	attribute(out, "type", type);
	attribute(out, "message", why);
	fputc('>', out);
	escape(out, why);
	if (*res->earlier) {
		fprintf(out, "\nattempt %u; the one before: ", res->attempts);
		escape(out, res->earlier);
	}
	if (res->tail && *res->tail) {
		fputs("\n\n", out);
		escape(out, res->tail);
	}
	fprintf(out, "</%s>\n", element);
}

static void say_case(FILE *out, const struct suite_run *r, size_t i)
{
	const struct result *res = &r->results[i];
	double took = res->end > CASE_RUNS ? (double)res->took_ns / 1e9 : 0;

	fputs("    <testcase", out);
	attribute(out, "classname", r->s->name);
	attribute(out, "name", r->s->cases[i].name);
	fprintf(out, " time=\"%.3f\">\n", took);
	if (res->end == CASE_FAIL)
		say_outcome(out, "failure", "FAIL", res, res->why);
	else if (res->end == CASE_SKIP)
		say_outcome(out, "skipped", "SKIP", res, res->why);
	else if (res->end == CASE_ERROR)
		say_outcome(out, "error", "ERROR", res, res->why);
	else if (res->end != CASE_PASS)
		say_outcome(out, "error", "unfinished", res,
			    "the suite ended before this case did");
	fputs("    </testcase>\n", out);
}

/* The schemas have no place for cases that passed only at a second attempt, so
 * they are listed here. */
static void say_retried(FILE *out, const struct suite_run *r)
{
	for (size_t i = 0; i < r->s->count; i++) {
		const struct result *res = &r->results[i];

		if (res->end != CASE_PASS || !*res->earlier)
			continue;
		fprintf(out, "%s passed at attempt %u; the one before: ",
			r->s->cases[i].name, res->attempts);
		escape(out, res->earlier);
		fputc('\n', out);
	}
}

static void say_suite(FILE *out, const struct suite_run *r)
{
	char when[32] = "", host[256] = "localhost";
	struct tm tm;

	if (gmtime_r(&r->began, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)gethostname(host, sizeof(host) - 1);
	fputs("  <testsuite id=\"0\" package=\"launcher\"", out);
	attribute(out, "name", r->s->name);
	attribute(out, "timestamp", when);
	attribute(out, "hostname", host);
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\""
		" skipped=\"%zu\" time=\"%.3f\">\n",
		r->s->count, r->count[CASE_FAIL],
		r->count[CASE_ERROR] + r->s->count - r->done,
		r->count[CASE_SKIP], (double)(clock_ns() - r->began_ns) / 1e9);
	fputs("    <properties>\n      <property name=\"launcher\" "
	      "value=\"" LAUNCHER_VERSION "\"/>\n    </properties>\n",
	      out);
	for (size_t i = 0; i < r->s->count; i++)
		say_case(out, r, i);
	fputs("    <system-out>", out);
	say_retried(out, r);
	fputs("</system-out>\n    <system-err/>\n  </testsuite>\n", out);
}

static int junit_write(struct listener *l, const struct suite_run *r,
		       struct err *e)
{
	struct bytes part;
	struct memstream *m;
	FILE *out = memstream_open(&m);
	char *text;
	size_t len;
	int rc = 0;

	if (!out)
		return err_sys(e, "%s", l->to);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n",
	      out);
	say_suite(out, r);
	fputs("</testsuites>\n", out);
	text = memstream_close(m, out, &len);
	if (!text)
		rc = err_set(e, ENOMEM, "%s: no memory", l->to);
	part = (struct bytes){ (const uint8_t *)text, len };
	if (!rc)
		rc = folder_write(r->folder, l->to, part, e);
	free(text);
	l->wrote_ns = clock_ns();
	l->told = r->done;
	return rc;
}

static int junit_tick(struct listener *l, const struct suite_run *r,
		      struct err *e)
{
	if (l->told == r->done || clock_ns() - l->wrote_ns < PAUSE_NS)
		return 0;
	return junit_write(l, r, e);
}

const struct listener_ops listener_junit = {
	.begin = junit_write,
	.tick = junit_tick,
	.end = junit_write,
};
