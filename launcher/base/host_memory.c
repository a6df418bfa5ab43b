/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/host_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* The number after @key at the beginning of a line, "" for that of the first
 * line; false if there is none. */
static bool read_number(const char *path, const char *key, uint64_t *n)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, key, strlen(key)) &&
			sscanf(line + strlen(key), " %" SCNu64, n) == 1;
	if (f)
		fclose(f);
	return found;
}

static bool read_in(const char *folder, const char *file, const char *key,
		    uint64_t *n)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >=
	    (int)sizeof(path))
		return false;
	return read_number(path, key, n);
}

/* Lower @left to what the group in @folder leaves. Cached files that are not in
 * use count as free, as in MemAvailable. */
static void apply_group(const char *folder, uint64_t *left)
{
	uint64_t max, used, cached = 0, rest;

	/* Without a limit it says "max". */
	if (!read_in(folder, "memory.max", "", &max) ||
	    !read_in(folder, "memory.current", "", &used))
		return;
	(void)read_in(folder, "memory.stat", "inactive_file ", &cached);
	used -= cached < used ? cached : used;
	rest = max > used ? max - used : 0;
	if (rest < *left)
		*left = rest;
}

/* This process's group, and those above it: "0::/a/b". */
static void apply_groups(const char *proc, const char *cgroup, uint64_t *left)
{
	char line[PATH_MAX], folder[2 * PATH_MAX], path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/self/cgroup", proc);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4))
			continue;
		snprintf(folder, sizeof(folder), "%s%s", cgroup, line + 3);
		while (strlen(folder) > strlen(cgroup)) {
			apply_group(folder, left);
			*strrchr(folder, '/') = '\0';
		}
	}
	if (f)
		fclose(f);
}

int host_memory_available(const char *proc, const char *cgroup, uint64_t *bytes,
			  struct err *e)
{
	uint64_t kib, left;

	if (!read_in(proc, "meminfo", "MemAvailable:", &kib))
		return err_set(e, ENOENT,
			       "%s/meminfo does not say how much memory is "
			       "available",
			       proc);
	left = kib * 1024;
	apply_groups(proc, cgroup, &left);
	*bytes = left;
	return 0;
}

int host_memory_check(uint64_t size, uint64_t keep, struct err *e)
{
	uint64_t left;
	int rc = host_memory_available("/proc", "/sys/fs/cgroup", &left, e);

	if (rc || (size <= left && keep <= left - size))
		return rc;
	return err_set(e, ENOMEM,
		       "a guest of %" PRIu64 "M and %" PRIu64
		       "M to keep free do not fit into the %" PRIu64
		       "M that this host has available (try a smaller --mem)",
		       size / MIB, keep / MIB, left / MIB);
}
