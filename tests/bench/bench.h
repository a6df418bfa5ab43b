/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measuring program of scripts/bench: its parts, and what they share.
 *
 * Nothing here passes or fails. Two things are timed in turn in the same run
 * and compared, so that other work on the machine slows both.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "boot/boot.h"
#include "image/image.h"
#include "vm/guest_mem.h"

/* Report the error and exit: an incomplete measurement is worthless. */
void bench_die(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Open an image that has a payload, or die. */
void bench_open(struct image *img, const char *path);

/* Allocate @len bytes like guest memory: aligned, huge pages. */
struct bench_mem {
	uint8_t *data;
	size_t len;
	void *mapping;
	size_t mapping_size;
};
void bench_mem_map(struct bench_mem *m, size_t len);
void bench_mem_unmap(struct bench_mem *m);

/* The number of its bytes that are resident. */
size_t bench_resident(const void *addr, size_t len);

/*
 * Sorts @v, so that v[0] is the minimum. The median of an even count is the
 * lower of the two in the middle: it was measured, not made up.
 */
double bench_median(double *v, size_t n);

/* Measure at real-time priority, or report that it is not allowed. */
void bench_ask_for_priority(void);

/* "met" or "missed". */
const char *bench_verdict(double value, double limit);

/*
 * The decoding library alone: @p's stream to @out, in one call where the
 * library has one. Returns the decoded length; dies on any error.
 */
size_t oneshot_decode(const struct payload *p, uint8_t *out, size_t cap);

/* The decoded size the image states, or the ceiling if it states none. */
size_t bench_decoded_size(const struct image *img);

/* A load as the launcher does it, without KVM. */
struct bench_load {
	struct image img;
	struct guest_mem gm;
	struct boot_result result;
	struct milestones times;
};
void bench_load_open(struct bench_load *l, const char *path);
void bench_load_run(struct bench_load *l, const char *path);
void bench_load_close(struct bench_load *l);

/* What the launcher needs beyond the library, in bytes; may be negative. */
long long memory_beyond_library(const char *path);

/* The commands. Arguments begin after the command's name. */
int cmd_load(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_sandbox(int argc, char **argv);
int cmd_mark(int argc, char **argv);
int cmd_names(int argc, char **argv);
int cmd_kaslr(int argc, char **argv);
int cmd_disk(int argc, char **argv);

#endif
