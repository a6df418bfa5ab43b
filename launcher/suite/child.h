/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One case as a separate process: this program with the case's words, in its
 * own process group and with its own files, so that it cannot affect other
 * cases.
 *
 * If the suite ends, in any way, the kernel kills it.
 */
#ifndef SUITE_CHILD_H
#define SUITE_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "suite/result.h"

/* The limit of a guest's console output. Not a limit of the process: that would
 * be one of its disks and shared folders, too. */
#define CHILD_FILE_MAX (UINT64_C(16) << 20)

/* How long a run may go on after its own time limit. */
#define CHILD_GRACE_NS UINT64_C(15000000000)

/* And after it was asked to end. */
#define CHILD_TERM_NS UINT64_C(5000000000)

struct child {
	pid_t pid;		/* 0: none */
	size_t which;		/* the case */
	FILE *console, *errors; /* to read what it wrote */
	uint64_t deadline_ns;	/* when it is asked to end, and then killed */
	bool told;
	bool floods; /* it was killed for its output */
};

/* Start case @which. @mask: the signals blocked in it, as before the suite.
 * On failure *@c is empty. */
int child_start(struct child *c, const struct suite_run *r, size_t which,
		const sigset_t *mask, struct err *e);

/*
 * Move the report to its place. *@out: a stream to read it; NULL if there is
 * none, which is not a failure.
 */
int child_take_report(const struct child *c, const struct suite_run *r,
		      FILE **out, struct err *e);

/* Rename the files of an attempt before the next one. */
void child_keep_files(const struct suite_run *r, size_t which,
		      unsigned attempt);

/* Remove the files of an earlier run of the suite. */
void child_remove_files(const struct suite_run *r, size_t which);

/* Whether it has ended; *@status as waitpid() gives it. */
bool child_ended(struct child *c, int *status);

/* Whether it wrote more than CHILD_FILE_MAX bytes to its stdout or stderr. */
bool child_floods(const struct child *c);

/* Keep no more than that; after it has ended. */
void child_cut_files(const struct child *c);

/* To the whole group. */
void child_kill(const struct child *c, int sig);

void child_release(struct child *c);

#endif
