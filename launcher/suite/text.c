/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results for people: a line for each case, details of a case that did not
 * pass, and the counts. It is the same in a log and on a terminal, where a line
 * with the running cases (progress.c) is below.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "suite/result.h"

static void say_tail(FILE *out, const char *tail)
{
	while (tail && *tail) {
		size_t len = strcspn(tail, "\n");

		fprintf(out, "      | %.*s\n", (int)len, tail);
		tail += len + (tail[len] != '\0');
	}
}

/* The name of the file with the whole console. */
static int say_file(FILE *out, const struct suite_run *r,
		    const struct suite_case *c, struct err *e)
{
	char *folder = clean_copy(r->folder->path);

	if (!folder)
		return err_set(e, ENOMEM, "no memory");
	fprintf(out, "      all of it: %s/%s.console\n", folder, c->name);
	free(folder);
	return 0;
}

static int text_done(struct listener *l, const struct suite_run *r, size_t i,
		     struct err *e)
{
	const struct suite_case *c = &r->s->cases[i];
	const struct result *res = &r->results[i];
	int rc = 0;

	fprintf(l->out, "%-5s %s", case_end_name(res->end), c->name);
	if (res->why[0])
		fprintf(l->out, ": %s", res->why);
	if (res->end != CASE_SKIP)
		fprintf(l->out, " (%.2f s)", (double)res->took_ns / 1e9);
	fputc('\n', l->out);
	if (res->attempts > 1)
		fprintf(l->out, "      attempt %u; the one before: %s\n",
			res->attempts, res->earlier);
	say_tail(l->out, res->tail);
	if (res->tail && *res->tail)
		rc = say_file(l->out, r, c, e);
	return rc ?: listener_flush(l, e);
}

static int text_end(struct listener *l, const struct suite_run *r,
		    struct err *e)
{
	if (r->broken)
		fprintf(l->out, "ended: %s: %zu of %zu cases have no result\n",
			r->broken, r->s->count - r->done, r->s->count);
	else if (r->signal)
		fprintf(l->out,
			"ended by signal %d (%s): %zu of %zu cases "
			"have no result\n",
			r->signal, strsignal(r->signal), r->s->count - r->done,
			r->s->count);
	fprintf(l->out, "%zu passed, %zu failed, %zu skipped, %zu errors\n",
		r->count[CASE_PASS], r->count[CASE_FAIL], r->count[CASE_SKIP],
		r->count[CASE_ERROR]);
	return listener_flush(l, e);
}

const struct listener_ops listener_text = {
	.done = text_done,
	.end = text_end,
};
