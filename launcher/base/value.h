/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value on the command line: its kind, and where it is stored.
 *
 * The rows of the option table and the keys of a device's option use these, so
 * a value that is only stored does not need a function:
 *
 *   struct value v = VALUE_TEXT_AT(struct options, cmdline);
 *
 * The macros check at compile time that the member has the type of the kind.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum value_kind {
	VALUE_NONE,   /* stored by a function of its owner */
	VALUE_FLAG,   /* bool: no text, it is true if given */
	VALUE_TIMES,  /* unsigned: no text, how often it was given */
	VALUE_TEXT,   /* const char *: any text */
	VALUE_REGEX,  /* const char *: a regular expression */
	VALUE_INPUT,  /* const char *: a file to read, "-": standard input */
	VALUE_OUTPUT, /* const char *: a file to write, "-": standard output */
	VALUE_NEW_FILE, /* const char *: a file to write, and not "-" */
	VALUE_PATH,	/* const char *: a path, whatever it leads to */
	VALUE_CHOICE,	/* const char *: one of some words */
	VALUE_NUMBER,	/* unsigned long: from min to max */
	VALUE_SIZE,	/* uint64_t: bytes, see parse_size() */
	VALUE_DURATION, /* uint64_t: nanoseconds, see parse_duration() */
	VALUE_ADDRESS,	/* uint64_t: see parse_address() */
};

/* The @i-th word of a choice, NULL past the last. */
typedef const char *value_word_fn(size_t i);

/* Where in @text a path begins; NULL: it names no path. */
typedef const char *value_path_fn(const char *text);

struct value {
	enum value_kind kind;
	size_t to; /* offset of the member that it is stored in */
	/* Not 0: the value may be repeated; @to is an array of const char *,
	 * and this is the offset of its size_t counter. */
	size_t count;
	/* VALUE_NUMBER */
	unsigned long min, max;
	/* VALUE_CHOICE: "protocol"; VALUE_NEW_FILE: why "-" is refused, or NULL */
	const char *noun;
	/* VALUE_CHOICE */
	value_word_fn *word;
	/* A text in which a path is only a part, as in "unix:PATH". NULL: the
	 * kind says whether the text is a path. */
	value_path_fn *path;
};

/* offsetof(), if @member of @type is a @wanted. */
#define VALUE_OFFSET(type, member, wanted) \
	_Generic(((type *)0)->member, wanted : offsetof(type, member))

#define VALUE_AT(name, type, member, wanted)                           \
	{                                                              \
		.kind = name, .to = VALUE_OFFSET(type, member, wanted) \
	}

#define VALUE_FLAG_AT(type, member) VALUE_AT(VALUE_FLAG, type, member, bool)
#define VALUE_TIMES_AT(type, member) \
	VALUE_AT(VALUE_TIMES, type, member, unsigned)
#define VALUE_TEXT_AT(type, member) \
	VALUE_AT(VALUE_TEXT, type, member, const char *)
#define VALUE_REGEX_AT(type, member) \
	VALUE_AT(VALUE_REGEX, type, member, const char *)
#define VALUE_INPUT_AT(type, member) \
	VALUE_AT(VALUE_INPUT, type, member, const char *)
#define VALUE_OUTPUT_AT(type, member) \
	VALUE_AT(VALUE_OUTPUT, type, member, const char *)
#define VALUE_NEW_FILE_AT(type, member, why)                                 \
	{                                                                    \
		.kind = VALUE_NEW_FILE,                                      \
		.to = VALUE_OFFSET(type, member, const char *), .noun = why, \
	}
#define VALUE_PATH_AT(type, member) \
	VALUE_AT(VALUE_PATH, type, member, const char *)
/* A text with a path in it, which begins where @where says. */
#define VALUE_WITH_PATH_AT(type, member, where)                                \
	{                                                                      \
		.kind = VALUE_TEXT,                                            \
		.to = VALUE_OFFSET(type, member, const char *), .path = where, \
	}
#define VALUE_SIZE_AT(type, member) VALUE_AT(VALUE_SIZE, type, member, uint64_t)
#define VALUE_DURATION_AT(type, member) \
	VALUE_AT(VALUE_DURATION, type, member, uint64_t)
#define VALUE_ADDRESS_AT(type, member) \
	VALUE_AT(VALUE_ADDRESS, type, member, uint64_t)

#define VALUE_NUMBER_AT(type, member, least, most)                             \
	{                                                                      \
		.kind = VALUE_NUMBER,                                          \
		.to = VALUE_OFFSET(type, member, unsigned long), .min = least, \
		.max = most,                                                   \
	}

#define VALUE_CHOICE_AT(type, member, what, words)                            \
	{                                                                     \
		.kind = VALUE_CHOICE,                                         \
		.to = VALUE_OFFSET(type, member, const char *), .noun = what, \
		.word = words,                                                \
	}

/* A repeatable value, in an array with a counter beside it. */
#define VALUES_AT(name, type, member, counter)                                 \
	{                                                                      \
		.kind = name, .to = VALUE_OFFSET(type, member, const char **), \
		.count = VALUE_OFFSET(type, counter, size_t),                  \
	}

/* The @i-th of the texts that are stored in the struct at @to, or NULL. */
const char *value_text(const struct value *v, const void *to, size_t i);

/* Where in @text, a value of @v, the path begins that it names; NULL: it names
 * no path, or standard input or output. */
const char *value_path(const struct value *v, const char *text);

/*
 * Store @text in the struct at @to. Texts are not copied: @text must stay
 * valid. The caller has checked that an array has room.
 *
 * Returns 0, or -EINVAL or -ERANGE with the value found and what is allowed;
 * then *@to may have been changed.
 */
int value_store(const struct value *v, void *to, const char *text,
		struct err *e);

#endif
