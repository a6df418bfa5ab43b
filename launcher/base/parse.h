/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers on the command line: sizes, durations, counts.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdint.h>

#include "base/err.h"

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

#endif
