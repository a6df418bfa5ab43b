/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock: of the file system, only results may get their names, in their
 * folders, and shared folders may be used. Files that are open stay open.
 *
 * Spec: landlock(7); Documentation/userspace-api/landlock.rst.
 */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stdbool.h>
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

/*
 * Restrict this thread, and all that it starts. Needs no_new_privs.
 *
 * @connects: TCP ports may be bound and connected to.
 * Returns 0 or a negative errno.
 */
int landlock_enter(int abi, const struct landlock_folder *folders, size_t count,
		   bool connects, struct err *e);

#endif
