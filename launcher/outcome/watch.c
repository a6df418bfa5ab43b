/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/watch.h"

#include <errno.h>
#include <string.h>

#include "outcome/kernel_words.h"

#define PANIC_END "---[ end " KERNEL_PANIC
/* "Run /init as init process": init/main.c of Linux since 4.17. */
#define INIT	     "Run /"
#define INIT_TO_THIS " as init process"

void watch_init(struct watch *w)
{
	memset(w, 0, sizeof(*w));
	term_line_init(&w->term, w->line, sizeof(w->line));
}

void watch_release(struct watch *w)
{
	while (w->expect_count)
		regex_free(w->expect[--w->expect_count]);
	while (w->fail_on_count)
		regex_free(w->fail_on[--w->fail_on_count]);
}

int watch_expect(struct watch *w, const char *regex, struct err *e)
{
	int rc;

	if (w->expect_count == WATCH_EXPECT_MAX)
		return err_set(e, E2BIG, "more than %d expectations",
			       WATCH_EXPECT_MAX);
	rc = regex_compile(&w->expect[w->expect_count], regex, e);
	if (!rc)
		w->expect_count++;
	return rc;
}

int watch_fail_on(struct watch *w, const char *regex, struct err *e)
{
	int rc;

	if (w->fail_on_count == WATCH_EXPECT_MAX)
		return err_set(e, E2BIG, "more than %d lines to fail on",
			       WATCH_EXPECT_MAX);
	rc = regex_compile(&w->fail_on[w->fail_on_count], regex, e);
	if (!rc)
		w->fail_on_text[w->fail_on_count++] = regex;
	return rc;
}

static void look_for_panic(struct watch *w)
{
	if (!w->panic[0] && kernel_message(w->line, KERNEL_PANIC))
		memcpy(w->panic, w->line, sizeof(w->panic));
	if (w->panic[0] && strstr(w->line, PANIC_END))
		w->panic_over = true;
}

static void look_for_init(struct watch *w)
{
	const char *message;

	if (w->init_started)
		return;
	message = kernel_message(w->line, INIT);
	w->init_started = message && strstr(message, INIT_TO_THIS);
}

static void look_for_failure(struct watch *w)
{
	if (w->failed_by || w->panic[0] || watch_satisfied(w))
		return;
	for (size_t i = 0; i < w->fail_on_count; i++)
		if (regex_matches_text(w->fail_on[i], w->line)) {
			w->failed_by = w->fail_on_text[i];
			memcpy(w->failed, w->line, sizeof(w->failed));
			return;
		}
}

/* Whether the line so far meets the next expectation, which continues where it
 * was if the text before that has not changed. */
static bool meets_next(struct watch *w)
{
	struct regex *next = w->expect[w->expect_met];

	if (w->term.same < w->looked)
		w->looked = 0;
	if (!w->looked)
		regex_restart(next);
	regex_feed(next, w->line + w->looked, w->term.len - w->looked);
	w->looked = w->term.same = w->term.len;
	return regex_matches(next);
}

static void look_for_expected(struct watch *w)
{
	if (w->line_spent || w->failed_by || w->expect_met == w->expect_count ||
	    !meets_next(w))
		return;
	/* So far, it may also match --fail-on. */
	look_for_failure(w);
	if (w->failed_by)
		return;
	w->expect_met++;
	w->line_spent = true;
	memcpy(w->met, w->line, sizeof(w->met));
}

static void look_at_line(struct watch *w)
{
	look_for_panic(w);
	look_for_init(w);
	look_for_failure(w);
	look_for_expected(w);
}

static void finish_line(struct watch *w)
{
	look_at_line(w);
	/* It may have grown since. */
	if (w->line_spent && !strncmp(w->line, w->met, strlen(w->met)))
		memcpy(w->met, w->line, sizeof(w->met));
}

static void end_line(struct watch *w)
{
	finish_line(w);
	if (w->term.len)
		memcpy(w->recent[w->lines++ % WATCH_RECENT], w->line,
		       sizeof(w->line));
	w->looked = 0;
	w->line_spent = false;
}

void watch_feed(struct watch *w, const uint8_t *data, size_t n)
{
	w->bytes += n;
	for (size_t i = 0; i < n; i++) {
		enum term_change change = term_line_next(&w->term, data[i]);

		if (change == LINE_CHANGES)
			look_at_line(w);
		else if (change == LINE_ENDS)
			end_line(w);
		term_line_put(&w->term, data[i]);
	}
	/* A prompt has no newline. */
	if (w->term.len)
		look_for_expected(w);
}

bool watch_satisfied(const struct watch *w)
{
	return (w->expect_count || w->wants_ready) &&
	       w->expect_met == w->expect_count &&
	       w->is_ready >= w->wants_ready;
}

void watch_end(struct watch *w)
{
	if (w->term.len)
		finish_line(w);
}

const char *watch_recent_line(const struct watch *w, size_t n)
{
	if (n >= WATCH_RECENT)
		return NULL;
	if (w->term.len && !n--)
		return w->line;
	return n < w->lines ? w->recent[(w->lines - 1 - n) % WATCH_RECENT]
			    : NULL;
}

const char *watch_last_line(const struct watch *w)
{
	const char *line = watch_recent_line(w, 0);

	return line ? line : "";
}
