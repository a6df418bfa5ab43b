/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench names NAME=IMAGE...
 *
 * One row per image: finding, checking and reading all names in the kernel's
 * own kallsyms, from the decoded ELF in warm memory. A run that needs no name
 * does none of this.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "image/kallsyms.h"
#include "image/scratch.h"

#define RUNS	  21
#define WANTED_MS 40.0

static void print_row(const char *name, const char *path)
{
	struct scratch decoded = { 0 };
	struct err e = ERR_EMPTY;
	struct kernel_elf elf;
	struct kallsyms k = { 0 };
	struct image img;
	double ms[RUNS], median;

	bench_open(&img, path);
	if (scratch_decode(&decoded, &img, &e) ||
	    kernel_elf_parse(&elf, decoded.bytes, &e))
		bench_die("%s: %s", path, e.msg);
	for (int i = 0; i < RUNS; i++) {
		uint64_t start = clock_ns();

		kallsyms_release(&k);
		if (kallsyms_read_elf(&k, &elf, &e))
			bench_die("%s: %s", path, e.msg);
		ms[i] = (double)(clock_ns() - start) / 1e6;
	}
	median = bench_median(ms, RUNS);
	printf("%-18s %8u %7.1f %7.1f %7.1f  %s\n", name, k.count,
	       (double)decoded.bytes.len / 1e6, median, ms[0],
	       bench_verdict(median, WANTED_MS));
	fflush(stdout);
	kallsyms_release(&k);
	kernel_elf_release(&elf);
	scratch_release(&decoded);
	image_close(&img);
}

int cmd_names(int argc, char **argv)
{
	bench_ask_for_priority();
	printf("%-18s %8s %7s %7s %7s  <= %.0f ms\n", "kernel", "names",
	       "ELF MB", "ms", "best", WANTED_MS);
	for (int i = 0; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path)
			bench_die("usage: bench names NAME=IMAGE...");
		*path++ = '\0';
		print_row(argv[i], path);
	}
	return 0;
}
