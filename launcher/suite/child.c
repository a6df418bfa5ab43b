/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/input.h"
#include "suite/judge.h"

#define SELF	 "/proc/self/exe"
#define NO_INPUT "/dev/null"

static const char *const endings[] = { "console", "stderr", "json" };
enum { CONSOLE, ERRORS, REPORT, ENDINGS };

/* The words of the command line, and its files. */
struct start {
	char **argv;
	char *report; /* its path */
	char *temp;   /* the folder for files without a name; see folder.h */
	char timeout[32];
	int in, out, err;
};

static int make_argv(struct start *s, const struct suite_case *c, struct err *e)
{
	char **w = calloc(c->options.count + 15, sizeof(*w));

	s->argv = w;
	if (!w)
		return err_set(e, ENOMEM, "no memory for %zu options",
			       c->options.count);
	*w++ = (char *)"launcher";
	*w++ = (char *)c->command;
	for (size_t i = 0; i < c->options.count; i++)
		*w++ = (char *)c->options.at[i];
	if (c->named) {
		*w++ = (char *)"--name";
		*w++ = (char *)c->name;
	}
	if (c->reports) {
		*w++ = (char *)"--report";
		*w++ = s->report;
	}
	if (c->timed) {
		snprintf(s->timeout, sizeof(s->timeout), "%" PRIu64 "ms",
			 c->timeout_ns / 1000000);
		*w++ = (char *)"--timeout";
		*w++ = s->timeout;
	}
	if (c->exec && c->image) {
		*w++ = (char *)"--kernel";
		*w++ = (char *)c->image;
	}
	*w++ = (char *)"--";
	if (c->exec) {
		*w++ = (char *)"/bin/sh";
		*w++ = (char *)"-c";
		*w++ = (char *)c->exec;
	} else {
		*w++ = (char *)c->image;
	}
	return 0;
}

/* A FIFO would make the case wait for a writer. */
static int open_input(const char *path, struct err *e)
{
	struct input in;
	int fd;

	if (!strcmp(path, NO_INPUT)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "%s", path) : fd;
	}
	fd = input_open(&in, path, e);
	if (fd || input_is_file(&in))
		return fd ?: in.fd;
	input_close(&in);
	return err_set(e, EINVAL, "%s: is a FIFO, not a regular file", path);
}

/* The name of a file of case @c in the folder of results. */
static char *result_name(const struct suite_case *c, const char *ending)
{
	char *name;

	return asprintf(&name, "%s.%s", c->name, ending) < 0 ? NULL : name;
}

static int create(const struct suite_run *r, const struct suite_case *c,
		  unsigned what, struct err *e)
{
	char *name = result_name(c, endings[what]);
	int fd = name ? folder_create(r->folder, name, e)
		      : err_set(e, ENOMEM, "no memory");

	free(name);
	return fd;
}

/* The name of the report of case @which until it has ended. */
static void private_name(char *name, size_t size, size_t which)
{
	snprintf(name, size, "%zu.%s", which, endings[REPORT]);
}

static int open_files(struct start *s, const struct suite_run *r,
		      const struct suite_case *c, struct err *e)
{
	char name[32];

	private_name(name, sizeof(name), (size_t)(c - r->s->cases));
	s->report = folder_private_path(r->folder, name);
	s->temp = folder_private_path(r->folder, "");
	if (!s->report || !s->temp)
		return err_set(e, ENOMEM, "no memory");
	s->in = open_input(c->input ?: NO_INPUT, e);
	if (s->in < 0)
		return s->in;
	s->out = create(r, c, CONSOLE, e);
	if (s->out < 0)
		return s->out;
	s->err = create(r, c, ERRORS, e);
	return s->err < 0 ? s->err : 0;
}

static void start_release(struct start *s)
{
	const int fds[] = { s->in, s->out, s->err };

	for (unsigned i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(s->temp);
	free(s->report);
	free(s->argv);
}

static void become(const struct start *s, pid_t parent, const sigset_t *mask)
	__attribute__((noreturn));

static void become(const struct start *s, pid_t parent, const sigset_t *mask)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Has the parent already ended? */
	if (getppid() != parent)
		_exit(JUDGE_NOT_STARTED);
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* A disk's snapshot must not go anywhere else either. */
	if (s->temp)
		setenv("TMPDIR", s->temp, 1);
	if (dup2(s->in, STDIN_FILENO) >= 0 &&
	    dup2(s->out, STDOUT_FILENO) >= 0 &&
	    dup2(s->err, STDERR_FILENO) >= 0)
		execv(SELF, s->argv);
	dprintf(STDERR_FILENO, "cannot start %s: %s\n", SELF, strerror(errno));
	_exit(JUDGE_NOT_STARTED);
}

/* A new stream to read the file @fd from its start, and to cut it. */
static FILE *reader_of(int fd)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return fopen(self, "r+e");
}

static int open_readers(struct child *c, const struct start *s,
			const struct suite_case *sc, struct err *e)
{
	c->console = reader_of(s->out);
	c->errors = reader_of(s->err);
	return c->console && c->errors
		       ? 0
		       : err_sys(e, "%s: cannot read its output", sc->name);
}

static int fork_child(struct child *c, const struct start *s,
		      const sigset_t *mask, struct err *e)
{
	pid_t parent = getpid();

	c->pid = fork();
	if (!c->pid)
		become(s, parent, mask);
	if (c->pid < 0) {
		c->pid = 0;
		return err_sys(e, "cannot start a process");
	}
	/* In both processes, so that neither is too late. */
	setpgid(c->pid, c->pid);
	return 0;
}

int child_start(struct child *c, const struct suite_run *r, size_t which,
		const sigset_t *mask, struct err *e)
{
	const struct suite_case *sc = &r->s->cases[which];
	struct start s = { .in = -1, .out = -1, .err = -1 };
	int rc;

	*c = (struct child){ .which = which };
	rc = open_files(&s, r, sc, e) ?: make_argv(&s, sc, e) ?:
	     open_readers(c, &s, sc, e) ?: fork_child(c, &s, mask, e);
	start_release(&s);
	if (rc)
		child_release(c);
	c->deadline_ns = clock_ns() + sc->timeout_ns + CHILD_GRACE_NS;
	return rc;
}

int child_take_report(const struct child *c, const struct suite_run *r,
		      FILE **out, struct err *e)
{
	char from[32],
		*to = result_name(&r->s->cases[c->which], endings[REPORT]);
	int fd;

	*out = NULL;
	if (!to)
		return err_set(e, ENOMEM, "no memory");
	private_name(from, sizeof(from), c->which);
	fd = folder_take(r->folder, from, to, e);
	free(to);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	*out = fdopen(fd, "r");
	if (*out)
		return 0;
	close(fd);
	return err_set(e, ENOMEM, "no memory");
}

/* The files of @attempt are "NAME.attemptN.console" and so on; of the last
 * attempt, "NAME.console". */
static char *attempt_name(const struct suite_case *c, unsigned attempt,
			  unsigned what)
{
	char ending[64];

	snprintf(ending, sizeof(ending), "attempt%u.%s", attempt,
		 endings[what]);
	return result_name(c, ending);
}

void child_keep_files(const struct suite_run *r, size_t which, unsigned attempt)
{
	const struct suite_case *c = &r->s->cases[which];

	for (unsigned i = 0; i < ENDINGS; i++) {
		char *from = result_name(c, endings[i]);
		char *to = attempt_name(c, attempt, i);

		if (from && to)
			folder_rename(r->folder, from, to);
		free(from);
		free(to);
	}
}

/* Remove the file @name, and free the name; whether it was there. */
static bool remove_file(const struct suite_run *r, char *name)
{
	bool there = name && folder_remove(r->folder, name);

	free(name);
	return there;
}

void child_remove_files(const struct suite_run *r, size_t which)
{
	const struct suite_case *c = &r->s->cases[which];
	bool any = true;

	for (unsigned i = 0; i < ENDINGS; i++)
		remove_file(r, result_name(c, endings[i]));
	for (unsigned attempt = 1; any; attempt++) {
		any = false;
		for (unsigned i = 0; i < ENDINGS; i++)
			any |= remove_file(r, attempt_name(c, attempt, i));
	}
}

bool child_ended(struct child *c, int *status)
{
	pid_t pid = c->pid ? waitpid(c->pid, status, WNOHANG) : 0;

	if (!pid)
		return false;
	/* Its status was already taken: it has ended. */
	if (pid < 0)
		*status = W_EXITCODE(JUDGE_NOT_STARTED, 0);
	c->pid = 0;
	return true;
}

void child_kill(const struct child *c, int sig)
{
	if (c->pid)
		kill(-c->pid, sig);
}

static bool is_flooded(FILE *f)
{
	struct stat st;

	return !fstat(fileno(f), &st) && (uint64_t)st.st_size > CHILD_FILE_MAX;
}

bool child_floods(const struct child *c)
{
	return is_flooded(c->console) || is_flooded(c->errors);
}

static void cut(FILE *f)
{
	/* If that fails, it stays as long as it is. */
	if (is_flooded(f))
		(void)!ftruncate(fileno(f), CHILD_FILE_MAX);
}

void child_cut_files(const struct child *c)
{
	cut(c->console);
	cut(c->errors);
}

void child_release(struct child *c)
{
	if (c->console)
		fclose(c->console);
	if (c->errors)
		fclose(c->errors);
	*c = (struct child){ 0 };
}
