/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel of `launcher exec`, and whether it can serve: it must have the
 * drivers of the guest's devices and root, built in or as modules. What is
 * missing is said before the guest is started, since a kernel without them
 * would only stop somewhere in its boot.
 *
 * Where the modules' folder knows which drivers are built in, that decides;
 * otherwise the image's own symbols do (image/drivers.h).
 *
 * Must never trust: the image and the folder.
 */
#ifndef EXEC_KERNEL_H
#define EXEC_KERNEL_H

#include <limits.h>

#include "base/err.h"
#include "base/input.h"
#include "exec/modules.h"
#include "image/drivers.h"

#define KERNEL_VERSION_SIZE 128

/* Of this machine, with a folder for each version. */
#define MODULES_FOLDER "/lib/modules"

struct exec_kernel {
	const char *image;		   /* its name */
	char version[KERNEL_VERSION_SIZE]; /* "" if the image does not say */
	char folder[PATH_MAX];		   /* of its modules; "": none found */
	struct modules modules;
};

/* The image of the kernel that runs here. -ENOENT, naming the places. */
int exec_kernel_default(char path[PATH_MAX], struct err *e);

/*
 * Find the modules of the kernel @image, which is open and stays so, for the
 * @count drivers at @drivers, which are called as image/drivers.c has them.
 *
 * @folder: --modules: the folder itself, or one above it, as INSTALL_MOD_PATH
 * names it; NULL: /lib/modules/VERSION, if it exists.
 *
 * Returns 0; -ENOENT naming all drivers that are missing, and what
 * would help; other errors begin with the file. Call exec_kernel_release() in
 * any case.
 */
int exec_kernel_find(struct exec_kernel *k, struct input *image,
		     const char *folder, const char *const *drivers,
		     size_t count, struct err *e);

/* The empty struct is fine. */
void exec_kernel_release(struct exec_kernel *k);

#endif
