/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for programs that read the Test Anything Protocol. The plan comes
 * first and every result is written when it is known: a truncated stream lacks
 * test points, which every reader notices.
 *
 * The stream is version 13, because a reader of version 13 (Perl's TAP::Harness
 * before 3.48, which Debian 12 has) refuses version 14, while a reader of 14
 * accepts 13.
 *
 * Spec: testanything.org, TAP version 13.
 */
#include <inttypes.h>
#include <string.h>

#include "suite/result.h"

/*
 * A key and a text, which is clean except for line ends. It is quoted, on one
 * line, because some readers only support that form.
 */
static void pair(FILE *out, const char *key, const char *text)
{
	fprintf(out, "  %s: \"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			fputc(*text, out);
	}
	fputs("\"\n", out);
}

static int tap_begin(struct listener *l, const struct suite_run *r,
		     struct err *e)
{
	fprintf(l->out, "TAP version 13\n1..%zu\n", r->s->count);
	return listener_flush(l, e);
}

/* In a directive, a '#' would begin another one. */
static void say_reason(FILE *out, const char *why)
{
	for (; *why; why++)
		fputc(*why == '#' ? '/' : *why, out);
}

static void say_details(FILE *out, const struct suite_run *r, size_t i)
{
	const struct result *res = &r->results[i];

	fprintf(out, "  ---\n  result: %s\n", case_end_name(res->end));
	if (res->why[0])
		pair(out, "message", res->why);
	fprintf(out, "  duration_ms: %" PRIu64 "\n", res->took_ns / 1000000);
	if (res->attempts > 1) {
		fprintf(out, "  attempts: %u\n", res->attempts);
		pair(out, "attempt_before", res->earlier);
	}
	if (res->tail && *res->tail)
		pair(out, "console", res->tail);
	fputs("  ...\n", out);
}

static int tap_done(struct listener *l, const struct suite_run *r, size_t i,
		    struct err *e)
{
	const struct result *res = &r->results[i];
	bool ok = res->end == CASE_PASS || res->end == CASE_SKIP;

	fprintf(l->out, "%s %zu - %s", ok ? "ok" : "not ok", ++l->told,
		r->s->cases[i].name);
	if (res->end == CASE_SKIP) {
		fputs(" # SKIP ", l->out);
		say_reason(l->out, res->why);
	}
	fputc('\n', l->out);
	if (res->end != CASE_SKIP)
		say_details(l->out, r, i);
	return listener_flush(l, e);
}

static int tap_end(struct listener *l, const struct suite_run *r, struct err *e)
{
	if (r->broken)
		fprintf(l->out, "Bail out! %s\n", r->broken);
	else if (r->signal)
		fprintf(l->out, "Bail out! ended by signal %d (%s)\n",
			r->signal, strsignal(r->signal));
	return listener_flush(l, e);
}

const struct listener_ops listener_tap = {
	.begin = tap_begin,
	.done = tap_done,
	.end = tap_end,
};
