/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bounded SECONDS MIB COMMAND: run COMMAND with at most this much processor
 * time and memory.
 *
 * The status is COMMAND's, or 128 + N if signal N ended it; 201 and a line on
 * stderr if it took longer (it is killed) or had more memory resident. The
 * limit by the clock is WAIT times as long: other processes may keep COMMAND
 * from running, and it may wait for something that never comes.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 201
#define WAIT   6

static pid_t child;
static volatile sig_atomic_t late;

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
	kill(child, SIGKILL);
}

/* The child: beyond the limit the kernel sends SIGXCPU, and then SIGKILL. */
static void become(char **argv, unsigned seconds)
{
	const struct rlimit limit = { seconds, seconds + 1 };

	setrlimit(RLIMIT_CPU, &limit);
	execvp(argv[0], argv);
	_exit(127);
}

static bool was_late(int status, const struct rusage *usage, unsigned seconds)
{
	return late ||
	       (WIFSIGNALED(status) &&
		(WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL) &&
		usage->ru_utime.tv_sec + usage->ru_stime.tv_sec + 1 >=
			(time_t)seconds);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	unsigned seconds;
	long mib;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: bounded SECONDS MIB COMMAND\n");
		return FAILED;
	}
	seconds = (unsigned)atoi(argv[1]);
	child = fork();
	if (child == 0)
		become(argv + 3, seconds);
	signal(SIGALRM, on_alarm);
	alarm(WAIT * seconds);
	while (wait4(child, &status, 0, &usage) != child)
		;
	mib = usage.ru_maxrss / 1024;
	if (was_late(status, &usage, seconds)) {
		fprintf(stderr, "bounded: took too long\n");
		return FAILED;
	}
	if (mib > atol(argv[2])) {
		fprintf(stderr, "bounded: took too much, %ld MiB\n", mib);
		return FAILED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
