/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile regular expression, and a hostile text for it.
 *
 * The input is the expression, a newline, and the text. Beyond not crashing:
 * the result is that of regcomp() and regexec(), also if the text arrives byte
 * by byte. Expressions for which glibc never ends, or is known to be wrong, are
 * compiled and matched without that comparison.
 */
#include "fuzz/fuzz.h"
#include "base/regex.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define EXPRESSION_MAX 4200
#define COMPARED_MAX   32
#define OPERATORS_MAX  6
#define TEXT_MAX       32

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static bool feed_bytewise(struct regex *r, const char *text)
{
	regex_restart(r);
	for (; *text; text++) {
		(void)regex_matches(r);
		regex_feed(r, text, 1);
	}
	return regex_matches(r);
}

static bool has_large_number(const char *text)
{
	static const char digits[] = "0123456789";

	for (; *text; text++)
		if (strspn(text, digits) > 1)
			return true;
	return false;
}

static size_t count_operators(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += strchr("*+?{", *text) != NULL;
	return n;
}

/* Whether regexec() can judge this one. */
static bool is_comparable(const char *expression)
{
	const char *brace = strchr(expression, '{');

	/* Each doubles the size of regcomp()'s result. */
	if (count_operators(expression) > OPERATORS_MAX)
		return false;
	if (brace && (strchr(brace + 1, '{') || has_large_number(brace)))
		return false;
	/* glibc takes "\," in an interval for its comma. */
	if (brace && brace[strcspn(brace, "\\}")] == '\\')
		return false;
	return strlen(expression) <= COMPARED_MAX && !strstr(expression, "---");
}

/* Without REG_NEWLINE, glibc takes the place behind a newline for the beginning
 * of a line in some expressions, and not in others. */
static bool is_text_comparable(const char *expression, const char *text)
{
	return !strchr(text, '\n') || !strpbrk(expression, "^$`'");
}

static void compare(const char *expression, int rc, bool found,
		    const char *text)
{
	regex_t libc;

	if (regcomp(&libc, expression, REG_EXTENDED | REG_NOSUB)) {
		claim(rc == -EINVAL);
		return;
	}
	claim(!rc);
	claim(found == !regexec(&libc, text, 0, NULL, 0));
	regfree(&libc);
}

static void run(const char *expression, const char *text)
{
	struct regex *r = NULL;
	struct err e;
	int rc = regex_compile(&r, expression, &e);
	bool found = false;

	if (!rc) {
		found = regex_matches_text(r, text);
		claim(feed_bytewise(r, text) == found);
	}
	/* Expressions refused by name are not a question of syntax. */
	if (is_comparable(expression) && is_text_comparable(expression, text) &&
	    !(rc && strstr(e.msg, "back-reference")))
		compare(expression, rc, found, text);
	regex_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	char expression[EXPRESSION_MAX + 1] = "", text[TEXT_MAX + 1] = "";
	size_t len = end ? (size_t)(end - data) : size;
	size_t rest = end ? size - len - 1 : 0;

	if (len > EXPRESSION_MAX || rest > TEXT_MAX)
		return 0;
	memcpy(expression, data, len);
	if (rest)
		memcpy(text, end + 1, rest);
	run(expression, text);
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"^a(b|c)*d$\nabcbd",
		".*a.{4}Q\nxaxxxxQ",
		"[^]a-c[:digit:][=x=]-]+\n]x-",
		"\\<a\\w\\>|\\bb\\B|\\`x\\'\nab bc",
		"(a?){3}b{,2}c{2,}\naabcc",
		"(|a)+()|)\\W\\s\\S\na a)-",
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		fuzz_seed((char[]){ (char)('a' + i), '\0' }, seeds[i],
			  strlen(seeds[i]));
}
