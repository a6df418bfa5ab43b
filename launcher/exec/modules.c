/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/modules.h"

#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libkmod's own messages would go to stderr, which is the command's. */
static void be_quiet(void *data, int priority, const char *file, int line,
		     const char *fn, const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line;
	(void)fn, (void)format, (void)args;
}

/* libkmod finds nothing without the index, and does not say why. Other indexes
 * may be missing, and are empty where there is nothing to list. */
static int check_index(const char *dir, struct err *e)
{
	char *path;
	int rc = 0;

	if (asprintf(&path, "%s/modules.dep.bin", dir) < 0)
		return err_set(e, ENOMEM, "%s: no memory for its path", dir);
	if (access(path, R_OK))
		rc = err_set(e, errno, "%s: %s; depmod(8) makes that index",
			     path, strerror(errno));
	free(path);
	return rc;
}

int modules_open(struct modules *m, const char *dir, struct err *e)
{
	/* This machine's modprobe.d is not about the guest. */
	static const char *const no_config[] = { NULL };
	int rc = check_index(dir, e);

	*m = (struct modules){ 0 };
	if (rc)
		return rc;
	m->ctx = kmod_new(dir, no_config);
	if (!m->ctx)
		return err_set(e, ENOMEM, "%s: no memory for libkmod", dir);
	kmod_set_log_fn(m->ctx, be_quiet, NULL);
	return 0;
}

static int add_path(struct modules *m, const char *path, struct err *e)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->paths[i], path))
			return 0;
	if (m->count == MODULES_MAX)
		return err_set(e, E2BIG, "%s: more than %d modules are needed",
			       path, MODULES_MAX);
	m->paths[m->count] = strdup(path);
	if (!m->paths[m->count])
		return err_set(e, ENOMEM, "no memory for a module's path");
	m->count++;
	return 0;
}

/* A module of @list without a path is built in. */
static int add_list(struct modules *m, const struct kmod_list *list,
		    struct err *e)
{
	const struct kmod_list *at;
	int rc = 0;

	kmod_list_foreach(at, list)
	{
		struct kmod_module *mod = kmod_module_get_module(at);
		const char *path = kmod_module_get_path(mod);

		if (path && !rc)
			rc = add_path(m, path, e);
		kmod_module_unref(mod);
	}
	return rc;
}

/* What it needs comes first. */
static int add_module(struct modules *m, const struct kmod_module *mod,
		      struct err *e)
{
	struct kmod_list *needs = kmod_module_get_dependencies(mod);
	int rc = add_list(m, needs, e);

	kmod_module_unref_list(needs);
	return rc ?: add_path(m, kmod_module_get_path(mod), e);
}

int modules_add(struct modules *m, const char *name, enum module_state *state,
		struct err *e)
{
	struct kmod_list *found = NULL, *at;
	int rc = kmod_module_new_from_lookup(m->ctx, name, &found);

	if (rc < 0 && rc != -ENOENT)
		return err_set(e, -rc, "module %s: %s", name, strerror(-rc));
	rc = 0;
	*state = MODULE_ABSENT;
	kmod_list_foreach(at, found)
	{
		struct kmod_module *mod = kmod_module_get_module(at);

		if (!kmod_module_get_path(mod)) {
			*state = MODULE_BUILT_IN;
		} else if (!rc) {
			*state = MODULE_LOADABLE;
			rc = add_module(m, mod, e);
		}
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(found);
	return rc;
}

void modules_release(struct modules *m)
{
	while (m->count)
		free(m->paths[--m->count]);
	if (m->ctx)
		kmod_unref(m->ctx);
	m->ctx = NULL;
}
