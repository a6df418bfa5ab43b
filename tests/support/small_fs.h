/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file system that is soon full.
 */
#ifndef SUPPORT_SMALL_FS_H
#define SUPPORT_SMALL_FS_H

#include <stdbool.h>

#define SMALL_FS_BYTES 65536

/*
 * Mount one of SMALL_FS_BYTES at the folder @path, which is made if needed. It
 * is seen only by this process. False where that is not allowed: for a user,
 * that depends on the host, and it fails once there are other threads.
 */
bool small_fs_mount(const char *path);

/* Write to the new file @path until nothing more fits. */
void small_fs_fill(const char *path);

#endif
