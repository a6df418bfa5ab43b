/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the kernel of `launcher exec` and its modules, and makes the initramfs
 * of them, in a process of its own: libkmod opens files by their names, so this
 * is done before the launcher gives up the right to do that.
 *
 *   launcher                         reader
 *   opens the image, the folder  -->  has these, a file in memory, and a pipe;
 *   of modules, a file in memory      confines itself, then parses, decodes
 *   the file in memory           <--  the initramfs
 *   an error or none             <--  one message, and its end
 *
 * Must never trust, as the launcher: the reader, once it has read. What it
 * leaves is only copied into the guest or shown.
 */
#ifndef EXEC_READER_H
#define EXEC_READER_H

#include <stddef.h>

#include "base/err.h"
#include "exec/initramfs.h"

struct exec_reading {
	const char *image;   /* its path */
	const char *modules; /* --modules; NULL: see exec/kernel.h */
	const char *const *drivers;
	size_t drivers_count;
	struct exec_job *job; /* without modules */
};

/*
 * Find the modules of the kernel and make the initramfs. *@fd becomes a file in
 * memory, to be closed by the caller. Call this while there is one thread.
 *
 * Returns 0; the errors of exec_kernel_find() and exec_initramfs(); -EPERM if
 * the sandbox stopped the reader. On failure *@fd is untouched.
 */
int exec_read(const struct exec_reading *r, int *fd, struct err *e);

#endif
