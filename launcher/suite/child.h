/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One case as a process of its own: this program again, with the case's
 * words, in a process group and with files of its own, so that whatever
 * becomes of it the other cases are none the wiser.
 *
 * It is gone when the suite is: the kernel kills it then, however the suite
 * ended.
 */
#ifndef SUITE_CHILD_H
#define SUITE_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "suite/result.h"

/* What a guest may write before its console counts as out of hand. */
#define CHILD_FILE_MAX (UINT64_C(16) << 20)

/* How long a run may go on after its own time limit. */
#define CHILD_GRACE_NS UINT64_C(15000000000)

/* And after it was told to end. */
#define CHILD_TERM_NS UINT64_C(5000000000)

struct child {
	pid_t pid;		/* 0: none */
	size_t which;		/* the case */
	FILE *console, *errors; /* to read what it wrote */
	uint64_t deadline_ns;	/* when it is told to end, and then killed */
	bool told;
};

/* Start case @which. @mask: the signals blocked in it, as before the suite.
 * On failure *@c is empty. */
int child_start(struct child *c, const struct suite_run *r, size_t which,
		const sigset_t *mask, struct err *e);

/*
 * Put the report where it belongs. *@out: to read it by; NULL if there is
 * none, which is no failure.
 */
int child_take_report(const struct child *c, const struct suite_run *r,
		      FILE **out, struct err *e);

/* Keep what an attempt left by names of its own before the next one. */
void child_keep_files(const struct suite_run *r, size_t which,
		      unsigned attempt);

/* Forget what an earlier run of the suite left. */
void child_remove_files(const struct suite_run *r, size_t which);

/* Whether it has ended; *@status as waitpid() gives it. */
bool child_ended(struct child *c, int *status);

/* To the whole group. */
void child_kill(const struct child *c, int sig);

void child_release(struct child *c);

#endif
