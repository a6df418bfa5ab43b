/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands other than `run` give up before they read an image: all but
 * reading and writing what is open, and giving their result its name.
 */
#include "cli/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/inherited.h"
#include "outcome/report.h"

/* A violation: a result that is not complete must not stay, not even under a
 * temporary name. */
static void discard(void *out, const char *what)
{
	(void)what;
	output_discard(out);
}

int confine_command(const struct options *o, enum sandbox_process process,
		    struct output *out, struct err *e)
{
	struct sandbox_config c = {
		.mode = sandbox_mode_of(o->sandbox),
		.process = process,
	};

	report_prepare();
	inherited_close();
	if (out && out->folder >= 0) {
		c.folders[c.folders_count++] = (struct landlock_folder){
			out->folder, LANDLOCK_RESULTS
		};
		c.end = discard;
		c.ctx = out;
	}
	return sandbox_enter(&c, e);
}

/* What all cases may use: everything can be read, for who could tell which
 * files a program and its libraries need. */
static const struct {
	const char *path;
	int use;
} for_cases[] = {
	{ "/", LANDLOCK_READ },
	{ "/dev/null", LANDLOCK_DEVICE },
	{ "/dev/kvm", LANDLOCK_DEVICE },
	{ "/dev/net/tun", LANDLOCK_DEVICE },
};
#define FOR_CASES (sizeof(for_cases) / sizeof(for_cases[0]))

/* Fill @f, of FOR_CASES + 1; returns how many there are. */
static size_t allow_cases(struct landlock_folder *f, int results)
{
	size_t n = 0;

	for (size_t i = 0; i < FOR_CASES; i++) {
		int fd = open(for_cases[i].path, O_PATH | O_CLOEXEC);

		if (fd >= 0)
			f[n++] = (struct landlock_folder){ fd,
							   for_cases[i].use };
	}
	f[n++] = (struct landlock_folder){ results, LANDLOCK_WRITE };
	return n;
}

static void close_folders(const struct landlock_folder *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(f[i].fd);
}

/* The folder @path, or the one that it would be in. */
static int open_place(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *copy;

	if (fd >= 0)
		return fd;
	copy = strdup(path);
	if (!copy)
		return err_set(e, ENOMEM, "no memory");
	fd = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	return fd < 0 ? err_sys(e, "%s", path) : fd;
}

int confine_suite(const struct options *o, const char *results, struct err *e)
{
	struct sandbox_config c = {
		.mode = sandbox_mode_of(o->sandbox),
		.process = SANDBOX_SUITE,
	};
	int place, rc;

	report_prepare();
	place = open_place(results, e);
	if (place < 0)
		return place;
	c.folders_count = allow_cases(c.folders, place);
	rc = sandbox_enter(&c, e);
	close_folders(c.folders, c.folders_count);
	return rc;
}

int confine_cases(int fd, struct err *e)
{
	struct landlock_folder folders[FOR_CASES + 1];
	size_t n = allow_cases(folders, fd);
	int rc = sandbox_narrow(folders, n, e);

	close_folders(folders, n - 1);
	return rc;
}
