/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "k", 1ull << 10 },
	{ "m", 1ull << 20 },
	{ "g", 1ull << 30 },
};

static const struct unit duration_units[] = {
	{ "", 1000000000ull },
	{ "ms", 1000000ull },
	{ "s", 1000000000ull },
	{ "m", 60000000000ull },
};

/* A whole number and one of @units. @want ends the sentence of the error. */
static int parse_with_unit(const char *text, const struct unit *units,
			   size_t count, const char *want, uint64_t *value,
			   struct err *e)
{
	unsigned long long n;
	uint64_t product;
	char *end;

	/* strtoull would accept a sign and leading blanks. */
	if (!isdigit((unsigned char)text[0]))
		return err_set(e, EINVAL, "'%s' is not %s", text, want);
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return err_set(e, ERANGE, "'%s' is too large", text);
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(end, units[i].suffix))
			continue;
		if (__builtin_mul_overflow(n, units[i].factor, &product))
			return err_set(e, ERANGE, "'%s' is too large", text);
		*value = product;
		return 0;
	}
	return err_set(e, EINVAL, "'%s' is not %s", text, want);
}

int parse_size(const char *text, uint64_t *size, struct err *e)
{
	return parse_with_unit(
		text, size_units, sizeof(size_units) / sizeof(size_units[0]),
		"a size (a whole number with K, M or G)", size, e);
}

int parse_duration(const char *text, uint64_t *ns, struct err *e)
{
	uint64_t value;
	int rc;

	rc = parse_with_unit(text, duration_units,
			     sizeof(duration_units) / sizeof(duration_units[0]),
			     "a duration (a whole number with ms, s or m)",
			     &value, e);
	if (rc)
		return rc;
	if (!value)
		return err_set(e, EINVAL, "'%s': a duration must not be zero",
			       text);
	if (value > INT64_MAX)
		return err_set(e, ERANGE, "'%s' is too large", text);
	*ns = value;
	return 0;
}

int parse_count(const char *text, unsigned long min, unsigned long max,
		unsigned long *value, struct err *e)
{
	unsigned long n = 0;
	char *end = NULL;

	errno = 0;
	if (isdigit((unsigned char)text[0]))
		n = strtoul(text, &end, 10);
	if (!end || *end)
		return err_set(e, EINVAL, "'%s' is not a whole number", text);
	if (errno == ERANGE || n < min || n > max)
		return err_set(e, ERANGE, "%s is outside %lu to %lu", text, min,
			       max);
	*value = n;
	return 0;
}

int parse_address(const char *text, uint64_t *address, struct err *e)
{
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	const char *digits = hex ? text + 2 : text;
	unsigned long long n = 0;
	char *end = NULL;

	errno = 0;
	if (hex ? isxdigit((unsigned char)*digits)
		: isdigit((unsigned char)*digits))
		n = strtoull(digits, &end, hex ? 16 : 10);
	if (!end || *end)
		return err_set(e, EINVAL, "'%s' is not an address", text);
	if (errno == ERANGE)
		return err_set(e, ERANGE, "'%s' is too large", text);
	*address = n;
	return 0;
}

static unsigned find_word(const struct parse_word *words, size_t count,
			  const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i].name) == len &&
		    !memcmp(words[i].name, name, len))
			return words[i].bit;
	return 0;
}

/* "one, two or three" */
static int unknown_word(const struct parse_word *words, size_t count,
			const char *what, const char *name, size_t len,
			struct err *e)
{
	char all[ERR_MSG_SIZE] = "";
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
					 !i		 ? ""
					 : i + 1 < count ? ", "
							 : " or ",
					 words[i].name);
	return err_set(e, EINVAL, "unknown %s '%.*s' (expected %s)", what,
		       len < 64 ? (int)len : 64, name, all);
}

int parse_words(const char *list, const struct parse_word *words, size_t count,
		const char *what, unsigned *set, struct err *e)
{
	unsigned all = 0;

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		unsigned bit = find_word(words, count, at, len);

		if (!bit)
			return unknown_word(words, count, what, at, len, e);
		all |= bit;
		at += len;
		if (!*at)
			break;
	}
	*set = all;
	return 0;
}
