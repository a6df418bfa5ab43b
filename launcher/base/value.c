/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/regex.h"

/* The member at @offset of the struct at @to. */
static void *member(void *to, size_t offset)
{
	return (char *)to + offset;
}

static int check_file(const char *text, struct err *e)
{
	return *text ? 0 : err_set(e, EINVAL, "the file's name is empty");
}

static int check_new_file(const struct value *v, const char *text,
			  struct err *e)
{
	if (*text && strcmp(text, "-"))
		return 0;
	return err_set(e, EINVAL, "'%s' is not a file%s%s", text,
		       v->noun ? "; " : "", v->noun ? v->noun : "");
}

static int check_choice(const struct value *v, const char *text, struct err *e)
{
	struct err unknown;
	const char *word;

	err_set(&unknown, EINVAL, "unknown %s '%s' (expected", v->noun, text);
	for (size_t i = 0; (word = v->word(i)); i++) {
		size_t used = strlen(unknown.msg);

		if (!strcmp(text, word))
			return 0;
		snprintf(unknown.msg + used, sizeof(unknown.msg) - used,
			 "%s %s%s", i ? "," : "", word,
			 v->word(i + 1) ? "" : ")");
	}
	*e = unknown;
	return -EINVAL;
}

static int check_text(const struct value *v, const char *text, struct err *e)
{
	switch (v->kind) {
	case VALUE_REGEX:
		return regex_check(text, e);
	case VALUE_INPUT:
	case VALUE_OUTPUT:
	case VALUE_PATH:
		return check_file(text, e);
	case VALUE_NEW_FILE:
		return check_new_file(v, text, e);
	case VALUE_CHOICE:
		return check_choice(v, text, e);
	default:
		return 0;
	}
}

static int store_text(const struct value *v, void *to, const char *text,
		      struct err *e)
{
	const char **slot = member(to, v->to);

	if (v->count)
		slot += (*(size_t *)member(to, v->count))++;
	*slot = text;
	return check_text(v, text, e);
}

const char *value_text(const struct value *v, const void *to, size_t i)
{
	const char *const *slot = (const void *)((const char *)to + v->to);
	size_t n = 1;

	if (v->count)
		n = *(const size_t *)(const void *)((const char *)to +
						    v->count);
	return i < n ? slot[i] : NULL;
}

const char *value_path(const struct value *v, const char *text)
{
	if (v->path)
		return v->path(text);
	switch (v->kind) {
	case VALUE_INPUT:
	case VALUE_OUTPUT:
		return strcmp(text, "-") ? text : NULL;
	case VALUE_NEW_FILE:
	case VALUE_PATH:
		return text;
	default:
		return NULL;
	}
}

int value_store(const struct value *v, void *to, const char *text,
		struct err *e)
{
	void *at = member(to, v->to);

	switch (v->kind) {
	case VALUE_NONE:
		return 0;
	case VALUE_FLAG:
		*(bool *)at = true;
		return 0;
	case VALUE_TIMES:
		++*(unsigned *)at;
		return 0;
	case VALUE_NUMBER:
		return parse_count(text, v->min, v->max, at, e);
	case VALUE_SIZE:
		return parse_size(text, at, e);
	case VALUE_DURATION:
		return parse_duration(text, at, e);
	case VALUE_ADDRESS:
		return parse_address(text, at, e);
	default:
		return store_text(v, to, text, e);
	}
}
