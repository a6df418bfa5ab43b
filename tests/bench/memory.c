/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory loading takes beyond what every loader needs.
 *
 * Two child processes open the same image. One loads it as the launcher does,
 * the other only has the library decode the payload. The working memory of each
 * is its largest resident size (VmHWM: heap, stacks, dictionaries, the mapped
 * file) minus its output (guest memory, or the library's output buffer). The
 * difference of the two is what the launcher adds.
 *
 * Output pages are counted by mincore(), at two points of a load: after the
 * payload is decoded, where a third child stops, and when the segments are in
 * place, after pages were added and freed. At each point the largest output
 * seen so far is subtracted from the peak; the launcher's working memory is the
 * larger result. Pages in between that were not output at either point count
 * against the launcher.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct use {
	long long peak;	  /* largest resident size of the process */
	long long output; /* of these, bytes of output */
};

static long long peak_rss(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	long long kib = -1;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lld", &kib) == 1)
			break;
	if (kib < 0)
		bench_die("/proc/self/status has no VmHWM");
	fclose(f);
	return kib * 1024;
}

static struct use use_of_library(const char *path)
{
	struct bench_mem out;
	struct image img;

	bench_open(&img, path);
	bench_mem_map(&out, bench_decoded_size(&img));
	oneshot_decode(&img.payload, out.data, out.len);
	return (struct use){ peak_rss(), bench_resident(out.data, out.len) };
}

static struct use use_of_decode(const char *path)
{
	struct load_run run = { 0 };
	struct err e = ERR_EMPTY;
	struct bench_load l;

	bench_load_open(&l, path);
	if (load_decode(&l.img, &l.gm, &run, &e))
		bench_die("%s: %s", path, e.msg);
	return (struct use){ peak_rss(),
			     bench_resident(l.gm.base, l.gm.low_size) };
}

static struct use use_of_load(const char *path)
{
	struct bench_load l;

	bench_load_open(&l, path);
	bench_load_run(&l, path);
	return (struct use){ peak_rss(),
			     bench_resident(l.gm.base, l.gm.low_size) };
}

/* In a new process that has done nothing else. */
static struct use in_child(struct use (*measure)(const char *path),
			   const char *path)
{
	struct use u;
	int fds[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) || (pid = fork()) < 0)
		bench_die("cannot start a process");
	if (pid == 0) {
		u = measure(path);
		_exit(write(fds[1], &u, sizeof(u)) != sizeof(u));
	}
	close(fds[1]);
	if (read(fds[0], &u, sizeof(u)) != sizeof(u))
		bench_die("%s: the measuring process failed", path);
	close(fds[0]);
	waitpid(pid, &status, 0);
	return u;
}

static long long max(long long a, long long b)
{
	return a > b ? a : b;
}

long long memory_beyond_library(const char *path)
{
	struct use library = in_child(use_of_library, path);
	struct use decoded = in_child(use_of_decode, path);
	struct use loaded = in_child(use_of_load, path);
	long long need = max(decoded.peak - decoded.output,
			     loaded.peak - max(decoded.output, loaded.output));

	return need - (library.peak - library.output);
}
