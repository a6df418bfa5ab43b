/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses suites from text with the command line's own options. The commands are
 * the test's own, as in test_options.c.
 */
#ifndef TESTS_UNIT_SUITE_TEXT_H
#define TESTS_UNIT_SUITE_TEXT_H

#include "unit/unit.h"
#include "cli/cli.h"
#include "suite/suite.h"

static int run_nothing(const struct options *o, struct err *e)
{
	(void)o, (void)e;
	return 0;
}

const struct command commands[] = {
	{ "run", "[OPTIONS] IMAGE", "boot it", OPT_COMMON | OPT_RUN,
	  run_nothing },
	{ "inspect", "[--json] IMAGE", "show", OPT_COMMON | OPT_INSPECT,
	  run_nothing },
	{ "verify", "BZIMAGE", "prove", OPT_COMMON | OPT_VERIFY, run_nothing },
	{ "exec", "", "", OPT_COMMON | OPT_RUN | OPT_EXEC, NULL },
};
const size_t commands_count = COUNT(commands);

/* A three-line prefix for a test's text. */
#define ONE_CASE      \
	"cases:\n"    \
	"- name: a\n" \
	"  image: i\n"

static inline int read_suite(struct suite *s, const char *text, struct err *e)
{
	return suite_parse(
		s, "dir/s.yaml",
		(struct bytes){ (const uint8_t *)text, strlen(text) },
		&suite_words, e);
}

#endif
