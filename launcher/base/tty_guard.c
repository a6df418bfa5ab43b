/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tty_guard.h"

#include "base/confine.h"
#include "base/err.h"
#include "base/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* One write, which is atomic because it is shorter than PIPE_BUF. */
struct message {
	bool restore;
	struct termios saved;
};

static struct {
	pid_t pid; /* 0: no guard */
	int pipe;
} guard;

bool tty_is_ours(int fd)
{
	pid_t foreground;

	if (!isatty(fd))
		return false;
	foreground = tcgetpgrp(fd);
	/* Not our controlling terminal: no job control. */
	return foreground < 0 ? errno == ENOTTY : foreground == getpgrp();
}

/* With SIGTTOU blocked, a background process may set the terminal. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void stand_guard(int tty, int pipe_end) __attribute__((noreturn));

static void stand_guard(int tty, int pipe_end)
{
	struct message now = { 0 }, next;
	struct err e;

	block_signals();
	prctl(PR_SET_NAME, "launcher-tty");
	setpgid(0, 0);
	dup2(tty, STDIN_FILENO);
	dup2(pipe_end, STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0u, 0);
	(void)!chdir("/");
	if (identity_become(&e))
		_exit(1);
	confine_process(PROCESS_TTY, "terminal", NULL);
	while (read(STDOUT_FILENO, &next, sizeof(next)) == sizeof(next))
		now = next;
	if (now.restore)
		tcsetattr(STDIN_FILENO, TCSANOW, &now.saved);
	_exit(0);
}

void tty_guard_start(int fd)
{
	int ends[2];
	pid_t pid;

	if (guard.pid || !tty_is_ours(fd) || pipe2(ends, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid)
		stand_guard(fd, ends[0]);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return;
	}
	guard.pipe = ends[1];
	guard.pid = pid;
}

void tty_guard_tell(const struct termios *saved)
{
	struct message m;

	if (!guard.pid)
		return;
	/* The padding is written to the pipe, too. */
	memset(&m, 0, sizeof(m));
	m.restore = saved;
	if (saved)
		m.saved = *saved;
	(void)!write(guard.pipe, &m, sizeof(m));
}

void tty_guard_stop(void)
{
	pid_t pid = guard.pid;
	char what[ERR_MSG_SIZE];
	int status;

	if (!pid)
		return;
	guard.pid = 0;
	close(guard.pipe);
	if (waitpid(pid, &status, 0) == pid &&
	    confine_stopped(status, what, sizeof(what)))
		confine_violated(what);
}
