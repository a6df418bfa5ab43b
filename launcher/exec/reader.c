/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/input.h"
#include "base/log.h"
#include "exec/kernel.h"

/* The reader's descriptors, beside the standard ones. */
enum { IMAGE, FOLDER, INITRAMFS, MESSAGE, FDS };

#define FIRST_FD (STDERR_FILENO + 1)
/* Above all of those, while they get their numbers. */
#define HIGH_FD (FIRST_FD + FDS)

struct message {
	int rc;
	struct err e;
};

/* ---- the reader */

static void keep_only(const int fds[FDS])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high[FDS];

	for (int i = 0; i < FDS; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
	/* For -v. */
	log_lose();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0)
		_exit(1);
	for (int i = 0; i < FDS; i++) {
		close(FIRST_FD + i);
		if (high[i] >= 0 && dup2(high[i], FIRST_FD + i) < 0)
			_exit(1);
	}
	close_range(HIGH_FD, ~0u, 0);
}

static int read_all(const struct exec_reading *r, struct input *image,
		    struct err *e)
{
	struct exec_kernel k = { 0 };
	int rc = exec_kernel_find(&k, image, r->modules, r->drivers,
				  r->drivers_count, e);

	r->job->modules = &k.modules;
	if (!rc)
		rc = exec_initramfs(r->job, FIRST_FD + INITRAMFS, e);
	exec_kernel_release(&k);
	return rc;
}

static void be_reader(const struct exec_reading *r, struct input *image,
		      const int fds[FDS], pid_t launcher)
	__attribute__((noreturn));

static void be_reader(const struct exec_reading *r, struct input *image,
		      const int fds[FDS], pid_t launcher)
{
	const struct confine_file folder = {
		.fd = fds[FOLDER] < 0 ? -1 : FIRST_FD + FOLDER,
	};
	struct message m = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != launcher)
		_exit(1);
	keep_only(fds);
	image->fd = FIRST_FD + IMAGE;
	confine_process(PROCESS_READER, "reader", &folder);
	m.rc = read_all(r, image, &m.e);
	(void)!write(FIRST_FD + MESSAGE, &m, sizeof(m));
	_exit(0);
}

/* ---- the launcher */

/* All of the message, or less if the reader ended before. */
static size_t await_message(int fd, struct message *m)
{
	size_t got = 0;

	while (got < sizeof(*m)) {
		ssize_t n = read(fd, (char *)m + got, sizeof(*m) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* What became of the reader. */
static int await_end(pid_t pid, const struct message *m, size_t got,
		     struct err *e)
{
	char what[ERR_MSG_SIZE];
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (confine_stopped(status, what, sizeof(what)))
		return err_set(e, EPERM, "%s", what);
	if (WIFSIGNALED(status))
		return err_set(e, EIO,
			       "the process that reads the kernel was killed "
			       "by SIG%s",
			       sigabbrev_np(WTERMSIG(status)) ?: "?");
	if (WEXITSTATUS(status) || got < sizeof(*m))
		return err_set(e, EIO,
			       "the process that reads the kernel ended with "
			       "status %d",
			       WEXITSTATUS(status));
	if (!m->rc)
		return 0;
	*e = m->e;
	e->msg[sizeof(e->msg) - 1] = '\0';
	return m->rc < 0 ? m->rc : -EIO;
}

static int run_reader(const struct exec_reading *r, struct input *image,
		      int fds[FDS], struct err *e)
{
	pid_t launcher = getpid(), pid;
	struct message m = { 0 };
	int ends[2];
	size_t got;

	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, "a pipe");
	fds[MESSAGE] = ends[1];
	pid = fork();
	if (!pid)
		be_reader(r, image, fds, launcher);
	if (pid < 0)
		err_sys(e, "fork");
	close(ends[1]);
	got = pid < 0 ? 0 : await_message(ends[0], &m);
	close(ends[0]);
	return pid < 0 ? -EAGAIN : await_end(pid, &m, got, e);
}

int exec_read(const struct exec_reading *r, int *fd, struct err *e)
{
	struct input image = INPUT_EMPTY;
	int fds[FDS] = { -1, -1, -1, -1 };
	int rc = input_open(&image, r->image, e);

	if (rc)
		return rc;
	fds[IMAGE] = image.fd;
	/* Without it, there are no modules. */
	fds[FOLDER] = open(r->modules ?: MODULES_FOLDER, O_PATH | O_CLOEXEC);
	fds[INITRAMFS] = memfd_create("initramfs", MFD_CLOEXEC);
	rc = fds[INITRAMFS] < 0 ? err_sys(e, "a file in memory for the "
					     "initramfs")
				: run_reader(r, &image, fds, e);
	if (fds[FOLDER] >= 0)
		close(fds[FOLDER]);
	input_close(&image);
	if (!rc)
		*fd = fds[INITRAMFS];
	else if (fds[INITRAMFS] >= 0)
		close(fds[INITRAMFS]);
	return rc;
}
