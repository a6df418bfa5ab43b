/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench kaslr NAME=IMAGE...
 *
 * One row per image: what a start at a random place takes more than one where
 * the kernel was linked. That is checking the relocation lists, keeping them
 * while the kernel is loaded, and changing its words, in warm memory. To choose
 * the place takes microseconds. It is compared with decoding the payload into
 * fresh memory, as every start does.
 */
#include "bench/bench.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "image/loadable.h"
#include "image/relocs.h"
#include "image/scratch.h"
#include "vm/guest_mem.h"

#define RUNS	  21
#define DECODES	  5
#define WANTED_MS 1.5
#define WANTED_PC 3.0
#define SLIDE	  (UINT64_C(100) << 20)
#define GUEST	  (UINT64_C(256) << 20)

/* The kernel as it lies in a guest's memory. */
struct loaded {
	struct guest_mem gm;
	uint8_t *bytes;
	uint64_t low, len;
};

static struct loaded load(const struct kernel_elf *elf, const char *path)
{
	struct loadable_span span = loadable_span(elf);
	struct loaded l = { .low = span.low, .len = span.last - span.low + 1 };
	struct err e = ERR_EMPTY;

	if (guest_mem_init(&l.gm, GUEST, &e))
		bench_die("%s: %s", path, e.msg);
	l.bytes = guest_mem_ptr(&l.gm, l.low, l.len);
	if (!l.bytes)
		bench_die("%s: does not fit", path);
	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (loadable_segment(s))
			memcpy(l.bytes + (s->paddr - l.low),
			       elf->bytes.data + s->off, s->filesz);
	}
	return l;
}

/* Milliseconds for everything, of which *@checked for the check. */
static double run_once(const struct kernel_elf *elf, const struct loaded *l,
		       uint64_t slide, double *checked, const char *path)
{
	struct reloc_lists lists = { 0 };
	struct err e = ERR_EMPTY;
	struct relocs found;
	uint64_t start = clock_ns(), middle;

	if (relocs_find(&found, elf, &e))
		bench_die("%s: %s", path, e.msg);
	middle = clock_ns();
	if (relocs_copy(&lists, &found, elf, &e) ||
	    relocs_apply(&lists, l->bytes, l->low, l->len, slide, &e))
		bench_die("%s: %s", path, e.msg);
	reloc_lists_release(&lists);
	*checked = (double)(middle - start) / 1e6;
	return (double)(clock_ns() - start) / 1e6;
}

/* Milliseconds to decode @img into memory that nothing has used yet. */
static double decode_once(const struct image *img, const char *path)
{
	struct scratch decoded = { 0 };
	struct err e = ERR_EMPTY;
	uint64_t start = clock_ns(), end;

	if (scratch_decode(&decoded, img, &e))
		bench_die("%s: %s", path, e.msg);
	end = clock_ns();
	scratch_release(&decoded);
	return (double)(end - start) / 1e6;
}

static void print_row(const char *name, const char *path)
{
	double ms[RUNS], checked[RUNS], decodes[DECODES], median, percent;
	struct scratch decoded = { 0 };
	struct err e = ERR_EMPTY;
	struct kernel_elf elf;
	struct relocs found;
	struct loaded l;
	struct image img;

	bench_open(&img, path);
	if (scratch_decode(&decoded, &img, &e) ||
	    kernel_elf_parse(&elf, decoded.bytes, &e) ||
	    relocs_find(&found, &elf, &e))
		bench_die("%s: %s", path, e.msg);
	l = load(&elf, path);
	for (int i = 0; i < RUNS; i++)
		ms[i] = run_once(&elf, &l, i % 2 ? 0 - SLIDE : SLIDE,
				 &checked[i], path);
	for (int i = 0; i < DECODES; i++)
		decodes[i] = decode_once(&img, path);
	median = bench_median(ms, RUNS);
	percent = 100 * median / bench_median(decodes, DECODES);
	printf("%-18s %8zu %7.2f %7.2f %7.2f  %-8s %7.1f %6.1f%%  %s\n", name,
	       found.n64 + found.ninverse + found.n32,
	       bench_median(checked, RUNS), median, ms[0],
	       bench_verdict(median, WANTED_MS), bench_median(decodes, DECODES),
	       percent, bench_verdict(percent, WANTED_PC));
	fflush(stdout);
	guest_mem_release(&l.gm);
	kernel_elf_release(&elf);
	scratch_release(&decoded);
	image_close(&img);
}

int cmd_kaslr(int argc, char **argv)
{
	bench_ask_for_priority();
	printf("%-18s %8s %7s %7s %7s  <= %.1f ms %7s %7s  <= %.0f%%\n",
	       "kernel", "words", "check", "ms", "best", WANTED_MS, "decode",
	       "of it", WANTED_PC);
	for (int i = 0; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path)
			bench_die("usage: bench kaslr NAME=IMAGE...");
		*path++ = '\0';
		print_row(argv[i], path);
	}
	return 0;
}
