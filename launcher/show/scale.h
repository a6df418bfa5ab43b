/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From amounts to lengths in a picture, and to words that fit next to them.
 *
 * All of it in integers: the same run gives the same picture on every machine
 * and in every locale.
 */
#ifndef SHOW_SCALE_H
#define SHOW_SCALE_H

#include <stdint.h>

/* Values from @from to @to become positions @at to @at + @len. */
struct scale {
	uint64_t from, to; /* from < to */
	int at, len;
};

/* The position of @v; values outside are at the nearer end. */
int scale_pos(const struct scale *s, uint64_t v);

/* The smallest of 1, 2 and 5 times a power of 10 of which at most @most fit
 * into @span; at least 1. */
uint64_t scale_tick(uint64_t span, unsigned most);

/* The same with powers of 2. */
uint64_t scale_tick2(uint64_t span, unsigned most);

/* Room for what follows. */
struct amount {
	char text[24];
};

/* "24.1 MiB", "4 KiB", "16 B": rounded down to three digits or so. */
const char *amount_bytes(struct amount *a, uint64_t bytes);

/* "8.45 s", "18.0 ms", "750 ns" */
const char *amount_time(struct amount *a, uint64_t ns);

/* A tick's label: exact, in the unit of @largest: "0.5 s", "20 ms", "0". */
const char *amount_tick(struct amount *a, uint64_t ns, uint64_t largest);

/* "0.4%", "72%" of @whole, which is not 0. */
const char *amount_share(struct amount *a, uint64_t part, uint64_t whole);

#endif
