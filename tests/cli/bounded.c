/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bounded SECONDS MIB COMMAND: run COMMAND, and let it take no more time and
 * memory than that.
 *
 * The status is COMMAND's, 128 + N if signal N ended it; 201 and a line on
 * stderr if it took longer (it is killed) or had more memory resident.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 201

static pid_t child;
static volatile sig_atomic_t late;

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
	kill(child, SIGKILL);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	long mib;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: bounded SECONDS MIB COMMAND\n");
		return FAILED;
	}
	child = fork();
	if (child == 0) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	signal(SIGALRM, on_alarm);
	alarm((unsigned)atoi(argv[1]));
	while (wait4(child, &status, 0, &usage) != child)
		;
	mib = usage.ru_maxrss / 1024;
	if (late || mib > atol(argv[2])) {
		fprintf(stderr, "bounded: %s, %ld MiB\n",
			late ? "took too long" : "took too much", mib);
		return FAILED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
