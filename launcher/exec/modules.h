/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules that a guest's kernel needs, out of a folder as depmod(8) leaves
 * it: /lib/modules/VERSION. libkmod knows which module needs which, and which
 * are built in.
 *
 *   "virtiofs"  -->  .../fs/fuse/fuse.ko.xz, .../fs/fuse/virtiofs.ko.xz
 *
 * Must never trust: the folder and the files in it, which may be anyone's. The
 * guest's kernel judges the modules; here they are only decompressed, up to a
 * limit.
 */
#ifndef EXEC_MODULES_H
#define EXEC_MODULES_H

#include "base/buf.h"
#include "base/err.h"

#define MODULES_MAX 128

/* The largest module, decompressed. */
#define MODULE_SIZE_MAX (64u << 20)

enum module_state {
	MODULE_ABSENT,
	MODULE_BUILT_IN,
	MODULE_LOADABLE,
};

struct kmod_ctx;

struct modules {
	struct kmod_ctx *ctx;
	char *paths[MODULES_MAX]; /* in the order in which to load them */
	size_t count;
};

/* Use the folder @dir. -ENOENT if it is not one that depmod(8) has seen;
 * -EOPNOTSUPP if this build has no libkmod. On failure *@m is empty. */
int modules_open(struct modules *m, const char *dir, struct err *e);

/*
 * Find the module @name. If it is loadable, add it and what it needs to the
 * list, each once. Returns 0 with *@state, or a negative errno.
 */
int modules_add(struct modules *m, const char *name, enum module_state *state,
		struct err *e);

/* The empty struct is fine. */
void modules_release(struct modules *m);

/* Append the module at @path to @out, decompressed. The message names it. */
int module_read(const char *path, struct buf *out, struct err *e);

#endif
