/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the words of the command line into a command and its options.
 *
 * getopt_long() walks the words twice: once to find the command, which may
 * follow options, and once to apply the options to it.
 */
#include "cli/option_table.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The words, and getopt_long()'s view of our table. */
struct walk {
	int argc;
	char **argv;
	int at;		    /* the word with the last option in it */
	const char *second; /* its second argument; NULL: missing */
	unsigned given[OPTION_ROWS_MAX]; /* how often, by row */
	char letters[2 + 2 * OPTION_ROWS_MAX + 1];
	struct option longs[OPTION_ROWS_MAX + 1];
};

static bool is_optional(const struct option_row *r)
{
	return r->arg && r->arg[0] == '[';
}

static int argument_of(const struct option_row *r)
{
	if (!r->arg)
		return no_argument;
	return is_optional(r) ? optional_argument : required_argument;
}

bool command_takes(const struct command *cmd, unsigned groups)
{
	if (cmd->takes & OPT_EXEC && groups & OPT_NOT_EXEC)
		return false;
	return groups & cmd->takes;
}

/* Whether @cmd has another row of this name; if no row of that name is for
 * @cmd, the first row counts. */
static bool is_shadowed(const struct option_row *r, const struct command *cmd)
{
	bool fits = command_takes(cmd, r->groups);

	for (size_t i = 0; i < option_rows_count; i++) {
		const struct option_row *other = &option_rows[i];
		bool other_fits = command_takes(cmd, other->groups);

		if (other != r && !strcmp(other->name, r->name) &&
		    (fits == other_fits ? other < r : other_fits))
			return true;
	}
	return false;
}

static void walk_begin(struct walk *w, const struct command *cmd, int argc,
		       char **argv)
{
	char *l = w->letters;
	size_t n = 0;

	*w = (struct walk){ .argc = argc, .argv = argv };
	*l++ = '+'; /* stop at the first word that is not an option */
	*l++ = ':'; /* distinguish a missing argument from an unknown option */
	for (size_t i = 0; i < option_rows_count; i++) {
		const struct option_row *r = &option_rows[i];

		if (is_shadowed(r, cmd))
			continue;
		w->longs[n++] = (struct option){ r->name, argument_of(r), NULL,
						 (int)(256 + i) };
		if (!r->letter)
			continue;
		*l++ = r->letter;
		if (r->arg)
			*l++ = ':';
	}
	optind = 0; /* forget the position in other words, too */
	opterr = 0;
}

/* The row for getopt_long()'s result @opt: the row's index, or its letter. */
static const struct option_row *find_row(int opt)
{
	for (size_t i = 0; i < option_rows_count; i++)
		if (opt == (int)(256 + i) ||
		    (opt && opt == option_rows[i].letter))
			return &option_rows[i];
	return NULL;
}

static bool takes_two(const struct option_row *r)
{
	return r && r->arg && !is_optional(r) && strchr(r->arg, ' ');
}

static bool takes(const struct option_row *r, const char *word)
{
	struct options scratch = { 0 };
	struct err ignored;
	int rc;

	rc = option_store(r, &scratch, word, NULL, &ignored);
	options_release(&scratch);
	return !rc;
}

/* Not a valid address, and not an IMAGE: reject it as an address. */
static bool is_mistaken(const char *word)
{
	return gdb_line_is_meant(word) && access(word, F_OK);
}

/* The next option as getopt_long() returns it; -1 at a word that is not an
 * option, at the end, and after a "--", which is skipped. */
static int walk_next(struct walk *w)
{
	const struct option_row *r;
	int opt;

	w->at = optind ? optind : 1;
	w->second = NULL;
	opt = getopt_long(w->argc, w->argv, w->letters, w->longs, NULL);
	r = find_row(opt);
	/* getopt_long() supports only one argument. */
	if (takes_two(r) && optind < w->argc)
		w->second = w->argv[optind++];
	/* It takes an optional argument only after a "=". */
	if (r && is_optional(r) && !optarg && optind < w->argc &&
	    (takes(r, w->argv[optind]) || is_mistaken(w->argv[optind])))
		optarg = w->argv[optind++];
	return opt;
}

/* Whether the walk has stopped at a word that is not an option, rather than
 * after a "--": the word is an IMAGE or a command, and options may follow. */
static bool walk_at_word(const struct walk *w)
{
	return optind == w->at && optind < w->argc;
}

/* How many long options begin with the @len bytes at @name. */
static unsigned count_meant(const struct walk *w, const char *name, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; w->longs[i].name; i++)
		n += !strncmp(w->longs[i].name, name, len);
	return n;
}

/* Options of other launchers, and what to use here. Looked up before a word is
 * split into letters: "-initrd" is not "-i nitrd". */
static const struct {
	const char *words; /* a blank follows each */
	const char *advice;
} foreign[] = {
	{ "-k --kernel -kernel ", "give IMAGE without an option" },
	{ "--append -append --params --command-line ", "use --cmdline" },
	{ "-smp --smp --ncpus --vcpus --cpu -cpus ", "use --cpus" },
	{ "--memory -memory --ram ", "use --mem" },
	{ "-initrd --rd --ramdisk ", "use --initrd" },
	{ "-s -S -gdb ", "use --gdb" },
	{ "-nographic -display -vga -serial --serial ",
	  "leave it out: the guest's console is stdin and stdout" },
	{ "-drive -hda -hdb -cdrom --block --rwdisk --rootdisk ",
	  "use --disk" },
	{ "-virtfs --virtfs --9p --fs --shared-dir --rwdir --rodir ",
	  "use --share" },
	{ "--network -net -netdev -nic ", "use --net" },
	{ "-M -machine --machine -device ",
	  "leave it out: there is one machine (see launcher(1), MACHINE)" },
	{ "-enable-kvm --enable-kvm -accel -cpu ",
	  "leave it out: KVM and its CPU are always used" },
	{ "-no-reboot --no-reboot ", "leave it out: a reset ends the run" },
};

/* Whether @word, up to its "=", is one of @words. */
static bool is_among(const char *words, const char *word)
{
	size_t len = strcspn(word, "=");

	for (; *words; words += strcspn(words, " ") + 1)
		if (strcspn(words, " ") == len && !strncmp(words, word, len))
			return true;
	return false;
}

static const char *advice_on(const char *word)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (is_among(foreign[i].words, word))
			return foreign[i].advice;
	return NULL;
}

/* getopt_long() has rejected @word. */
static int refuse(const struct walk *w, const char *word, struct err *e)
{
	const struct option_row *r = find_row(optopt);
	bool is_long = !strncmp(word, "--", 2);

	if (is_long && r)
		return err_set(e, EINVAL, "%s: --%s takes no argument", word,
			       r->name);
	if (is_long && count_meant(w, word + 2, strcspn(word + 2, "=")) > 1)
		return err_set(e, EINVAL, "%s is ambiguous (see --help)", word);
	return err_set(e, EINVAL, "unknown option %s (see --help)", word);
}

/* To use the last of several values silently would hide a mistake. */
static int count_option(struct walk *w, const struct option_row *r,
			struct err *e)
{
	if (++w->given[r - option_rows] <= r->times)
		return 0;
	if (r->times == 1)
		return err_set(e, EINVAL, "--%s may be given only once",
			       r->name);
	return err_set(e, E2BIG, "--%s may be given at most %u times", r->name,
		       r->times);
}

/* Whether @word is the option @r of @cmd, written out: the name of an option of
 * one command may be that of another launcher's for the others. */
static bool is_written_as(const char *word, const struct option_row *r,
			  const struct command *cmd)
{
	if (!r || !command_takes(cmd, r->groups))
		return false;
	if (word[1] != '-')
		return word[1] == r->letter && !word[2];
	word += 2;
	return strcspn(word, "=") == strlen(r->name) &&
	       !strncmp(word, r->name, strlen(r->name));
}

static int apply(struct options *o, const struct command *cmd, int opt,
		 struct walk *w, struct err *e)
{
	const struct option_row *r = find_row(opt);
	const char *word = w->argv[w->at];
	const char *advice = advice_on(word);
	int rc;

	if (advice && !is_written_as(word, r, cmd))
		return err_set(e, EINVAL, "unknown option %s: %s", word,
			       advice);
	if (opt == ':')
		return err_set(e, EINVAL,
			       "%s requires an argument (see --help)", word);
	if (!r)
		return refuse(w, word, e);
	if (!command_takes(cmd, r->groups))
		return err_set(e, EINVAL, "--%s is not an option of %s",
			       r->name, cmd->name);
	rc = count_option(w, r, e);
	if (rc)
		return rc;
	if (takes_two(r) && !w->second)
		return err_set(e, EINVAL, "--%s requires two arguments: %s",
			       r->name, r->arg);
	rc = option_store(r, o, optarg, w->second, e);
	return rc ? err_prefix(e, rc, "--%s", r->name) : 0;
}

/* Take the word at which getopt_long() has stopped as an IMAGE, if the command
 * takes another one. */
static bool take_image(struct options *o, const struct command *cmd,
		       char **argv)
{
	if (cmd->takes & OPT_EXEC)
		return false;
	if (!o->image)
		o->image = argv[optind++];
	else if (cmd->takes & TAKES_TWO_IMAGES && !o->other)
		o->other = argv[optind++];
	else
		return false;
	return true;
}

/* The file that option @r makes the run write, or NULL. */
static const char *file_written(const struct option_row *r,
				const struct options *o)
{
	const struct value *v = takes_two(r) ? &r->second : &r->value;

	if (v->kind != VALUE_OUTPUT && v->kind != VALUE_NEW_FILE)
		return NULL;
	return value_text(v, o, 0);
}

/* Results need different files: the last one written would replace the
 * others. */
static int check_outputs(const struct options *o, struct err *e)
{
	const struct option_row *end = option_rows + option_rows_count;

	for (const struct option_row *a = option_rows; a < end; a++) {
		const char *file = file_written(a, o);

		for (const struct option_row *b = a + 1; file && b < end; b++) {
			const char *other = file_written(b, o);

			if (other && !strcmp(file, other))
				return err_set(e, EINVAL,
					       "--%s and --%s: '%s' cannot be "
					       "the file of both",
					       a->name, b->name, file);
		}
	}
	return 0;
}

static bool is_stdin(const char *path)
{
	return path && !strcmp(path, "-");
}

/* How many of the input files are standard input. */
static unsigned count_stdin(const struct options *o)
{
	unsigned n = is_stdin(o->image) + is_stdin(o->other);

	for (size_t row = 0; row < option_rows_count; row++) {
		const struct value *v = &option_rows[row].value;
		const char *file;

		if (v->kind != VALUE_INPUT)
			continue;
		for (size_t i = 0; (file = value_text(v, o, i)); i++)
			n += is_stdin(file);
	}
	return n;
}

/* Whether the option @name was given. */
static bool is_given(const struct walk *w, const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < option_rows_count; i++)
		if (!strcmp(name, option_rows[i].name))
			n += w->given[i];
	return n;
}

static const struct {
	const char *option, *other;
	bool excludes; /* false: the first requires the second */
	const char *why;
} pairs[] = {
	{ "gdb-lost", "gdb", false, "" },
	{ "symbols", "keep-relocs", true, ": both add to the end of the ELF" },
	{ "symbols", "drivers", true, "" },
};

static int check_pairs(const struct walk *w, struct err *e)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		bool other = is_given(w, pairs[i].other);

		if (!is_given(w, pairs[i].option) || other != pairs[i].excludes)
			continue;
		if (!pairs[i].excludes)
			return err_set(e, EINVAL, "--%s requires --%s",
				       pairs[i].option, pairs[i].other);
		return err_set(e, EINVAL, "--%s and --%s exclude each other%s",
			       pairs[i].option, pairs[i].other, pairs[i].why);
	}
	return 0;
}

/* Options for the memory picture require --map. */
static int check_map(const struct walk *w, const struct options *o,
		     const struct command *cmd, struct err *e)
{
	if (o->other && o->map)
		return err_set(e, EINVAL, "--map draws one IMAGE, not two");
	for (size_t i = 0; !o->map && i < option_rows_count; i++)
		if (w->given[i] && option_rows[i].groups & cmd->takes & OPT_MAP)
			return err_set(e, EINVAL, "--%s of %s requires --map",
				       option_rows[i].name, cmd->name);
	return 0;
}

/* The options that select one part of one kernel. */
static int check_parts(const struct options *o, struct err *e)
{
	const char *part = o->drivers ? "drivers" : "symbols";

	if ((o->with_symbols || o->drivers) && (o->other || o->map))
		return err_set(e, EINVAL,
			       "--%s prints the %s of one IMAGE and nothing "
			       "else",
			       part, part);
	return 0;
}

/* Check the options against each other. */
static int check_together(const struct walk *w, const struct options *o,
			  const struct command *cmd, struct err *e)
{
	if (!o->image && !(cmd->takes & OPT_EXEC))
		return err_set(e, EINVAL, "%s requires %s (see --help)",
			       cmd->name,
			       cmd->takes & OPT_TEST ? "a SUITE" : "an IMAGE");
	if (count_stdin(o) > 1)
		return err_set(e, EINVAL,
			       "'-' (standard input) may be named only once");
	return check_map(w, o, cmd, e) ?: check_pairs(w, e) ?:
		       check_parts(o, e) ?: check_outputs(o, e);
}

int options_parse(struct options *o, const struct command *cmd, int argc,
		  char **argv, struct err *e)
{
	struct walk w;

	*o = (struct options){
		.mem = cmd->takes & OPT_EXEC ? DEFAULT_EXEC_MEM : DEFAULT_MEM,
		.cpus = 1,
		.jobs = 1,
		/* verify compares; its default is the simpler comparison. */
		.kaslr.mode = cmd->takes & OPT_VERIFY ? KASLR_OFF : KASLR_AUTO,
	};
	walk_begin(&w, cmd, argc, argv);
	for (;;) {
		int opt = walk_next(&w);
		int rc;

		/* Options may follow IMAGE. */
		if (opt == -1 && walk_at_word(&w) && take_image(o, cmd, argv))
			continue;
		if (opt == -1)
			break;
		rc = apply(o, cmd, opt, &w, e);
		if (rc)
			return rc;
	}
	while (optind < argc && take_image(o, cmd, argv))
		;
	/* The command and its arguments, whatever they look like. */
	if (cmd->takes & OPT_EXEC && optind < argc) {
		o->command = (const char *const *)argv + optind;
		optind = argc;
	}
	if (o->help || o->version)
		return 0;
	if (optind < argc)
		return err_set(e, EINVAL,
			       "unexpected argument '%s': %s takes one %s",
			       argv[optind], cmd->name,
			       cmd->takes & OPT_TEST	       ? "SUITE"
			       : cmd->takes & TAKES_TWO_IMAGES ? "IMAGE or two"
							       : "IMAGE");
	return check_together(&w, o, cmd, e);
}

/* Walk to the next word that is not an option. Returns false if there is none,
 * or at a wrong option, which options_parse() reports. */
static bool find_word(struct walk *w)
{
	int opt;

	do
		opt = walk_next(w);
	while (opt != -1 && opt != '?' && opt != ':' &&
	       !advice_on(w->argv[w->at]));
	return opt == -1 && walk_at_word(w);
}

static const struct command *command_by_name(const char *name)
{
	for (size_t i = 0; i < commands_count; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int no_command(const char *word, struct err *e)
{
	err_set(e, EINVAL, "unknown command '%s' (expected ", word);
	for (size_t i = 0; i < commands_count; i++) {
		size_t used = strlen(e->msg);

		snprintf(e->msg + used, sizeof(e->msg) - used, "%s%s",
			 commands[i].name, i + 1 < commands_count ? ", " : ")");
	}
	return -EINVAL;
}

int command_find(const struct command **cmd, int *argc, char ***argv,
		 struct err *e)
{
	const char *word;
	struct walk w;

	*cmd = &commands[0];
	walk_begin(&w, *cmd, *argc, *argv);
	if (!find_word(&w))
		return 0;
	word = (*argv)[optind];
	*cmd = command_by_name(word) ?: *cmd;
	if (command_by_name(word)) {
		/* Move the words before it up by one. */
		memmove(*argv + 1, *argv, optind * sizeof(**argv));
		(*argv)++;
		(*argc)--;
		return 0;
	}
	/* One word is an IMAGE, whether it exists or not. */
	optind++;
	if (!strcmp(word, "-") || !access(word, F_OK) || !find_word(&w))
		return 0;
	return no_command(word, e);
}
