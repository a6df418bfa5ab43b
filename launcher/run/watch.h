/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading along on the guest's console: the last line, a kernel's panic, and
 * the lines that --expect waits for.
 *
 * Must never trust: the guest's output. A line is cut at WATCH_LINE_MAX; the
 * rest of it is dropped here (not on the console).
 */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WATCH_LINE_MAX	 1024
#define WATCH_EXPECT_MAX 16

struct watch {
	char line[WATCH_LINE_MAX]; /* the line being assembled */
	size_t len;
	bool line_spent;	    /* it has met an expectation already */
	char last[WATCH_LINE_MAX];  /* the last whole line that was not empty */
	char panic[WATCH_LINE_MAX]; /* the line with which it panicked, or "" */
	bool panic_over;	    /* the kernel has said all it will say */
	regex_t expect[WATCH_EXPECT_MAX];
	size_t expect_count; /* compiled */
	size_t expect_met;   /* of these, how many have matched, in order */
};

void watch_init(struct watch *w);
void watch_release(struct watch *w);

/* Add an extended regular expression; -EINVAL with regcomp's words. */
int watch_expect(struct watch *w, const char *regex, struct err *e);

/* Look at @n more bytes of output. */
void watch_feed(struct watch *w, const uint8_t *data, size_t n);

/* Whether there were expectations and all of them have been met. */
bool watch_satisfied(const struct watch *w);

/* The last line that says something, also one still without its newline. */
const char *watch_last_line(const struct watch *w);

#endif
