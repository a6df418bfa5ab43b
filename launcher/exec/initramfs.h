/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initramfs of `launcher exec`, made in memory: the init (guest/init), the
 * kernel's modules, and the words that tell the init what to do (pv/exec.h).
 */
#ifndef EXEC_INITRAMFS_H
#define EXEC_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "exec/modules.h"

#define EXEC_SHARES_MAX 16
#define EXEC_GROUPS_MAX 1024
#define EXEC_NETS_MAX	32

/* What the init is to do. Nothing here is owned. */
struct exec_job {
	const struct modules *modules;
	const char *root; /* the tag of the root's share */
	bool overlay;
	struct {
		const char *tag, *at;
	} shares[EXEC_SHARES_MAX];
	size_t shares_count;
	struct {
		char card[8];	     /* "eth0" */
		const char *address; /* "A.B.C.D/N"; NULL: not known here */
		const char *gateway; /* NULL: not by this card */
		const char *dns;     /* the name server, if it is */
	} nets[EXEC_NETS_MAX];
	size_t nets_count;
	const char *host; /* NULL: the kernel's own name */
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t groups_count;
	const char *dir;
	bool tty[3]; /* whether stdin, stdout and stderr are the terminal */
	/* Ended by a NULL; the first of @args is the command. */
	const char *const *args, *const *envs;
};

/* Append the words of @job to @out, with the modules under the names that they
 * have in the archive. -ENOMEM. */
int exec_words(const struct exec_job *job, struct buf *out, struct err *e);

/*
 * Write the archive to @fd. Returns 0 or a negative errno; a message about a
 * module names it.
 */
int exec_initramfs(const struct exec_job *job, int fd, struct err *e);

#endif
