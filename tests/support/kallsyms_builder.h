/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kallsyms tables for tests, in each layout that kernels have had.
 *
 * The builder makes sound tables; a test that wants broken ones patches the
 * result, at the offsets that it gives back. Symbols come in order:
 *
 *   percpu symbols     "A percpu_N" at 8 * N, if the form has such
 *   all others         "T symbol_N" at vaddr + 16 * N, every tenth of them
 *                      "t" and at the place of the one before
 */
#ifndef TESTS_SUPPORT_KALLSYMS_BUILDER_H
#define TESTS_SUPPORT_KALLSYMS_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum kallsyms_numbers {
	KALLSYMS_WORDS,
	KALLSYMS_FROM_BASE,
	KALLSYMS_PERCPU_OR_BASE,
	KALLSYMS_FROM_PLACE,
};

struct test_kallsyms {
	bool is32;
	bool behind; /* the addresses are, not in front */
	enum kallsyms_numbers numbers;
	unsigned marker_size;	/* 4 or 8 */
	unsigned sequence_size; /* 0, 3 or 4; in front of the tokens, or last
				 * if the addresses are behind */
	unsigned align;		/* 0: the size of a word */
	uint32_t count;
	uint32_t percpu;   /* so many of them */
	uint64_t vaddr;	   /* of the first byte of the result */
	unsigned long_one; /* symbol 1's name has so many characters more */
};

/* Where things are in the result. */
struct kallsyms_offsets {
	size_t count;
	size_t names;
	size_t markers;
	size_t tokens;
	size_t index;
	size_t addresses;
	size_t base;
};

/* Append the tables to @out, which should be empty or of aligned length;
 * @at may be NULL. */
void kallsyms_build(const struct test_kallsyms *t, struct buf *out,
		    struct kallsyms_offsets *at);

/* What symbol @i of it is: "T symbol_1", with the type, and its address. */
void kallsyms_expected(const struct test_kallsyms *t, uint32_t i, char *text,
		       size_t size, uint64_t *address);

#endif
