/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values on the command line: sizes, durations, counts, lists of words.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A word of a list, and the bit that it sets. */
struct parse_word {
	const char *name;
	unsigned bit;
};

/*
 * "64M", "1G", "4096K", "268435456": bytes, suffix K, M or G (powers of
 * 1024, either case). A number alone is bytes. -EINVAL or -ERANGE; on failure
 * *@size is untouched.
 */
int parse_size(const char *text, uint64_t *size, struct err *e);

/*
 * "500ms", "10s", "2m", but not "1.5s": a whole number and a unit; a number
 * alone is seconds. Nanoseconds in *@ns; zero is refused. Same returns.
 */
int parse_duration(const char *text, uint64_t *ns, struct err *e);

/* A guest-physical address: hex with 0x, or decimal. Same returns. */
int parse_address(const char *text, uint64_t *address, struct err *e);

/* A whole decimal number from @min to @max. Same returns. */
int parse_count(const char *text, unsigned long min, unsigned long max,
		unsigned long *value, struct err *e);

/*
 * "pio,irq": words of @words, of which there are @count, separated by commas;
 * their bits in *@set. -EINVAL for another word, with all of them in the
 * message, which calls a word @what. On failure *@set is untouched.
 */
int parse_words(const char *list, const struct parse_word *words, size_t count,
		const char *what, unsigned *set, struct err *e);

#endif
