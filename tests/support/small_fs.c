/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/small_fs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fputs(text, f) >= 0;

	return f && !fclose(f) && ok;
}

static bool map_to_root(const char *path, unsigned id)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1", id);
	return write_text(path, map);
}

/* A user is root in a namespace where only that user and its group exist. */
static bool unshare_as_user(void)
{
	unsigned uid = getuid(), gid = getgid();

	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       write_text("/proc/self/setgroups", "deny") &&
	       map_to_root("/proc/self/gid_map", gid) &&
	       map_to_root("/proc/self/uid_map", uid);
}

bool small_fs_mount(const char *path)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%d", SMALL_FS_BYTES);
	(void)mkdir(path, 0700);
	return (!unshare(CLONE_NEWNS) || unshare_as_user()) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", path, "tmpfs", 0, size);
}

void small_fs_fill(const char *path)
{
	static const char page[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	while (write(fd, page, sizeof(page)) > 0)
		;
	close(fd);
}
