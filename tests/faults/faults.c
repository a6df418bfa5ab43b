/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults [OPTION...] -- PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM once to count its allocations and system calls, then once for
 * each of them, which fails. Each run must end by itself, with a status that is
 * allowed, and with one line on stderr if it is not 0; result files must be
 * whole or not there. The last line is `N faults: N without effect, N failed
 * as they should, N WRONG`.
 *
 *   --library FILE      fail.c, as a shared library
 *   --sample N          not each call, but about N of them, evenly spread
 *   --only N            only the call N, and print what it says
 *   --seconds N         a run may take this long (60)
 *   --ends STATUS       a status that a run may have, besides 0 and 1; such a
 *                       run may print a second line, about the device that
 *                       failed
 *   --result FILE END   FILE is absent, or its last bytes are END, perhaps with
 *                       a newline
 *   --size FILE N       FILE is absent, or has N bytes
 *   --lines FILE        FILE is absent, empty, or ends with a whole line
 *   --clean FOLDER      where no other files may stay than results
 */
#include "faults/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULTS_MAX 8
#define SAID_MAX    65536

struct result {
	const char *path, *end; /* NULL: the size counts */
	off_t size;
	bool may_be_empty;
};

static struct {
	const char *library, *clean;
	unsigned long sample, only, seconds;
	int status, usual; /* the latter without a fault */
	struct result results[RESULTS_MAX];
	unsigned results_count;
	char **command;
	struct fault *fault;
	char fault_file[64];
	int said_fd;
	char said[SAID_MAX];
} f = { .seconds = 60, .status = 1 };

static void die(const char *what)
{
	fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(2);
}

static const char *next(char ***at)
{
	if (!*++*at) {
		fprintf(stderr, "faults: an argument is missing\n");
		exit(2);
	}
	return **at;
}

static void parse(char **at)
{
	for (at++; *at && strcmp(*at, "--"); at++) {
		if (!strcmp(*at, "--library")) {
			f.library = next(&at);
		} else if (!strcmp(*at, "--sample")) {
			f.sample = strtoul(next(&at), NULL, 10);
		} else if (!strcmp(*at, "--only")) {
			f.only = strtoul(next(&at), NULL, 10);
		} else if (!strcmp(*at, "--seconds")) {
			f.seconds = strtoul(next(&at), NULL, 10);
		} else if (!strcmp(*at, "--ends")) {
			f.status = atoi(next(&at));
		} else if (!strcmp(*at, "--clean")) {
			f.clean = next(&at);
		} else if (!strcmp(*at, "--size") &&
			   f.results_count < RESULTS_MAX) {
			struct result *r = &f.results[f.results_count++];

			r->path = next(&at);
			r->size = atol(next(&at));
		} else if (!strcmp(*at, "--lines") &&
			   f.results_count < RESULTS_MAX) {
			f.results[f.results_count++] = (struct result){
				.path = next(&at),
				.end = "\n",
				.may_be_empty = true,
			};
		} else if (!strcmp(*at, "--result") &&
			   f.results_count < RESULTS_MAX) {
			struct result *r = &f.results[f.results_count++];

			r->path = next(&at);
			r->end = next(&at);
		} else {
			fprintf(stderr, "faults: unexpected '%s'\n", *at);
			exit(2);
		}
	}
	f.command = at + (*at != NULL);
	if (!*f.command || !f.library) {
		fprintf(stderr, "faults: needs --library and a program\n");
		exit(2);
	}
}

static void map_fault(void)
{
	int fd;

	snprintf(f.fault_file, sizeof(f.fault_file), "/tmp/faults.XXXXXX");
	fd = mkstemp(f.fault_file);
	if (fd < 0 || ftruncate(fd, sizeof(*f.fault)))
		die(f.fault_file);
	f.fault = mmap(NULL, sizeof(*f.fault), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	if (f.fault == MAP_FAILED)
		die("mmap");
	close(fd);
	f.said_fd = memfd_create("stderr", MFD_CLOEXEC);
	if (f.said_fd < 0)
		die("memfd_create");
}

static void become_command(void)
{
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(f.said_fd, STDERR_FILENO);
	setenv("FAULT_FILE", f.fault_file, 1);
	setenv("LD_PRELOAD", f.library, 1);
	execv(f.command[0], f.command);
	_exit(127);
}

/* The wait status; -1: it had to be killed. */
static int await(pid_t pid)
{
	const struct timespec tick = { .tv_nsec = 2000000 };
	time_t until = time(NULL) + (time_t)f.seconds + 1;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (time(NULL) > until) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		nanosleep(&tick, NULL);
	}
	kill(-pid, SIGKILL);
	return status;
}

static void remove_results(void)
{
	for (unsigned i = 0; i < f.results_count; i++)
		unlink(f.results[i].path);
}

static int run(unsigned long at)
{
	ssize_t n;
	pid_t pid;
	int status;

	remove_results();
	memset(f.fault, 0, sizeof(*f.fault));
	f.fault->at = at;
	if (ftruncate(f.said_fd, 0) || lseek(f.said_fd, 0, SEEK_SET))
		die("stderr");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		become_command();
	status = await(pid);
	n = pread(f.said_fd, f.said, sizeof(f.said) - 1, 0);
	f.said[n > 0 ? n : 0] = '\0';
	return status;
}

static bool is_whole(const struct result *r)
{
	size_t len = r->end ? strlen(r->end) : 0;
	char end[256] = "";
	struct stat st;
	FILE *file;

	if (stat(r->path, &st))
		return true;
	if (!r->end)
		return st.st_size == r->size;
	if (r->may_be_empty && !st.st_size)
		return true;
	file = fopen(r->path, "r");
	len++;
	if (!file || len >= sizeof(end) || fseek(file, -(long)len, SEEK_END) ||
	    fread(end, 1, len, file) != len) {
		if (file)
			fclose(file);
		return false;
	}
	fclose(file);
	return strstr(end, r->end);
}

static bool is_result(const char *name)
{
	for (unsigned i = 0; i < f.results_count; i++) {
		const char *slash = strrchr(f.results[i].path, '/');

		if (!strcmp(name, slash ? slash + 1 : f.results[i].path))
			return true;
	}
	return false;
}

/* The name of a file that should not be there; NULL: there is none. */
static const char *leftover(void)
{
	static char name[256];
	DIR *d = f.clean ? opendir(f.clean) : NULL;
	const struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		found = strcmp(entry->d_name, ".") &&
			strcmp(entry->d_name, "..") &&
			!is_result(entry->d_name);
		snprintf(name, sizeof(name), "%s", entry->d_name);
	}
	if (d)
		closedir(d);
	return found ? name : NULL;
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* What is wrong with how the run ended; NULL: nothing. */
static const char *wrong(int status)
{
	static char why[512];

	if (status < 0)
		return "it hangs";
	if (WIFSIGNALED(status))
		return strsignal(WTERMSIG(status));
	status = WEXITSTATUS(status);
	if (strstr(f.said, "ERROR: ") || strstr(f.said, "runtime error"))
		return "a sanitizer complains";
	/* The sanitizer itself had no memory as a thread began, and ended the
	 * run at once. */
	if (strstr(f.said, "Sanitizer: CHECK failed") &&
	    strstr(f.fault->name, "alloc"))
		return NULL;
	if (strstr(f.said, "Sanitizer"))
		return "a sanitizer complains";
	if (status > 1 && status != f.status) {
		snprintf(why, sizeof(why), "it ends with status %d", status);
		return why;
	}
	/* Without stderr, there is no line. */
	if (status && status != f.usual && strcmp(f.fault->name, "write") &&
	    (!lines(f.said) || lines(f.said) > (status == f.status ? 2 : 1) ||
	     strncmp(f.said, "launcher: ", 10)))
		return "it does not say why in one line";
	for (unsigned i = 0; i < f.results_count; i++)
		if (!is_whole(&f.results[i])) {
			snprintf(why, sizeof(why), "%s is not whole",
				 f.results[i].path);
			return why;
		}
	if (leftover()) {
		snprintf(why, sizeof(why), "%s stays", leftover());
		return why;
	}
	return NULL;
}

static void complain(unsigned long at, const char *why)
{
	printf("WRONG %lu: %s of %s+0x%lx: %s\n", at, f.fault->name,
	       f.fault->file, f.fault->offset, why);
	printf("    %.2000s%s", f.said,
	       *f.said && f.said[strlen(f.said) - 1] == '\n' ? "" : "\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned long count, step = 1, faults = 0, none = 0, good = 0, bad = 0;
	const char *why;
	int status;

	(void)argc;
	parse(argv);
	map_fault();
	status = run(0);
	count = f.fault->count;
	f.usual = WEXITSTATUS(status);
	if ((status && WEXITSTATUS(status) != f.status) || !count) {
		printf("without a fault, it ends with wait status 0x%x, after "
		       "%lu calls: %s\n",
		       status, count, f.said);
		unlink(f.fault_file);
		return 1;
	}
	if (f.sample && f.sample < count)
		step = count / f.sample;
	for (unsigned long at = f.only ?: 1; at <= (f.only ?: count);
	     at += step) {
		status = run(at);
		if (!*f.fault->name)
			continue; /* it makes fewer calls this time */
		faults++;
		why = wrong(status);
		if (why)
			complain(at, why), bad++;
		else if (status)
			good++;
		else
			none++;
		if (f.only)
			printf("%s of %s+0x%lx: status 0x%x\n%s", f.fault->name,
			       f.fault->file, f.fault->offset, status, f.said);
	}
	remove_results();
	unlink(f.fault_file);
	printf("%lu faults of %lu calls: %lu without effect, %lu failed as "
	       "they should, %lu WRONG\n",
	       faults, count, none, good, bad);
	return bad != 0;
}
