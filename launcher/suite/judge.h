/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a run was as its case wants it: by its exit status, the line it
 * left on stderr, its report, and the lines of its console as a terminal
 * would show them.
 *
 * Must never trust: what it left; a guest had a hand in all of it. Lines are
 * cut at JUDGE_LINE_MAX, and the size of the file was bounded when it was
 * written.
 */
#ifndef SUITE_JUDGE_H
#define SUITE_JUDGE_H

#include <stdbool.h>

#include "suite/result.h"

#define JUDGE_NOT_STARTED 127 /* a child's status that says so */

#define JUDGE_LINE_MAX	4096
#define JUDGE_TAIL	10  /* lines of the console that a result keeps */
#define JUDGE_TAIL_LINE 160 /* bytes of each */

/* What a run has left. */
struct leavings {
	int wait_status; /* as waitpid() gave it */
	FILE *console;
	FILE *errors;
	FILE *report; /* NULL: there is none */
	/* Called with @ctx several times a second while the console is read,
	 * which may take a while; true: the verdict is no longer wanted. NULL:
	 * it is always wanted. */
	bool (*give_up)(void *ctx);
	void *ctx;
};

/* Draw the verdict: fill in end, why and tail of @res. */
void judge(const struct suite_case *c, const struct leavings *left,
	   struct result *res);

/* The case has ended otherwise; @why is cleaned and cut. */
void judge_as(struct result *res, enum case_end end, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

#endif
