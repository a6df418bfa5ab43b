/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: generate <FORM
 *        generate options
 *
 * Fills in a shell's completion of launcher(1): copies FORM, with text made of
 * the tables of commands and options for every @name@. Or, for tests, writes a
 * line for each option of each command:
 *
 *   COMMAND LETTER NAME ARGUMENTS
 *
 * A LETTER of "-" is none. ARGUMENTS are how many it takes, or "?" if it takes
 * one that may be missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"

/* No command is run here. */
void warn(const struct err *e)
{
	(void)e;
}

void warn_text(const char *text)
{
	(void)text;
}

void leave(int status, const struct err *e)
{
	(void)e;
	exit(status);
}

#define FOR_EACH_COMMAND(c)                      \
	for (const struct command *c = commands; \
	     c < commands + commands_count; c++)
#define FOR_EACH_OPTION(r)                             \
	for (const struct option_row *r = option_rows; \
	     r < option_rows + option_rows_count; r++)

static bool is_file(const struct option_row *r)
{
	enum value_kind kind = option_value(r)->kind;

	return kind == VALUE_INPUT || kind == VALUE_OUTPUT ||
	       kind == VALUE_NEW_FILE || kind == VALUE_PATH;
}

static bool is_optional(const struct option_row *r)
{
	return r->arg && *r->arg == '[';
}

static void put_commands(void)
{
	FOR_EACH_COMMAND(c)
	printf("%s%s", c == commands ? "" : " ", c->name);
}

/* Whether there are words to offer for the argument of @r. */
static bool has_words(const struct option_row *r)
{
	return r->hints || r->value.word;
}

/* These words, a blank between them; with a "\" before each of @special. */
static void put_words(const struct option_row *r, const char *special)
{
	const char *word;

	for (size_t i = 0; r->value.word && (word = r->value.word(i)); i++)
		printf("%s%s", i ? " " : "", word);
	for (const char *c = r->hints ?: ""; *c; c++) {
		if (strchr(special, *c))
			putchar('\\');
		putchar(*c == ',' ? ' ' : *c);
	}
}

/* --- bash */

/* Whether commands have different options of the name of @r. */
static bool is_ambiguous(const struct option_row *r)
{
	FOR_EACH_OPTION(other)
	if (other != r && !strcmp(other->name, r->name))
		return true;
	return false;
}

/* What "COMMAND OPTION" matches for @r: *' -m' | *' --mem' */
static void put_bash_pattern(const struct option_row *r)
{
	const char *between = "";

	if (!is_ambiguous(r)) {
		if (r->letter)
			printf("*' -%c' | ", r->letter);
		printf("*' --%s'", r->name);
		return;
	}
	FOR_EACH_COMMAND(c)
	if (command_takes(c, r->groups)) {
		printf("%s'%s --%s'", between, c->name, r->name);
		between = " | ";
	}
}

static void put_bash_options(const struct command *c)
{
	printf("\t%s) printf '%%s\\n'", c->name);
	FOR_EACH_OPTION(r)
	if (command_takes(c, r->groups)) {
		printf(" \\\n\t\t--%s", r->name);
		if (r->letter)
			printf(" -%c", r->letter);
	}
	printf(" ;;\n");
}

/* What is offered behind the option @r. */
static void put_bash_argument(const struct option_row *r)
{
	if (!r->arg || is_optional(r))
		return;
	printf("\t");
	put_bash_pattern(r);
	printf(")\n\t\t");
	if (has_words(r)) {
		printf("_launcher_offer -W '");
		put_words(r, "");
		printf("' ;;\n");
	} else {
		printf("%s ;;\n", is_file(r) ? "_launcher_offer -f" : ":");
	}
}

static void put_all_bash_options(void)
{
	FOR_EACH_COMMAND(c)
	put_bash_options(c);
}

static void put_all_bash_arguments(void)
{
	FOR_EACH_OPTION(r)
	put_bash_argument(r);
}

/* --- zsh */

/* @text between single quotes, where _arguments ends it at a "]". */
static void put_zsh_help(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			printf("'\\''");
		else
			printf("%s%c", strchr("]\\", *text) ? "\\" : "", *text);
}

/* ":size:(64M 128M)", ":kinds:_values -s , kinds pio mmio:file:_files" */
static void put_zsh_argument(const struct option_row *r)
{
	const char *arg = r->arg + is_optional(r);
	int len = (int)strcspn(arg, " [],");
	bool is_list = r->hints && strchr(r->hints, ',');

	printf("%s:%.*s:", is_optional(r) ? ":" : "", len, arg);
	if (is_list)
		printf("_values -s , %.*s ", len, arg);
	if (has_words(r)) {
		printf("%s", is_list ? "" : "(");
		put_words(r, ":");
		printf("%s", is_list ? "" : ")");
	} else if (is_file(r)) {
		printf("_files");
	}
	if (arg[len] == ' ')
		printf(":%s:_files", arg + len + 1);
}

/* '(-m --mem)'{-m,--mem}'[guest memory]:size:(64M)' */
static void put_zsh_option(const struct option_row *r)
{
	/* Nothing else matters once one of these is there. */
	bool alone = !strcmp(r->name, "help") || !strcmp(r->name, "version");

	printf(" \\\n\t\t");
	if (alone)
		printf("'(- *)'{-%c,--%s}'", r->letter, r->name);
	else if (r->arg && r->times > 1 && r->letter)
		printf("'*'{-%c,--%s}'", r->letter, r->name);
	else if (r->arg && r->times > 1)
		printf("'*--%s", r->name);
	else if (r->letter)
		printf("'(-%c --%s)'{-%c,--%s}'", r->letter, r->name, r->letter,
		       r->name);
	else
		printf("'--%s", r->name);
	printf("[");
	put_zsh_help(r->help);
	printf("]");
	if (r->arg)
		put_zsh_argument(r);
	printf("'");
}

static void put_zsh_command(const struct command *c)
{
	printf("\t_arguments -S");
	FOR_EACH_OPTION(r)
	if (command_takes(c, r->groups))
		put_zsh_option(r);
	if (c->takes & OPT_TEST)
		printf(" \\\n\t\t'1:suite:_files -g \"*.y(a|)ml(-.)\"'\n");
	else if (c->takes & OPT_EXEC)
		printf(" \\\n\t\t'(-)1:command:_command_names -e' "
		       "'*::argument:_normal'\n");
	else
		printf(" \\\n\t\t'1:image:_files'%s\n",
		       c->takes & TAKES_TWO_IMAGES ? " '2::image:_files'" : "");
	printf("\t;;\n");
}

static void put_all_zsh_commands(void)
{
	FOR_EACH_COMMAND(c)
	{
		printf("%s)\n", c->name);
		put_zsh_command(c);
	}
}

/* --- for tests */

static void put_option(const struct command *c, const struct option_row *r)
{
	printf("%s %c %s ", c->name, r->letter ?: '-', r->name);
	if (is_optional(r))
		printf("?\n");
	else
		printf("%d\n", !r->arg ? 0 : strchr(r->arg, ' ') ? 2 : 1);
}

static void put_options(void)
{
	FOR_EACH_COMMAND(c)
	FOR_EACH_OPTION(r)
	if (command_takes(c, r->groups))
		put_option(c, r);
}

/* --- */

static const struct {
	const char *name;
	void (*put)(void);
} blanks[] = {
	{ "commands", put_commands },
	{ "bash-options", put_all_bash_options },
	{ "bash-arguments", put_all_bash_arguments },
	{ "zsh-commands", put_all_zsh_commands },
};

/* The rest of the line @line behind the "@name@" that it begins with, which was
 * filled in; NULL: it does not begin with one. */
static const char *fill_in(const char *line)
{
	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++) {
		size_t len = strlen(blanks[i].name);

		if (*line != '@' || line[len + 1] != '@' ||
		    strncmp(line + 1, blanks[i].name, len))
			continue;
		blanks[i].put();
		return line + len + 2;
	}
	return NULL;
}

static void fill_in_form(FILE *form)
{
	char line[256];

	while (fgets(line, sizeof(line), form))
		for (const char *at = line; *at;) {
			const char *next = fill_in(at);

			if (!next)
				putchar(*at++);
			else
				at = next;
		}
}

int main(int argc, char **argv)
{
	if (argc == 1)
		fill_in_form(stdin);
	else if (argc == 2 && !strcmp(argv[1], "options"))
		put_options();
	else
		return 2;
	return fflush(stdout) ? 1 : 0;
}
