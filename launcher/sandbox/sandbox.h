/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox: what is left of a process that reads foreign bytes.
 *
 * Everything is opened first. Then sandbox_enter() gives up what the process
 * does not need, and only then a byte of the image is read. Each thread takes a
 * tighter filter when it begins its work (base/confine.h). rules.h says which
 * thread may do what.
 *
 * A system call that is not allowed does not happen. It ends the process with
 * its own status and one line that names the thread, the call and the place.
 *
 * Spec: seccomp(2); landlock(7); capabilities(7); prctl(2).
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sandbox/landlock.h"

enum sandbox_mode {
	SANDBOX_ON,
	SANDBOX_LOG, /* the kernel logs what would be stopped */
	SANDBOX_OFF,
};

/* "on", "log", "off"; NULL after the last. */
const char *sandbox_word(size_t i);

/* The mode of a word; NULL: the default. */
enum sandbox_mode sandbox_mode_of(const char *word);

/* Whether this build cannot be confined: sanitizers open files themselves. */
bool sandbox_is_impossible(void);

/* What a process is for, which decides what its threads may do at most. */
enum sandbox_process {
	SANDBOX_RUN,
	SANDBOX_WIDE, /* the same, with a device that opens files or sockets */
	SANDBOX_READ, /* reads images and writes results; runs no guest */
	/* Starts launchers, which have all rights of this process left until
	 * they confine themselves; keeps capabilities for them. */
	SANDBOX_SUITE,
};

#define SANDBOX_FOLDERS_MAX 64

struct sandbox_config {
	enum sandbox_mode mode;
	struct landlock_folder folders[SANDBOX_FOLDERS_MAX];
	size_t folders_count;
	enum sandbox_process process;
	/* Called after a violation, @what in one sentence: in a signal handler,
	 * on a thread that the violation has not damaged further than its own
	 * call. If it returns, or is NULL, the process prints the sentence and
	 * ends with @status. */
	void (*end)(void *ctx, const char *what);
	void *ctx;
	int status; /* 0: STATUS_SANDBOX */
};

/*
 * Processes that this one makes from now on beside itself confine themselves
 * like that, see confine_process(). Call this before the first one is made.
 * Returns 0 or a negative errno.
 */
int sandbox_prepare(enum sandbox_mode mode, struct err *e);

/*
 * Confine the process, which must have one thread only. Returns 0, or a
 * negative errno if something failed that this kernel should be able to do.
 * What this kernel or this build lacks is printed with -v.
 */
int sandbox_enter(const struct sandbox_config *c, struct err *e);

/* What of the sandbox this kernel, this build or this user cannot have, in a
 * sentence each; NULL after the last. Complete after sandbox_enter(). */
const char *sandbox_weakness(size_t i);

/* The ABI of Landlock that restricts this process; 0: none. */
int sandbox_landlock(void);

/* The mode that sandbox_enter() was called with; NULL: not yet. */
const char *sandbox_entered(void);

/*
 * Of a process that is confined as @c says already: from now on, it and all
 * that it starts may use the file system only as @folders say, too.
 */
int sandbox_narrow(const struct landlock_folder *folders, size_t count,
		   struct err *e);

/*
 * A descriptor that becomes readable when another thread was stopped, which
 * then waits for the process to end; -1: none. The main thread's loop watches
 * it and calls sandbox_end().
 */
int sandbox_fd(void);

/* What a process beside this one was stopped for, in a sentence; NULL: none
 * was, as far as is known. A run that is not in its loop any more asks this. */
const char *sandbox_violation(void);

/* Call the end of sandbox_config. Does not return. */
void sandbox_end(void);

#endif
