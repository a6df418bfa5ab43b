/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the guest's console: the last line, a kernel's panic, and the lines
 * that --expect waits for and --fail-on forbids. A line is what a terminal
 * would show, when it ends and each time before a part of it is overwritten.
 *
 * Must never trust: the guest's output. A line is cut at WATCH_LINE_MAX; the
 * rest of it is dropped here (not on the console).
 */
#ifndef OUTCOME_WATCH_H
#define OUTCOME_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/regex.h"
#include "base/term_line.h"

#define WATCH_LINE_MAX	 1024
#define WATCH_EXPECT_MAX 16
#define WATCH_RECENT	 5 /* lines a timeout shows */

struct watch {
	char line[WATCH_LINE_MAX]; /* as far as it has come */
	struct term_line term;	   /* what makes it */
	uint64_t bytes;		   /* that were fed */
	bool line_spent;	   /* it has met an expectation already */
	/* The last whole lines that were not empty: line n is at n modulo
	 * the size. */
	char recent[WATCH_RECENT][WATCH_LINE_MAX];
	size_t lines;		    /* how many there have been */
	char panic[WATCH_LINE_MAX]; /* the line with which it panicked, or "" */
	bool panic_over;	    /* the kernel has printed its last line */
	struct regex *expect[WATCH_EXPECT_MAX];
	size_t expect_count; /* compiled */
	size_t expect_met;   /* of these, how many have matched, in order */
	size_t looked;	     /* bytes of the line that the next one has seen */
	char met[WATCH_LINE_MAX]; /* the line that met the last of these */
	struct regex *fail_on[WATCH_EXPECT_MAX];
	const char *fail_on_text[WATCH_EXPECT_MAX];
	size_t fail_on_count;
	const char *failed_by; /* the one of these that matched, or NULL */
	char failed[WATCH_LINE_MAX]; /* the line that did */
	bool init_started;	     /* the kernel has said so */
	bool wants_ready; /* to be satisfied, the guest must have booted */
	bool is_ready;	  /* it has, by its own account */
};

/* @w does not move afterwards. */
void watch_init(struct watch *w);
void watch_release(struct watch *w);

/*
 * Add a regular expression that lines are to match, in the order in which they
 * are added. Returns as regex_compile() does; also -E2BIG if there are
 * WATCH_EXPECT_MAX.
 */
int watch_expect(struct watch *w, const char *regex, struct err *e);

/*
 * Add an expression that no line may match; same returns. @regex is kept.
 *
 * A complete line is matched against these before it may meet an expectation.
 * The first match counts, but not after a panic or after all expectations have
 * been met.
 */
int watch_fail_on(struct watch *w, const char *regex, struct err *e);

/* Look at @n more bytes of output. */
void watch_feed(struct watch *w, const uint8_t *data, size_t n);

/* Whether there were expectations, wants_ready included, and all of them have
 * been met. */
bool watch_satisfied(const struct watch *w);

/* Nothing more will come: the last line is complete. */
void watch_end(struct watch *w);

/* The last line that is not empty, also one without a newline. */
const char *watch_last_line(const struct watch *w);

/* The @n-th last of these lines, 0 being the last; NULL if there are fewer or
 * @n is not below WATCH_RECENT. */
const char *watch_recent_line(const struct watch *w, size_t n);

#endif
