/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run may still do once everything is open: write its results, remove its
 * sockets' files, and serve the folders that its devices share. Everything else
 * in the file system is closed to it before it reads the first foreign byte.
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/inherited.h"
#include "cli/run.h"
#include "debug/debugger.h"
#include "outcome/report.h"
#include "sandbox/sandbox.h"

static void allow_results(struct sandbox_config *c, const struct output *o)
{
	if (o->folder >= 0)
		c->folders[c->folders_count++] =
			(struct landlock_folder){ o->folder, LANDLOCK_RESULTS };
}

/* A socket's file is removed in the end. */
static void allow_removal(struct sandbox_config *c, const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC)
		      : -1;

	free(copy);
	if (fd >= 0)
		c->folders[c->folders_count++] =
			(struct landlock_folder){ fd, LANDLOCK_REMOVE };
}

/* The folders in which devices open files. */
static void allow_devices(struct sandbox_config *c, const struct options *o)
{
	for (size_t i = 0; i < o->devices_count; i++) {
		const struct device_request *r = &o->devices[i];
		const struct device_option *option = r->type->option;
		const char *socket = option && option->removes
					     ? option->removes(r->config)
					     : NULL;
		bool writable;
		int fd;

		if (socket)
			allow_removal(c, socket);
		if (!option || !option->opens_files)
			continue;
		c->process = SANDBOX_WIDE;
		if (!option->folder)
			continue;
		fd = option->folder(r->config, &writable);
		c->folders[c->folders_count++] = (struct landlock_folder){
			fd, writable ? LANDLOCK_WRITE : LANDLOCK_READ
		};
	}
}

int run_confine(struct run *r, struct err *e)
{
	struct sandbox_config c = {
		.mode = sandbox_mode_of(r->o->sandbox),
		.end = run_end_violated,
		.ctx = r,
		.status = r->way ? r->way->failed : STATUS_SANDBOX,
	};
	int rc;

	inherited_close();
	report_prepare();
	allow_results(&c, &r->files.report);
	allow_results(&c, &r->files.timeline);
	allow_results(&c, &r->files.trace);
	allow_results(&c, &r->files.dmesg);
	allow_results(&c, &r->files.core);
	allow_devices(&c, r->o);
	if (*r->guest.debugger.line.path)
		allow_removal(&c, r->guest.debugger.line.path);
	/* This opens a KVM of its own. */
	rc = c.mode == SANDBOX_OFF ? 0 : debugger_probe(&r->guest.debugger, e);
	if (!rc)
		rc = sandbox_enter(&c, e);
	for (size_t i = 0; i < c.folders_count; i++)
		if (c.folders[i].use == LANDLOCK_REMOVE)
			close(c.folders[i].fd);
	return rc;
}
