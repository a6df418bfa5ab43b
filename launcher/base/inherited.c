/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/inherited.h"

#include <dirent.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <unistd.h>

/* More are not passed to other programs, but stay open. */
#define NOTED_MAX 1024

static int noted[NOTED_MAX];
static unsigned count;

void inherited_note(void)
{
	DIR *all = opendir("/proc/self/fd");
	const struct dirent *entry;

	/* Fails on a kernel before 5.11, where they are inherited. */
	(void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	while (all && count < NOTED_MAX && (entry = readdir(all))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(all))
			noted[count++] = fd;
	}
	if (all)
		closedir(all);
}

/* Where @fd is among the noted ones; @count: it is not. */
static unsigned find(int fd)
{
	unsigned i = 0;

	while (i < count && noted[i] != fd)
		i++;
	return i;
}

bool inherited_has(int fd)
{
	return find(fd) < count;
}

void inherited_keep(int fd)
{
	unsigned i = find(fd);

	if (i < count)
		noted[i] = noted[--count];
}

void inherited_close(void)
{
	while (count)
		close(noted[--count]);
}
