/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init/init.h"

#include <asm/ioctls.h>
#include <asm/signal.h>

#include "init/sys.h"
#include "lib/say.h"
#include "lib/string.h"
#include "pv/exec.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define PATH_MAX     4096
#define SHELL	     "/bin/sh"

/* Everything below runs in the child. Its errors go to the command's stderr, as
 * those of a shell would. */
static void put(const char *text)
{
	(void)sys_write(2, text, strlen(text));
}

static __attribute__((noreturn)) void give_up(int status, const char *what,
					      const char *why)
{
	put("launcher: ");
	put(what);
	put(": ");
	put(why);
	put("\n");
	sys_exit(status);
	__builtin_unreachable();
}

static void take_streams(const struct command *c)
{
	(void)sys_0(__NR_setsid);
	if (c->tty)
		(void)sys_ioctl(c->fds[0], TIOCSCTTY, NULL);
	/* All of them are above 2. */
	for (int i = 0; i < 3; i++)
		(void)sys_2(__NR_dup2, c->fds[i], i);
}

static void become_user(const struct words *w)
{
	long rc = sys_2(__NR_setgroups, w->groups_count, w->groups);

	if (!rc)
		rc = sys_3(__NR_setresgid, w->gid, w->gid, w->gid);
	if (!rc)
		rc = sys_3(__NR_setresuid, w->uid, w->uid, w->uid);
	if (rc)
		give_up(EXEC_NOT_EXECUTABLE, "the user cannot be changed",
			error_text((int)rc));
}

/* A file that the kernel does not know is a script, as for a shell. */
static int run_script(const char *file, const struct command *c)
{
	const char **args = (void *)sys_6(__NR_mmap, 0, 0x100000, 3, 0x22, -1,
					  0);
	size_t n = 0;

	if ((long)args < 0 && (long)args > -4096)
		return -ENOMEM;
	args[n++] = SHELL;
	args[n++] = file;
	for (size_t i = 1; c->args[i]; i++) {
		if (n == 0x100000 / sizeof(*args) - 1)
			return -E2BIG;
		args[n++] = c->args[i];
	}
	return (int)sys_3(__NR_execve, SHELL, args, c->envs);
}

/* Returns only on failure. */
static int run(const char *file, const struct command *c)
{
	int rc = (int)sys_3(__NR_execve, file, c->args, c->envs);

	return rc == -ENOEXEC ? run_script(file, c) : rc;
}

static const char *search_path(const struct command *c)
{
	for (size_t i = 0; c->envs[i]; i++)
		if (!strncmp(c->envs[i], "PATH=", 5))
			return c->envs[i] + 5;
	return DEFAULT_PATH;
}

/* Try the command in each folder of PATH. */
static int run_found(const char *name, const struct command *c)
{
	const char *p = search_path(c);
	static char file[PATH_MAX];
	size_t len = strlen(name);
	int why = -ENOENT;

	for (;;) {
		size_t n = 0;
		int rc;

		while (p[n] && p[n] != ':')
			n++;
		if (n + len + 2 <= sizeof(file)) {
			memcpy(file, p, n);
			if (n)
				file[n] = '/';
			memcpy(file + n + !!n, name, len + 1);
			rc = run(file, c);
			if (rc != -ENOENT && rc != -ENOTDIR && rc != -EACCES)
				return rc;
			/* It may also be a folder that the user may not
			 * look into. */
			if (rc == -EACCES && !sys_2(__NR_access, file, 0))
				why = rc;
		}
		if (!p[n])
			return why;
		p += n + 1;
	}
}

static bool has_slash(const char *name)
{
	while (*name && *name != '/')
		name++;
	return *name;
}

static __attribute__((noreturn)) void become_command(const struct words *w,
						     const struct command *c)
{
	const char *name = c->args[0];
	uint64_t none = 0;
	int rc;

	take_streams(c);
	become_user(w);
	rc = (int)sys_1(__NR_chdir, w->dir);
	if (rc)
		give_up(EXEC_NOT_EXECUTABLE, w->dir, error_text(rc));
	(void)sys_4(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL,
		    sizeof(none));
	rc = has_slash(name) ? run(name, c)
	     : *name	     ? run_found(name, c)
			     : -ENOENT;
	if (rc == -ENOENT && !has_slash(name))
		give_up(EXEC_NOT_FOUND, name, "command not found");
	give_up(rc == -ENOENT || rc == -ENOTDIR ? EXEC_NOT_FOUND
						: EXEC_NOT_EXECUTABLE,
		name, error_text(rc));
}

int command_start(const struct words *w, const struct command *c)
{
	int pid = (int)sys_0(__NR_fork);

	if (!pid)
		become_command(w, c);
	if (pid < 0)
		fail(pid, "a process for the command");
	return pid;
}
