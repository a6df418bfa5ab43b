/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes an archive that the kernel unpacks as its initial root: cpio's "newc"
 * format, which needs no program to make.
 *
 *   | header | name NUL | pad | contents | pad |  ... | TRAILER!!! | pad |
 *
 * Spec: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#ifndef EXEC_CPIO_H
#define EXEC_CPIO_H

#include <sys/stat.h>

#include "base/buf.h"

struct cpio {
	struct buf bytes; /* failed: there was no memory */
	uint32_t files;	  /* so far; also the inode numbers */
};

/* Add a folder; the folders above it must be there. @name is relative to the
 * root, without a slash in front. */
void cpio_add_folder(struct cpio *c, const char *name);

/* Add a regular file with the permissions @mode; less than 4 GiB. */
void cpio_add_file(struct cpio *c, const char *name, mode_t mode,
		   struct bytes contents);

/* After the last file. */
void cpio_end(struct cpio *c);

void cpio_release(struct cpio *c);

#endif
