/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/initramfs.h"

#define NAME_LEN 256

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM,
		       "no memory for the user's groups and "
		       "environment");
}

/* A number of a user or a group; the last one means "none". */
static bool is_id(const char *text, uint32_t *id)
{
	unsigned long long v;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (*end || errno || v >= UINT32_MAX)
		return false;
	*id = (uint32_t)v;
	return true;
}

static int find_groups(struct exec_user *u, const char *name, struct err *e)
{
	int n = EXEC_GROUPS_MAX;

	u->groups = calloc(EXEC_GROUPS_MAX, sizeof(*u->groups));
	if (!u->groups)
		return no_memory(e);
	if (name)
		getgrouplist(name, u->gid, u->groups, &n);
	else
		n = getgroups(EXEC_GROUPS_MAX, u->groups);
	if (n > EXEC_GROUPS_MAX)
		n = EXEC_GROUPS_MAX;
	u->groups_count = n < 0 ? 0 : (size_t)n;
	return 0;
}

static int find_group(struct exec_user *u, const char *name, struct err *e)
{
	const struct group *g;

	if (is_id(name, &u->gid))
		return 0;
	g = getgrnam(name);
	if (!g)
		return err_set(e, ENOENT, "unknown group '%s'", name);
	u->gid = g->gr_gid;
	return 0;
}

/* Put "KEY=VALUE" in the place of the caller's. */
static bool change_env(struct exec_user *u, size_t own, const char *key,
		       const char *value)
{
	size_t i = 0, len = strlen(key);

	if (asprintf(&u->own[own], "%s=%s", key, value) < 0) {
		u->own[own] = NULL;
		return false;
	}
	while (u->envs[i] &&
	       (strncmp(u->envs[i], key, len) || u->envs[i][len] != '='))
		i++;
	u->envs[i] = u->own[own];
	return true;
}

static int copy_envs(struct exec_user *u, char *const *envs, struct err *e)
{
	size_t n = 0;

	while (envs[n])
		n++;
	/* With room for those that may be added. */
	u->envs = calloc(n + 4, sizeof(*u->envs));
	if (!u->envs)
		return no_memory(e);
	memcpy(u->envs, envs, n * sizeof(*u->envs));
	return 0;
}

static int take_shell(struct exec_user *u, const char *shell, struct err *e)
{
	u->shell = strdup(shell && *shell ? shell : "/bin/sh");
	return u->shell ? 0 : no_memory(e);
}

static int be_caller(struct exec_user *u, struct err *e)
{
	u->uid = geteuid();
	u->gid = getegid();
	return take_shell(u, getenv("SHELL"), e) ?: find_groups(u, NULL, e);
}

/* Somebody of this machine's, or only a number. */
static int be_other(struct exec_user *u, const char *name, const char *group,
		    struct err *e)
{
	const struct passwd *p = NULL;
	int rc = 0;

	p = is_id(name, &u->uid) ? getpwuid(u->uid) : getpwnam(name);
	if (p) {
		u->uid = p->pw_uid;
		u->gid = p->pw_gid;
		rc = take_shell(u, p->pw_shell, e);
		if (!rc && (!change_env(u, 0, "HOME", p->pw_dir) ||
			    !change_env(u, 1, "USER", p->pw_name) ||
			    !change_env(u, 2, "LOGNAME", p->pw_name)))
			rc = no_memory(e);
	} else if (!is_id(name, &u->uid)) {
		return err_set(e, ENOENT, "unknown user '%s'", name);
	} else {
		u->gid = u->uid;
		rc = take_shell(u, NULL, e);
	}
	if (!rc && group)
		return find_group(u, group, e);
	return rc || !p ? rc : find_groups(u, p->pw_name, e);
}

int exec_user_find(struct exec_user *u, const char *text, char *const *envs,
		   struct err *e)
{
	char name[NAME_LEN];
	char *group = NULL;
	int rc;

	*u = (struct exec_user){ 0 };
	rc = copy_envs(u, envs, e);
	if (!rc && text && strlen(text) >= sizeof(name))
		rc = err_set(e, ENOENT, "unknown user '%.20s...'", text);
	if (!rc && text) {
		strcpy(name, text);
		group = strchr(name, ':');
		if (group)
			*group++ = '\0';
		rc = be_other(u, name, group, e);
	} else if (!rc) {
		rc = be_caller(u, e);
	}
	if (rc)
		exec_user_release(u);
	return rc;
}

void exec_user_release(struct exec_user *u)
{
	for (size_t i = 0; i < sizeof(u->own) / sizeof(u->own[0]); i++)
		free(u->own[i]);
	free(u->envs);
	free(u->shell);
	free(u->groups);
	*u = (struct exec_user){ 0 };
}
