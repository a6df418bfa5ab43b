/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock: of the file system, only results may get their names, in their
 * folders, and shared folders may be used. Files that are open stay open.
 *
 * Spec: landlock(7); Documentation/userspace-api/landlock.rst.
 */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

struct landlock_folder {
	int fd;
	enum {
		LANDLOCK_RESULTS, /* files get names, which are removed too */
		LANDLOCK_REMOVE,  /* files are removed */
		LANDLOCK_READ,	  /* everything beneath may be read */
		LANDLOCK_WRITE,	  /* and written, made and removed */
		LANDLOCK_DEVICE,  /* not a folder: a device, to be used */
	} use;
};

/* The ABI of this kernel's Landlock; 0: it has none. */
int landlock_abi(void);

/* What the kernel does not restrict with the ABI @abi, in a sentence each; NULL
 * after the last. */
const char *landlock_lacks(int abi, size_t i);

enum landlock_how {
	LANDLOCK_CONNECTS = 1 << 0, /* TCP ports may be used */
	/* Signals only go to what is restricted in the same way: ABI 6. */
	LANDLOCK_SIGNALS_STAY = 1 << 1,
};

/*
 * Restrict this thread, and all that it starts. Needs no_new_privs.
 *
 * @how: of enum landlock_how.
 * Returns 0 or a negative errno.
 */
int landlock_enter(int abi, const struct landlock_folder *folders, size_t count,
		   unsigned how, struct err *e);

#endif
