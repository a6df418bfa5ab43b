/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench start NAME COMMAND... [-- NAME COMMAND...]...
 *
 * From the start of a process to the first guest instruction, for several
 * programs in turn; the goal is that the first is faster than each of the
 * others. The guest's first instructions write a byte to its serial port (see
 * mark.c). Each program copies it to stdout, here a pipe, and the time of its
 * arrival is compared. The guest then ends itself; the time at which the
 * process is gone and the most memory that it had are shown too.
 *
 *   fork, exec ......... byte in the pipe ......... process gone
 *   |---- to first instruction ----|                |
 *   |---- to the end -------------------------------|
 *
 * bench sandbox LAUNCHER OPTION... IMAGE
 *
 * The same of one launcher with its sandbox and without, in turn: the goal is
 * that the sandbox costs at most SANDBOX_GOAL_MS. Each start is compared with
 * the one after it, since a machine's pace changes over the runs.
 */
#include "bench/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define PROGRAMS_MAX 4
#define RUNS	     21
#define PAIRS	     101
#define WARM_UPS     2
#define PATIENCE_S   30

#define SANDBOX_GOAL_MS 0.3

struct program {
	const char *name;
	char **argv;
	double first_ms[PAIRS];
	double end_ms[PAIRS];
	double rss_mib[PAIRS];
};

static pid_t spawn(const struct program *p, int *out)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) || (pid = fork()) < 0)
		bench_die("cannot start a process");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(null, 2);
		alarm(PATIENCE_S);
		execvp(p->argv[0], p->argv);
		_exit(127);
	}
	close(fds[1]);
	*out = fds[0];
	return pid;
}

static void run_once(struct program *p, size_t i)
{
	uint64_t t = clock_ns();
	struct rusage use;
	int out, status;
	char byte;
	pid_t pid = spawn(p, &out);

	if (read(out, &byte, 1) != 1)
		bench_die("%s: no byte came from the guest", p->name);
	p->first_ms[i] = (clock_ns() - t) / 1e6;
	while (read(out, &byte, 1) > 0)
		;
	close(out);
	wait4(pid, &status, 0, &use);
	p->end_ms[i] = (clock_ns() - t) / 1e6;
	p->rss_mib[i] = use.ru_maxrss / 1024.0;
}

static void print_row(const struct program *p, const struct program *first)
{
	double ms[RUNS], end[RUNS], rss[RUNS], ratio[RUNS], middle;

	for (size_t i = 0; i < RUNS; i++)
		ratio[i] = first->first_ms[i] / p->first_ms[i];
	memcpy(ms, p->first_ms, sizeof(ms));
	memcpy(end, p->end_ms, sizeof(end));
	memcpy(rss, p->rss_mib, sizeof(rss));
	middle = bench_median(ms, RUNS);
	printf("%-34s %8.1f %8.1f %8.1f %8.1f", p->name, middle, ms[0],
	       bench_median(end, RUNS), bench_median(rss, RUNS));
	middle = bench_median(ratio, RUNS);
	if (p != first)
		printf(" %7.2f  < 1 %s", middle, middle < 1 ? "met" : "missed");
	printf("\n");
}

/* Cut the arguments at each "--". */
static size_t read_programs(struct program *p, int argc, char **argv)
{
	size_t n = 0;

	for (int from = 0, to; from < argc; from = to + 1) {
		for (to = from; to < argc && strcmp(argv[to], "--"); to++)
			;
		if (to - from < 2 || n == PROGRAMS_MAX)
			bench_die("usage: bench start NAME COMMAND... "
				  "[-- NAME COMMAND...]...");
		/* argv[argc] is NULL already. */
		argv[to] = NULL;
		p[n++] = (struct program){ .name = argv[from],
					   .argv = argv + from + 1 };
	}
	return n;
}

int cmd_start(int argc, char **argv)
{
	static struct program programs[PROGRAMS_MAX];
	size_t n = read_programs(programs, argc, argv);

	for (size_t i = 0; i < RUNS + WARM_UPS; i++)
		for (size_t j = 0; j < n; j++)
			run_once(&programs[j], i < WARM_UPS ? 0 : i - WARM_UPS);
	printf("%-34s %8s %8s %8s %8s %7s  %s\n", "", "first", "(min)", "end",
	       "peak", "ratio", "wanted");
	printf("%-34s %8s %8s %8s %8s\n", "", "ms", "ms", "ms", "MiB");
	for (size_t j = 0; j < n; j++)
		print_row(&programs[j], &programs[0]);
	return 0;
}

/* "--sandbox on" and then "off", in front of the caller's options. */
static struct program with_sandbox(const char *mode, int argc, char **argv)
{
	struct program p = { .name = mode };
	size_t n = 0;

	p.argv = calloc((size_t)argc + 3, sizeof(*p.argv));
	if (!p.argv)
		bench_die("no memory");
	p.argv[n++] = argv[0];
	p.argv[n++] = (char *)"--sandbox";
	p.argv[n++] = (char *)mode;
	memcpy(p.argv + n, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
	return p;
}

int cmd_sandbox(int argc, char **argv)
{
	static struct program on, off;
	double cost[PAIRS], ratio[PAIRS], with, without, middle;

	if (argc < 2)
		bench_die("usage: bench sandbox LAUNCHER OPTION... IMAGE");
	bench_ask_for_priority();
	on = with_sandbox("on", argc, argv);
	off = with_sandbox("off", argc, argv);
	for (size_t i = 0; i < PAIRS + WARM_UPS; i++) {
		run_once(&on, i < WARM_UPS ? 0 : i - WARM_UPS);
		run_once(&off, i < WARM_UPS ? 0 : i - WARM_UPS);
	}
	for (size_t i = 0; i < PAIRS; i++)
		cost[i] = on.first_ms[i] - off.first_ms[i];
	for (size_t i = 0; i < PAIRS; i++)
		ratio[i] = on.first_ms[i] / off.first_ms[i];
	with = bench_median(on.first_ms, PAIRS);
	without = bench_median(off.first_ms, PAIRS);
	middle = bench_median(cost, PAIRS);
	printf("%8s %8s %8s %8s %8s\n", "on", "off", "cost", "ratio", "wanted");
	printf("%8.2f %8.2f %8.2f %8.2f  <= %.1f ms %s\n", with, without,
	       middle, bench_median(ratio, PAIRS), SANDBOX_GOAL_MS,
	       bench_verdict(middle, SANDBOX_GOAL_MS));
	printf("fastest: %.2f on, %.2f off\n", on.first_ms[0], off.first_ms[0]);
	free(on.argv);
	free(off.argv);
	return 0;
}
