/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run may still do once everything is open: write its results, remove
 * its sockets' files, and serve the folders that its devices share. Everything
 * else in the file system is closed to it before it reads the first foreign
 * byte.
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/inherited.h"
#include "base/log.h"
#include "base/parse.h"
#include "cli/run.h"
#include "debug/debugger.h"
#include "exec/user.h"
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

static int find_user(const char *text, struct err *e)
{
	struct exec_user u;
	uid_t uid;
	gid_t gid;
	int rc = exec_user_find(&u, text, environ, e);

	if (rc)
		return rc;
	uid = u.uid;
	gid = u.gid;
	exec_user_release(&u);
	if (uid == geteuid() && gid == getegid())
		return 0;
	return identity_set(uid, gid, e);
}

/* Whether a run of root's needs the rights of root only to open what it needs:
 * not if its devices open more, or if results and sockets are made in folders
 * that may be root's. */
static bool is_easy(const struct options *o)
{
	if (o->report || o->timeline || o->trace || o->dmesg || o->core ||
	    o->gdb)
		return false;
	for (size_t i = 0; i < o->devices_count; i++)
		if (o->devices[i].type->option &&
		    o->devices[i].type->option->opened_as_user)
			return false;
	return true;
}

int run_choose_user(struct run *r, struct err *e)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	unsigned long u, g;
	int rc = 0;

	if (r->o->run_as) {
		rc = find_user(r->o->run_as, e);
		return rc ? err_prefix(e, rc, "--run-as") : 0;
	}
	if (geteuid() || !uid || !gid || !is_easy(r->o))
		return 0;
	if (parse_count(uid, 1, UINT32_MAX - 1, &u, e) ||
	    parse_count(gid, 0, UINT32_MAX - 1, &g, e))
		return 0;
	log_step("running as the user %lu, who called sudo; see --run-as", u);
	return identity_set((uid_t)u, (gid_t)g, e);
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
	if (r->guest.debugger.line.file.path[0])
		allow_removal(&c, r->guest.debugger.line.file.path);
	/* This opens a KVM of its own. */
	rc = debugger_probe(&r->guest.debugger, e);
	if (!rc)
		rc = identity_become(e);
	if (!rc)
		rc = sandbox_enter(&c, e);
	for (size_t i = 0; i < c.folders_count; i++)
		if (c.folders[i].use == LANDLOCK_REMOVE)
			close(c.folders[i].fd);
	return rc;
}
