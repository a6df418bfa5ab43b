/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run, as the parts of `launcher run` see it: cmd_run.c takes it from the
 * opened image to the guest's end, run_confine.c gives up the rights that it
 * does not need, and run_end.c judges it and writes what it leaves behind.
 * `launcher exec` and suites run their guests through the same parts.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "base/err.h"
#include "boot/boot.h"
#include "cli/cli.h"
#include "image/image.h"
#include "outcome/verdict.h"
#include "run/early.h"
#include "run/files.h"
#include "run/guest.h"

struct run {
	const struct options *o;
	const struct run_way *way; /* NULL: the console is the user's */
	struct image img;
	char *cmdline;
	struct guest guest;
	struct boot_result boot;
	struct memory_map places; /* filled in for --timeline only */
	struct run_files files;
	struct early early;
	struct outcome outcome;
	struct verdict verdict;
	bool judged;   /* these two are filled in */
	bool reported; /* the results are written, memory is released */
	bool dumped; /* SIGUSR1 has asked for the core, which is written once */
	bool dump_failed; /* and it is not there: */
	struct err dump_error;
};

/* The status if the launcher fails. */
int run_failed(const struct run *r);

/* As whom --run-as, or sudo, lets the guest run; before anything is opened.
 * Returns 0 or a negative errno. */
int run_choose_user(struct run *r, struct err *e);

/*
 * Everything is open: give up the right to open more. In a process that breaks
 * the rules, run_end_violated() ends the run. Returns 0 or a negative errno.
 */
int run_confine(struct run *r, struct err *e);

/*
 * From now on SIGUSR1 asks for the core of a guest that goes on. Call it before
 * there are threads, which inherit the signal mask. Returns 0 or a negative
 * errno.
 */
int run_take_usr1(struct run *r, struct err *e);

/* Compute the verdict. Returns the run's status, and its sentence in @e. */
int run_judge(struct run *r, struct err *e);

/*
 * Write the result files that the options ask for. @status and @e are the
 * run's so far; returns the new status: a file that cannot be written makes a
 * successful run fail, and is named in @e.
 */
int run_write_results(struct run *r, int status, struct err *e);

/* A signal, the time limit or a lost file ended the run before the guest was
 * made: write what can be written and end the process. See early_begin(). */
void run_end_early(struct early *early, const struct outcome *outcome);

/* The same while the guest may run, because a thread broke the sandbox's rules.
 * @run is a struct run, @what names the thread and the system call. Returns if
 * the results are written already. */
void run_end_violated(void *run, const char *what);

#endif
