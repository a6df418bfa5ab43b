/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/watch.h"

#include <errno.h>
#include <string.h>

#define PANIC	  "Kernel panic - not syncing"
#define PANIC_END "---[ end Kernel panic - not syncing"

void watch_init(struct watch *w)
{
	memset(w, 0, sizeof(*w));
}

void watch_release(struct watch *w)
{
	while (w->expect_count)
		regfree(&w->expect[--w->expect_count]);
}

int watch_expect(struct watch *w, const char *regex, struct err *e)
{
	char why[128];
	int rc;

	if (w->expect_count == WATCH_EXPECT_MAX)
		return err_set(e, E2BIG, "more than %d expectations",
			       WATCH_EXPECT_MAX);
	rc = regcomp(&w->expect[w->expect_count], regex,
		     REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &w->expect[w->expect_count], why, sizeof(why));
		return err_set(e, EINVAL,
			       "'%s' is not a regular expression: %s", regex,
			       why);
	}
	w->expect_count++;
	return 0;
}

/*
 * A kernel's own words stand at the start of a line, behind its time stamp
 * and log prefix at most; the same words within a line are somebody talking
 * about a panic.
 */
static bool starts_with_message(const char *line, const char *message)
{
	if (*line == '<') /* "<0>": the log level, with some early consoles */
		while (*line && *line++ != '>')
			;
	while (*line == '[' || *line == ' ') {
		size_t n = *line == ' ' ? 1 : strcspn(line, "]") + 1;

		if (n > strlen(line) ||
		    !strncmp(line, message, strlen(message)))
			break;
		if (*line == '[' && strspn(line + 1, " 0123456789.TC") + 2 != n)
			return false;
		line += n;
	}
	return !strncmp(line, message, strlen(message));
}

static void look_for_panic(struct watch *w)
{
	if (!w->panic[0] && starts_with_message(w->line, PANIC))
		memcpy(w->panic, w->line, sizeof(w->panic));
	if (w->panic[0] && strstr(w->line, PANIC_END))
		w->panic_over = true;
}

static void look_for_expected(struct watch *w)
{
	if (!w->line_spent && w->expect_met < w->expect_count &&
	    !regexec(&w->expect[w->expect_met], w->line, 0, NULL, 0)) {
		w->expect_met++;
		w->line_spent = true;
	}
}

static void end_line(struct watch *w)
{
	look_for_panic(w);
	look_for_expected(w);
	if (w->len)
		memcpy(w->last, w->line, sizeof(w->last));
	w->len = 0;
	w->line[0] = '\0';
	w->line_spent = false;
}

void watch_feed(struct watch *w, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n') {
			end_line(w);
		} else if (w->len < WATCH_LINE_MAX - 1 && data[i] != '\r' &&
			   data[i] != '\0') {
			w->line[w->len++] = (char)data[i];
			w->line[w->len] = '\0';
		}
	}
	/* A prompt has no newline. */
	if (w->len)
		look_for_expected(w);
}

bool watch_satisfied(const struct watch *w)
{
	return w->expect_count && w->expect_met == w->expect_count;
}

const char *watch_last_line(const struct watch *w)
{
	return w->len ? w->line : w->last;
}
