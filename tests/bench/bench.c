/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench load NAME=IMAGE...    loading, compared with the library alone
 * bench start ...             process start to first guest instruction
 * bench mark ELF OUT          a kernel that shows that instruction
 * bench names NAME=IMAGE...   reading a kernel's own names
 * bench kaslr NAME=IMAGE...   moving a kernel by its relocations
 * bench disk FILE             a disk's requests, without a guest
 *
 * scripts/bench runs these and describes what they measure.
 */
#include "bench/bench.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void bench_die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void bench_open(struct image *img, const char *path)
{
	struct err e = ERR_EMPTY;

	if (image_open(img, path, &e))
		bench_die("%s", e.msg);
	if (!img->has_payload)
		bench_die("%s: %s", path, img->no_payload.msg);
}

void bench_mem_map(struct bench_mem *m, size_t len)
{
	size_t size = len + HUGE_PAGE;
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		bench_die("cannot map %zu bytes", size);
	*m = (struct bench_mem){ .len = len,
				 .mapping = p,
				 .mapping_size = size };
	m->data = p + (-(uintptr_t)p & (HUGE_PAGE - 1));
	(void)madvise(m->data, len, MADV_HUGEPAGE);
}

void bench_mem_unmap(struct bench_mem *m)
{
	munmap(m->mapping, m->mapping_size);
	*m = (struct bench_mem){ 0 };
}

size_t bench_resident(const void *addr, size_t len)
{
	size_t pages = (len + 4095) / 4096, n = 0;
	unsigned char *there = malloc(pages);

	if (!there || mincore((void *)addr, len, there))
		bench_die("mincore of %zu bytes", len);
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	free(there);
	return n * 4096;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[(n - 1) / 2];
}

const char *bench_verdict(double value, double limit)
{
	return value <= limit ? "met" : "missed";
}

void bench_ask_for_priority(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_RR, &lowest))
		printf("at normal priority (real-time needs root): on a busy "
		       "machine, look at \"best\"\n");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "load", cmd_load },	    { "start", cmd_start },
		{ "mark", cmd_mark },	    { "names", cmd_names },
		{ "kaslr", cmd_kaslr },	    { "disk", cmd_disk },
		{ "sandbox", cmd_sandbox },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	bench_die("usage: bench load|start|sandbox|mark|names|kaslr|disk ...");
}
