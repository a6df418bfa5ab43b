/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results of a suite's cases so far, and their listeners.
 *
 * Must never trust: a guest's console output, and names of files in messages;
 * base/clean.h makes them printable.
 */
#ifndef SUITE_RESULT_H
#define SUITE_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "suite/folder.h"
#include "suite/needs.h"
#include "suite/suite.h"

enum case_end {
	CASE_WAITS,
	CASE_RUNS,
	CASE_PASS,
	CASE_FAIL,  /* it ran, with another result */
	CASE_SKIP,  /* the host lacks something that it needs */
	CASE_ERROR, /* it could not be run or judged */
	CASE_ENDS,  /* how many of these there are */
};

/* "PASS", "FAIL", "SKIP", "ERROR" */
const char *case_end_name(enum case_end end);

#define RESULT_WHY_SIZE 768

struct result {
	enum case_end end;
	char why[RESULT_WHY_SIZE];     /* "" if it passed; one clean line */
	char earlier[RESULT_WHY_SIZE]; /* of the attempt before, or "" */
	char *tail; /* the console's last lines, clean; NULL: passed */
	unsigned attempts;
	uint64_t started_ns; /* clock_ns() of the last attempt */
	uint64_t took_ns;
};

struct suite_run {
	const struct suite *s;
	struct result *results;	     /* one for each case */
	const struct folder *folder; /* the folder of results */
	unsigned long jobs;
	unsigned long retries;
	find_kvm_fn *find_kvm;	 /* for cases that need one */
	size_t count[CASE_ENDS]; /* the number of those that have ended */
	size_t done;
	time_t began;	    /* by the calendar */
	uint64_t began_ns;  /* clock_ns() */
	int signal;	    /* that ended the suite early, or 0 */
	const char *broken; /* why it could not continue, clean; or NULL */
};

/*
 * A listener. @done: case number @i has ended. @tick: after each event and
 * every second. @end: the suite has ended; r->signal and r->broken say whether
 * too early. A negative errno ends the suite.
 */
struct listener;
struct listener_ops {
	int (*begin)(struct listener *l, const struct suite_run *r,
		     struct err *e);
	int (*done)(struct listener *l, const struct suite_run *r, size_t i,
		    struct err *e);
	int (*tick)(struct listener *l, const struct suite_run *r,
		    struct err *e);
	int (*end)(struct listener *l, const struct suite_run *r,
		   struct err *e);
};

struct listener {
	const struct listener_ops *ops;
	FILE *out;	/* tap, text */
	const char *to; /* its name in messages; junit: the file's name in
			 * r->folder */
	size_t told;	/* results so far */
	uint64_t wrote_ns;
};

extern const struct listener_ops listener_text, listener_tap, listener_junit,
	listener_progress;

/* Flush @l->out; -errno if output was lost. */
int listener_flush(struct listener *l, struct err *e);

#endif
