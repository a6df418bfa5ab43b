/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench load NAME=IMAGE...
 *
 * One row per image: the launcher's load against the library alone.
 *
 *   library    one-shot decode of the payload on one CPU; source and
 *              destination are warm memory
 *   launcher   from opening the file to the last segment in fresh guest
 *              memory: mapping, recognising the payload, page faults,
 *              decoding, reading ELF and notes, planning, moving segments,
 *              clearing the rest
 *
 * The two run in turn, and each pair gives one ratio. The ratio that is shown
 * and compared with the goal is the pairs' median; "best" is the launcher's
 * fastest run divided by the library's fastest. Segments are compared with the
 * library's output before anything is timed.
 *
 * On a busy machine, a load on two CPUs and a library on one get different
 * shares of the remaining time. So both run at real-time priority if that is
 * allowed, for seconds at a time.
 */
#include "bench/bench.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vm/e820.h"

#define GUEST_MEM_SIZE (UINT64_C(256) << 20)

/* Pairs until this much time is used, within limits. */
#define BUDGET_NS UINT64_C(4000000000)
#define PAIRS_MIN 9
#define PAIRS_MAX 41

static const struct {
	const char *format;
	double ratio;
} wanted[] = {
	{ "gzip", 1.10 },
	{ "xz", 1.10 },
	{ "zstd", 1.10 },
	{ "lz4", 1.30 },
};
#define WANTED_MEMORY_MIB 8.0

size_t bench_decoded_size(const struct image *img)
{
	return img->payload.has_size ? img->payload.size : IMAGE_DECODED_MAX;
}

void bench_load_open(struct bench_load *l, const char *path)
{
	struct err e = ERR_EMPTY;

	bench_open(&l->img, path);
	if (guest_mem_init(&l->gm, GUEST_MEM_SIZE, &e))
		bench_die("%s", e.msg);
}

void bench_load_run(struct bench_load *l, const char *path)
{
	struct err e = ERR_EMPTY;
	struct e820 map;

	e820_build(&map, &l->gm);
	l->times = (struct milestones){ 0 };
	if (boot_prepare(&(struct boot_request){ .img = &l->img,
						 .gm = &l->gm,
						 .map = &map,
						 .cmdline = "",
						 .times = &l->times },
			 &l->result, &e))
		bench_die("%s: %s", path, e.msg);
}

void bench_load_close(struct bench_load *l)
{
	guest_mem_release(&l->gm);
	image_close(&l->img);
}

/* The bytes must be right, too. */
static void compare(const char *path, struct bytes decoded)
{
	struct err e = ERR_EMPTY;
	struct kernel_elf elf;
	struct bench_load l;

	bench_load_open(&l, path);
	bench_load_run(&l, path);
	if (kernel_elf_parse(&elf, decoded, &e))
		bench_die("%s: %s", path, e.msg);
	for (unsigned i = 0; i < elf.segments_count; i++) {
		const struct elf_segment *s = &elf.segments[i];
		const void *loaded = guest_mem_ptr(&l.gm, s->paddr, s->filesz);

		if (s->type == PT_LOAD &&
		    (!loaded ||
		     memcmp(loaded, decoded.data + s->off, s->filesz)))
			bench_die("%s: segment %u is not what the library "
				  "decoded",
				  path, i);
	}
	kernel_elf_release(&elf);
	bench_load_close(&l);
}

static double time_library(const struct payload *p, struct bench_mem *out)
{
	uint64_t t = clock_ns();

	oneshot_decode(p, out->data, out->len);
	return clock_ns() - t;
}

static double time_launcher(const char *path)
{
	uint64_t t = clock_ns();
	struct bench_load l;
	double ns;

	bench_load_open(&l, path);
	bench_load_run(&l, path);
	ns = milestone_ns(&l.times, MILESTONE_LOADED) - t;
	bench_load_close(&l);
	return ns;
}

struct pairs {
	double library[PAIRS_MAX];
	double launcher[PAIRS_MAX];
	double ratio[PAIRS_MAX];
	size_t n;
};

static void time_pairs(struct pairs *pairs, const struct payload *p,
		       struct bench_mem *out, const char *path)
{
	uint64_t end = clock_ns() + BUDGET_NS;

	pairs->n = 0;
	while (pairs->n < PAIRS_MAX &&
	       (pairs->n < PAIRS_MIN || clock_ns() < end)) {
		size_t i = pairs->n++;

		/* Both take turns at being the first of a pair. */
		if (i % 2)
			pairs->launcher[i] = time_launcher(path);
		pairs->library[i] = time_library(p, out);
		if (i % 2 == 0)
			pairs->launcher[i] = time_launcher(path);
		pairs->ratio[i] = pairs->launcher[i] / pairs->library[i];
	}
}

static void print_ratio(struct pairs *p, const char *format)
{
	double library = bench_median(p->library, p->n);
	double launcher = bench_median(p->launcher, p->n);
	double ratio = bench_median(p->ratio, p->n);

	printf(" %8.1f %8.1f %6.2f %6.2f", library / 1e6, launcher / 1e6, ratio,
	       p->launcher[0] / p->library[0]);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strcmp(wanted[i].format, format)) {
			printf("  %.2f %-6s", wanted[i].ratio,
			       bench_verdict(ratio, wanted[i].ratio));
			return;
		}
	printf("  %-11s", "-");
}

static void print_row(const char *name, const char *path)
{
	double beyond = memory_beyond_library(path) / 1048576.0;
	struct payload p;
	struct bench_mem out, in;
	struct pairs pairs;
	struct image img;
	size_t len;

	bench_open(&img, path);
	p = img.payload;
	bench_mem_map(&in, p.stream.len);
	memcpy(in.data, p.stream.data, in.len);
	p.stream.data = in.data;
	bench_mem_map(&out, bench_decoded_size(&img));
	len = oneshot_decode(&p, out.data, out.len);
	compare(path, (struct bytes){ out.data, len });

	time_pairs(&pairs, &p, &out, path);
	printf("%-6s %-18s %6.1f %7.1f", p.format->name, name, in.len / 1e6,
	       len / 1e6);
	print_ratio(&pairs, p.format->name);
	printf(" %7.1f  %s\n", beyond,
	       bench_verdict(beyond, WANTED_MEMORY_MIB));
	fflush(stdout);
	bench_mem_unmap(&in);
	bench_mem_unmap(&out);
	image_close(&img);
}

int cmd_load(int argc, char **argv)
{
	bench_ask_for_priority();
	printf("%-6s %-18s %6s %7s %8s %8s %6s %6s  %-11s %7s  %s\n", "format",
	       "kernel", "packed", "decoded", "library", "launcher", "ratio",
	       "best", "wanted", "memory", "<= 8");
	printf("%-6s %-18s %6s %7s %8s %8s %6s %6s  %-11s %7s\n", "", "", "MB",
	       "MB", "ms", "ms", "", "", "", "MiB");
	for (int i = 0; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path)
			bench_die("usage: bench load NAME=IMAGE...");
		*path++ = '\0';
		print_row(argv[i], path);
	}
	return 0;
}
