/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the kernel of `launcher exec` and its modules, and makes the initramfs
 * of them, in a process of its own: libkmod opens files by their names, so this
 * process is made before the launcher gives up the right to do that.
 *
 *   launcher                         reader
 *   opens the image, the folder  -->  has these, a file in memory, and a pipe;
 *   of modules, a file in memory      confines itself, then parses, decodes
 *   confines itself
 *   the file in memory           <--  the initramfs
 *   an error or none             <--  one message, and its end
 *
 * A folder of modules can make the reader wait for ever, by a FIFO. So the
 * launcher waits for the message where a signal or the time limit ends the run
 * (run/early.h); the reader is killed with the launcher.
 *
 * Must never trust, as the launcher: the reader, once it has read. What it
 * leaves is only copied into the guest or shown.
 */
#ifndef EXEC_READER_H
#define EXEC_READER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/input.h"
#include "exec/initramfs.h"

struct exec_reader {
	pid_t pid; /* 0: none */
	int message_fd;
	int initramfs_fd; /* the file in memory */
};

#define EXEC_READER_EMPTY                             \
	{                                             \
		.message_fd = -1, .initramfs_fd = -1, \
	}

struct exec_reading {
	const char *modules; /* --modules; NULL: see exec/kernel.h */
	const char *const *drivers;
	size_t drivers_count;
	struct exec_job *job; /* without modules */
};

/* Make the file in memory, which is empty until exec_reader_await(). */
int exec_reader_init(struct exec_reader *x, struct err *e);

/*
 * Start to find the modules of the kernel @image, which is open, and to make
 * the initramfs. Call this while there is one thread. -EINVAL if the image is
 * not a regular file: the launcher reads it, too.
 */
int exec_reader_start(struct exec_reader *x, const struct exec_reading *r,
		      const struct input *image, struct err *e);

/*
 * Wait until the initramfs is complete.
 *
 * Returns 0; the errors of exec_kernel_find() and exec_initramfs(); -EPERM if
 * the sandbox stopped the reader.
 */
int exec_reader_await(struct exec_reader *x, struct err *e);

/* A reader that was not awaited ends with this process. The empty struct is
 * fine. */
void exec_reader_release(struct exec_reader *x);

#endif
