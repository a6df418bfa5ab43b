/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets a suite use the tables of the command line.
 */
#include "cli/option_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memstream.h"
#include "suite/suite.h"

/* The commands that a case may run: their exit status tells the result. */
static const char *const in_suites[] = { "run", "exec", "verify", "inspect" };
#define IN_SUITES (sizeof(in_suites) / sizeof(in_suites[0]))

static const char *command_at(size_t i)
{
	return i < IN_SUITES ? in_suites[i] : NULL;
}

static bool is_command(const char *name)
{
	for (size_t i = 0; i < IN_SUITES; i++)
		if (!strcmp(name, in_suites[i]))
			return true;
	return false;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < commands_count; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static bool takes(const char *command, const char *name)
{
	const struct command *c = find_command(command);
	const struct option_row *r = option_by_name(name);

	/* Cases do not draw maps. */
	return c && r && command_takes(c, r->groups & ~(unsigned)OPT_MAP);
}

/* A case's console is what the guest wrote. */
#define CONSOLE_OPTION "console"
#define CONSOLE_KEY    "terminal"

static const char *key_of(const struct option_row *r)
{
	return strcmp(r->name, CONSOLE_OPTION) ? r->name : CONSOLE_KEY;
}

static bool find_option(const char *command, const char *name,
			struct suite_option *o)
{
	const struct option_row *r = option_by_name(
		strcmp(name, CONSOLE_KEY) ? name : CONSOLE_OPTION);

	if (!r || !(r->groups & OPT_SUITE))
		return false;
	*o = (struct suite_option){
		.name = r->name,
		.repeats = r->times > 1,
		.file = r->value.kind == VALUE_INPUT || r->groups & OPT_FOLDER,
		.parts = r->device,
	};
	return takes(command, r->name);
}

static const char *option_at(const char *command, size_t i)
{
	for (size_t n = 0; n < option_rows_count; n++) {
		const struct option_row *r = &option_rows[n];

		if (r->groups & OPT_SUITE && takes(command, r->name) && !i--)
			return key_of(r);
	}
	return NULL;
}

static int check(const char *option, const char *value, struct err *e)
{
	struct options scratch = { 0 };
	int rc;

	rc = option_store(option_by_name(option), &scratch, value, NULL, e);
	options_release(&scratch);
	return rc;
}

static char *in_folder(const char *option, const char *value,
		       const char *folder)
{
	const struct option_row *r = option_by_name(option);
	char *copy = strdup(value), *made = NULL;
	struct memstream *m;
	FILE *out = memstream_open(&m);

	if (out && copy)
		keywords_print_in(&r->device->option->keywords, copy, folder,
				  out);
	if (out)
		made = memstream_close(m, out, NULL);
	if (!copy) {
		free(made);
		made = NULL;
	}
	free(copy);
	return made;
}

/* Each value has been checked. Checking an expression again would take long. */
static const char *stand_in(const char *option, const char *value)
{
	const struct option_row *r = option_by_name(option + 2);

	return r->value.kind == VALUE_REGEX ? "" : value;
}

static int check_all(const char *command, const struct texts *options,
		     struct err *e)
{
	char image[] = "-", name[] = "launcher";
	char **argv = calloc(options->count + 3, sizeof(*argv));
	struct options scratch;
	int argc = 0, rc;

	if (!argv)
		return err_set(e, ENOMEM, "no memory for %zu options",
			       options->count);
	argv[argc++] = name;
	for (size_t i = 0; i + 1 < options->count; i += 2) {
		const char *option = options->at[i];

		argv[argc++] = (char *)option;
		argv[argc++] = (char *)stand_in(option, options->at[i + 1]);
	}
	argv[argc++] = image;
	rc = options_parse(&scratch, find_command(command), argc, argv, e);
	options_release(&scratch);
	free(argv);
	return rc;
}

const struct suite_words suite_words = {
	.command = is_command,
	.option = find_option,
	.takes = takes,
	.check = check,
	.in_folder = in_folder,
	.check_all = check_all,
	.command_at = command_at,
	.option_at = option_at,
};
