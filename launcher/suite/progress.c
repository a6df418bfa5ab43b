/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last line of a terminal while a suite runs: its progress, and the running
 * cases. It is cleared before other output.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/memstream.h"
#include "suite/result.h"

#define WIPE	    "\r\033[K"
#define WIDTH_GUESS 80

static size_t width_of(FILE *out)
{
	struct winsize w;

	return ioctl(fileno(out), TIOCGWINSZ, &w) || w.ws_col < 2 ? WIDTH_GUESS
								  : w.ws_col;
}

static void say_running(FILE *out, const struct suite_run *r)
{
	const char *before = "; now ";

	for (size_t i = 0; i < r->s->count; i++) {
		const struct result *res = &r->results[i];

		if (res->end != CASE_RUNS)
			continue;
		fprintf(out, "%s%s %.0f s", before, r->s->cases[i].name,
			(double)(clock_ns() - res->started_ns) / 1e9);
		before = ", ";
	}
}

/* The whole line in one write, so that it does not flicker. */
static int progress_tick(struct listener *l, const struct suite_run *r,
			 struct err *e)
{
	size_t width = width_of(l->out);
	struct memstream *m;
	FILE *line = memstream_open(&m);
	char *text;

	(void)e;
	if (!line)
		return 0;
	fprintf(line, "%zu of %zu, %zu failed", r->done, r->s->count,
		r->count[CASE_FAIL] + r->count[CASE_ERROR]);
	say_running(line, r);
	text = memstream_close(m, line, NULL);
	if (text)
		fprintf(l->out, WIPE "%.*s", (int)width - 1, text);
	free(text);
	fflush(l->out);
	return 0;
}

static int progress_done(struct listener *l, const struct suite_run *r,
			 size_t i, struct err *e)
{
	(void)r, (void)i, (void)e;
	fputs(WIPE, l->out);
	fflush(l->out);
	return 0;
}

static int progress_end(struct listener *l, const struct suite_run *r,
			struct err *e)
{
	return progress_done(l, r, 0, e);
}

const struct listener_ops listener_progress = {
	.done = progress_done,
	.tick = progress_tick,
	.end = progress_end,
};
