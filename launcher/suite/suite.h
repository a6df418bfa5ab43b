/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A suite: a list of boots, and the expected result of each.
 *
 *   file -> node (the text) -> suite (its meaning, checked, every
 *        matrix expanded) -> schedule (runs) -> judge -> report
 *
 * The whole suite is checked before anything runs. A case is something that a
 * command line can request: the command line's table of options says what is
 * allowed.
 *
 * Must never trust: the file, see node.h. Its author chooses what runs, as with
 * any command line.
 *
 * Format: launcher-suite.5.
 */
#ifndef SUITE_SUITE_H
#define SUITE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/input.h"
#include "suite/node.h"
#include "suite/pool.h"

#define SUITE_CASES_MAX 10000
#define SUITE_NAME_MAX	128
/* The memory limit of a suite: a constant, and an amount for each byte of
 * it. */
#define SUITE_MEMORY	     ((size_t)32 << 20)
#define SUITE_MEMORY_BY_BYTE 32
#define SUITE_TIMEOUT_NS     UINT64_C(300000000000) /* the default */

struct texts {
	const char **at;
	size_t count;
};

/* How an option may be used in a suite. */
struct suite_option {
	const char *name;
	bool repeats; /* may be a list */
	bool file;    /* its value names a file to be read */
	bool parts;   /* its value has parts, of which some may be paths */
};

/*
 * Questions to the command line, so that a suite and a command line always
 * allow the same.
 */
struct suite_words {
	/* Whether there is a command of that name for suites. */
	bool (*command)(const char *name);
	/* The option @name of @command, if suites may use it. */
	bool (*option)(const char *command, const char *name,
		       struct suite_option *o);
	/* Whether @command has the option @name, for suites or not. */
	bool (*takes)(const char *command, const char *name);
	/* Whether @value is one for it. */
	int (*check)(const char *option, const char *value, struct err *e);
	/* A copy of @value, which is one for @option, with @folder in front of
	 * every relative path; for free(). NULL: no memory. */
	char *(*in_folder)(const char *option, const char *value,
			   const char *folder);
	/* Whether @options can be combined. */
	int (*check_all)(const char *command, const struct texts *options,
			 struct err *e);
	/* The @i-th command, and option of @command; NULL past the last. */
	const char *(*command_at)(size_t i);
	const char *(*option_at)(const char *command, size_t i);
};

enum need_kvm {
	KVM_NOT_ASKED,
	KVM_ANY,      /* a /dev/kvm that opens */
	KVM_HARDWARE, /* and runs guest code on the CPU itself */
};

struct suite_needs {
	enum need_kvm kvm;
	uint64_t mem; /* bytes that are available */
	unsigned long cpus;
	struct texts files;
	struct texts libraries; /* that this launcher was built with */
};

struct suite_case {
	const char *name; /* unique; words of [A-Za-z0-9._+-] and '/' */
	unsigned line;
	const char *command;
	const char *image;    /* this and all other files: as opened from here;
			    * NULL: exec's default */
	const char *exec;     /* what a shell runs in the guest, or NULL */
	struct texts options; /* "--mem", "1G", ... */
	struct texts files;   /* that must be there */
	const char *input;    /* NULL: none */
	uint64_t timeout_ns;
	bool named;   /* the command takes --name, which is the case's */
	bool reports; /* and --report */
	bool timed;   /* and --timeout, which is not among the options yet */
	struct suite_needs needs;
	/* The expected result. */
	unsigned long status;
	struct texts reason;  /* why it ended matches all of these */
	struct texts console; /* lines match these, in this order */
	struct texts never;   /* no line matches any of these */
	struct texts only;    /* every line matches one; empty: not asked */
	struct texts report;  /* a path into the report, an expression that
			       * matches what is there, another path, ... */
};

struct suite {
	const char *path;
	const char *name; /* the file's, without folder and ending */
	struct suite_case *cases;
	size_t count;
	struct pool pool;
};

/*
 * Read the suite @file, which was opened at @path ("-": standard input). Returns
 * 0 or a negative errno; an error in the file is "PATH:LINE: key 'KEY': ...",
 * with what is allowed there. On failure *@s is empty.
 */
int suite_open(struct suite *s, const char *path, struct input *file,
	       const struct suite_words *w, struct err *e);

/* The same for the bytes @text; files are relative to @path's folder. */
int suite_parse(struct suite *s, const char *path, struct bytes text,
		const struct suite_words *w, struct err *e);

/* Keep the cases whose name matches @regex. -EINVAL if it is not a regular
 * expression, -ENOENT if no case is left. */
int suite_filter(struct suite *s, const char *regex, struct err *e);

void suite_release(struct suite *s);

#endif
