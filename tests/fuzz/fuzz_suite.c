/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suite files: an accepted one can be run and its cases have different names;
 * every error says the line where it is.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "suite/suite.h"

static int run_nothing(const struct options *o, struct err *e)
{
	(void)o, (void)e;
	return 0;
}

const struct command commands[] = {
	{ "run", "", "", OPT_COMMON | OPT_RUN, run_nothing },
	{ "inspect", "", "", OPT_COMMON | OPT_INSPECT, run_nothing },
	{ "verify", "", "", OPT_COMMON | OPT_VERIFY, run_nothing },
	{ "exec", "", "", OPT_COMMON | OPT_RUN | OPT_EXEC, NULL },
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

/* libc's time and memory for an expression do not depend on its length: this
 * target does not test them. */
static int check(const char *option, const char *value, struct err *e)
{
	if (!strcmp(option, "expect") || !strcmp(option, "fail-on"))
		return 0;
	return suite_words.check(option, value, e);
}

static int check_all(const char *command, const struct texts *options,
		     struct err *e)
{
	(void)command, (void)options, (void)e;
	return 0;
}

static void check_case(const struct suite_case *c)
{
	size_t len = strlen(c->name);

	/* Its files stay in the folder of results. */
	if (!len || len > SUITE_NAME_MAX || *c->name == '/' ||
	    c->name[len - 1] == '/' || strstr(c->name, "..") == c->name ||
	    strstr(c->name, "/.") || strstr(c->name, "//"))
		abort();
	if (!c->image || !*c->image || !strcmp(c->image, "-"))
		abort();
	if (!c->timeout_ns || c->status > 255 || c->options.count % 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct suite_words words = suite_words;
	struct bytes text = { data, size };
	struct err e = ERR_EMPTY;
	struct suite s;

	words.check = check;
	words.check_all = check_all;
	if (suite_parse(&s, "s.yaml", text, &words, &e)) {
		if (strncmp(e.msg, "s.yaml:", 7) || s.cases || s.pool.last)
			abort();
		return 0;
	}
	if (!s.count || s.count > SUITE_CASES_MAX)
		abort();
	for (size_t i = 0; i < s.count; i++)
		check_case(&s.cases[i]);
	suite_release(&s);
	return 0;
}

static const char *const seeds[] = {
	"cases:\n- name: a\n  image: i\n",
	"defaults: {image: i, mem: 1G, timeout: 5s}\n"
	"cases:\n- name: a\n  status: 3\n  reason: r\n  console: [a, b]\n"
	"  never: n\n  only: [o]\n- {name: b, command: verify, flip: 1}\n",
	"cases:\n- name: a\n  image: i\n  needs: {kvm: any, mem: 1G, cpus: 2, "
	"file: [x, y]}\n  dialogue:\n  - expect: x\n  - send: 'y\\n'\n",
	"cases:\n- name: a\n  image: x-${k}\n  matrix:\n    k: [1, 2]\n"
	"    mem: {small: 64M, large: 6G}\n    cpus: [1, 4]\n",
	"cases:\n- name: ${k}\n  image: |\n    x\n  matrix: {k: [1]}\n",
	"? [a]\n: &x !t *x\n--- >-\n\"\\x41\"\n...\n",
};

void fuzz_seeds(void)
{
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "seed%zu", i);
		fuzz_seed(name, seeds[i], strlen(seeds[i]));
	}
}
