/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a run did what its case expects: by its exit status, its line on
 * stderr, its report, and the lines of its console as a terminal would show
 * them.
 *
 * Must never trust: its files, all of which a guest has influenced. Lines are
 * cut at JUDGE_LINE_MAX, and the size of the file was limited when it was
 * written.
 */
#ifndef SUITE_JUDGE_H
#define SUITE_JUDGE_H

#include <stdbool.h>

#include "suite/result.h"

#define JUDGE_NOT_STARTED 127 /* the status of a child whose exec failed */

#define JUDGE_LINE_MAX	4096
#define JUDGE_TAIL	10  /* lines of the console that a result keeps */
#define JUDGE_TAIL_LINE 160 /* bytes of each */

/* The results of a run. */
struct leavings {
	int wait_status; /* as waitpid() gave it */
	FILE *console;
	FILE *errors;
	FILE *report; /* NULL: there is none */
	/* Called with @ctx several times a second while the console is read,
	 * which may take a while; true: the verdict is no longer wanted. May be
	 * NULL. */
	bool (*give_up)(void *ctx);
	void *ctx;
};

/* Draw the verdict: fill in end, why and tail of @res. */
void judge(const struct suite_case *c, const struct leavings *left,
	   struct result *res);

/* The case has another result; @why is cleaned and cut. */
void judge_as(struct result *res, enum case_end end, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

#endif
