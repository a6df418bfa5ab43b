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
#include "base/identity.h"
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

static void be_reader(const struct exec_reading *r, struct input image,
		      const int fds[FDS], pid_t launcher)
	__attribute__((noreturn));

static void be_reader(const struct exec_reading *r, struct input image,
		      const int fds[FDS], pid_t launcher)
{
	const struct confine_file folder = {
		.fd = fds[FOLDER] < 0 ? -1 : FIRST_FD + FOLDER,
	};
	struct message m = { 0 };

	keep_only(fds);
	image.fd = FIRST_FD + IMAGE;
	m.rc = identity_become(&m.e);
	/* A change of the user forgets this; and as the same user, the launcher
	 * may kill this process. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != launcher)
		_exit(1);
	confine_process(PROCESS_READER, "reader", &folder);
	if (!m.rc)
		m.rc = read_all(r, &image, &m.e);
	(void)!write(FIRST_FD + MESSAGE, &m, sizeof(m));
	_exit(0);
}

/* ---- the launcher */

int exec_reader_init(struct exec_reader *x, struct err *e)
{
	*x = (struct exec_reader)EXEC_READER_EMPTY;
	x->initramfs_fd = memfd_create("initramfs", MFD_CLOEXEC);
	return x->initramfs_fd < 0 ? err_sys(e, "a file in memory for the "
						"initramfs")
				   : 0;
}

int exec_reader_start(struct exec_reader *x, const struct exec_reading *r,
		      const struct input *image, struct err *e)
{
	pid_t launcher = getpid();
	int ends[2], folder;

	if (!input_is_file(image))
		return err_set(e, EINVAL,
			       "%s: is not a regular file, which exec needs "
			       "to read the kernel twice",
			       image->name);
	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, "a pipe");
	/* Without it, there are no modules. */
	folder = open(r->modules ?: MODULES_FOLDER, O_PATH | O_CLOEXEC);
	x->pid = fork();
	if (!x->pid) {
		const int fds[FDS] = {
			[IMAGE] = image->fd,
			[FOLDER] = folder,
			[INITRAMFS] = x->initramfs_fd,
			[MESSAGE] = ends[1],
		};

		be_reader(r, *image, fds, launcher);
	}
	if (folder >= 0)
		close(folder);
	close(ends[1]);
	x->message_fd = ends[0];
	if (x->pid > 0)
		return 0;
	x->pid = 0;
	return err_sys(e, "fork");
}

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

int exec_reader_await(struct exec_reader *x, struct err *e)
{
	struct message m = { 0 };
	size_t got = await_message(x->message_fd, &m);
	pid_t pid = x->pid;

	x->pid = 0;
	return await_end(pid, &m, got, e);
}

void exec_reader_release(struct exec_reader *x)
{
	if (x->message_fd >= 0)
		close(x->message_fd);
	if (x->initramfs_fd >= 0)
		close(x->initramfs_fd);
	*x = (struct exec_reader)EXEC_READER_EMPTY;
}
